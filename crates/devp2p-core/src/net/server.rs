//! The server: what you start, ask and stop.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::config::{self, Config, StartError};
use super::connection::Local;
use super::discovery::{Discovery, DiscoveryConfig, unix_milliseconds};
use super::inputs::{Command, Inputs};
use super::main_loop::MainLoop;
use super::sockets::{self, Sockets};
use super::{NodeInfo, PeerInfo, Ports};
use crate::enode::{Endpoint, Enode, Host};
use crate::enr::Enr;
use crate::events::{self, Events, PeerEvent};
use crate::keys::PublicKey;
use crate::policy::{self, Admission};
use crate::protocol::Protocol;

/// Commands and questions that may wait for the main loop.
const MAIL: usize = 64;

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
    discovery: Option<Discovery>,
    stop: DropGuard,
}

impl Server {
    /// Opens the sockets and starts the main loop. To be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left open then.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let hello = config::hello(&config)?;
        let bootnodes = config::bootnodes(&config).await?;
        let Sockets { tcp, udp } = sockets::open(&config, &bootnodes).await?;
        let (listener, listen_addr) = tcp.unzip();
        let admission = admission(&config);

        let (events, _) = broadcast::channel(events::CAPACITY);
        let (commands, obeyed) = mpsc::channel(MAIL);
        let (questions, answered) = mpsc::channel(MAIL);
        let message_events = config.message_events.then(|| events.downgrade());
        let local = Local {
            key: Arc::new(config.key),
            hello,
            protocols: config.protocols,
            questions,
            events: message_events,
        };
        let searches = !bootnodes.is_empty();
        let about_us = DiscoveryConfig {
            ip: config.ip,
            tcp: listen_addr.map_or(0, |addr| addr.port()),
            learn_endpoint: config.ip.is_none(),
            bootnodes,
            ..DiscoveryConfig::new(local.key.clone())
        };
        let discovery = udp.map(|socket| Discovery::over(socket, about_us));
        let found = match &discovery {
            Some(discovery) if searches => Some(discovery.search().await),
            _ => None,
        };
        let info = node_info(&local, config.ip, listen_addr, discovery.as_ref());

        let stop = CancellationToken::new();
        let inputs = Inputs { listener, found, commands: obeyed, questions: answered };
        let main_loop = MainLoop::new(local, admission, events.clone());
        let main_loop = tokio::spawn(main_loop.run(inputs, stop.clone()));
        Ok(Self { info, commands, events, main_loop, discovery, stop: stop.drop_guard() })
    }

    /// What this server says about itself: as it was when it started.
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

    /// What answers and asks over UDP, to ask it yourself; none if `discovery` is off.
    pub fn discovery(&self) -> Option<&Discovery> {
        self.discovery.as_ref()
    }

    /// Stops the server. Every peer is told 0x08 within a second; handlers see their pipes close,
    /// have one second to end and are aborted then; every drop is told, and [`Events::next`]
    /// yields `None` after it. When this returns, no task of the server is left, and its ports
    /// are free.
    pub async fn stop(self) {
        let Self { main_loop, discovery, stop, .. } = self;
        drop(stop);
        if let Some(discovery) = discovery {
            discovery.stop().await;
        }
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

/// The slots, and whose they are.
fn admission(config: &Config) -> Admission {
    let mut admission = Admission::new(config.key.public_key(), config.max_peers);
    for key in &config.trusted {
        admission.trust(*key);
    }
    if config.discovery && !config.bootnodes.is_empty() {
        admission.split_slots();
    }
    admission
}

fn node_info(
    local: &Local,
    ip: Option<IpAddr>,
    listen_addr: Option<SocketAddr>,
    discovery: Option<&Discovery>,
) -> NodeInfo {
    let id = local.key.public_key();
    let udp_addr = discovery.map(Discovery::local_addr);
    let bound_to = listen_addr.or(udp_addr).map(|addr| addr.ip());
    let reachable = bound_to.filter(|ip| !ip.is_unspecified());
    let ip = ip.or(reachable).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let tcp = listen_addr.map_or(0, |addr| addr.port());
    let udp = udp_addr.map_or(0, |addr| addr.port());
    let enr = match discovery {
        Some(discovery) => discovery.local_enr(),
        None => Enr::sign(&local.key, unix_milliseconds(), Some(ip), udp, tcp),
    };
    NodeInfo {
        enode: Enode { public_key: id, endpoint: Some(Endpoint { host: Host::Ip(ip), tcp, udp }) },
        enr,
        id,
        node_id: id.node_id(),
        name: local.hello.client_id.clone(),
        ip,
        ports: Ports { discovery: udp, listener: tcp },
        listen_addr,
        protocols: local.protocols.iter().map(Protocol::capability).collect(),
    }
}
