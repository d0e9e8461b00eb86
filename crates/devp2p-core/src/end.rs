//! Why a connection ended: the one place where errors become goodbyes.
//!
//! ```text
//! HandshakeError, FrameError, MessageError      the peer misbehaved
//!        └──▶ TransportError                    … or the network failed
//!                  └──▶ EndReason ◀── ProtocolError   … or a handler had enough
//!                           └──▶ DisconnectReason, and the text of a drop event
//! ```

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::frame::FrameError;
use crate::handshake::HandshakeError;
use crate::p2p::{Capability, DisconnectReason, MessageError};

/// How long the set-up of a connection may take in all: TCP connect, handshake and Hello.
///
/// go-ethereum gives 15 s to connect, 5 s to the handshake and in fact 30 s to Hello, so that 50
/// silent connections shut everyone out for half a minute.
pub const SETUP_TIMEOUT: Duration = Duration::from_secs(10);
/// A peer is given up when no whole frame arrives for this long, as in go-ethereum.
pub const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a write may stand still before the connection is given up, as in go-ethereum.
pub const WRITE_STALL: Duration = Duration::from_secs(20);

/// Why a connection ended. Its text is the `error` of a drop event.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum EndReason {
    /// We said goodbye.
    #[error("{0}")]
    Local(DisconnectReason),
    /// The other side said goodbye.
    #[error("{0}")]
    Remote(DisconnectReason),
    /// No TCP connection came about.
    #[error("cannot connect: {}", connect_hint(*.0))]
    Connect(io::ErrorKind),
    /// We dialed, and the other side hung up on our auth packet: most likely it could not read it.
    #[error(
        "the other side closed the connection during the handshake: \
         is the key in the enode right, and is it a devp2p node?"
    )]
    HungUp,
    /// A static node has no address, and discovery has not found one yet.
    #[error("its address is not known; discovery is asked for it")]
    NoAddress,
    /// The set-up took longer than [`SETUP_TIMEOUT`]; this is how far it came.
    #[error("{} within {} seconds", .0.missing(), SETUP_TIMEOUT.as_secs())]
    SetupTimeout(SetupStep),
    /// Nothing was heard for [`SILENCE_TIMEOUT`].
    #[error("nothing was heard from the peer for {} seconds", SILENCE_TIMEOUT.as_secs())]
    Silent,
    /// The peer came back by another connection, and this one gave no sign of life.
    #[error("the peer has connected anew, and gave no sign of life here")]
    Superseded,
    /// It was not a peer yet, all places of those were taken, and others had a better right to one:
    /// see [`MAX_PENDING`](crate::policy::MAX_PENDING).
    #[error("it was slow, and others wanted its place")]
    MadeRoom,
    /// The stream broke, by the peer's fault or the network's.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Our handler of a protocol returned.
    #[error("protocol {0} returned")]
    ProtocolReturned(Capability),
    /// Our handler of a protocol failed.
    #[error("protocol {0}: {1}")]
    ProtocolFailed(Capability, ProtocolError),
    /// Our handler of a protocol panicked.
    #[error("protocol {0} panicked")]
    ProtocolPanicked(Capability),
    /// A defect of this crate: the connection's own task panicked.
    #[error("the connection's task panicked: this is a bug in devp2p-core")]
    Panicked,
}

impl EndReason {
    /// The same with who said it, for people: `it said "too many peers" (0x04)`.
    pub fn in_words(&self) -> String {
        let hint = |reason: &DisconnectReason| match reason {
            DisconnectReason::UselessPeer => ": we share no protocol",
            _ => "",
        };
        match self {
            Self::Remote(reason) => {
                format!("it said \"{reason}\" (0x{:02x}){}", reason.code(), hint(reason))
            }
            Self::Local(reason) => {
                format!("we said \"{reason}\" (0x{:02x}){}", reason.code(), hint(reason))
            }
            other => other.to_string(),
        }
    }

    /// What to tell the other side, if anything.
    ///
    /// As go-ethereum, nothing is said when the stream cannot carry it any more, and about a msg-id
    /// of no capability. Unlike go-ethereum, a goodbye is not echoed, a malformed message is
    /// answered with 0x02, and a Hello without a valid key with 0x07, so that somebody who debugs
    /// a client learns why.
    pub fn disconnect(&self) -> Option<DisconnectReason> {
        match self {
            Self::Local(reason) => Some(*reason),
            Self::ProtocolReturned(_) => Some(DisconnectReason::Quitting),
            Self::ProtocolFailed(_, error) => Some(error.disconnect()),
            Self::ProtocolPanicked(_) => Some(DisconnectReason::SubprotocolError),
            Self::Transport(TransportError::Message(error)) => match error {
                MessageError::UnknownMsgId(_) => None,
                MessageError::HelloKey => Some(DisconnectReason::InvalidIdentity),
                _ => Some(DisconnectReason::ProtocolBreach),
            },
            Self::Remote(_)
            | Self::Connect(_)
            | Self::HungUp
            | Self::NoAddress
            | Self::SetupTimeout(_)
            | Self::Silent
            | Self::Superseded
            | Self::MadeRoom
            | Self::Transport(_)
            | Self::Panicked => None,
        }
    }
}

/// A step of a connection's set-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupStep {
    /// The TCP connection, with the look-up of the host name.
    Connect,
    /// The RLPx handshake: auth and ack.
    Handshake,
    /// Both Hellos.
    Hello,
}

impl SetupStep {
    /// What has not come when the time of this step is over.
    fn missing(self) -> &'static str {
        match self {
            Self::Connect => "nobody answered (is the address right, or is a firewall between?)",
            Self::Handshake => {
                "the other side took the connection, but did no handshake (is it a devp2p node?)"
            }
            Self::Hello => "the other side did the handshake, but said no Hello",
        }
    }
}

/// Why the stream cannot go on: the peer misbehaved, or the network failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The other side closed the connection between two frames.
    #[error("the connection was closed")]
    Closed,
    /// The other side closed the connection during the handshake.
    #[error("the other side closed the connection during the handshake")]
    ClosedInHandshake,
    /// The network failed, or the connection was closed in the middle of a frame.
    #[error("network error: {0}")]
    Io(io::ErrorKind),
    /// A write made no progress for [`WRITE_STALL`].
    #[error("the peer took nothing for {} seconds", WRITE_STALL.as_secs())]
    Stalled,
    /// See [`HandshakeError`].
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// See [`FrameError`].
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// See [`MessageError`].
    #[error(transparent)]
    Message(#[from] MessageError),
}

impl From<io::Error> for TransportError {
    fn from(error: io::Error) -> Self {
        Self::Io(error.kind())
    }
}

/// The connection has ended, or the other side has: nothing more can be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the connection to the peer has ended")]
pub struct PipeClosed;

/// How a handler ends that does not return `Ok`; decides what the peer is told.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The connection ended first; there is nobody left to tell.
    #[error(transparent)]
    Closed(#[from] PipeClosed),
    /// A message broke the protocol, the peer's or one that we wanted to send: 0x02.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// Exactly this reason.
    #[error("{0}")]
    Disconnect(DisconnectReason),
    /// Anything else: 0x10.
    #[error("{0}")]
    Other(Arc<dyn StdError + Send + Sync>),
}

impl ProtocolError {
    /// Wraps any error: `.map_err(ProtocolError::other)?`.
    pub fn other(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Other(Arc::from(error.into()))
    }

    /// What the peer is told.
    pub fn disconnect(&self) -> DisconnectReason {
        match self {
            Self::Closed(_) => DisconnectReason::Quitting,
            Self::Message(_) => DisconnectReason::ProtocolBreach,
            Self::Disconnect(reason) => *reason,
            Self::Other(_) => DisconnectReason::SubprotocolError,
        }
    }
}

fn connect_hint(kind: io::ErrorKind) -> String {
    match kind {
        io::ErrorKind::ConnectionRefused => {
            "connection refused: is the node running, and is the port right?".to_owned()
        }
        io::ErrorKind::NotFound => {
            "its host name cannot be looked up: is it spelled right, and is there a network?"
                .to_owned()
        }
        io::ErrorKind::TimedOut => {
            "no answer: is the address right, or a firewall between?".to_owned()
        }
        other => other.to_string(),
    }
}
