// A3: notice that a node goes, and why.

use devp2p_core::events::PeerEvent;
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

    while let Some(event) = events.next().await {
        match event {
            PeerEvent::Add { .. } => workbench::answer("add"),
            PeerEvent::Drop { error, .. } => {
                workbench::answer(error);
                break;
            }
            other => println!("something else has happened: {other}"),
        }
    }

    server.stop().await;
    Ok(())
}
