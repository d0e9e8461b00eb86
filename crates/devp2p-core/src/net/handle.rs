//! The handle: with it any part of a program can ask a running server.

use std::sync::Weak;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};

use super::discovery::DiscoveryHandle;
use super::{NodeInfo, PeerInfo, Status};
use crate::enode::{Address, Enode, Host};
use crate::events::{EventSender, Events};
use crate::keys::PublicKey;
use crate::policy::Undialable;

/// Why a node was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AddPeerError {
    /// This node cannot be dialed.
    #[error(transparent)]
    Undialable(#[from] Undialable),
    /// The server has stopped.
    #[error("the server is not running any more")]
    Stopped,
}

/// What a [`Handle`] asks the main loop for, and where the answer goes.
pub(super) enum Command {
    Peers(oneshot::Sender<Vec<PeerInfo>>),
    /// Answered without what discovery knows.
    Status(oneshot::Sender<Status>),
    AddPeer(Enode, oneshot::Sender<Result<(), Undialable>>),
    /// Answered by dropping the sender, when the peer is dropped.
    RemovePeer(PublicKey, oneshot::Sender<()>),
    Trust(PublicKey, oneshot::Sender<()>),
    Distrust(PublicKey, oneshot::Sender<()>),
}

/// A running server, to ask and to command; only [`Server`](super::Server) can stop it.
///
/// Clones are cheap, and all lead to the same server. A handle does not keep it running: when it
/// has stopped there are no peers, no events, and [`AddPeerError::Stopped`].
#[derive(Clone)]
pub struct Handle {
    /// As it was at the start; discovery knows what has changed since.
    pub(super) node: watch::Receiver<NodeInfo>,
    pub(super) discovery: Option<DiscoveryHandle>,
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) events: Weak<EventSender>,
}

impl Handle {
    /// What this server says about itself at this moment: when other nodes see it at another
    /// address, it is that one.
    #[must_use]
    pub fn node_info(&self) -> NodeInfo {
        let mut node = self.node.borrow().clone();
        let enr = self.discovery.as_ref().map(DiscoveryHandle::local_enr);
        if let Some((enr, ip)) = enr.and_then(|enr| enr.ip().map(|ip| (enr, ip))) {
            node.ip = ip;
            node.ports.discovery = enr.udp();
            let address = Address { host: Host::Ip(ip), tcp: enr.tcp(), udp: enr.udp() };
            node.enode.address = Some(address);
            node.enr = enr;
        }
        node
    }

    /// What others need to connect to this server. (In Go: `Self()`.)
    #[must_use]
    pub fn enode(&self) -> Enode {
        self.node_info().enode
    }

    /// The peers of this moment, ordered by key.
    pub async fn peers(&self) -> Vec<PeerInfo> {
        self.ask(Command::Peers).await.unwrap_or_default()
    }

    /// How it is doing; none if it has stopped.
    pub async fn status(&self) -> Option<Status> {
        let status = self.ask(Command::Status).await?;
        let discovery = match &self.discovery {
            Some(discovery) => Some(discovery.status().await.ok()?),
            None => None,
        };
        Some(Status { discovery, ..status })
    }

    /// Makes `enode` a static node, until it is removed: it is dialed as soon as a slot is free
    /// (never, with `max_peers` 0, unless it is trusted), and again 35 s after it was gone. While it
    /// cannot be reached, discovery is asked where it is; a server with bootnodes takes an enode
    /// without an address, too. Returns when that is noted; the connection comes later, as an event.
    ///
    /// # Errors
    /// [`AddPeerError`] when it cannot be dialed: no address, no port, or our own key.
    /// (go-ethereum says nothing then, and does not dial.)
    pub async fn add_peer(&self, enode: Enode) -> Result<(), AddPeerError> {
        let added = self.ask(|answer| Command::AddPeer(enode, answer)).await;
        Ok(added.ok_or(AddPeerError::Stopped)??)
    }

    /// Forgets a static node and disconnects the peer with 0x00; returns when it is dropped.
    ///
    /// A handler that does this to its own peer is aborted while it waits: the peer is dropped when
    /// its handlers have ended. When the server begins to stop, this returns at once.
    pub async fn remove_peer(&self, id: PublicKey) {
        // There is no answer but that nobody is left who could give one.
        let _ = self.ask(|answer| Command::RemovePeer(id, answer)).await;
    }

    /// Lets this node in even when all slots are taken.
    pub async fn add_trusted_peer(&self, id: PublicKey) {
        // Without a main loop there is nobody to trust.
        let _ = self.ask(|answer| Command::Trust(id, answer)).await;
    }

    /// Takes [`Handle::add_trusted_peer`] back; a peer stays connected.
    pub async fn remove_trusted_peer(&self, id: PublicKey) {
        // As above.
        let _ = self.ask(|answer| Command::Distrust(id, answer)).await;
    }

    /// Listens to peer events from now on: subscribe before what you want to see.
    #[must_use]
    pub fn subscribe(&self) -> Events {
        self.events.upgrade().map_or_else(Events::ended, |events| events.subscribe())
    }

    /// What answers and asks over UDP, to ask it yourself; none if `discovery` is off.
    #[must_use]
    pub fn discovery(&self) -> Option<&DiscoveryHandle> {
        self.discovery.as_ref()
    }

    /// Sends a command and waits for its answer; `None` if the main loop is gone.
    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(command(answer)).await.ok()?;
        tokio::select! {
            biased;
            answer = answered => answer.ok(),
            // What is put in just when the main loop ends is neither read nor dropped: it stays in
            // the channel, and that lives as long as this handle.
            () = self.commands.closed() => None,
        }
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Handle({})", self.node.borrow().enode)
    }
}
