//! The server: what you start and stop.
//!
//! ```
//! use devp2p_core::keys::NodeKey;
//! use devp2p_core::net::{Config, Server, client_name};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let new_key = || NodeKey::generate(&mut rand::rng());
//! let config = |name| Config { max_peers: 1, ..Config::new(new_key(), client_name(name, "42")) };
//! let (one, two) = (Server::start(config("foo")).await?, Server::start(config("bar")).await?);
//!
//! let mut events = one.subscribe();
//! one.add_peer(two.enode()).await?;
//! let event = events.next().await.ok_or("the server is gone")?;
//! println!("{event}");
//!
//! one.stop().await;
//! two.stop().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;

use rand::RngExt;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{Instrument, Span, debug, debug_span};

use super::addresses::endpoints;
use super::clock::Clock;
use super::config::{self, Config, StartError};
use super::connection::Context;
use super::discovery::{Bootnodes, Discovery, DiscoveryConfig};
use super::handle::Handle;
use super::inputs::Inputs;
use super::main_loop::MainLoop;
use super::replay::Replay;
use super::sockets::{self, Sockets};
use super::udp;
use super::{NodeInfo, Ports};
use crate::discv4::packet::Endpoint;
use crate::discv4::service::local_record;
use crate::enode::{Address, Enode, Host};
use crate::events::EventSender;
use crate::p2p::printable;
use crate::policy::Admission;
use crate::protocol::Protocol;

/// Commands, and words of connections, that may wait for the main loop.
const MAIL: usize = 64;

/// A running node: it waits for connections and makes those that it is asked for.
///
/// There is no server that has not started, and none that has stopped: [`Server::start`] makes
/// one and [`Server::stop`] consumes it. Dropping it stops it too, without waiting.
///
/// Everything that a [`Handle`] can be asked, a server can be asked as well.
#[derive(Debug)]
pub struct Server {
    handle: Handle,
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
        Self::start_with(config, |_| Vec::new()).await
    }

    /// The same, with protocols that need the server's handle: they are added to those of `config`.
    ///
    /// ```
    /// # use devp2p_core::keys::NodeKey;
    /// # use devp2p_core::net::{Config, Server};
    /// # use devp2p_core::protocol::Protocol;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// # let config = Config::new(NodeKey::generate(&mut rand::rng()), "foo");
    /// let server = Server::start_with(config, |handle| {
    ///     let handle = handle.clone();
    ///     vec![Protocol::new("census", 1, 1, move |_peer, mut pipe| {
    ///         let handle = handle.clone();
    ///         async move { pipe.send(0, &handle.peers().await.len()).await }
    ///     })]
    /// });
    /// server.await?.stop().await;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_with(
        mut config: Config,
        protocols: impl FnOnce(&Handle) -> Vec<Protocol>,
    ) -> Result<Self, StartError> {
        let (clock, mut chance) = Replay::begin(config.replay);
        let span = span(&config);
        let bootnodes = std::mem::take(&mut config.bootnodes);
        let searches = config.discovery && !bootnodes.is_empty();
        let bootnodes = Bootnodes::look_up(bootnodes).instrument(span.clone()).await?;
        let Sockets { tcp, udp } = sockets::open(&config, &bootnodes.nodes()).await?;
        let (listener, listen_addr) = tcp.unzip();
        span.in_scope(|| tell_listening(listen_addr, udp.as_ref()));
        let about_us = DiscoveryConfig {
            external: config.external.clone(),
            tcp: listen_addr.map_or(0, |addr| addr.port()),
            learn_endpoint: config.external.is_empty(),
            ..DiscoveryConfig::new(config.key.clone())
        };
        let discovery = span.in_scope(|| {
            udp.map(|udp| Discovery::over(udp, about_us, bootnodes, clock, chance.rng().random()))
        });

        let events = Arc::new(EventSender::new(config.message_events));
        let (commands, obeyed) = mpsc::channel(MAIL);
        let about = node_info(&config, &clock, listen_addr, discovery.as_ref());
        let (node, of_now) = watch::channel(about);
        let (discovery_handle, to_listen) =
            (discovery.as_deref().cloned(), Arc::downgrade(&events));
        let handle =
            Handle { node: of_now, discovery: discovery_handle, commands, events: to_listen };
        config.protocols.extend(protocols(&handle));
        let hello = match config::hello(&config) {
            Ok(hello) => hello,
            Err(error) => {
                stop_discovery(discovery).await;
                return Err(error);
            }
        };
        let offered = config.protocols.iter().map(Protocol::capability).collect();
        node.send_modify(|node| node.protocols = offered);

        let found = match handle.discovery() {
            Some(discovery) if searches => Some(discovery.search().await),
            _ => None,
        };
        let admission = admission(&config, searches);
        let (words, heard) = mpsc::channel(MAIL);
        let context = Context {
            key: config.key,
            hello,
            protocols: config.protocols,
            words,
            events: config.message_events.then(|| Arc::downgrade(&events)),
            tap: config.tap,
        };
        let stop = CancellationToken::new();
        let inputs = Inputs { listener, found, commands: obeyed, words: heard };
        let seeks = handle.discovery.clone();
        let mut main_loop = MainLoop::new(context, admission, events, clock, chance);
        if let Some(discovery) = seeks {
            main_loop.let_seek(discovery, searches);
        }
        let main_loop = tokio::spawn(main_loop.run(inputs, stop.clone()).instrument(span));
        Ok(Self { handle, main_loop, discovery, stop: stop.drop_guard() })
    }

    /// A handle to give away.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Stops the server. Every peer is told 0x08 within a second; handlers see their pipes close,
    /// have one second to end and are aborted then; every drop is told, and
    /// [`Events::next`](crate::events::Events::next) yields `None` after it. When this returns, no
    /// task of the server is left, and its ports are free.
    pub async fn stop(self) {
        let Self { main_loop, discovery, stop, .. } = self;
        drop(stop);
        stop_discovery(discovery).await;
        // An error says that the main loop panicked; then it has ended as well.
        let _ = main_loop.await;
    }
}

impl Deref for Server {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

async fn stop_discovery(discovery: Option<Discovery>) {
    if let Some(discovery) = discovery {
        discovery.stop().await;
    }
}

/// What this server's lines in the log begin with: several may be in one program.
fn span(config: &Config) -> Span {
    let name = config.name.split('/').next().unwrap_or_default();
    let key = config.key.public_key().short();
    debug_span!("node", message = %format_args!("{} {key}", printable(name)))
}

/// Where the two sockets are, in the log.
fn tell_listening(tcp: Option<SocketAddr>, udp: Option<&udp::Socket>) {
    let udp = udp.map(udp::Socket::local_addr);
    debug!(tcp = tcp.map(display), udp = udp.map(display), "listening");
}

/// The slots, and whose they are.
fn admission(config: &Config, searches: bool) -> Admission {
    let mut admission = Admission::new(config.key.public_key(), config.max_peers);
    for key in &config.trusted {
        admission.trust(*key);
    }
    if searches {
        admission.split_slots();
    }
    admission
}

fn node_info(
    config: &Config,
    clock: &Clock,
    listen_addr: Option<SocketAddr>,
    discovery: Option<&Discovery>,
) -> NodeInfo {
    let id = config.key.public_key();
    let udp_addr = discovery.map(|discovery| discovery.local_addr());
    let bound_to = listen_addr.or(udp_addr).map_or(Ipv4Addr::UNSPECIFIED.into(), |addr| addr.ip());
    let port = |addr: Option<SocketAddr>| addr.map_or(0, |addr| addr.port());
    let socket = SocketAddr::new(bound_to, port(udp_addr));
    let (mut endpoint, mut other) = endpoints(&config.external, socket, port(listen_addr));
    if discovery.is_none() {
        endpoint.udp = 0;
        other = other.map(|other| Endpoint { udp: 0, ..other });
    }
    let enr = match discovery {
        Some(discovery) => discovery.local_enr(),
        None => local_record(&config.key, clock.unix_milliseconds(), endpoint, other),
    };
    let ip = enr.ip().unwrap_or(endpoint.ip);
    let (udp, tcp) = (enr.udp(), enr.tcp());
    NodeInfo {
        enode: Enode { public_key: id, address: Some(Address { host: Host::Ip(ip), tcp, udp }) },
        enr,
        id,
        node_id: id.node_id(),
        name: config.name.clone(),
        ip,
        ports: Ports { discovery: udp, listener: tcp },
        listen_addr,
        protocols: Vec::new(),
    }
}
