//! A3, the exercise solved: see a peer go.

use devp2p_core::events::PeerEvent;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, client_name};
use tracing::info;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();
    let config = |key| Config { max_peers: 1, ..Config::new(key, client_name("foo", "42")) };
    let one = Server::start(config(NodeKey::generate(&mut rand::rng()))).await?;
    let two = Server::start(config(NodeKey::generate(&mut rand::rng()))).await?;
    let mut events_one = one.subscribe();
    let mut events_two = two.subscribe();
    one.add_peer(two.enode()).await?;
    events_two.next().await.ok_or("the server is gone")?;

    // ANCHOR: solution
    two.stop().await;
    for event in events_one.until(PeerEvent::is_drop).await {
        info!("node one was told: {event}");
    }
    // ANCHOR_END: solution

    one.stop().await;
    Ok(())
}
