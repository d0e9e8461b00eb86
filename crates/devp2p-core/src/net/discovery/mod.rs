//! Discovery on a socket: what drives the pure [`Service`].
//!
//! ```text
//!  Discovery, DiscoveryHandle (what you hold)
//!     │ ping, request_enr, lookup, search …              answers, found nodes ▲
//!     ▼                                                                       │
//!  driver (1 task) ──────────────────────────────────────────────────────────┘
//!     │ ▲
//!     │ └── socket ─▶ per-address limit ─▶ inbox, at most 256 ─▶ Service::receive
//!     │                   too many: dropped    full: dropped
//!     └──── clock ─────────────────────────────────────────────▶ Service::tick
//! ```
//!
//! A flood of datagrams meets the limit first, which costs next to nothing, then a queue that
//! has an end. A signature is checked only behind both.
//!
//! Book: *How nodes find each other*.

mod bootnodes;
mod driver;

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use rand::RngExt;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::Instrument;

use super::addresses::{External, endpoints};
use super::clock::Clock;
use super::config::StartError;
use super::replay::Replay;
use super::sockets;
use super::udp::Socket;
use crate::discv4::Node;
use crate::discv4::packet::Pong;
use crate::discv4::service::{RequestError, Service, ServiceConfig};
use crate::enode::Enode;
use crate::enr::Enr;
use crate::keys::NodeKey;
use crate::policy::RateLimit;
use driver::{Driver, Order};

pub use super::addresses::{AskError, any_port_to, resolve};
pub use bootnodes::BootnodeStatus;
pub(super) use bootnodes::Bootnodes;

/// Orders that may wait for the driver.
const MAIL: usize = 64;
/// Found nodes that may wait to be taken; meanwhile there is no search.
const FOUND: usize = 16;
/// Datagrams that may wait for who watches; those that do not fit are not shown.
const WATCHED: usize = 1024;

/// How discovery is to be. Set what matters and take the rest from [`DiscoveryConfig::new`].
#[derive(Debug)]
pub struct DiscoveryConfig {
    /// Who we are.
    pub key: Arc<NodeKey>,
    /// Where others reach us, as we tell it: see [`Config::external`](super::Config::external). The
    /// default is the address of the socket, or 127.0.0.1 if that is all of them.
    pub external: Vec<External>,
    /// Our TCP port, as we tell it; 0, the default, says that we accept no connections.
    pub tcp: u16,
    /// Whether ten nodes that see us at another address are believed; the default is yes.
    pub learn_endpoint: bool,
    /// The nodes to begin with; without any, we know only those that come to us. See
    /// [`Config::bootnodes`](super::Config::bootnodes).
    pub bootnodes: Vec<Enode>,
    /// How many datagrams an address may send us.
    pub rate_limit: RateLimit,
    /// For tests: makes the run repeatable, as [`Config::replay`](super::Config::replay) does.
    pub replay: Option<Replay>,
}

impl DiscoveryConfig {
    /// The least that discovery needs.
    pub fn new(key: impl Into<Arc<NodeKey>>) -> Self {
        Self {
            key: key.into(),
            external: Vec::new(),
            tcp: 0,
            learn_endpoint: true,
            bootnodes: Vec::new(),
            rate_limit: RateLimit::default(),
            replay: None,
        }
    }
}

/// A running node of the discovery network.
///
/// Dropping it stops it without waiting, [`Discovery::stop`] waits. Everything that a
/// [`DiscoveryHandle`] can be asked, it can be asked as well.
#[derive(Debug)]
pub struct Discovery {
    handle: DiscoveryHandle,
    driver: JoinHandle<()>,
    stop: DropGuard,
}

/// A running node of the discovery network, to ask; only [`Discovery`] can stop it.
///
/// Clones are cheap, and all lead to the same node.
#[derive(Debug, Clone)]
pub struct DiscoveryHandle {
    local_addr: SocketAddr,
    record: watch::Receiver<Enr>,
    orders: mpsc::Sender<Order>,
    /// Tells the driver that a searcher has room again, or has stopped.
    hungry: Arc<Notify>,
}

impl Discovery {
    /// Opens a socket and starts; without an address to listen on, on any port, where the bootnodes
    /// can be reached from. To be called inside a tokio runtime.
    ///
    /// # Errors
    /// When the operating system gives no such socket, or no bootnode can be asked.
    pub async fn start(
        listen: Option<SocketAddr>,
        mut config: DiscoveryConfig,
    ) -> Result<Self, StartError> {
        let bootnodes = Bootnodes::look_up(std::mem::take(&mut config.bootnodes)).await?;
        let listen =
            listen.unwrap_or_else(|| any_port_to(bootnodes.nodes().iter().map(|node| node.ip)));
        let socket = sockets::open_udp(listen).await?;
        let (clock, mut chance) = Replay::begin(config.replay);
        Ok(Self::over(socket, config, bootnodes, clock, chance.rng().random()))
    }

    /// Starts on a socket that is there already; all random numbers come from `seed`.
    pub(super) fn over(
        socket: Socket,
        config: DiscoveryConfig,
        mut bootnodes: Bootnodes,
        clock: Clock,
        seed: [u8; 32],
    ) -> Self {
        let local_addr = socket.local_addr();
        let (endpoint, other) = endpoints(&config.external, local_addr, config.tcp);
        let service = ServiceConfig {
            key: config.key,
            endpoint,
            other,
            learn_endpoint: config.learn_endpoint,
            bootnodes: bootnodes.nodes(),
            known: Vec::new(),
            enr_seq: clock.unix_milliseconds(),
        };
        let service = Service::new(service, seed, clock.now());
        let (record, record_of_now) = watch::channel(service.record().clone());
        let (orders, obeyed) = mpsc::channel(MAIL);
        let stop = CancellationToken::new();
        let hungry = Arc::new(Notify::new());
        bootnodes.check_ways(local_addr.ip());
        let driver = Driver::new(socket, service, bootnodes, clock, record);
        let driver = driver.with_rate_limit(config.rate_limit);
        let driver = driver.run(obeyed, hungry.clone(), stop.clone());
        let driver = tokio::spawn(driver.in_current_span());
        let handle = DiscoveryHandle { local_addr, record: record_of_now, orders, hungry };
        Self { handle, driver, stop: stop.drop_guard() }
    }

    /// Stops. When this returns, the task is gone and the port is free.
    pub async fn stop(self) {
        let Self { driver, stop, .. } = self;
        drop(stop);
        // An error says that the driver panicked; then it has ended as well.
        let _ = driver.await;
    }
}

impl Deref for Discovery {
    type Target = DiscoveryHandle;

    fn deref(&self) -> &DiscoveryHandle {
        &self.handle
    }
}

impl DiscoveryHandle {
    /// Where the socket really is.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// What we say about ourselves at this moment, signed; it changes when other nodes see us at
    /// another address.
    pub fn local_enr(&self) -> Enr {
        self.record.borrow().clone()
    }

    /// Asks whether a node is there; its answer says where it sees us.
    ///
    /// # Errors
    /// [`AskError`]; a node has half a second.
    pub async fn ping(&self, node: &Enode) -> Result<Pong, AskError> {
        let node = resolve(node).await?;
        self.ask(|answer| Order::Ping(node, answer)).await
    }

    /// Asks a node for its record. It is the node's own word, which need not be true.
    ///
    /// # Errors
    /// [`AskError`]; also when the node sends the record of another one.
    pub async fn request_enr(&self, node: &Enode) -> Result<Enr, AskError> {
        let node = resolve(node).await?;
        self.ask(|answer| Order::RequestEnr(node, answer)).await
    }

    /// Looks for the nodes closest to the hash of `target`: at most 16 that answered, the closest
    /// first. To find a certain node, the target is its public key.
    ///
    /// # Errors
    /// [`AskError::Request`].
    pub async fn lookup(&self, target: [u8; 64]) -> Result<Vec<Node>, AskError> {
        self.ask(|answer| Order::Lookup(target, answer)).await
    }

    /// What has become of the bootnodes, and how many nodes we know.
    ///
    /// # Errors
    /// [`RequestError::Closed`] when it has stopped.
    pub async fn status(&self) -> Result<DiscoveryStatus, AskError> {
        self.ask(Order::Status).await
    }

    /// Begins to search for nodes. There may be several searches: each hears of every node that
    /// any of them finds, as long as it takes them.
    pub async fn search(&self) -> Found {
        let nodes = self.begin(FOUND, Order::Search).await;
        Found { nodes, hungry: self.hungry.clone() }
    }

    /// Shows every datagram from now on, however many others watch. A slow reader does not see
    /// all.
    pub async fn watch(&self) -> Watched {
        Watched(self.begin(WATCHED, Order::Watch).await)
    }

    /// Gives an order that is answered again and again.
    async fn begin<T>(
        &self,
        room: usize,
        order: impl FnOnce(mpsc::Sender<T>) -> Order,
    ) -> Answers<T> {
        let (sender, answers) = mpsc::channel(room);
        // An error says that the driver is gone; then there is no answer.
        let _ = self.orders.send(order(sender)).await;
        Answers { answers, orders: self.orders.clone() }
    }

    /// Gives an order and waits for its answer.
    async fn ask<T>(
        &self,
        order: impl FnOnce(oneshot::Sender<Result<T, RequestError>>) -> Order,
    ) -> Result<T, AskError> {
        let (answer, answered) = oneshot::channel();
        let sent = self.orders.send(order(answer)).await;
        sent.map_err(|_| RequestError::Closed)?;
        let answer = tokio::select! {
            biased;
            answer = answered => answer.map_err(|_| RequestError::Closed),
            // As in `Answers`.
            () = self.orders.closed() => Err(RequestError::Closed),
        };
        Ok(answer??)
    }
}

/// How discovery is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct DiscoveryStatus {
    /// In the order in which they were configured.
    pub bootnodes: Vec<BootnodeStatus>,
    /// How many nodes are in the table.
    pub nodes: usize,
}

/// The answers to an order, until the driver is gone.
///
/// An order that is given just when the driver ends may be neither read nor dropped: it stays in
/// the channel, which lives as long as a handle does. So the end of the answers may not be seen in
/// their own channel alone.
#[derive(Debug)]
struct Answers<T> {
    answers: mpsc::Receiver<T>,
    orders: mpsc::Sender<Order>,
}

impl<T> Answers<T> {
    /// Cancel-safe.
    async fn next(&mut self) -> Option<T> {
        tokio::select! {
            biased;
            next = self.answers.recv() => next,
            () = self.orders.closed() => {
                self.answers.close();
                self.answers.recv().await
            }
        }
    }
}

/// Nodes that could be dialed, as they are found.
///
/// The search goes on as long as they are taken, and ends when this is dropped.
#[derive(Debug)]
pub struct Found {
    nodes: Answers<Node>,
    hungry: Arc<Notify>,
}

impl Found {
    /// The next node: hearsay, and perhaps not for the first time. `None`: discovery has stopped.
    /// Cancel-safe.
    pub async fn next(&mut self) -> Option<Node> {
        let node = self.nodes.next().await;
        self.hungry.notify_one();
        node
    }
}

impl Drop for Found {
    fn drop(&mut self) {
        self.nodes.answers.close();
        self.hungry.notify_one();
    }
}

/// Datagrams, as they come and go.
#[derive(Debug)]
pub struct Watched(Answers<Datagram>);

impl Watched {
    /// The next datagram. `None`: discovery has stopped. Cancel-safe.
    pub async fn next(&mut self) -> Option<Datagram> {
        self.0.next().await
    }
}

/// A datagram that came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datagram {
    /// Whether it came or went.
    pub way: Way,
    /// Where from, or where to.
    pub remote: SocketAddr,
    /// What it says, if it is a packet: see [`decode`](crate::discv4::packet::decode).
    pub bytes: Box<[u8]>,
}

/// Which way a datagram took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It came, and neither limit nor queue dropped it.
    In,
    /// It went.
    Out,
}
