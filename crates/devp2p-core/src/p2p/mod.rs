//! What frames carry: messages, and the few that every node must know.
//!
//! ```text
//! frame-data = msg-id (RLP integer) ‖ payload (snappy-compressed once both have said Hello)
//!
//!   0x00 Hello       who I am, what I speak           each side's first message
//!   0x01 Disconnect  goodbye, and why                 the last one
//!   0x02 Ping        still there?
//!   0x03 Pong        still here
//!   0x10 …           the shared capabilities' messages, one range after the other
//! ```
//!
//! ```
//! use devp2p_core::keys::NodeKey;
//! use devp2p_core::p2p::{Capability, DisconnectReason, Hello};
//!
//! let key = NodeKey::generate(&mut rand::rng());
//! let hello = Hello::new(key.public_key(), "foo/v42", vec![Capability::new("foo", 42)]);
//! assert_eq!(Hello::decode(&hello.encode())?, hello);
//!
//! assert_eq!(DisconnectReason::TooManyPeers.encode(), [0xC1, 0x04]);
//! # Ok::<(), devp2p_core::p2p::MessageError>(())
//! ```
//!
//! This module turns bytes into messages and back; [`crate::net`] decides when to send them.
//!
//! Spec: [RLPx, the "p2p" capability](https://github.com/ethereum/devp2p/blob/master/rlpx.md#p2p-capability)

mod capability;
mod codec;
mod disconnect;
mod error;
mod fields;
mod hello;
mod snappy;
#[cfg(test)]
mod tests;
mod text;

pub use capability::{Capability, CapabilityError, Offer, Shared, shared};
pub use codec::{Codec, Received, split_msg_id};
pub use disconnect::DisconnectReason;
pub use error::MessageError;
pub use hello::{Hello, MAX_HELLO};
pub use text::printable;

/// msg-id of [`Hello`].
pub const HELLO: u64 = 0x00;
/// msg-id of Disconnect, see [`DisconnectReason`].
pub const DISCONNECT: u64 = 0x01;
/// msg-id of Ping; the payload is an empty list.
pub const PING: u64 = 0x02;
/// msg-id of Pong; the payload is an empty list.
pub const PONG: u64 = 0x03;
/// msg-ids below this belong to the base protocol; the first capability begins here.
pub const BASE_LENGTH: u64 = 0x10;

/// Longest payload of any message, in bytes, before compression and after decompression.
pub const MAX_PAYLOAD: usize = 0xFF_FFFF;

/// The payload of Ping and Pong: an empty RLP list.
pub const EMPTY_LIST: &[u8] = &[0xC0];

/// The p2p version we speak. Version 5 brought snappy compression.
pub const VERSION: u64 = 5;
