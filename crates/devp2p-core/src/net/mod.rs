//! Sockets and tasks: the only place that has any. Everything it decides is decided elsewhere, by
//! code that takes bytes and time as arguments.
//!
//! ```text
//! Server (the handle you hold)
//!    │ commands                                       events ▲
//!    ▼                                                       │
//! main loop ── listener, dials, who is connected ────────────┘
//!    │ one task for every connection          ▲ questions: may it stay?
//!    ▼                                        │ its end: why?
//! connection: handshake → admitted? → Hello → identity → capabilities → admitted? → peer
//!                                                                                   │
//!                                              writer (1 task), handlers (1 for each protocol)
//! ```
//!
//! Book: chapters A1 to A3.

mod config;
mod connection;
pub mod discovery;
mod inputs;
mod main_loop;
mod peer;
mod server;
mod sockets;
mod tcp;
#[cfg(test)]
mod tests;
pub mod transport;
mod udp;

use tokio::time::Duration;

pub use crate::end::EndReason;
pub use crate::info::{NodeInfo, PeerInfo, Ports};
pub use config::{Config, SocketKind, StartError, client_name};
pub use server::{AddPeerError, Server};

/// How long the set-up of a connection may take in all: TCP connect, handshake and Hello.
///
/// go-ethereum gives 15 s to connect, 5 s to the handshake and in fact 30 s to Hello, so that 50
/// silent connections shut everyone out for half a minute.
pub const SETUP_TIMEOUT: Duration = Duration::from_secs(10);
/// A peer is pinged this often, as in go-ethereum.
pub const PING_INTERVAL: Duration = Duration::from_secs(15);
/// A peer is given up when no whole frame arrives for this long, as in go-ethereum.
pub const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a goodbye may take: to send what is queued and the Disconnect; then again to wait for
/// the other side to close. Handlers have as long to end.
pub const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);
