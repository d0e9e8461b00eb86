//! What comes to the main loop from outside: commands, questions, connections, found nodes.

use std::future::pending;

use tokio::sync::{mpsc, oneshot};

use super::connection::Question;
use super::discovery::Found;
use super::{PeerInfo, tcp};
use crate::discv4::Node;
use crate::enode::Enode;
use crate::keys::PublicKey;
use crate::policy::AddPeerError;

/// Where it comes from.
pub(super) struct Inputs {
    pub(super) listener: Option<tcp::Listener>,
    /// Nodes to dial; none for a server that does not search.
    pub(super) found: Option<Found>,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) questions: mpsc::Receiver<Question>,
}

/// What the [`super::Server`] handle asks for, and where the answer goes.
pub(super) enum Command {
    Peers(oneshot::Sender<Vec<PeerInfo>>),
    AddPeer(Enode, oneshot::Sender<Result<(), AddPeerError>>),
    RemovePeer(PublicKey, oneshot::Sender<()>),
    Trust(PublicKey, oneshot::Sender<()>),
    Distrust(PublicKey, oneshot::Sender<()>),
}

/// Accepts the next connection; never returns without a listener.
pub(super) async fn accept(listener: Option<&tcp::Listener>) -> tcp::Connected {
    match listener {
        Some(listener) => listener.accept().await,
        None => pending().await,
    }
}

/// The next node that discovery finds; `None` when it has stopped. Never returns without a search.
pub(super) async fn find(found: Option<&mut Found>) -> Option<Node> {
    match found {
        Some(found) => found.next().await,
        None => pending().await,
    }
}
