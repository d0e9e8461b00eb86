//! Who says nothing keeps nobody else away.
//!
//! Only Linux has more than one address of its own without being told: all of 127.0.0.0/8.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::io::ErrorKind;
use std::net::SocketAddr;

use devp2p_core::policy;
use support::{added, server, soon};
use tokio::net::{TcpSocket, TcpStream};

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
    // Those that were let in still wait for a word; nobody had to wait until they were given up.
    let is_open = |stream: &TcpStream| {
        let read = stream.try_read(&mut [0]);
        read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    };
    for stream in silent.iter().skip(policy::MAX_PENDING_OF_ONE) {
        assert!(matches!(soon(stream.readable()).await, Ok(()) if !is_open(stream)));
    }
    assert_eq!(silent.iter().filter(|stream| is_open(stream)).count(), policy::MAX_PENDING_OF_ONE);
    tokio::join!(soon(node.stop()), soon(hub.stop()));
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
