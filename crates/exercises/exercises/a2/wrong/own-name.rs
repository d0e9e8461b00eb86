// It answers with its own name.

use std::time::Duration;

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, client_name};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let peer = workbench::peer()?;
    let key = NodeKey::generate(&mut rand::rng());
    let config = Config { max_peers: 1, ..Config::new(key, client_name("learner", "1")) };
    let server = Server::start(config).await?;
    server.add_peer(peer).await?;
    while server.peers().await.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    workbench::answer(server.node_info().name);
    workbench::until_told_to_stop().await;
    server.stop().await;
    Ok(())
}
