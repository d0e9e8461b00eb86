//! What a learner's side and a checker's side tell each other: the protocol `class/1`.
//!
//! ```text
//! learner's side                                checker's side
//!   your program ◀── connection ──▶ agent ◀── class/1 ──▶ checks, teacher
//! ```
//!
//! Alone, both sides are one program, and the pipe between them is in memory. With a hub, it is a
//! connection of devp2p: the checks run there, so the hub sees for itself what a program says.

use alloy_rlp::{Decodable, Encodable};
use alloy_rlp_derive::{RlpDecodable, RlpEncodable};
use bytes::Bytes;
use devp2p_core::net::PeerInfo;
use devp2p_core::p2p::{Capability, MessageError, Offer};
use devp2p_core::protocol::{Msg, MsgPipe, Protocol, ProtocolError};

/// What the protocol is called.
pub const NAME: &str = "class";
/// Its version.
pub const VERSION: u64 = 1;
/// How many message codes it has.
const LENGTH: u64 = 14;
/// Bytes of a program that travel in one message.
pub(crate) const CHUNK: usize = 16 * 1024;
/// No payload is longer, in bytes.
const MAX_PAYLOAD: usize = 2 * CHUNK;

/// The protocol, for a server that runs `run` for each peer.
pub fn protocol<F, R>(run: F) -> Protocol
where
    F: Fn(PeerInfo, MsgPipe) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), ProtocolError>> + Send + 'static,
{
    Protocol::new(NAME, VERSION, LENGTH, run).max_payload(MAX_PAYLOAD)
}

/// What who watches such a connection must know.
#[must_use]
pub fn offer() -> Offer {
    Offer::new(Capability::new(NAME, VERSION), LENGTH)
}

/// A message of the protocol: its code, and the RLP of its value.
pub trait Message: Encodable + Decodable {
    /// Its code.
    const CODE: u64;
}

macro_rules! messages {
    ($($(#[$doc:meta])* $code:literal $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, RlpEncodable, RlpDecodable)]
            pub struct $name { $($(#[$field_doc])* pub $field: $type),* }

            impl Message for $name {
                const CODE: u64 = $code;
            }
        )*

        /// Any message of the protocol.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Any {
            $($(#[$doc])* $name($name)),*
        }

        impl Any {
            /// Reads a message.
            ///
            /// # Errors
            /// As [`Msg::decode`].
            pub fn read(msg: &Msg) -> Result<Self, MessageError> {
                match msg.code {
                    $($code => msg.decode().map(Self::$name),)*
                    code => Err(MessageError::UnknownMsgId(code)),
                }
            }
        }
    };
}

messages! {
    /// From a learner, first of all: who is there, and what is to be checked.
    0 Join {
        /// What the learner wants to be called.
        name: String,
        /// The lesson, `a2`; empty: nothing is to be checked.
        exercise: String
    }
    /// To a learner: come in.
    1 Welcome {
        /// The learner's own page.
        page: String
    }
    /// To a learner: no.
    2 Refused {
        /// Why not, and what to do.
        why: String
    }
    /// To a learner: start the program, and its time.
    3 Start {
        /// Whom it is to dial: a public key, 64 bytes. Nothing: nobody.
        peer: Bytes
    }
    /// To a learner: connect to where the program has answered that it is.
    4 Dial { }
    /// To a learner: tell the program that it may stop.
    5 Stop { }
    /// To a learner: a checkpoint is passed, or missed.
    6 Checkpoint {
        /// What it is called.
        name: String,
        /// How it was passed; or what was seen instead.
        seen: String,
        /// Whether it is passed.
        passed: bool
    }
    /// To a learner: there is no more to check.
    7 Finished {
        /// Whether everything is passed.
        passed: bool
    }
    /// From a learner: the program has connected, or we have connected to it.
    8 Opened {
        /// How this connection is called from now on.
        connection: u64,
        /// Whether it is to the program's socket.
        is_socket: bool
    }
    /// From a learner: nobody listens where the program has answered that it is.
    9 NotOpened {
        /// Whether that is its socket.
        is_socket: bool
    }
    /// In both directions: bytes of a connection.
    10 Piece {
        /// Which connection.
        connection: u64,
        /// The bytes. None: it is closed in this direction.
        bytes: Bytes
    }
    /// From a learner: the program answers.
    11 Answer {
        /// What it found out.
        text: String
    }
    /// From a learner: the program has ended.
    12 Ended {
        /// How, as a part of a sentence.
        how: String,
        /// Whether it was without an error.
        well: bool,
        /// Whether there is a file where its key is to be.
        key_file: bool
    }
    /// To a learner: connect to the socket of the program, and let it be asked.
    13 Ask { }
}
