//! A4: say something, and hear it.
//!
//! Run it: `cargo lesson a4`

use devp2p_core::events::{Events, PeerEvent};
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

// ANCHOR: listen
/// Everything that a server tells, up to the drop of its peer.
async fn listen(mut events: Events) -> Vec<PeerEvent> {
    let mut story = Vec::new();
    while let Some(event) = events.next().await {
        story.push(event);
        if let Some(PeerEvent::Drop { .. }) = story.last() {
            break;
        }
    }
    story
}
// ANCHOR_END: listen

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let one = new_server("foo", "42").await?;
    let two = new_server("bar", "666").await?;
    let events_one = one.subscribe();
    let events_two = two.subscribe();

    // ANCHOR: wait
    // connect, and wait until both have said everything and parted
    one.add_peer(two.enode().clone()).await?;
    let story_one = listen(events_one).await;
    let story_two = listen(events_two).await;
    // ANCHOR_END: wait

    // ANCHOR: print
    for (node, story) in [("one", story_one), ("two", story_two)] {
        for event in story {
            let kind = event.kind();
            match event {
                PeerEvent::MsgSend(msg) | PeerEvent::MsgRecv(msg) => {
                    let (protocol, code, size) = (msg.protocol, msg.msg_code, msg.msg_size);
                    info!(r#type = %kind, %protocol, code, size, "node {node} tells");
                }
                PeerEvent::Drop { error, .. } => info!(r#type = %kind, %error, "node {node} tells"),
                _ => info!(r#type = %kind, "node {node} tells"),
            }
        }
    }
    // ANCHOR_END: print

    one.stop().await;
    two.stop().await;
    Ok(())
}
