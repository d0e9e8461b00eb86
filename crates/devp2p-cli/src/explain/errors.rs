//! Which error is which topic: the one place that says so.
//!
//! An enum that may grow has an arm for what it does not have yet; a test reads the core's sources and
//! looks whether every variant that there is has a better one.

mod before;

use std::io::ErrorKind;

use devp2p_core::ecies::EciesError;
use devp2p_core::frame::FrameError;
use devp2p_core::handshake::HandshakeError;
use devp2p_core::net::{EndReason, SetupStep, TransportError};
use devp2p_core::p2p::{DisconnectReason, MessageError};
use devp2p_core::protocol::{PipeClosed, ProtocolError};

use super::topic::Topic;
use super::topics::{self, UNEXPLAINED};

/// Something that goes wrong, and has an explanation.
pub(crate) trait Explained {
    /// Which one.
    fn topic(&self) -> &'static Topic;
}

impl Explained for DisconnectReason {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::Requested => &topics::DISCONNECT_REQUESTED,
            Self::NetworkError => &topics::NETWORK_ERROR,
            Self::ProtocolBreach => &topics::BREACH_OF_PROTOCOL,
            Self::UselessPeer => &topics::USELESS_PEER,
            Self::TooManyPeers => &topics::TOO_MANY_PEERS,
            Self::AlreadyConnected => &topics::ALREADY_CONNECTED,
            Self::IncompatibleVersion => &topics::INCOMPATIBLE_VERSION,
            Self::InvalidIdentity => &topics::INVALID_IDENTITY,
            Self::Quitting => &topics::QUITTING,
            Self::UnexpectedIdentity => &topics::UNEXPECTED_IDENTITY,
            Self::ConnectedToSelf => &topics::CONNECTED_TO_SELF,
            Self::ReadTimeout => &topics::READ_TIMEOUT,
            Self::SubprotocolError => &topics::SUBPROTOCOL_ERROR,
            Self::Unknown(0xff) => &topics::UNREADABLE_REASON,
            Self::Unknown(_) => &topics::UNKNOWN_REASON,
            _ => &UNEXPLAINED,
        }
    }
}

impl Explained for EndReason {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::Local(reason) | Self::Remote(reason) => reason.topic(),
            Self::Connect(ErrorKind::ConnectionRefused) => &topics::CONNECTION_REFUSED,
            Self::Connect(ErrorKind::NotFound) => &topics::NAME_NOT_FOUND,
            Self::Connect(ErrorKind::TimedOut) => &topics::CONNECT_TIMEOUT,
            Self::Connect(_) => &topics::CANNOT_CONNECT,
            Self::HungUp => &topics::CLOSED_AFTER_AUTH,
            Self::NoAddress => &topics::NO_ADDRESS,
            Self::SetupTimeout(step) => step.topic(),
            Self::Silent => &topics::SILENCE,
            Self::Superseded => &topics::SUPERSEDED,
            Self::MadeRoom => &topics::MADE_ROOM,
            Self::Transport(error) => error.topic(),
            Self::ProtocolReturned(_) => &topics::PROTOCOL_RETURNED,
            Self::ProtocolFailed(_, error) => error.topic(),
            Self::ProtocolPanicked(_) => &topics::PROTOCOL_PANICKED,
            Self::Panicked => &topics::OUR_BUG,
            _ => &UNEXPLAINED,
        }
    }
}

/// The step that took too long.
impl Explained for SetupStep {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::Connect => &topics::CONNECT_TIMEOUT,
            Self::Handshake => &topics::HANDSHAKE_TIMEOUT,
            Self::Hello => &topics::HELLO_TIMEOUT,
        }
    }
}

impl Explained for TransportError {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::Closed => &topics::CONNECTION_CLOSED,
            Self::ClosedInHandshake => &topics::CLOSED_IN_HANDSHAKE,
            Self::Io(_) => &topics::NETWORK_ERROR,
            Self::Stalled => &topics::STALLED,
            Self::Handshake(error) => error.topic(),
            Self::Frame(error) => error.topic(),
            Self::Message(error) => error.topic(),
            _ => &UNEXPLAINED,
        }
    }
}

impl Explained for PipeClosed {
    fn topic(&self) -> &'static Topic {
        &topics::CONNECTION_CLOSED
    }
}

impl Explained for ProtocolError {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::Closed(closed) => closed.topic(),
            Self::Message(error) => error.topic(),
            Self::Disconnect(reason) => reason.topic(),
            Self::Other(_) => &topics::PROTOCOL_FAILED,
            _ => &UNEXPLAINED,
        }
    }
}

impl Explained for HandshakeError {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::PacketSize(_) | Self::PacketLength => &topics::NO_HANDSHAKE_PACKET,
            Self::Undecipherable => &topics::UNDECIPHERABLE,
            Self::Body | Self::PublicKey | Self::Signature => &topics::BAD_HANDSHAKE,
            _ => &UNEXPLAINED,
        }
    }
}

impl Explained for EciesError {
    fn topic(&self) -> &'static Topic {
        &topics::UNDECIPHERABLE
    }
}

impl Explained for FrameError {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::HeaderMac | Self::FrameMac => &topics::WRONG_MAC,
            Self::BodyLength | Self::Empty => &topics::BAD_FRAME,
            Self::TooBig { .. } => &topics::TOO_BIG,
            _ => &UNEXPLAINED,
        }
    }
}

impl Explained for MessageError {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::MsgId => &topics::BAD_MESSAGE_ID,
            Self::Snappy => &topics::BAD_SNAPPY,
            Self::TooBig { .. } => &topics::TOO_BIG,
            Self::NotHello(_) => &topics::NOT_HELLO,
            Self::Hello => &topics::BAD_HELLO,
            Self::HelloKey => &topics::INVALID_IDENTITY,
            Self::UnknownMsgId(_) => &topics::UNKNOWN_MESSAGE_ID,
            Self::CodeOutOfRange { .. } => &topics::CODE_OUT_OF_RANGE,
            Self::Payload { .. } | Self::TrailingBytes { .. } => &topics::BAD_PAYLOAD,
            _ => &UNEXPLAINED,
        }
    }
}
