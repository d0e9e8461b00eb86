//! A node that has no file descriptors left says so once, and goes on when it has some again.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::net::{SocketAddr, TcpStream};

use support::{Devp2p, devp2p};

/// More than its own files and sockets, fewer than the connections below.
const LIMIT: &str = "ulimit -n 40";
const CONNECTIONS: usize = 45;

#[test]
fn a_node_without_descriptors_says_so_once_and_recovers() {
    let node = Devp2p::node_after(LIMIT, &["--json", "--max-peers", "5"]);
    let info = node.json();
    let address: SocketAddr = info["listenAddr"].as_str().unwrap().parse().unwrap();
    let connections: Vec<TcpStream> =
        (0..CONNECTIONS).map(|_| TcpStream::connect(address).unwrap()).collect();
    let warning = node.error_line();
    assert!(warning.contains("WARN 5 peers need 155 open files, and this process may have 40"));
    let warning = node.error_line();
    assert!(warning.contains("WARN no connection can be accepted"), "{warning}");
    assert!(warning.contains("ulimit -n"), "{warning}");

    drop(connections);
    let ping = devp2p(&["ping", info["enode"].as_str().unwrap()]);
    assert_eq!(ping.code, Some(0), "{ping:?}");
    node.signal("-TERM");
    let ended = node.wait();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}
