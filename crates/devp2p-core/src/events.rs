//! Peer events: what a server tells while it runs.
//!
//! ```text
//! main loop ──┐                           ┌── Events::next()  (you)
//! pipes ──────┴──▶ the last 1,024 events ─┴── Events::next()  (somebody else)
//! ```
//!
//! Telling never waits: a peer is not slowed down by whoever listens. (In go-ethereum it is: a
//! subscriber that stops reading stalls the server.) Who reads too slowly loses the oldest events
//! and is told how many: [`PeerEvent::Missed`].
//!
//! Of one peer, [`PeerEvent::Add`] comes first, [`PeerEvent::Drop`] last and the messages between,
//! in order. Between peers there is no order.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::broadcast::{self, error::RecvError};

use crate::end::EndReason;
use crate::keys::PublicKey;

/// Events kept for a subscriber that is behind.
pub(crate) const CAPACITY: usize = 1024;

// ANCHOR: peer_event
/// Something that happened to a peer.
///
/// With the feature `serde` it becomes JSON with the keys `type`, `peer`, `error`, `protocol`,
/// `msg_code`, `msg_size`, `local`, `remote`, where absent ones are left out; `peer` is the public
/// key, 128 hex digits (go-ethereum today: its keccak-256, 64 digits).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum PeerEvent {
    /// `add`: the peer is connected, and in [`crate::net::Server::peers`].
    Add {
        /// The peer's identity.
        peer: PublicKey,
        /// Our end of the connection.
        local: SocketAddr,
        /// Its end of the connection.
        remote: SocketAddr,
    },
    /// `drop`: the connection has ended, and so have all handlers of its protocols.
    Drop {
        /// The peer's identity.
        peer: PublicKey,
        /// Why it ended.
        error: EndReason,
        /// Our end of the connection.
        local: SocketAddr,
        /// Its end of the connection.
        remote: SocketAddr,
    },
    /// `msgsend`: a handler's message was queued for the peer (go-ethereum: was written).
    MsgSend(MsgEvent),
    /// `msgrecv`: a handler read a message of the peer.
    MsgRecv(MsgEvent),
    /// `missed`: so many events were lost because they were not read in time.
    Missed(u64),
}

/// A message that was sent or received; told only with `message_events`.
#[derive(Debug, Clone)]
pub struct MsgEvent {
    /// The peer's identity.
    pub peer: PublicKey,
    /// The subprotocol's name.
    pub protocol: Arc<str>,
    /// The message code, relative to the protocol.
    pub msg_code: u64,
    /// Bytes of payload, not compressed.
    pub msg_size: usize,
    /// Our end of the connection.
    pub local: SocketAddr,
    /// The peer's end of the connection.
    pub remote: SocketAddr,
}
// ANCHOR_END: peer_event

impl PeerEvent {
    /// `add`, `drop`, `msgsend`, `msgrecv` or `missed`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Add { .. } => "add",
            Self::Drop { .. } => "drop",
            Self::MsgSend(_) => "msgsend",
            Self::MsgRecv(_) => "msgrecv",
            Self::Missed(_) => "missed",
        }
    }

    /// Whom it is about; nobody, for `missed`.
    pub fn peer(&self) -> Option<PublicKey> {
        match self {
            Self::Add { peer, .. } | Self::Drop { peer, .. } => Some(*peer),
            Self::MsgSend(message) | Self::MsgRecv(message) => Some(message.peer),
            Self::Missed(_) => None,
        }
    }
}

/// A subscription; made by [`crate::net::Server::subscribe`], ended by dropping it.
pub struct Events {
    receiver: broadcast::Receiver<PeerEvent>,
}

impl Events {
    pub(crate) fn new(receiver: broadcast::Receiver<PeerEvent>) -> Self {
        Self { receiver }
    }

    /// Waits for the next event; `None` when the server is gone and everything was told.
    /// Cancel-safe.
    pub async fn next(&mut self) -> Option<PeerEvent> {
        match self.receiver.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(missed)) => Some(PeerEvent::Missed(missed)),
            Err(RecvError::Closed) => None,
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for PeerEvent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;

        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", self.kind())?;
        if let Some(peer) = self.peer() {
            map.serialize_entry("peer", &peer)?;
        }
        match self {
            Self::Add { .. } => {}
            Self::Drop { error, .. } => map.serialize_entry("error", &error.to_string())?,
            Self::MsgSend(message) | Self::MsgRecv(message) => {
                map.serialize_entry("protocol", &*message.protocol)?;
                map.serialize_entry("msg_code", &message.msg_code)?;
                map.serialize_entry("msg_size", &message.msg_size)?;
            }
            Self::Missed(count) => map.serialize_entry("count", count)?,
        }
        match self {
            Self::Add { local, remote, .. }
            | Self::Drop { local, remote, .. }
            | Self::MsgSend(MsgEvent { local, remote, .. })
            | Self::MsgRecv(MsgEvent { local, remote, .. }) => {
                map.serialize_entry("local", local)?;
                map.serialize_entry("remote", remote)?;
            }
            Self::Missed(_) => {}
        }
        map.end()
    }
}
