//! msg-id and payload: what one frame says.
//!
//! Spec: [RLPx, capability messaging](https://github.com/ethereum/devp2p/blob/master/rlpx.md#capability-messaging),
//! [EIP-706](https://eips.ethereum.org/EIPS/eip-706) for snappy

use std::cell::RefCell;
use std::fmt;

use alloy_rlp::{Decodable, Encodable};
use thiserror::Error;

use super::capability::Capability;
use crate::frame::MAX_FRAME_SIZE;

/// Longest payload, in bytes, before compression and after decompression.
pub const MAX_PAYLOAD: usize = 0xFF_FFFF;

/// How many bytes one byte of snappy can become, at most: three bytes say "copy 64 bytes", nothing
/// says more, so 64 / 3, rounded up.
const MAX_EXPANSION: usize = 22;

/// An [`Encoder`]'s buffer above this size, in bytes, is given back after each message.
const KEEP: usize = 128 * 1024;

/// Why a message was refused: the peer broke the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The frame does not begin with a canonical RLP integer of at most 64 bits.
    #[error("the frame does not begin with a message id")]
    Id,
    /// The payload is not a snappy block.
    #[error("the payload is not valid snappy")]
    Snappy,
    /// More bytes than [`MAX_PAYLOAD`], or than this message may have.
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
    UnknownId(u64),
    /// A message with more codes than its capability has.
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

/// Whether payloads are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Before both have said Hello, and with peers older than p2p version 5.
    Off,
    /// Raw snappy blocks (not the stream format).
    Snappy,
}

impl Compression {
    /// What a Hello of this p2p version agrees to.
    pub fn for_version(version: u64) -> Self {
        if version >= 5 { Self::Snappy } else { Self::Off }
    }

    /// Decompresses `payload`, if that was agreed, to at most `limit` bytes.
    ///
    /// The length that the block declares is checked before anything is allocated: five bytes can
    /// claim 4 GiB. So is whether that many bytes can be in the block at all: memory grows with
    /// what arrived, not with what was announced.
    ///
    /// # Errors
    /// [`MessageError::TooBig`], [`MessageError::Snappy`].
    pub fn decompress(self, payload: &[u8], limit: usize) -> Result<Vec<u8>, MessageError> {
        if self == Self::Off {
            check_size(payload.len(), limit)?;
            return Ok(payload.to_vec());
        }
        declared_len(payload, limit)?;
        snap::raw::Decoder::new().decompress_vec(payload).map_err(|_| MessageError::Snappy)
    }
}

thread_local! {
    /// The tables that snappy compresses with: 2 KiB, and 32 more for payloads above 16 KiB. They
    /// hold nothing between two calls, so all connections of a thread can use the same ones.
    static SNAPPY: RefCell<snap::raw::Encoder> = RefCell::new(snap::raw::Encoder::new());
}

/// Makes frame-data of messages, in a buffer that is used again for the next one.
pub struct Encoder {
    compression: Compression,
    /// Never shorter than it was, so that its bytes are initialised only once.
    buffer: Vec<u8>,
}

impl Encoder {
    /// Compresses if that was agreed.
    pub fn new(compression: Compression) -> Self {
        Self { compression, buffer: Vec::new() }
    }

    /// frame-data for one message: `id` as an RLP integer (0 is `80`), then the payload.
    ///
    /// # Errors
    /// [`MessageError::TooBig`] when the payload is above [`MAX_PAYLOAD`], or the whole above
    /// [`MAX_FRAME_SIZE`] (random bytes grow a little when compressed).
    pub fn encode(&mut self, id: u64, payload: &[u8]) -> Result<&[u8], MessageError> {
        check_size(payload.len(), MAX_PAYLOAD)?;
        let longest = match self.compression {
            Compression::Off => payload.len(),
            Compression::Snappy => snap::raw::max_compress_len(payload.len()),
        };
        let longest = longest.saturating_add(id.length());
        if self.buffer.len() < longest {
            self.buffer.resize(longest, 0);
        }
        let mut rest = &mut self.buffer[..];
        id.encode(&mut rest);
        let written = match self.compression {
            Compression::Off => copy(payload, rest),
            Compression::Snappy => SNAPPY
                .with_borrow_mut(|snappy| snappy.compress(payload, rest))
                .map_err(|_| MessageError::Snappy)?,
        };
        let size = id.length().saturating_add(written);
        check_size(size, MAX_FRAME_SIZE)?;
        Ok(self.buffer.get(..size).unwrap_or_default())
    }

    /// Frees the buffer if the last message made it large.
    pub fn give_back(&mut self) {
        if self.buffer.capacity() > KEEP {
            self.buffer = Vec::new();
        }
    }
}

/// Copies all of `from` to the beginning of `to`; returns how many bytes that were.
fn copy(from: &[u8], to: &mut [u8]) -> usize {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    from.len()
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("compression", &self.compression).finish_non_exhaustive()
    }
}

/// frame-data for a single message; see [`Encoder::encode`].
///
/// # Errors
/// As there.
pub fn encode(id: u64, payload: &[u8], compression: Compression) -> Result<Vec<u8>, MessageError> {
    Encoder::new(compression).encode(id, payload).map(<[u8]>::to_vec)
}

/// Splits frame-data into msg-id and payload; the payload is still compressed.
///
/// # Errors
/// [`MessageError::Id`]: no canonical RLP integer of at most 64 bits. (A raw `00` is none.)
pub fn split_id(frame_data: &[u8]) -> Result<(u64, &[u8]), MessageError> {
    let mut rest = frame_data;
    let id = u64::decode(&mut rest).map_err(|_| MessageError::Id)?;
    Ok((id, rest))
}

/// The length that a snappy block declares: at most `limit`, and possible for a block this long.
pub(super) fn declared_len(block: &[u8], limit: usize) -> Result<usize, MessageError> {
    let declared = snap::raw::decompress_len(block).map_err(|_| MessageError::Snappy)?;
    check_size(declared, limit)?;
    let possible = declared <= block.len().saturating_mul(MAX_EXPANSION);
    if possible { Ok(declared) } else { Err(MessageError::Snappy) }
}

fn check_size(size: usize, limit: usize) -> Result<(), MessageError> {
    if size > limit { Err(MessageError::TooBig { size, limit }) } else { Ok(()) }
}
