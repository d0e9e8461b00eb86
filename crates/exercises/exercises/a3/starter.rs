// A3: notice that a node goes, and why.
//
// Check it: cargo exercise a3
// Stuck?    cargo exercise a3 --hint

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, client_name};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let peer = workbench::peer()?;

    let key = NodeKey::generate(&mut rand::rng());
    let config = Config { max_peers: 1, ..Config::new(key, client_name("learner", "1")) };
    let server = Server::start(config).await?;

    // 1. subscribe to the server's events, before you add the peer

    server.add_peer(peer).await?;

    // 2. when the server tells that the peer is there, answer "add"

    // 3. when it tells that the peer has gone, answer why: the error of the event, and nothing else

    server.stop().await;
    Ok(())
}
