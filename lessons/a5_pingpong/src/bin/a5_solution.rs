//! A5, the exercise solved: the time arrives, so it is another version.

use alloy_rlp_derive::{RlpDecodable, RlpEncodable};
use devp2p_core::events::PeerEvent;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, PeerInfo, Server, StartError, client_name};
use devp2p_core::protocol::{MsgPipe, Protocol, ProtocolError};
use tracing::info;

// ANCHOR: solution
/// A ping, or the pong that answers it, and when that was.
#[derive(RlpEncodable, RlpDecodable)]
struct PingPong {
    pong: bool,
    /// Seconds since 1970.
    created: u64,
}
// ANCHOR_END: solution

impl PingPong {
    fn new(pong: bool) -> Self {
        Self { pong, created: common::seconds_since_1970() }
    }
}

async fn ping_pong(_peer: PeerInfo, mut pipe: MsgPipe) -> Result<(), ProtocolError> {
    pipe.send(0, &PingPong::new(false)).await?;
    let (mut answered, mut was_answered) = (false, false);
    while !(answered && was_answered) {
        let msg = pipe.read().await?;
        let PingPong { pong, created } = msg.decode()?;
        let kind = if pong { "pong" } else { "ping" };
        let payload = format!("{:x}", msg.payload);
        info!(%payload, created, "received {kind}");
        if pong {
            was_answered = true;
        } else {
            pipe.send(0, &PingPong::new(true)).await?;
            answered = true;
        }
    }
    Ok(())
}

async fn new_server() -> Result<Server, StartError> {
    let key = NodeKey::generate(&mut rand::rng());
    // ANCHOR: version
    let protocols = vec![Protocol::new("foo", 43, 1, ping_pong)];
    // ANCHOR_END: version
    Server::start(Config { max_peers: 1, protocols, ..Config::new(key, client_name("foo", "43")) })
        .await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let one = new_server().await?;
    let two = new_server().await?;
    let events = [one.subscribe(), two.subscribe()];
    one.add_peer(two.enode()).await?;
    for mut events in events {
        events.until(PeerEvent::is_drop).await;
    }
    one.stop().await;
    two.stop().await;
    Ok(())
}
