// It has no room for a peer, so it dials nobody.

use std::time::Duration;

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, client_name};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let peer = workbench::peer()?;
    let key = NodeKey::generate(&mut rand::rng());
    let server = Server::start(Config::new(key, client_name("learner", "1"))).await?;
    server.add_peer(peer).await?;
    while server.peers().await.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.stop().await;
    Ok(())
}
