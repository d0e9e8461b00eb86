//! A node is cut off without a word and comes back: on a simulated network, which can do that.

use std::net::{Ipv4Addr, SocketAddr};

use super::super::{Config, Server};
use super::*;
use crate::enode::Enode;
use crate::events::PeerEvent;

const PORT: u16 = 30303;

/// How long the node has been a peer when it is cut off: not a new one any more, and just pinged.
const BEFORE: Duration = Duration::from_secs(16);

fn config(n: u8, name: &str) -> Config {
    let listen = Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT)));
    Config { max_peers: 1, listen, discovery: false, ..Config::new(key(n), name) }
}

/// Starts the node that comes and goes, and waits until the hub is its peer.
async fn come(hub: SocketAddr, name: &str) -> Server {
    let server = Server::start(config(1, name)).await.unwrap();
    let mut events = server.subscribe();
    server.add_peer(Enode::new(key(2).public_key(), hub)).await.unwrap();
    let event = timeout(LONG, events.next()).await.unwrap();
    assert!(matches!(event, Some(PeerEvent::Add { .. })), "{event:?}");
    server
}

#[test]
fn a_node_that_was_cut_off_comes_back_from_another_address_within_seconds() {
    let mut network = turmoil::Builder::new();
    network.simulation_duration(LONG).rng_seed(7);
    let mut network = network.build();
    let hub = || SocketAddr::new(turmoil::lookup("hub"), PORT);

    let (cut_off, mut is_cut_off) = tokio::sync::oneshot::channel();
    network.client("kitchen", async move {
        let server = come(hub(), "kitchen").await;
        tokio::time::sleep(BEFORE).await;
        turmoil::partition("kitchen", "hub");
        let _ = cut_off.send(());
        tokio::time::sleep(Duration::from_secs(40)).await;
        server.stop().await;
        Ok(())
    });
    network.client("garden", async move {
        (&mut is_cut_off).await?;
        let began = Instant::now();
        let server = come(hub(), "garden").await;
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        server.stop().await;
        Ok(())
    });
    network.client("hub", async {
        let server = Server::start(config(2, "hub")).await?;
        let mut events = server.subscribe();
        let mut told = Vec::new();
        while told.len() < 3 {
            let event = timeout(LONG, events.next()).await?.ok_or("the server is gone")?;
            told.push(event.to_string());
        }
        let expected = ["add", "drop", "add"];
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.starts_with(expected), "{told}");
        }
        assert!(told[1].contains(&EndReason::Superseded.to_string()), "{}", told[1]);
        server.stop().await;
        Ok(())
    });
    network.run().unwrap();
}
