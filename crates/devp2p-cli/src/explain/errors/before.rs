//! What goes wrong before there is a connection: names, keys, settings, discovery.

use devp2p_core::discv4::packet::PacketError;
use devp2p_core::discv4::service::RequestError;
use devp2p_core::enode::EnodeError;
use devp2p_core::enr::EnrError;
use devp2p_core::keys::KeyError;
use devp2p_core::keys::file::KeyFileError;
use devp2p_core::net::discovery::AskError;
use devp2p_core::net::{AddPeerError, StartError, Undialable};
use devp2p_core::p2p::CapabilityError;
use devp2p_core::trace::LessonError;
use devp2p_core::trace::file::FileError;
use devp2p_core::trace::keylog::KeyLogError;

use super::super::topic::Topic;
use super::super::topics::{self, UNEXPLAINED};
use super::Explained;
use crate::capture::CaptureError;

impl Explained for CaptureError {
    fn topic(&self) -> &'static Topic {
        &topics::CAPTURE
    }
}

impl Explained for FileError {
    fn topic(&self) -> &'static Topic {
        &topics::TRACE_FILE
    }
}

impl Explained for KeyLogError {
    fn topic(&self) -> &'static Topic {
        &topics::KEY_LOG
    }
}

impl Explained for LessonError {
    fn topic(&self) -> &'static Topic {
        &topics::LESSON
    }
}

impl Explained for CapabilityError {
    fn topic(&self) -> &'static Topic {
        &topics::BAD_PROTOCOL
    }
}

impl Explained for StartError {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::PortTaken { .. } => &topics::PORT_TAKEN,
            Self::Listen { .. } => &topics::CANNOT_LISTEN,
            Self::Bootnode { error, .. } => error.topic(),
            Self::DuplicateProtocol(_) => &topics::PROTOCOL_TWICE,
            Self::HelloTooLong(_) => &topics::HELLO_TOO_LONG,
            _ => &UNEXPLAINED,
        }
    }
}

impl Explained for AddPeerError {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::Undialable(error) => error.topic(),
            Self::Stopped => &topics::STOPPED,
            _ => &UNEXPLAINED,
        }
    }
}

impl Explained for Undialable {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::OwnNode => &topics::OWN_NODE,
            Self::NoAddress => &topics::NO_ADDRESS,
            Self::NoTcpPort => &topics::NO_TCP_PORT,
            _ => &UNEXPLAINED,
        }
    }
}

impl Explained for AskError {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::NoAddress => &topics::NO_ADDRESS,
            Self::NoUdpPort => &topics::NO_UDP_PORT,
            Self::Lookup(_) => &topics::NAME_NOT_FOUND,
            Self::Request(error) => error.topic(),
            _ => &UNEXPLAINED,
        }
    }
}

impl Explained for RequestError {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::Timeout => &topics::NO_UDP_ANSWER,
            Self::Expired(_) => &topics::WRONG_CLOCK,
            Self::WrongRecord => &topics::WRONG_RECORD,
            Self::OwnNode => &topics::OWN_NODE,
            Self::Busy => &topics::BUSY,
            Self::Closed => &topics::STOPPED,
            _ => &UNEXPLAINED,
        }
    }
}

impl Explained for PacketError {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::Record(error) => error.topic(),
            Self::Size(_)
            | Self::Hash
            | Self::Signature
            | Self::UnknownType(_)
            | Self::Malformed
            | Self::TooManyNodes(_) => &topics::BAD_PACKET,
        }
    }
}

impl Explained for EnodeError {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::Key(error) => error.topic(),
            Self::MissingHost | Self::BadHost | Self::BadIpv4 | Self::BadIpv6 => &topics::BAD_HOST,
            Self::MissingPort | Self::BadPort | Self::BadDiscport => &topics::BAD_PORT,
            Self::TooLong
            | Self::Whitespace
            | Self::MissingPrefix
            | Self::WrongScheme
            | Self::Path
            | Self::Fragment => &topics::BAD_ENODE,
        }
    }
}

impl Explained for EnrError {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::Signature => &topics::RECORD_SIGNATURE,
            Self::MissingPrefix
            | Self::Base64
            | Self::TooLong
            | Self::Malformed
            | Self::Unsorted
            | Self::UnknownScheme
            | Self::PublicKey => &topics::BAD_RECORD,
        }
    }
}

impl Explained for KeyError {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::SecretKeyOutOfRange => &topics::KEY_FILE_CONTENT,
            Self::PublicKeyLength { .. } | Self::PublicKeyNotHex | Self::NotOnCurve => {
                &topics::BAD_PUBLIC_KEY
            }
            Self::NodeId => &topics::BAD_NODE_ID,
            Self::InvalidSignature => &topics::BAD_SIGNATURE,
            _ => &UNEXPLAINED,
        }
    }
}

impl Explained for KeyFileError {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::NotFound => &topics::KEY_FILE_MISSING,
            Self::IsDirectory | Self::PermissionDenied | Self::Io(_) => {
                &topics::KEY_FILE_UNREADABLE
            }
            Self::AlreadyExists => &topics::KEY_FILE_EXISTS,
            Self::RawBytes | Self::TooShort { .. } | Self::TooLong | Self::NotHex { .. } => {
                &topics::KEY_FILE_CONTENT
            }
            Self::Key(error) => error.topic(),
        }
    }
}
