//! What can be wrong with a message.

use thiserror::Error;

use super::Capability;

/// Why a message was refused: who sent it broke the protocol. Also why one of ours cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The frame does not begin with a canonical RLP integer of at most 64 bits.
    #[error("the frame does not begin with a message id")]
    MsgId,
    /// The payload is not a snappy block.
    #[error("the payload is not valid snappy")]
    Snappy,
    /// More bytes than any message may have, or than this one may have.
    #[error("a payload of {size} bytes is above the limit of {limit}")]
    TooBig {
        /// Bytes that the payload has, or says it has.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Another message came where Hello (or Disconnect) must be the first.
    #[error("the first message has id {0}; it must be Hello")]
    NotHello(u64),
    /// The Hello is not the list that it should be.
    #[error("the Hello does not hold the fields that it should")]
    Hello,
    /// The Hello's node key is missing, not 64 bytes, zero, or not a point on the curve.
    #[error("the Hello names no valid node key")]
    HelloKey,
    /// A msg-id beyond the last shared capability.
    #[error("message id {0} belongs to no shared capability")]
    UnknownMsgId(u64),
    /// A message code that its capability does not have.
    #[error("{capability} has no message code {code}")]
    CodeOutOfRange {
        /// Whose message.
        capability: Capability,
        /// The code, relative to the capability.
        code: u64,
    },
    /// A payload that is not the RLP of what its message must hold.
    #[error("the payload of message code {code} is not what it must be: {error}")]
    Payload {
        /// The code, relative to the capability.
        code: u64,
        /// What is wrong with it.
        error: alloy_rlp::Error,
    },
    /// A payload with something behind its RLP value.
    #[error("the payload of message code {code} has {bytes} bytes too many at its end")]
    TrailingBytes {
        /// The code, relative to the capability.
        code: u64,
        /// Bytes behind the value.
        bytes: usize,
    },
}
