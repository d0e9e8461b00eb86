// It does not listen to the reason.

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, client_name};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let peer = workbench::peer()?;
    let key = NodeKey::generate(&mut rand::rng());
    let config = Config { max_peers: 1, ..Config::new(key, client_name("learner", "1")) };
    let server = Server::start(config).await?;
    let mut events = server.subscribe();
    server.add_peer(peer).await?;
    events.next().await;
    workbench::answer("add");
    events.next().await;
    workbench::answer("read error");
    server.stop().await;
    Ok(())
}
