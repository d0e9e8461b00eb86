//! The codec: what turns messages into frame-data and back, the same value for both directions.
//!
//! ```text
//! decode     split off the msg-id  ──▶  find its capability     ──▶  check the size, decompress
//! encode     check size and code   ──▶  msg-id = offset + code  ──▶  compress
//! ```
//!
//! Until both sides have said Hello there is nothing to compress, and no capability is shared:
//! [`Codec::default`]. After that, [`Codec::new`] has what they agreed on.
//!
//! ```
//! use devp2p_core::p2p::{Capability, Codec, Offer, Received, shared};
//!
//! let foo = Capability::new("foo", 42);
//! let shared = shared(&[Offer::new(foo.clone(), 1)], &[foo]);
//! let codec = Codec::new(5, shared);
//! let mut buffer = Vec::new();
//!
//! // Code 0 of the first shared capability has the msg-id 0x10.
//! let frame_data = codec.encode_message(0, 0, b"\x86foobar", &mut buffer)?;
//! assert_eq!(frame_data, b"\x10\x07\x18\x86foobar");
//! let Received::Message { position: 0, code: 0, payload } = codec.decode(frame_data)? else {
//!     panic!("it is a message of that capability");
//! };
//! assert_eq!(&payload[..], b"\x86foobar");
//! # Ok::<(), devp2p_core::p2p::MessageError>(())
//! ```
//!
//! This module must not decide what becomes of a message.
//!
//! Spec: [RLPx, capability messaging](https://github.com/ethereum/devp2p/blob/master/rlpx.md#capability-messaging),
//! [EIP-706](https://eips.ethereum.org/EIPS/eip-706) for snappy

use std::cell::RefCell;
use std::sync::Arc;

use alloy_rlp::{Decodable, Encodable};
use bytes::Bytes;

use super::capability::Shared;
use super::{
    BASE_LENGTH, DISCONNECT, HELLO, MAX_HELLO, MAX_PAYLOAD, MessageError, PING, PONG, fields,
    snappy,
};
use crate::frame::MAX_FRAME_SIZE;
use crate::record::{AS_HEX, Recorder};
use crate::rlp;

/// The p2p version since which payloads are compressed.
const FIRST_WITH_SNAPPY: u64 = 5;

/// How many bytes one byte of snappy can become, at most: three bytes say "copy 64 bytes", nothing
/// says more, so 64 / 3, rounded up.
const MAX_EXPANSION: usize = 22;

/// What both sides of a connection agreed on. A clone is the same agreement.
#[derive(Debug, Clone, Default)]
pub struct Codec {
    /// Whether payloads are compressed: raw snappy blocks, not the stream format.
    snappy: bool,
    shared: Arc<[Shared]>,
}

/// A message that came in.
#[derive(Debug, PartialEq, Eq)]
pub enum Received<'a> {
    /// Goodbye. The payload is as it came: compressed or not, see
    /// [`DisconnectReason::decode`](super::DisconnectReason::decode).
    Disconnect(&'a [u8]),
    /// Still there?
    Ping,
    /// A Pong, a second Hello, or a reserved msg-id: its arrival is all it has to say.
    Other(u64),
    /// A message of a shared capability.
    Message {
        /// Which of the shared capabilities it belongs to.
        position: usize,
        /// Relative to the capability.
        code: u64,
        /// As it was before compression.
        payload: Bytes,
    },
}

impl Codec {
    /// What a Hello with this p2p version agrees to (below 5 nothing is compressed), and the
    /// capabilities that both sides have.
    pub fn new(version: u64, shared: Vec<Shared>) -> Self {
        Self { snappy: version >= FIRST_WITH_SNAPPY, shared: shared.into() }
    }

    /// The same, with these shared capabilities.
    #[must_use]
    pub fn with_shared(&self, shared: Vec<Shared>) -> Self {
        Self { snappy: self.snappy, shared: shared.into() }
    }

    /// The capabilities that both sides have.
    pub fn shared(&self) -> &[Shared] {
        &self.shared
    }

    /// Finds out which message `frame_data` is, whose, and what it says.
    ///
    /// Sizes are checked before anything is allocated, against what the capability allows. A payload
    /// that cannot be decompressed is an error also where nobody reads it, as in a Ping; only a
    /// Disconnect is taken as it comes.
    ///
    /// # Errors
    /// [`MessageError`]: the peer broke the protocol.
    #[inline]
    pub fn decode<'a>(&self, frame_data: &'a [u8]) -> Result<Received<'a>, MessageError> {
        self.decode_noting(frame_data, &mut ())
    }

    /// The same, for a recorder.
    pub(crate) fn decode_noting<'a>(
        &self,
        frame_data: &'a [u8],
        recorder: &mut impl Recorder,
    ) -> Result<Received<'a>, MessageError> {
        let (msg_id, payload) = split_msg_id(frame_data)?;
        self.tell_message(msg_id, frame_data, payload, recorder);
        match msg_id {
            DISCONNECT => Ok(Received::Disconnect(payload)),
            0..BASE_LENGTH => {
                // There is nothing to read in it, but a block that is none breaks the protocol.
                if self.snappy {
                    let payload = decompress_noting(payload, MAX_HELLO, recorder)?;
                    tell_payload(&payload, recorder);
                } else {
                    tell_payload(payload, recorder);
                }
                Ok(if msg_id == PING { Received::Ping } else { Received::Other(msg_id) })
            }
            _ => {
                let (position, shared, code) = self.locate(msg_id)?;
                let payload: Bytes = self.decompress(payload, shared.max_payload, recorder)?.into();
                tell_payload(&payload, recorder);
                Ok(Received::Message { position, code, payload })
            }
        }
    }

    /// What a message says, whosever it is.
    pub(crate) fn tell_nobodys(
        &self,
        payload: &[u8],
        recorder: &mut impl Recorder,
    ) -> Result<(), MessageError> {
        let payload = self.decompress(payload, MAX_PAYLOAD, recorder)?;
        tell_payload(&payload, recorder);
        Ok(())
    }

    /// What frame-data is made of.
    pub(crate) fn tell_message(
        &self,
        msg_id: u64,
        frame_data: &[u8],
        payload: &[u8],
        recorder: &mut impl Recorder,
    ) {
        if recorder.listens() {
            let (id, _) = frame_data.split_at(frame_data.len().saturating_sub(payload.len()));
            recorder.part(&fields::MESSAGE);
            recorder.field(
                &fields::MSG_ID,
                id,
                &format_args!("{msg_id:#04x}: {}", self.name(msg_id)),
            );
            if !payload.is_empty() {
                recorder.field(&fields::PAYLOAD, payload, &AS_HEX);
            }
        }
    }

    /// frame-data of message `code` of the shared capability at `position`, made in `buffer`.
    ///
    /// # Errors
    /// [`MessageError::CodeOutOfRange`] when the capability has no such code,
    /// [`MessageError::TooBig`] when it allows no such payload, or it does not fit into a frame;
    /// [`MessageError::UnknownMsgId`] with the code, if there is no capability at `position`.
    pub fn encode_message<'a>(
        &self,
        position: usize,
        code: u64,
        payload: &[u8],
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], MessageError> {
        let msg_id = self.check(position, code, payload.len())?;
        self.encode(msg_id, payload, buffer)
    }

    /// The msg-id of message `code` of the shared capability at `position`, if it has such a code,
    /// and allows a payload of `size` bytes.
    ///
    /// # Errors
    /// [`MessageError::CodeOutOfRange`], [`MessageError::TooBig`]; [`MessageError::UnknownMsgId`] with
    /// the code, if there is no capability at `position`.
    pub(crate) fn check(
        &self,
        position: usize,
        code: u64,
        size: usize,
    ) -> Result<u64, MessageError> {
        let shared = self.shared.get(position).ok_or(MessageError::UnknownMsgId(code))?;
        check_size(size, shared.max_payload)?;
        let msg_id = if code < shared.length { shared.offset.checked_add(code) } else { None };
        let capability = || shared.capability.clone();
        msg_id.ok_or_else(|| MessageError::CodeOutOfRange { capability: capability(), code })
    }

    /// frame-data of any message: `msg_id` as an RLP integer (0 is `80`), then the payload, made in
    /// `buffer`. That never gets shorter, so that its bytes are initialised only once.
    ///
    /// # Errors
    /// [`MessageError::TooBig`] when the payload is above [`MAX_PAYLOAD`], or the whole above
    /// [`MAX_FRAME_SIZE`] (random bytes grow a little when compressed).
    pub fn encode<'a>(
        &self,
        msg_id: u64,
        payload: &[u8],
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], MessageError> {
        check_size(payload.len(), MAX_PAYLOAD)?;
        let longest =
            if self.snappy { snap::raw::max_compress_len(payload.len()) } else { payload.len() };
        let longest = longest.saturating_add(msg_id.length());
        if buffer.len() < longest {
            buffer.resize(longest, 0);
        }
        let mut rest = &mut buffer[..];
        msg_id.encode(&mut rest);
        let written = if self.snappy { compress(payload, rest)? } else { copy(payload, rest) };
        let size = msg_id.length().saturating_add(written);
        check_size(size, MAX_FRAME_SIZE)?;
        buffer.get(..size).ok_or(MessageError::TooBig { size, limit: longest })
    }

    /// What the message with `msg_id` is called: `Ping`, `foo/42 code 0`, or `msg-id 0x15` if it is
    /// nobody's.
    pub fn name(&self, msg_id: u64) -> String {
        match msg_id {
            HELLO => "Hello".to_owned(),
            DISCONNECT => "Disconnect".to_owned(),
            PING => "Ping".to_owned(),
            PONG => "Pong".to_owned(),
            _ => match self.locate(msg_id) {
                Ok((_, shared, code)) => format!("{} code {code}", shared.capability),
                Err(_) => format!("msg-id {msg_id:#04x}"),
            },
        }
    }

    // ANCHOR: locate
    /// Whose message `msg_id` is, and its code there.
    fn locate(&self, msg_id: u64) -> Result<(usize, &Shared, u64), MessageError> {
        let code = |range: &Shared| {
            let code = msg_id.checked_sub(range.offset)?;
            (code < range.length).then_some(code)
        };
        self.shared
            .iter()
            .enumerate()
            .find_map(|(position, range)| Some((position, range, code(range)?)))
            .ok_or(MessageError::UnknownMsgId(msg_id))
    }
    // ANCHOR_END: locate

    fn decompress(
        &self,
        payload: &[u8],
        limit: usize,
        recorder: &mut impl Recorder,
    ) -> Result<Vec<u8>, MessageError> {
        if self.snappy {
            return decompress_noting(payload, limit, recorder);
        }
        check_size(payload.len(), limit)?;
        Ok(payload.to_vec())
    }
}

// ANCHOR: split_msg_id
/// Splits frame-data into msg-id and payload; the payload is still compressed.
///
/// # Errors
/// [`MessageError::MsgId`]: no canonical RLP integer of at most 64 bits. (A raw `00` is none.)
pub fn split_msg_id(frame_data: &[u8]) -> Result<(u64, &[u8]), MessageError> {
    let mut rest = frame_data;
    let msg_id = u64::decode(&mut rest).map_err(|_| MessageError::MsgId)?;
    Ok((msg_id, rest))
}
// ANCHOR_END: split_msg_id

thread_local! {
    /// The tables that snappy compresses with: 2 KiB, and 32 more for payloads above 1 KiB. They
    /// hold nothing between two calls, so all connections of a thread can use the same ones.
    static SNAPPY: RefCell<snap::raw::Encoder> = RefCell::new(snap::raw::Encoder::new());
}

fn compress(payload: &[u8], out: &mut [u8]) -> Result<usize, MessageError> {
    SNAPPY.with_borrow_mut(|snappy| snappy.compress(payload, out)).map_err(|_| MessageError::Snappy)
}

// ANCHOR: decompress
/// Decompresses a snappy block to at most `limit` bytes.
///
/// The length that the block declares is checked before anything is allocated: five bytes can
/// claim 4 GiB. So is whether that many bytes can be in the block at all: memory grows with what
/// arrived, not with what was announced.
pub(super) fn decompress(block: &[u8], limit: usize) -> Result<Vec<u8>, MessageError> {
    let declared = snap::raw::decompress_len(block).map_err(|_| MessageError::Snappy)?;
    check_size(declared, limit)?;
    if declared > block.len().saturating_mul(MAX_EXPANSION) {
        return Err(MessageError::Snappy);
    }
    snap::raw::Decoder::new().decompress_vec(block).map_err(|_| MessageError::Snappy)
}
// ANCHOR_END: decompress

/// The same, for a recorder.
fn decompress_noting(
    block: &[u8],
    limit: usize,
    recorder: &mut impl Recorder,
) -> Result<Vec<u8>, MessageError> {
    snappy::tell(block, recorder);
    decompress(block, limit)
}

/// What a payload is made of, that nobody here reads: RLP, or any bytes.
fn tell_payload(payload: &[u8], recorder: &mut impl Recorder) {
    if !recorder.listens() || payload.is_empty() {
        return;
    }
    recorder.part(&fields::CONTENT);
    match rlp::tell_tree(payload, &mut ()) {
        // It was so a moment ago.
        Ok(()) => drop(rlp::tell_tree(payload, recorder)),
        Err(_) => recorder.field(&fields::BYTES, payload, &AS_HEX),
    }
}

/// Copies all of `from` to the beginning of `to`; returns how many bytes that were.
fn copy(from: &[u8], to: &mut [u8]) -> usize {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    from.len()
}

fn check_size(size: usize, limit: usize) -> Result<(), MessageError> {
    if size > limit { Err(MessageError::TooBig { size, limit }) } else { Ok(()) }
}
