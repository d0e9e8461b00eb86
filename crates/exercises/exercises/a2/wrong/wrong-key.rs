// It dials the right address, and asks for somebody else.

use std::time::Duration;

use devp2p_core::enode::Enode;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, client_name};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let peer = workbench::peer()?;
    let key = NodeKey::generate(&mut rand::rng());
    let peer = Enode { public_key: key.public_key(), ..peer };
    let config = Config {
        max_peers: 1,
        ..Config::new(NodeKey::generate(&mut rand::rng()), client_name("learner", "1"))
    };
    let server = Server::start(config).await?;
    server.add_peer(peer).await?;
    while server.peers().await.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.stop().await;
    Ok(())
}
