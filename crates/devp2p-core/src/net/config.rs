//! How a server is to be, and why it may not start.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::{fmt, io};

use thiserror::Error;

use super::addresses::{AskError, External};
use super::replay::Replay;
use super::tap::Tap;
use crate::enode::Enode;
use crate::keys::{NodeKey, PublicKey};
use crate::p2p::{Capability, Hello, MAX_HELLO};
use crate::protocol::Protocol;

/// How a server is to be. Set what matters and take the rest from [`Config::new`]:
///
/// ```
/// # use devp2p_core::keys::NodeKey;
/// use devp2p_core::net::{Config, client_name};
/// let key = NodeKey::generate(&mut rand::rng());
/// let config = Config { max_peers: 1, ..Config::new(key, client_name("foo", "42")) };
/// ```
#[derive(Debug)]
pub struct Config {
    /// The node's identity.
    pub key: Arc<NodeKey>,
    /// What it calls itself; see [`client_name`].
    pub name: String,
    /// How many peers it has at most, dialed or not. 0, the default, refuses everyone who is not
    /// trusted, and dials nobody else.
    pub max_peers: usize,
    /// Where it listens; port 0 lets the system choose one. `None`: it only dials. The default is
    /// 127.0.0.1 with port 0, so that nothing is exposed by accident (go-ethereum: nowhere, and its
    /// command `geth` everywhere).
    pub listen: Option<SocketAddr>,
    /// Whether it takes part in node discovery, as it does by default. It then also has a UDP
    /// socket, on the port of `listen`, and every node that reaches that one is told which other
    /// nodes it knows. It asks nobody by itself, unless there are bootnodes. (go-ethereum: off
    /// unless `DiscoveryV4` is set.)
    pub discovery: bool,
    /// The nodes that discovery begins with. Host names are looked up at the start, and again when
    /// nobody answers; it is enough if one of them leads somewhere. With them the server searches
    /// for nodes and dials them, into a third of its slots, at least one; inbound connections get
    /// the rest: with `max_peers` 1 none. Without them all slots are for everybody.
    pub bootnodes: Vec<Enode>,
    /// Where others reach it, as its enode and its record say: behind a NAT, with other ports than
    /// it has itself. One for IPv4 and one for IPv6 at most; the enode has the one that more of
    /// the world can reach, as [`Enr::ip`](crate::enr::Enr::ip) says. The default is the address
    /// that it listens on, or 127.0.0.1 if that is all of them; then it also believes ten nodes that
    /// see it elsewhere.
    pub external: Vec<External>,
    /// The protocols it speaks. Without any it accepts every peer, and has nothing to say to
    /// them.
    pub protocols: Vec<Protocol>,
    /// Nodes that may connect even when all slots are taken.
    pub trusted: Vec<PublicKey>,
    /// Whether messages are told as events, too.
    pub message_events: bool,
    /// Sees what crosses the connections, secrets included. `None`, the default: nobody does.
    pub tap: Option<Tap>,
    /// For tests: makes the run repeatable. `None`, the default, takes random numbers and the time
    /// of day from the system.
    pub replay: Option<Replay>,
}

impl Config {
    /// The least that a server needs.
    pub fn new(key: impl Into<Arc<NodeKey>>, name: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            name: name.into(),
            max_peers: 0,
            listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
            discovery: true,
            bootnodes: Vec::new(),
            external: Vec::new(),
            protocols: Vec::new(),
            trusted: Vec::new(),
            message_events: false,
            tap: None,
            replay: None,
        }
    }
}

/// A client name in the usual form, `name/vVERSION/os/rustVERSION`, as in
/// `foo/v42/linux/rust1.95.0`.
pub fn client_name(name: &str, version: &str) -> String {
    format!("{name}/v{version}/{}/rust{}", std::env::consts::OS, env!("RUSTC_VERSION"))
}

/// Why a server did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The port is taken.
    #[error(
        "{kind} port {} on {} is in use: stop the other program, or choose another port \
         (0 lets the system choose)", .addr.port(), .addr.ip()
    )]
    PortTaken {
        /// Which of the two ports of that number.
        kind: SocketKind,
        /// The address that was asked for.
        addr: SocketAddr,
    },
    /// The socket cannot be opened for another reason.
    #[error("cannot open a {kind} socket on {addr}: {}", socket_hint(*.addr, .error))]
    Listen {
        /// Which socket.
        kind: SocketKind,
        /// The address that was asked for.
        addr: SocketAddr,
        /// What the operating system says.
        error: io::Error,
    },
    /// A bootnode cannot be asked.
    #[error("this bootnode cannot be asked: {error}: {bootnode}")]
    Bootnode {
        /// Which one.
        bootnode: Enode,
        /// Why.
        error: AskError,
    },
    /// Two protocols have the same name and version.
    #[error("the protocol {0} is configured twice")]
    DuplicateProtocol(Capability),
    /// Name and protocols are so long that no peer would read our Hello.
    #[error("client name and protocols make a Hello of {0} bytes; the limit is 2048")]
    HelloTooLong(usize),
}

/// One of a server's two sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketKind {
    /// For connections.
    Tcp,
    /// For discovery.
    Udp,
}

impl fmt::Display for SocketKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        })
    }
}

/// Our Hello, checked: no protocol twice, and short enough to be read.
pub(super) fn hello(config: &Config) -> Result<Hello, StartError> {
    let mut capabilities: Vec<Capability> =
        config.protocols.iter().map(Protocol::capability).collect();
    capabilities.sort();
    let twins = capabilities.iter().zip(capabilities.iter().skip(1)).find(|(a, b)| a == b);
    if let Some((twin, _)) = twins {
        return Err(StartError::DuplicateProtocol(twin.clone()));
    }
    let hello = Hello::new(config.key.public_key(), &config.name, capabilities);
    match hello.encode().len() {
        len @ MAX_HELLO.. if len > MAX_HELLO => Err(StartError::HelloTooLong(len)),
        _ => Ok(hello),
    }
}

/// What to do when the system gives no socket.
fn socket_hint(addr: SocketAddr, error: &io::Error) -> String {
    let (ip, port) = (addr.ip(), addr.port());
    match error.kind() {
        io::ErrorKind::PermissionDenied if port != 0 && port < 1024 => {
            format!(
                "port {port} needs rights that this program does not have: choose one from 1024 on"
            )
        }
        io::ErrorKind::AddrNotAvailable => {
            format!(
                "{ip} is no address of this machine: listen on one that it has, or on all (0.0.0.0)"
            )
        }
        _ => error.to_string(),
    }
}
