//! A5: ask, and answer.
//!
//! Run it: `cargo lesson a5`

use std::time::{SystemTime, UNIX_EPOCH};

use alloy_rlp_derive::{RlpDecodable, RlpEncodable};
use devp2p_core::events::{Events, PeerEvent};
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
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { pong, created: Time { seconds_since_1970: since_1970.as_secs() } }
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
        let kind = if pong { "pong" } else { "ping" };
        let payload = format!("{:x}", msg.payload);
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
    let key = NodeKey::generate(&mut rand::rng());
    Server::start(Config {
        max_peers: 1,
        protocols: vec![Protocol::new("foo", 42, 1, ping_pong)],
        message_events: true,
        ..Config::new(key, client_name(name, version))
    })
    .await
}

// ANCHOR: listen
/// What a server tells, up to the drop of its peer: `add`, `msgsend(3)` for three bytes …
async fn listen(mut events: Events) -> String {
    let mut told = Vec::new();
    while let Some(event) = events.next().await {
        let kind = event.kind();
        match event {
            PeerEvent::MsgSend(msg) | PeerEvent::MsgRecv(msg) => {
                told.push(format!("{kind}({})", msg.msg_size));
            }
            _ => told.push(kind.to_owned()),
        }
        if kind == "drop" {
            break;
        }
    }
    told.join(" ")
}
// ANCHOR_END: listen

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let one = new_server("foo", "42").await?;
    let two = new_server("bar", "666").await?;
    let events_one = one.subscribe();
    let events_two = two.subscribe();

    // ANCHOR: main
    // connect, and wait until both have parted
    one.add_peer(two.enode().clone()).await?;
    let told_one = listen(events_one).await;
    let told_two = listen(events_two).await;

    // inspect the results
    info!("node one told: {told_one}");
    info!("node two told: {told_two}");
    // ANCHOR_END: main

    one.stop().await;
    two.stop().await;
    Ok(())
}
