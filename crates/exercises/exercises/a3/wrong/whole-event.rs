// It answers with the whole event, and not with its error.

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
    if let Some(event) = events.next().await {
        workbench::answer(event.kind());
    }
    if let Some(event) = events.next().await {
        workbench::answer(event);
    }
    server.stop().await;
    Ok(())
}
