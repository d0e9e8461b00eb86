//! What comes to the main loop from outside: commands, words of connections, new ones, found nodes.

use std::future::pending;

use tokio::sync::mpsc;

use super::connection::Word;
use super::discovery::Found;
use super::handle::Command;
use super::link::Stream;
use super::listener::Listener;
use crate::discv4::Node;

/// Where it comes from.
pub(super) struct Inputs {
    pub(super) listener: Option<Listener>,
    /// Nodes to dial; none for a server that does not search.
    pub(super) found: Option<Found>,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) words: mpsc::Receiver<Word>,
}

/// Accepts the next connection; never returns without a listener.
pub(super) async fn accept(listener: Option<&mut Listener>) -> Stream {
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
