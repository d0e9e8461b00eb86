//! Stories about servers that find each other, over real sockets on loopback.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

mod support;

use std::collections::HashSet;
use std::sync::Arc;

use devp2p_core::keys::PublicKey;
use devp2p_core::net::Direction;
use devp2p_core::net::{Config, PeerInfo, Server};
use support::{added, config, server, soon};
use tokio::task::JoinSet;

/// A running server with room for `max_peers`, which knows `bootnode`.
async fn searching(name: &str, max_peers: usize, bootnode: &Server) -> Server {
    let bootnodes = vec![bootnode.enode()];
    Server::start(Config { bootnodes, ..config(name, max_peers) }).await.unwrap()
}

fn dialed(peers: &[PeerInfo]) -> usize {
    peers.iter().filter(|peer| peer.direction == Direction::Outbound).count()
}

/// Looks for nodes, by lookups for those that are missing, until all of `keys` were in an answer.
async fn find_all(server: &Server, keys: &HashSet<PublicKey>) {
    // Collected anew, for an order of its own: not all shall look for the same one first.
    let mut missing: HashSet<PublicKey> = keys.iter().copied().collect();
    missing.remove(&server.node_info().id);
    while let Some(key) = missing.iter().next().copied() {
        let found = server.discovery().unwrap().lookup(key.to_bytes()).await;
        for node in found.unwrap_or_default() {
            missing.remove(&node.public_key);
        }
    }
}

/// Waits until a third of the slots, or all of them, are taken by nodes that the server dialed.
async fn fill_dial_slots(server: &Server, max_peers: usize) {
    let mut events = server.subscribe();
    loop {
        let peers = server.peers().await;
        if dialed(&peers) >= (max_peers / 3).max(1) || peers.len() == max_peers {
            return;
        }
        soon(events.next()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_nodes_that_know_one_find_each_other_and_fill_their_dial_slots() {
    // About 12 s on two cores. Most of it is waiting: before a node may be asked, both must have
    // shown where they are. The rest are tens of thousands of packets, each signed and
    // checked.
    const MAX_PEERS: usize = 9;
    let bootnode = server("bootnode", MAX_PEERS).await;
    let mut nodes = Vec::new();
    for n in 0..50 {
        nodes.push(Arc::new(searching(&format!("node {n}"), MAX_PEERS, &bootnode).await));
    }
    let keys: HashSet<PublicKey> = nodes.iter().map(|node| node.node_info().id).collect();

    let mut tasks = JoinSet::new();
    for node in nodes.clone() {
        let keys = keys.clone();
        tasks.spawn(async move {
            fill_dial_slots(&node, MAX_PEERS).await;
            find_all(&node, &keys).await;
        });
    }
    while let Some(done) = soon(tasks.join_next()).await {
        done.unwrap();
    }
    for node in &nodes {
        let peers = node.peers().await;
        assert!(peers.len() <= MAX_PEERS && dialed(&peers) <= MAX_PEERS / 3, "{peers:?}");
    }
    for node in nodes {
        soon(Arc::into_inner(node).unwrap().stop()).await;
    }
}

#[tokio::test]
async fn nodes_with_one_slot_dial_until_somebody_has_room() {
    // They can only dial, and none of them lets the others in: it must be the bootnode.
    let bootnode = server("bootnode", 3).await;
    let mut events = bootnode.subscribe();
    let mut nodes = Vec::new();
    for n in 0..3 {
        nodes.push(searching(&format!("node {n}"), 1, &bootnode).await);
    }
    for _ in &nodes {
        added(&mut events).await;
    }
    for node in nodes {
        fill_dial_slots(&node, 1).await;
        assert_eq!(node.peers().await[0].id, bootnode.node_info().id);
        soon(node.stop()).await;
    }
}

#[tokio::test]
async fn searches_of_ones_own_take_nothing_from_the_servers_search() {
    // It dials nobody by itself: that the two are connected shows that the node searches.
    let bootnode = server("bootnode", 3).await;
    let mut events = bootnode.subscribe();
    let node = searching("node", 3, &bootnode).await;
    let discovery = node.discovery().unwrap();
    let (mut first, mut second) = (discovery.search().await, discovery.search().await);
    assert_eq!(added(&mut events).await, node.node_info().id);
    assert_eq!(soon(first.next()).await.unwrap().public_key, bootnode.node_info().id);
    // One that ends takes nothing from the other one, either.
    drop(first);
    for _ in 0..3 {
        assert!(soon(second.next()).await.is_some());
    }
    soon(node.stop()).await;
    while soon(second.next()).await.is_some() {}
}
