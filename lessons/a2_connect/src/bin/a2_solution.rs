//! A2, the exercise solved: no soup for you.

use std::time::Duration;

use devp2p_core::enode::Enode;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, client_name};
use tracing::info;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let config = |key| Config { max_peers: 1, ..Config::new(key, client_name("foo", "42")) };
    let one = Server::start(config(NodeKey::generate(&mut rand::rng()))).await?;
    let two = Server::start(config(NodeKey::generate(&mut rand::rng()))).await?;

    // ANCHOR: solution
    // the right address, but somebody else's key
    let somebody = NodeKey::generate(&mut rand::rng()).public_key();
    let enode = Enode { public_key: somebody, ..two.enode() };
    one.add_peer(enode).await?;
    // ANCHOR_END: solution

    tokio::time::sleep(Duration::from_millis(100)).await;
    let (peers_one, peers_two) = (one.peers().await, two.peers().await);
    info!("node one peers" = ?peers_one, "node two peers" = ?peers_two, "after add");
    one.stop().await;
    two.stop().await;
    Ok(())
}
