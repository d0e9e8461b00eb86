// It knows only the letters of English.

use devp2p_core::events::PeerEvent;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, PeerInfo, Server, client_name};
use devp2p_core::protocol::{MsgPipe, Protocol, ProtocolError};

async fn shout(_peer: PeerInfo, mut pipe: MsgPipe) -> Result<(), ProtocolError> {
    loop {
        let msg = pipe.read().await?;
        let word: String = msg.decode()?;
        pipe.send(1, &word.to_ascii_uppercase()).await?;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let peer = workbench::peer()?;
    let key = NodeKey::generate(&mut rand::rng());
    let config = Config {
        max_peers: 1,
        protocols: vec![Protocol::new("shout", 1, 2, shout)],
        ..Config::new(key, client_name("learner", "1"))
    };
    let server = Server::start(config).await?;
    let mut events = server.subscribe();
    server.add_peer(peer).await?;
    events.until(PeerEvent::is_drop).await;
    server.stop().await;
    Ok(())
}
