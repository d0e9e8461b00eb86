//! A1, the exercise solved: a node that is the same node every time.

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, client_name};
use tracing::info;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();

    // ANCHOR: solution
    let file = std::env::temp_dir().join(format!("a1-{}.key", std::process::id()));
    NodeKey::generate(&mut rand::rng()).save(&file)?;

    for start in ["first start", "second start"] {
        let key = NodeKey::load(&file)?;
        let server = Server::start(Config::new(key, client_name("foo", "42"))).await?;
        info!(enode = %server.enode(), "{start}");
        server.stop().await;
    }
    // ANCHOR_END: solution

    std::fs::remove_file(file)?;
    Ok(())
}
