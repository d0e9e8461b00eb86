// It makes a new key each time, and saves only the first.

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, client_name};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let file = workbench::key_file()?;
    let key = NodeKey::generate(&mut rand::rng());
    if !file.exists() {
        key.save(&file)?;
    }
    let config = Config { max_peers: 1, ..Config::new(key, client_name("keeper", "1")) };
    let server = Server::start(config).await?;
    workbench::answer(server.enode());
    workbench::until_told_to_stop().await;
    server.stop().await;
    Ok(())
}
