//! Who says nothing keeps nobody else away.
//!
//! Only Linux has more than one address of its own without being told: all of 127.0.0.0/8.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use devp2p_core::policy;
use support::{added, dropped, server, soon};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

#[tokio::test]
async fn a_machine_that_says_nothing_does_not_lock_out_the_others() {
    let (hub, node) = (server("hub", 1).await, server("node", 1).await);
    let mut events = hub.subscribe();
    let mut silent = Vec::new();
    for _ in 0..2 * policy::MAX_PENDING {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 3], 0))).unwrap();
        silent.push(soon(socket.connect(hub.node_info().listen_addr.unwrap())).await.unwrap());
    }
    node.add_peer(hub.enode()).await.unwrap();
    assert_eq!(added(&mut events).await, node.node_info().id);
    // The last ones still wait for a word; nobody had to wait until they were given up.
    let is_open = |stream: &TcpStream| {
        let read = stream.try_read(&mut [0]);
        read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    };
    let (first, last) = silent.split_at(policy::MAX_PENDING + 1);
    for stream in first {
        assert!(matches!(soon(stream.readable()).await, Ok(()) if !is_open(stream)));
    }
    assert!(last.iter().all(is_open));
    tokio::join!(soon(node.stop()), soon(hub.stop()));
}

/// As many as there are places, each from a network of its own; when one is closed it comes again, at
/// once.
#[tokio::test]
async fn many_networks_that_come_again_and_again_lock_out_nobody() {
    let hub = server("hub", 5).await;
    let at = hub.node_info().listen_addr.unwrap();
    let came = Arc::new(AtomicUsize::new(0));
    let mut attackers = JoinSet::new();
    for network in 0..2 * policy::MAX_PENDING {
        let (network, came) = (u8::try_from(network).unwrap(), came.clone());
        attackers.spawn(async move {
            loop {
                let socket = TcpSocket::new_v4().unwrap();
                socket.bind(SocketAddr::from(([127, 1, network, 1], 0))).unwrap();
                let stream = socket.connect(at).await.unwrap();
                came.fetch_add(1, Relaxed);
                // Until it is closed, by whatever.
                let _ = stream.readable().await;
            }
        });
    }
    let mut events = hub.subscribe();
    for _ in 0..5 {
        let before = came.load(Relaxed);
        let node = server("node", 1).await;
        node.add_peer(hub.enode()).await.unwrap();
        assert_eq!(added(&mut events).await, node.node_info().id);
        let id = node.node_info().id;
        soon(node.stop()).await;
        assert_eq!(dropped(&mut events).await.0, id);
        soon(async {
            while came.load(Relaxed) < before + policy::MAX_PENDING {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    drop(attackers);
    soon(hub.stop()).await;
}

#[tokio::test]
async fn a_thousand_connections_that_are_reset_hold_nobody_up() {
    let (hub, node) = (server("hub", 1).await, server("node", 1).await);
    let mut events = hub.subscribe();
    for _ in 0..1000 {
        let socket = TcpSocket::new_v4().unwrap();
        // Closing it resets the connection, most likely before it is accepted.
        socket.set_zero_linger().unwrap();
        drop(soon(socket.connect(hub.node_info().listen_addr.unwrap())).await.unwrap());
    }
    // A fifth of a second for each would be more than any wait here.
    node.add_peer(hub.enode()).await.unwrap();
    assert_eq!(added(&mut events).await, node.node_info().id);
    tokio::join!(soon(node.stop()), soon(hub.stop()));
}
