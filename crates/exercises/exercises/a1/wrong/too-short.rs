// It stops before anybody can come.

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, client_name};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let key = NodeKey::generate(&mut rand::rng());
    let config = Config { max_peers: 1, ..Config::new(key, client_name("keeper", "1")) };
    let server = Server::start(config).await?;
    let enode = server.enode();
    server.stop().await;
    workbench::answer(enode);
    Ok(())
}
