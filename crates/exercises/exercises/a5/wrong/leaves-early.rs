// It leaves when it knows what it wanted to know.

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

/// Code 1: the answer to the question with this id.
#[derive(RlpEncodable, RlpDecodable)]
struct Answer {
    id: u64,
    sum: u64,
}

/// What your node does when it has the other as a peer.
async fn sum(_peer: PeerInfo, mut pipe: MsgPipe) -> Result<(), ProtocolError> {
    pipe.send(0, &Question { id: 1, a: 2, b: 3 }).await?;

    let (mut answered, mut was_answered) = (0, false);
    while !was_answered {
        let msg = pipe.read().await?;
        if msg.code == 0 {
            let Question { id, a, b } = msg.decode()?;
            pipe.send(1, &Answer { id, sum: a + b }).await?;
            answered += 1;
        } else {
            let answer: Answer = msg.decode()?;
            workbench::answer(answer.sum);
            was_answered = true;
        }
    }
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
