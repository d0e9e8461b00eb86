// A4: shout back what you hear.
//
// Check it: cargo exercise a4
// Stuck?    cargo exercise a4 --hint

use devp2p_core::events::PeerEvent;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, PeerInfo, Server, client_name};
use devp2p_core::protocol::{MsgPipe, ProtocolError};

/// What your node does when it has the other as a peer.
async fn shout(_peer: PeerInfo, mut pipe: MsgPipe) -> Result<(), ProtocolError> {
    // 1. read a message, and decode it: code 0 is a word, a String

    // 2. send the word back in capital letters, with code 1

    // 3. do that again, until the other node has gone: then `read` is an error
    pipe.read().await?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let peer = workbench::peer()?;

    // 4. the server must offer the protocol: shout/1, which has two messages
    let key = NodeKey::generate(&mut rand::rng());
    let config = Config { max_peers: 1, ..Config::new(key, client_name("learner", "1")) };
    let server = Server::start(config).await?;

    let mut events = server.subscribe();
    server.add_peer(peer).await?;
    events.until(PeerEvent::is_drop).await;
    server.stop().await;
    Ok(())
}
