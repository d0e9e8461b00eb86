// It has no room for a peer.

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, client_name};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let file = workbench::key_file()?;
    let key = NodeKey::generate(&mut rand::rng());
    key.save(&file)?;
    let server = Server::start(Config::new(key, client_name("keeper", "1"))).await?;
    workbench::answer(server.enode());
    workbench::until_told_to_stop().await;
    server.stop().await;
    Ok(())
}
