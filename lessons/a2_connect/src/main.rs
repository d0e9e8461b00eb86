//! A2: connect two nodes.
//!
//! Run it: `cargo lesson a2`

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, StartError, client_name};
use tracing::info;

// ANCHOR: new_server
async fn new_server(name: &str, version: &str, port: u16) -> Result<Server, StartError> {
    let key = NodeKey::generate(&mut rand::rng());

    // we need to explicitly allow at least one peer, otherwise the connection will be refused
    Server::start(Config {
        max_peers: 1,
        listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        ..Config::new(key, client_name(name, version))
    })
    .await
}
// ANCHOR_END: new_server

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    let port = common::start_with_port(31234);

    // ANCHOR: start
    let one = new_server("foo", "42", 0).await?;
    let two = new_server("bar", "666", port)
        .await
        .map_err(|error| format!("{error}, as with: cargo lesson a2 --port 0"))?;
    // ANCHOR_END: start

    // ANCHOR: add_peer
    // get what is needed to connect to the second server
    let node_two = two.enode();

    // add it as a peer to the first; connection and handshake will be done automatically
    one.add_peer(node_two).await?;
    // ANCHOR_END: add_peer

    // ANCHOR: sleep
    // give the connection a glimpse of time to complete
    tokio::time::sleep(Duration::from_millis(100)).await;

    // inspect the results
    let (peers_one, peers_two) = (one.peers().await, two.peers().await);
    info!("node one peers" = ?peers_one, "node two peers" = ?peers_two, "after add");
    // ANCHOR_END: sleep

    one.stop().await;
    two.stop().await;
    Ok(())
}
