//! A4: say something, and hear it.
//!
//! Run it: `cargo lesson a4`

use devp2p_core::events::PeerEvent;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, PeerInfo, Server, StartError, client_name};
use devp2p_core::protocol::{MsgPipe, Protocol, ProtocolError};
use tracing::info;

// ANCHOR: greet
/// What each of the two nodes does when it has the other as a peer.
async fn greet(peer: PeerInfo, mut pipe: MsgPipe) -> Result<(), ProtocolError> {
    // say a word: a message with code 0
    pipe.send(0, "foobar").await?;

    // hear the other one's, as soon as it is there
    let msg = pipe.read().await?;
    let text: String = msg.decode()?;
    let payload = format!("{:x}", msg.payload);
    info!(%peer, %text, %payload, "received message");

    // that was all: the connection ends with the protocol
    Ok(())
}
// ANCHOR_END: greet

// ANCHOR: new_server
async fn new_server(name: &str, version: &str) -> Result<Server, StartError> {
    let key = NodeKey::generate(&mut rand::rng());
    Server::start(Config {
        max_peers: 1,
        protocols: vec![Protocol::new("foo", 42, 1, greet)],
        message_events: true,
        ..Config::new(key, client_name(name, version))
    })
    .await
}
// ANCHOR_END: new_server

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let one = new_server("foo", "42").await?;
    let two = new_server("bar", "666").await?;
    let mut events = [one.subscribe(), two.subscribe()];

    // ANCHOR: wait
    // connect
    one.add_peer(two.enode()).await?;

    // listen to each node until it has dropped the other one, and print all that it told
    for (node, events) in ["one", "two"].into_iter().zip(&mut events) {
        for event in events.until(PeerEvent::is_drop).await {
            info!("node {node} tells: {event}");
        }
    }
    // ANCHOR_END: wait

    one.stop().await;
    two.stop().await;
    Ok(())
}
