//! The server: what you configure, start, ask and stop.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use thiserror::Error;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::connection::Local;
use super::main_loop::{Command, MainLoop};
use super::{NodeInfo, PeerInfo, tcp};
use crate::enode::{Endpoint, Enode, Host};
use crate::events::{self, Events, PeerEvent};
use crate::keys::{NodeKey, PublicKey};
use crate::p2p::hello::MAX_HELLO;
use crate::p2p::{Capability, Hello};
use crate::policy;
use crate::protocol::Protocol;

/// Commands and questions that may wait for the main loop.
const MAIL: usize = 64;

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
    pub key: NodeKey,
    /// What it calls itself; see [`client_name`].
    pub name: String,
    /// How many peers it has at most, dialed or not. 0, the default, refuses everyone who is not
    /// trusted.
    pub max_peers: usize,
    /// Where it listens; port 0 lets the system choose one. `None`: it only dials. The default is
    /// 127.0.0.1 with port 0, so that nothing is exposed by accident (go-ethereum: everywhere).
    pub listen: Option<SocketAddr>,
    /// The IP address in its enode; the default is the one it listens on, or 127.0.0.1 if that is
    /// all of them.
    pub ip: Option<IpAddr>,
    /// The subprotocols it speaks. Without any it accepts every peer, and has nothing to say to
    /// them.
    pub protocols: Vec<Protocol>,
    /// Nodes that may connect even when all slots are taken.
    pub trusted: Vec<PublicKey>,
    /// Whether messages are told as events, too.
    pub message_events: bool,
}

impl Config {
    /// The least that a server needs.
    pub fn new(key: NodeKey, name: impl Into<String>) -> Self {
        Self {
            key,
            name: name.into(),
            max_peers: 0,
            listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
            ip: None,
            protocols: Vec::new(),
            trusted: Vec::new(),
            message_events: false,
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
    /// The TCP port is taken.
    #[error(
        "TCP port {} on {} is in use: stop the other program, or choose another port \
         (0 lets the system choose)", .0.port(), .0.ip()
    )]
    PortTaken(SocketAddr),
    /// The address cannot be listened on for another reason.
    #[error("cannot listen on {addr}: {error}")]
    Listen {
        /// The address that was asked for.
        addr: SocketAddr,
        /// What the operating system says.
        error: io::Error,
    },
    /// Two protocols have the same name and version.
    #[error("the protocol {0} is configured twice")]
    DuplicateProtocol(Capability),
    /// Name and protocols are so long that no peer would read our Hello.
    #[error("client name and protocols make a Hello of {0} bytes; the limit is 2048")]
    HelloTooLong(usize),
}

/// Why a node was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AddPeerError {
    /// This node cannot be dialed.
    #[error(transparent)]
    Undialable(#[from] policy::AddPeerError),
    /// The server's main loop is gone.
    #[error("the server is not running any more")]
    Stopped,
}

/// A running node: it waits for connections and makes those that it is asked for.
///
/// There is no server that has not started, and none that has stopped: [`Server::start`] makes
/// one and [`Server::stop`] consumes it. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct Server {
    info: NodeInfo,
    commands: mpsc::Sender<Command>,
    events: broadcast::Sender<PeerEvent>,
    main_loop: JoinHandle<()>,
    stop: DropGuard,
}

impl Server {
    /// Opens the listener and starts the main loop. To be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left open then.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let hello = hello(&config)?;
        let listener = match config.listen {
            Some(addr) => Some(listen(addr).await?),
            None => None,
        };
        let info = node_info(&config, listener.as_ref().map(|(_, addr)| *addr));

        let (events, _) = broadcast::channel(events::CAPACITY);
        let (commands, obeyed) = mpsc::channel(MAIL);
        let (questions, answered) = mpsc::channel(MAIL);
        let message_events = config.message_events.then(|| events.downgrade());
        let local = Local {
            key: config.key,
            hello,
            protocols: config.protocols,
            questions,
            events: message_events,
        };
        let mut main_loop = MainLoop::new(local, config.max_peers, events.clone());
        for key in config.trusted {
            main_loop.trust(key);
        }
        let stop = CancellationToken::new();
        let listener = listener.map(|(listener, _)| listener);
        let running = main_loop.run(listener, obeyed, answered, stop.clone());
        let main_loop = tokio::spawn(running);
        Ok(Self { info, commands, events, main_loop, stop: stop.drop_guard() })
    }

    /// What this server says about itself.
    pub fn node_info(&self) -> &NodeInfo {
        &self.info
    }

    /// What others need to connect to this server. (In Go: `Self()`.)
    pub fn enode(&self) -> &Enode {
        &self.info.enode
    }

    /// The peers of this moment, ordered by key.
    pub async fn peers(&self) -> Vec<PeerInfo> {
        self.ask(Command::Peers).await.unwrap_or_default()
    }

    /// Makes `enode` a static node: it is dialed now, and again whenever it is gone, until it is
    /// removed. Returns when that is noted; the connection comes later, as an event.
    ///
    /// # Errors
    /// [`AddPeerError`] when it cannot be dialed: no address, no port, or our own key.
    /// (go-ethereum says nothing then, and does not dial.)
    pub async fn add_peer(&self, enode: Enode) -> Result<(), AddPeerError> {
        let added = self.ask(|answer| Command::AddPeer(enode, answer)).await;
        Ok(added.ok_or(AddPeerError::Stopped)??)
    }

    /// Forgets a static node and disconnects the peer with 0x00; returns when it is dropped.
    pub async fn remove_peer(&self, id: PublicKey) {
        // An error says that nobody is left who could answer: the peer is dropped as well.
        let _ = self.ask(|answer| Command::RemovePeer(id, answer)).await;
    }

    /// Lets this node in even when all slots are taken.
    pub async fn add_trusted_peer(&self, id: PublicKey) {
        // As above: without a main loop there is nobody to trust.
        let _ = self.ask(|answer| Command::Trust(id, answer)).await;
    }

    /// Takes [`Server::add_trusted_peer`] back; a peer stays connected.
    pub async fn remove_trusted_peer(&self, id: PublicKey) {
        // As above.
        let _ = self.ask(|answer| Command::Distrust(id, answer)).await;
    }

    /// Listens to peer events from now on: subscribe before what you want to see.
    pub fn subscribe(&self) -> Events {
        Events::new(self.events.subscribe())
    }

    /// Stops the server. Every peer is told 0x08 within a second; handlers see their pipes close,
    /// have one second to end and are aborted then; every drop is told, and [`Events::next`]
    /// yields `None` after it. When this returns, no task of the server is left, and its port is
    /// free.
    pub async fn stop(self) {
        let Self { main_loop, stop, .. } = self;
        drop(stop);
        // An error says that the main loop panicked; then it has ended as well.
        let _ = main_loop.await;
    }

    /// Sends a command and waits for its answer; `None` if the main loop is gone.
    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(command(answer)).await.ok()?;
        answered.await.ok()
    }
}

/// Our Hello, checked: no protocol twice, and short enough to be read.
fn hello(config: &Config) -> Result<Hello, StartError> {
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

async fn listen(addr: SocketAddr) -> Result<(tcp::Listener, SocketAddr), StartError> {
    let bound = tcp::Listener::bind(addr).await;
    let listening = bound.and_then(|listener| listener.local_addr().map(|addr| (listener, addr)));
    listening.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken(addr),
        _ => StartError::Listen { addr, error },
    })
}

fn node_info(config: &Config, listen_addr: Option<SocketAddr>) -> NodeInfo {
    let id = config.key.public_key();
    let listens_on = listen_addr.map(|addr| addr.ip()).filter(|ip| !ip.is_unspecified());
    let ip = config.ip.or(listens_on).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let tcp = listen_addr.map_or(0, |addr| addr.port());
    // No UDP yet, so no discovery port: it shows as ?discport=0.
    let endpoint = Endpoint { host: Host::Ip(ip), tcp, udp: 0 };
    NodeInfo {
        enode: Enode { public_key: id, endpoint: Some(endpoint) },
        id,
        node_id: id.node_id(),
        name: config.name.clone(),
        ip,
        listen_addr,
        protocols: config.protocols.iter().map(Protocol::capability).collect(),
    }
}
