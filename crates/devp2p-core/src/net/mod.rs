//! Sockets and tasks: the only place that has any. Everything it decides is decided elsewhere, by
//! code that takes bytes and time as arguments.
//!
//! ```text
//! Server, Handle (what you hold)
//!    │ commands                                       events ▲
//!    ▼                                                       │
//! main loop ── listener, dials, who is connected ────────────┘
//!    │ one task for every connection          ▲ questions: may it stay?
//!    ▼                                        │ its end: why?
//! connection: link → admitted? → Hello → identity → capabilities → admitted? → peer
//!                                                                               │
//!                               receiver, writer (1 task), handlers (1 for each protocol)
//! ```
//!
//! Examples: [`Server`], [`Server::start_with`], [`Link`].
//!
//! Book: chapters A1 to A3.

mod addresses;
mod buffer;
mod clock;
mod config;
mod connection;
mod connections;
pub mod discovery;
mod handle;
mod inputs;
mod link;
mod listener;
mod main_loop;
mod orders;
mod peer;
mod receive;
mod replay;
mod seek;
mod send;
mod server;
mod signals;
mod sockets;
mod status;
mod system;
mod tap;
#[cfg(test)]
mod tests;
mod udp;
mod unreachable;

use tokio::time::Duration;

pub use crate::end::{
    EndReason, SETUP_TIMEOUT, SILENCE_TIMEOUT, SetupStep, TransportError, WRITE_STALL,
};
pub use crate::info::{MAX_CAPABILITIES, MAX_NAME, NodeInfo, PeerInfo, Ports};
pub use crate::policy::{Direction, Undialable};
pub use addresses::External;
pub use config::{Config, SocketKind, StartError, client_name};
pub use handle::{AddPeerError, Handle};
pub use link::{Link, Stream, connect, connect_to_one, tcp_addresses};
pub use replay::Replay;
pub use server::Server;
pub use status::{Attempts, Status};
pub use tap::{Crossed, Tap, TappedConnection};

/// A peer is pinged this often, as in go-ethereum.
pub const PING_INTERVAL: Duration = Duration::from_secs(15);
const _: () = assert!(
    PING_INTERVAL.as_secs() < SILENCE_TIMEOUT.as_secs(),
    "a peer that has nothing to say must be asked, and have time to answer, before it is given up"
);
/// How long a goodbye may take: to send what is queued and the Disconnect; then again to wait for
/// the other side to close. Handlers have as long to end.
pub const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);
