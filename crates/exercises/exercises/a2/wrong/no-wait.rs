// It looks at its peers before any can be there.

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
    match server.peers().await.first() {
        Some(found) => workbench::answer(&found.name),
        None => workbench::answer("nobody"),
    }
    workbench::until_told_to_stop().await;
    server.stop().await;
    Ok(())
}
