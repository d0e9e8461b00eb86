//! A3: know what is going on, instead of sleeping.
//!
//! Run it: `cargo lesson a3`

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, StartError, client_name};
use tracing::info;

async fn new_server(name: &str, version: &str) -> Result<Server, StartError> {
    let key = NodeKey::generate(&mut rand::rng());
    Server::start(Config { max_peers: 1, ..Config::new(key, client_name(name, version)) }).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let one = new_server("foo", "42").await?;
    let two = new_server("bar", "666").await?;

    // ANCHOR: subscribe
    // set up the event subscriptions, before anything can happen
    let mut events_one = one.subscribe();
    let mut events_two = two.subscribe();
    // ANCHOR_END: subscribe

    // ANCHOR: wait
    one.add_peer(two.enode()).await?;

    // each node tells when it has the other as a peer; wait for both
    for events in [&mut events_one, &mut events_two] {
        let event = events.next().await.ok_or("the server is gone")?;
        let peer = event.peer().ok_or_else(|| event.to_string())?;
        info!(r#type = %event.kind(), peer = %peer.id, "received peerevent");
    }
    // ANCHOR_END: wait

    // ANCHOR: inspect
    // inspect the results
    let (peers_one, peers_two) = (one.peers().await, two.peers().await);
    info!("node one peers" = ?peers_one, "node two peers" = ?peers_two, "after add");
    // ANCHOR_END: inspect

    // ANCHOR: stop
    // terminate the subscriptions, and the servers
    drop((events_one, events_two));
    one.stop().await;
    two.stop().await;
    // ANCHOR_END: stop
    Ok(())
}
