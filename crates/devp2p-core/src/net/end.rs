//! Why a connection ended: the one place where errors become goodbyes.

use std::io;

use thiserror::Error;

use super::transport::TransportError;
use crate::p2p::message::MessageError;
use crate::p2p::{Capability, DisconnectReason};
use crate::protocol::ProtocolError;

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
    /// The set-up took longer than [`super::SETUP_TIMEOUT`].
    #[error("the connection was not set up within 10 seconds")]
    SetupTimeout,
    /// Nothing was heard for [`super::SILENCE_TIMEOUT`].
    #[error("nothing was heard from the peer for 30 seconds")]
    Silent,
    /// The stream broke, by the peer's fault or the network's.
    #[error(transparent)]
    Transport(TransportError),
    /// Our handler of a subprotocol returned.
    #[error("protocol {0} returned")]
    ProtocolReturned(Capability),
    /// Our handler of a subprotocol failed.
    #[error("protocol {0}: {1}")]
    ProtocolFailed(Capability, ProtocolError),
    /// Our handler of a subprotocol panicked.
    #[error("protocol {0} panicked")]
    ProtocolPanicked(Capability),
    /// A defect of this crate: the connection's own task panicked.
    #[error("the connection's task panicked: this is a bug in devp2p-core")]
    Panicked,
}

impl EndReason {
    /// What to tell the other side, if anything.
    ///
    /// As go-ethereum, nothing is said when the stream cannot carry it any more, when the goodbye
    /// was theirs (go-ethereum echoes it), and about a message id of no capability. Unlike
    /// go-ethereum, a malformed message is answered with 0x02, and a Hello without a valid key with
    /// 0x07: whoever debugs his client learns why.
    pub fn disconnect(&self) -> Option<DisconnectReason> {
        match self {
            Self::Local(reason) => Some(*reason),
            Self::ProtocolReturned(_) => Some(DisconnectReason::Quitting),
            Self::ProtocolFailed(_, error) => Some(error.disconnect()),
            Self::ProtocolPanicked(_) => Some(DisconnectReason::SubprotocolError),
            Self::Transport(TransportError::Message(error)) => match error {
                MessageError::UnknownId(_) => None,
                MessageError::HelloKey => Some(DisconnectReason::InvalidIdentity),
                _ => Some(DisconnectReason::ProtocolBreach),
            },
            Self::Remote(_)
            | Self::Connect(_)
            | Self::HungUp
            | Self::SetupTimeout
            | Self::Silent
            | Self::Transport(_)
            | Self::Panicked => None,
        }
    }
}

impl<E: Into<TransportError>> From<E> for EndReason {
    fn from(error: E) -> Self {
        Self::Transport(error.into())
    }
}

fn connect_hint(kind: io::ErrorKind) -> String {
    match kind {
        io::ErrorKind::ConnectionRefused => {
            "connection refused: is the node running, and is the port right?".to_owned()
        }
        io::ErrorKind::NotFound => {
            "its host name has no address: is it spelled right, is the network there?".to_owned()
        }
        io::ErrorKind::TimedOut => {
            "no answer: is the address right, or a firewall between?".to_owned()
        }
        other => other.to_string(),
    }
}
