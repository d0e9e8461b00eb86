//! A5: ask, and answer.
//!
//! Run it: `cargo lesson a5`

use alloy_rlp_derive::{RlpDecodable, RlpEncodable};
use devp2p_core::events::PeerEvent;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, PeerInfo, Server, StartError, client_name};
use devp2p_core::protocol::{MsgPipe, Protocol, ProtocolError};
use tracing::info;

// ANCHOR: message
/// A ping, or the pong that answers it.
#[derive(RlpEncodable, RlpDecodable)]
struct PingPong {
    pong: bool,
    created: Time,
}

/// Kept as Go keeps its time: in a field that RLP passes over.
#[derive(RlpEncodable, RlpDecodable)]
struct Time {
    #[rlp(skip, default)]
    seconds_since_1970: u64,
}
// ANCHOR_END: message

impl PingPong {
    fn new(pong: bool) -> Self {
        Self { pong, created: Time { seconds_since_1970: common::seconds_since_1970() } }
    }
}

// ANCHOR: ping_pong
async fn ping_pong(_peer: PeerInfo, mut pipe: MsgPipe) -> Result<(), ProtocolError> {
    // send a ping
    pipe.send(0, &PingPong::new(false)).await?;

    // answer the one that comes in, and wait for the answer to ours
    let (mut answered, mut was_answered) = (false, false);
    while !(answered && was_answered) {
        let msg = pipe.read().await?;
        let PingPong { pong, created } = msg.decode()?;
        let (kind, payload) = (if pong { "pong" } else { "ping" }, format!("{:x}", msg.payload));
        info!(%payload, created = created.seconds_since_1970, "received {kind}");
        if pong {
            was_answered = true;
        } else {
            pipe.send(0, &PingPong::new(true)).await?;
            answered = true;
        }
    }

    // both have asked and answered: there is nothing left to say, and both know
    Ok(())
}
// ANCHOR_END: ping_pong

async fn new_server(name: &str, version: &str) -> Result<Server, StartError> {
    let config = Config::new(NodeKey::generate(&mut rand::rng()), client_name(name, version));
    let protocols = vec![Protocol::new("foo", 42, 1, ping_pong)];
    Server::start(Config { max_peers: 1, protocols, message_events: true, ..config }).await
}

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
