//! Many peers at once: 100, or as many as the environment variable `CROWD` says.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::HashSet;

use support::{added, dropped, server, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_is_held_and_dropped_cleanly() {
    let crowd: usize = std::env::var("CROWD").map_or(100, |n| n.parse().unwrap());
    let hub = server("hub", crowd).await;
    let mut events = hub.subscribe();
    let mut peers = Vec::new();
    let mut expected = HashSet::new();
    for n in 0..crowd {
        let peer = server(&format!("peer {n}"), 1).await;
        peer.add_peer(hub.enode()).await.unwrap();
        expected.insert(peer.node_info().id);
        peers.push(peer);
    }
    let mut seen = HashSet::new();
    for _ in 0..crowd {
        seen.insert(added(&mut events).await);
    }
    assert_eq!(seen, expected);
    assert_eq!(hub.peers().await.len(), crowd);

    soon(hub.stop()).await;
    for _ in 0..crowd {
        assert!(seen.remove(&dropped(&mut events).await.0));
    }
    assert!(events.next().await.is_none());
    for peer in peers {
        assert!(peer.peers().await.len() <= 1);
        soon(peer.stop()).await;
    }
}
