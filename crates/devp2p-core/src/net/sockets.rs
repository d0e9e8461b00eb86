//! The two sockets of a server, opened together: TCP for connections, UDP for discovery.
//!
//! Both have the same port number, so that one number in the enode is enough. To the system TCP and
//! UDP ports are different things: one may be taken while the other is free.

use std::io;
use std::net::SocketAddr;

use super::addresses::any_port_to;
use super::config::{Config, SocketKind, StartError};
use super::listener::Listener;
use super::udp;
use crate::discv4::Node;

/// How many ports are tried while the system chooses them.
///
/// It chooses a free TCP port; seldom is the UDP port of the same number taken. Twenty times in a
/// row means that UDP does not work here at all.
const TRIES: usize = 20;

/// What a server has opened.
pub(super) struct Sockets {
    /// With its address.
    pub(super) tcp: Option<(Listener, SocketAddr)>,
    pub(super) udp: Option<udp::Socket>,
}

/// Opens what the server is to have: both sockets, one of them, or none.
pub(super) async fn open(config: &Config, bootnodes: &[Node]) -> Result<Sockets, StartError> {
    match (config.listen, config.discovery) {
        (Some(addr), true) => open_both(addr).await,
        (Some(addr), false) => Ok(Sockets { tcp: Some(open_tcp(addr).await?), udp: None }),
        (None, true) => {
            let addr = any_port_to(bootnodes.iter().map(|node| node.ip));
            Ok(Sockets { tcp: None, udp: Some(open_udp(addr).await?) })
        }
        (None, false) => Ok(Sockets { tcp: None, udp: None }),
    }
}

/// On the same port; with port 0 on one that is free for both.
async fn open_both(addr: SocketAddr) -> Result<Sockets, StartError> {
    let mut tries = 1..TRIES;
    loop {
        let tcp = open_tcp(addr).await?;
        match open_udp(tcp.1).await {
            Ok(udp) => return Ok(Sockets { tcp: Some(tcp), udp: Some(udp) }),
            Err(error) if addr.port() != 0 || tries.next().is_none() => return Err(error),
            Err(_) => {}
        }
    }
}

async fn open_tcp(addr: SocketAddr) -> Result<(Listener, SocketAddr), StartError> {
    let listener = Listener::bind(addr).await;
    let bound = listener.and_then(|listener| listener.local_addr().map(|local| (listener, local)));
    bound.map_err(|error| why(SocketKind::Tcp, addr, error))
}

pub(super) async fn open_udp(addr: SocketAddr) -> Result<udp::Socket, StartError> {
    udp::Socket::bind(addr).await.map_err(|error| why(SocketKind::Udp, addr, error))
}

fn why(kind: SocketKind, addr: SocketAddr, error: io::Error) -> StartError {
    match error.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken { kind, addr },
        _ => StartError::Listen { kind, addr, error },
    }
}
