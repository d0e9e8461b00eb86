//! Why a ping came to nothing.

use std::io;

use devp2p_core::frame::FrameError;
use devp2p_core::handshake::HandshakeError;
use devp2p_core::net::EndReason;
use devp2p_core::net::transport::TransportError;
use devp2p_core::p2p::{DisconnectReason, MessageError};
use thiserror::Error;

use super::Step;

/// Why a ping came to nothing, or ended early.
#[derive(Debug, Error)]
pub(crate) enum PingError {
    /// The host name leads nowhere.
    #[error("cannot look up the host name in the enode: {0}")]
    Lookup(io::Error),
    /// No TCP connection.
    #[error("{}", EndReason::Connect(.0.kind()))]
    Connect(io::Error),
    /// They hung up on our auth packet.
    #[error(
        "the other side closed the connection during the handshake: is the key in the enode \
         right, and is it a devp2p node? (Nodes also hang up on who was there less than 30 \
         seconds ago, unless it is a machine of their own network.)"
    )]
    HungUp,
    /// They answered our auth packet with something else than an ack packet.
    #[error("the answer is no RLPx handshake: is it a devp2p node, and is the port right? ({0})")]
    NoHandshake(HandshakeError),
    /// They said goodbye.
    #[error("the node refuses us: {reason} (0x{code:02x}){advice}", code = .0.code(), reason = .0, advice = advice(*.0))]
    Refused(DisconnectReason),
    /// Their Hello has another key than the handshake proved.
    #[error("the node's Hello names another key than the one it has proved to own")]
    UnexpectedIdentity,
    /// The time is over.
    #[error("{}", too_late(*.0))]
    Timeout(Step),
    /// The network failed, or they broke the protocol.
    #[error(transparent)]
    Transport(TransportError),
}

impl PingError {
    /// What to tell the other side, if anything.
    pub(crate) fn disconnect(&self) -> Option<DisconnectReason> {
        match self {
            Self::UnexpectedIdentity => Some(DisconnectReason::UnexpectedIdentity),
            Self::Timeout(_) => Some(DisconnectReason::Quitting),
            Self::Transport(error) => EndReason::Transport(error.clone()).disconnect(),
            Self::Lookup(_)
            | Self::Connect(_)
            | Self::HungUp
            | Self::NoHandshake(_)
            | Self::Refused(_) => None,
        }
    }
}

impl From<TransportError> for PingError {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::ClosedInHandshake => Self::HungUp,
            TransportError::Handshake(error) => Self::NoHandshake(error),
            other => Self::Transport(other),
        }
    }
}

impl From<MessageError> for PingError {
    fn from(error: MessageError) -> Self {
        Self::Transport(error.into())
    }
}

impl From<FrameError> for PingError {
    fn from(error: FrameError) -> Self {
        Self::Transport(error.into())
    }
}

fn advice(reason: DisconnectReason) -> &'static str {
    match reason {
        DisconnectReason::TooManyPeers => ". Try again when it has a free slot.",
        DisconnectReason::AlreadyConnected => ". Does another program use the same key?",
        DisconnectReason::ConnectedToSelf => ". It has the same key as we: leave out --key.",
        _ => "",
    }
}

fn too_late(step: Step) -> &'static str {
    match step {
        Step::Connect => {
            "nobody answered within 10 seconds: is the address right, or is a firewall between?"
        }
        Step::Handshake => {
            "the other side took the connection, but did not answer the handshake within \
             10 seconds: is it a devp2p node?"
        }
        Step::Hello => "the node did the handshake, but said no Hello within 10 seconds",
        Step::Ping => "no Pong came within 10 seconds",
    }
}
