//! What a server leaves behind: nothing. One test a file, because it counts all sockets and tasks
//! of the process.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};

use devp2p_core::enode::Enode;
use devp2p_core::net::{Config, Server};
use devp2p_core::protocol::Protocol;
use support::{added, config, dropped, listening, quiet_address, soon};
use tokio::runtime::Handle;
use tokio::time::{Duration, Instant};

/// Open sockets of this process; known on Linux only.
fn sockets() -> usize {
    let Ok(open) = std::fs::read_dir("/proc/self/fd") else {
        return 0;
    };
    let is_socket = |path: std::path::PathBuf| {
        std::fs::read_link(path).is_ok_and(|target| target.to_string_lossy().contains("socket:"))
    };
    open.filter(|entry| is_socket(entry.as_ref().unwrap().path())).count()
}

/// Whether the other side has closed the connection, or does so soon.
fn is_closed(mut stream: TcpStream) -> bool {
    stream.set_read_timeout(Some(support::LONG)).unwrap();
    match stream.read(&mut [0]) {
        Ok(read) => read == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

#[tokio::test]
async fn a_stopped_server_leaves_no_task_no_socket_and_no_port() {
    let tasks_before = Handle::current().metrics().num_alive_tasks();
    let sockets_before = sockets();

    // One peer is idle, one is flooded by us, one has a handler that never ends, one connection
    // has sent nothing, and one has sent half a handshake.
    let flood = Protocol::new("busy", 1, 1, |_, mut pipe| async move {
        loop {
            pipe.write(0, &[7; 10_000]).await?;
        }
    });
    let stuck = Protocol::new("stuck", 1, 1, |_, _| std::future::pending());
    let protocols = vec![listening("idle", 1), flood, stuck];
    // It asks a bootnode that does not answer.
    let mute = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let bootnode = Enode::new(config("mute", 0).key.public_key(), mute.local_addr().unwrap());
    let bootnodes = vec![bootnode];
    let addr = quiet_address();
    let hub = Config { protocols, bootnodes, listen: Some(addr), ..config("hub", 10) };
    let hub = Server::start(hub).await.unwrap();
    soon(mute.recv(&mut [0; 1280])).await.unwrap();
    let mut events = hub.subscribe();
    let mut peers = Vec::new();
    for name in ["idle", "busy", "stuck"] {
        let config = Config { protocols: vec![listening(name, 1)], ..config(name, 1) };
        let peer = Server::start(config).await.unwrap();
        peer.add_peer(hub.enode()).await.unwrap();
        added(&mut events).await;
        peers.push(peer);
    }
    let silent = TcpStream::connect(addr).unwrap();
    let mut half = TcpStream::connect(addr).unwrap();
    half.write_all(&[1, 0xA0, 4, 5, 6]).unwrap();
    // And it dials someone who never answers.
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = config("nobody", 0).key.public_key();
    hub.add_peer(Enode::new(nobody, deaf.local_addr().unwrap())).await.unwrap();

    let began = Instant::now();
    soon(hub.stop()).await;
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());

    for _ in &peers {
        dropped(&mut events).await;
    }
    assert!(events.next().await.is_none());
    assert!(is_closed(silent) && is_closed(half));
    drop((deaf, mute));
    drop((TcpListener::bind(addr).unwrap(), UdpSocket::bind(addr).unwrap()));
    for peer in peers {
        soon(peer.stop()).await;
    }
    assert_eq!(Handle::current().metrics().num_alive_tasks(), tasks_before);
    assert_eq!(sockets(), sockets_before);
}
