//! A4, the exercise solved: a code that the protocol does not have.

use devp2p_core::events::PeerEvent;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, StartError, client_name};
use devp2p_core::protocol::Protocol;
use tracing::info;

async fn new_server(protocol: Protocol) -> Result<Server, StartError> {
    let key = NodeKey::generate(&mut rand::rng());
    let protocols = vec![protocol];
    Server::start(Config { max_peers: 1, protocols, ..Config::new(key, client_name("foo", "42")) })
        .await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), common::Failure> {
    common::start();

    // ANCHOR: solution
    // node one uses code 1, of a protocol that has only code 0
    let one = new_server(Protocol::new("foo", 42, 1, |_peer, mut pipe| async move {
        pipe.send(1, "foobar").await?;
        pipe.read().await?;
        Ok(())
    }))
    .await?;
    let two = new_server(Protocol::new("foo", 42, 1, |_peer, mut pipe| async move {
        pipe.read().await?;
        Ok(())
    }))
    .await?;
    // ANCHOR_END: solution

    let events = [("one", one.subscribe()), ("two", two.subscribe())];
    one.add_peer(two.enode()).await?;
    for (node, mut events) in events {
        for event in events.until(PeerEvent::is_drop).await {
            info!("node {node} tells: {event}");
        }
    }
    one.stop().await;
    two.stop().await;
    Ok(())
}
