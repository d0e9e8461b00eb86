// A5: ask, and answer, at the same time.
//
// Check it: cargo exercise a5
// Stuck?    cargo exercise a5 --hint

use alloy_rlp_derive::{RlpDecodable, RlpEncodable};
use devp2p_core::events::PeerEvent;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, PeerInfo, Server, client_name};
use devp2p_core::protocol::{MsgPipe, Protocol, ProtocolError};

/// Code 0: what is a + b?
#[derive(RlpEncodable, RlpDecodable)]
struct Question {
    id: u64,
    a: u64,
    b: u64,
}

// 1. code 1, the answer: the id of the question, and the sum

/// What your node does when it has the other as a peer.
async fn sum(_peer: PeerInfo, mut pipe: MsgPipe) -> Result<(), ProtocolError> {
    // ask: any id, any numbers
    pipe.send(0, &Question { id: 1, a: 2, b: 3 }).await?;

    // 2. read messages, and look at their codes: answer each question; and when the answer to yours
    //    comes, say the sum: workbench::answer(…)

    // 3. return when you were answered and have answered three questions
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let peer = workbench::peer()?;

    let key = NodeKey::generate(&mut rand::rng());
    let config = Config {
        max_peers: 1,
        protocols: vec![Protocol::new("sum", 1, 2, sum)],
        ..Config::new(key, client_name("learner", "1"))
    };
    let server = Server::start(config).await?;

    let mut events = server.subscribe();
    server.add_peer(peer).await?;
    events.until(PeerEvent::is_drop).await;
    server.stop().await;
    Ok(())
}
