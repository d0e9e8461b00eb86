//! Frames: how bytes travel once the handshake is done.
//!
//! ```text
//! ┌───────────────────── header, 16 ─────────────────────┬──────────────┐
//! │ frame-size (3) │ header-data c2 80 80 │ zeros (10)   │ header-mac 16│
//! ├──────────────── frame-data, padded to 16 ────────────┼──────────────┤
//! │ frame-size bytes │ zeros                             │ frame-mac 16 │
//! └──────────────────────────────────────────────────────┴──────────────┘
//!   encrypted with AES-256-CTR, one keystream for the life of the connection
//! ```
//!
//! A header must be opened before its body: [`FrameReader::open_header`] verifies the MAC and only
//! then believes the size; the [`FrameHeader`] it returns is the token that opens the body.
//!
//! This module encrypts and authenticates; what the bytes mean is up to [`crate::p2p`].
//!
//! ```
//! use bytes::BytesMut;
//! use devp2p_core::frame::{HEADER_LEN, MAX_FRAME_SIZE};
//! # use devp2p_core::handshake::{initiate, respond};
//! # use devp2p_core::keys::NodeKey;
//! # let mut rng = rand::rng();
//! # let (alice, bob) = (NodeKey::generate(&mut rng), NodeKey::generate(&mut rng));
//! # let (waiting, auth) = initiate(&alice, bob.public_key(), &mut rng);
//! # let (mut bobs_session, ack) = respond(&bob, &auth, &mut rng)?;
//! # let mut alices_session = waiting.receive_ack(&ack)?;
//!
//! // The sessions are those of the example in `handshake`.
//! let mut wire = BytesMut::new();
//! alices_session.writer.seal(b"foobar", &mut wire)?;
//! assert_eq!(wire.len(), 32 + 16 + 16);
//!
//! let (header, body) = wire.split_first_chunk_mut::<HEADER_LEN>().ok_or("cut")?;
//! let header = bobs_session.reader.open_header(header, MAX_FRAME_SIZE)?;
//! assert_eq!(bobs_session.reader.open_body(header, body)?, b"foobar");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Spec: [RLPx, framing](https://github.com/ethereum/devp2p/blob/master/rlpx.md#framing).
//! A known weakness of the protocol, not of this code: both directions use one AES key with the
//! same IV, so do not count on frames being secret.

mod cipher;
mod fields;
mod mac;
#[cfg(test)]
mod tests;

use std::fmt;

use bytes::BytesMut;
use ctr::cipher::{InnerIvInit, StreamCipher, StreamCipherSeek};
use ctr::{Ctr64BE, CtrCore};
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::record::{AS_HEX, Field, Recorder};
pub(crate) use cipher::Cipher;
use mac::MAC_LEN;
pub(crate) use mac::Mac;

/// Largest frame-size, in bytes: what three bytes can say.
pub const MAX_FRAME_SIZE: usize = 0xFF_FFFF;
/// Bytes of a header with its MAC.
pub const HEADER_LEN: usize = 32;
/// header-data: an RLP list that nobody reads any more (capability-id and context-id, both 0).
const HEADER_DATA: [u8; 3] = [0xC2, 0x80, 0x80];

/// AES-256-CTR. The IV is zero, so a 64-bit counter gives the same bytes as a 128-bit one, faster.
type Keystream = Ctr64BE<Cipher>;

/// Why a frame was refused. After any of these a stream that is read cannot be used any more; one
/// that is written can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The header's MAC is wrong: the bytes were changed, or the peers' states differ.
    #[error("the MAC of the frame header is wrong")]
    HeaderMac,
    /// The body's MAC is wrong.
    #[error("the MAC of the frame body is wrong")]
    FrameMac,
    /// The body given is not as long as its header says.
    #[error("the frame body is not as long as its header says")]
    BodyLength,
    /// The frame holds nothing, not even a msg-id.
    #[error("the frame is empty")]
    Empty,
    /// More than [`MAX_FRAME_SIZE`] bytes to send, or more than the reader allows now.
    #[error("a frame of {size} bytes is above the limit of {limit}")]
    TooBig {
        /// frame-size, in bytes.
        size: usize,
        /// What was allowed, in bytes.
        limit: usize,
    },
}

/// Seals frames: the egress half of a session.
pub struct FrameWriter {
    keystream: Keystream,
    mac: Mac,
}

/// Opens frames: the ingress half of a session.
pub struct FrameReader {
    keystream: Keystream,
    mac: Mac,
}

/// An opened, verified header: the right to open the body that follows it.
#[derive(Debug)]
#[must_use = "the body must be opened with it, or the stream is lost"]
pub struct FrameHeader {
    size: usize,
}

impl FrameHeader {
    /// frame-size: bytes of frame-data, 1 to [`MAX_FRAME_SIZE`].
    pub fn size(&self) -> usize {
        self.size
    }

    /// Bytes that follow the header on the wire: frame-data, its padding and the MAC.
    pub fn body_len(&self) -> usize {
        padded(self.size).saturating_add(MAC_LEN)
    }
}

impl FrameWriter {
    pub(crate) fn new(aes: Cipher, egress_mac: Mac) -> Self {
        Self { keystream: keystream(aes), mac: egress_mac }
    }

    // ANCHOR: seal
    /// Appends the frame that carries `frame_data` to `out`: at most 15 bytes of padding and
    /// 48 bytes of header and MACs are added.
    ///
    /// # Errors
    /// [`FrameError::TooBig`] above [`MAX_FRAME_SIZE`], [`FrameError::Empty`] for no bytes;
    /// nothing has happened then and the writer can still be used.
    pub fn seal(&mut self, frame_data: &[u8], out: &mut BytesMut) -> Result<(), FrameError> {
        let size = frame_data.len();
        check_size(size, MAX_FRAME_SIZE)?;
        // All of it at once: growing step by step could take, and copy, a large frame twice.
        out.reserve(HEADER_LEN.saturating_add(padded(size)).saturating_add(MAC_LEN));
        let mut header = [0; MAC_LEN];
        let fields = size_bytes(size).into_iter().chain(HEADER_DATA);
        header.iter_mut().zip(fields).for_each(|(byte, field)| *byte = field);
        self.keystream.apply_keystream(&mut header);
        out.extend_from_slice(&header);
        out.extend_from_slice(&self.mac.header(&header, &mut ()));

        let start = out.len();
        out.extend_from_slice(frame_data);
        out.resize(start.saturating_add(padded(size)), 0);
        let Some(body) = out.get_mut(start..) else {
            // Cannot be; but what is not encrypted must not stay where the ciphertext belongs.
            out.truncate(start);
            return Err(FrameError::BodyLength);
        };
        self.keystream.apply_keystream(body);
        let frame_mac = self.mac.frame(body, &mut ());
        out.extend_from_slice(&frame_mac);
        Ok(())
    }
    // ANCHOR_END: seal
}

impl FrameReader {
    pub(crate) fn new(aes: Cipher, ingress_mac: Mac) -> Self {
        Self { keystream: keystream(aes), mac: ingress_mac }
    }

    /// Verifies and decrypts a header (16 bytes and their MAC). header-data is ignored, as
    /// go-ethereum does; so are frames in several parts, which nobody sends any more.
    ///
    /// # Errors
    /// [`FrameError::HeaderMac`], checked before the size is believed; [`FrameError::Empty`] for
    /// frame-size 0; [`FrameError::TooBig`] above `limit` bytes.
    #[inline]
    pub fn open_header(
        &mut self,
        bytes: &[u8; HEADER_LEN],
        limit: usize,
    ) -> Result<FrameHeader, FrameError> {
        self.open_header_noting(bytes, limit, &mut ())
    }

    // ANCHOR: open_header
    /// The same, for a recorder.
    pub(crate) fn open_header_noting(
        &mut self,
        bytes: &[u8; HEADER_LEN],
        limit: usize,
        recorder: &mut impl Recorder,
    ) -> Result<FrameHeader, FrameError> {
        let (header, their_mac) = bytes.split_first_chunk().ok_or(FrameError::HeaderMac)?;
        recorder.part(&fields::FRAME);
        recorder.field(&fields::HEADER_CIPHERTEXT, header, &AS_HEX);
        let our_mac = self.mac.header(header, recorder);
        recorder.part(&fields::FRAME);
        if !equal(&our_mac, their_mac) {
            return Err(FrameError::HeaderMac);
        }
        recorder.field(&fields::HEADER_MAC, their_mac, &"right");
        self.note_position(&fields::HEADER_POSITION, recorder);
        let mut header = *header;
        self.keystream.apply_keystream(&mut header);
        let [a, b, c, d, e, f, padding @ ..] = header;
        let size = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX);
        recorder.part(&fields::HEADER);
        recorder.field(&fields::FRAME_SIZE, &[a, b, c], &size);
        recorder.field(&fields::HEADER_DATA, &[d, e, f], &AS_HEX);
        recorder.field(&fields::HEADER_PADDING, &padding, &AS_HEX);
        check_size(size, limit)?;
        Ok(FrameHeader { size })
    }
    // ANCHOR_END: open_header

    /// Verifies and decrypts a body of [`FrameHeader::body_len`] bytes where it lies; returns its
    /// frame-data.
    ///
    /// # Errors
    /// [`FrameError::BodyLength`], [`FrameError::FrameMac`].
    #[inline]
    pub fn open_body<'a>(
        &mut self,
        header: FrameHeader,
        body: &'a mut [u8],
    ) -> Result<&'a [u8], FrameError> {
        self.open_body_noting(header, body, &mut ())
    }

    // ANCHOR: open_body
    /// The same, for a recorder.
    #[expect(clippy::needless_pass_by_value, reason = "the header is the right to one body")]
    pub(crate) fn open_body_noting<'a>(
        &mut self,
        header: FrameHeader,
        body: &'a mut [u8],
        recorder: &mut impl Recorder,
    ) -> Result<&'a [u8], FrameError> {
        if body.len() != header.body_len() {
            return Err(FrameError::BodyLength);
        }
        let (ciphertext, their_mac) =
            body.split_last_chunk_mut::<MAC_LEN>().ok_or(FrameError::BodyLength)?;
        recorder.part(&fields::FRAME);
        recorder.field(&fields::FRAME_CIPHERTEXT, ciphertext, &AS_HEX);
        let our_mac = self.mac.frame(ciphertext, recorder);
        recorder.part(&fields::FRAME);
        if !equal(&our_mac, their_mac) {
            return Err(FrameError::FrameMac);
        }
        recorder.field(&fields::FRAME_MAC, their_mac, &"right");
        self.note_position(&fields::BODY_POSITION, recorder);
        self.keystream.apply_keystream(ciphertext);
        let (frame_data, padding) =
            ciphertext.split_at_checked(header.size).ok_or(FrameError::BodyLength)?;
        recorder.part(&fields::BODY);
        recorder.field(&fields::FRAME_DATA, frame_data, &AS_HEX);
        recorder.field(&fields::BODY_PADDING, padding, &AS_HEX);
        Ok(frame_data)
    }
    // ANCHOR_END: open_body

    /// How much of the keystream is used up.
    fn note_position(&self, value: &'static Field, recorder: &mut impl Recorder) {
        if recorder.listens() {
            recorder.part(&fields::STATE);
            recorder.number(value, self.keystream.try_current_pos().unwrap_or(u64::MAX));
        }
    }
}

/// What each byte of a frame is, for a recorder, as far as it can be told without opening it: nothing
/// says how long it is, so `frame` must be one, and whole.
///
/// # Errors
/// [`FrameError::BodyLength`]: there is no frame of so many bytes.
pub(crate) fn tell_sealed(frame: &[u8], recorder: &mut impl Recorder) -> Result<(), FrameError> {
    recorder.part(&fields::FRAME);
    let is_whole = frame.len() == padded(frame.len()) && frame.len() >= 2 * HEADER_LEN;
    let (header, rest) = frame.split_first_chunk::<MAC_LEN>().ok_or(FrameError::BodyLength)?;
    let (header_mac, rest) = rest.split_first_chunk::<MAC_LEN>().ok_or(FrameError::BodyLength)?;
    let (body, frame_mac) = rest.split_last_chunk::<MAC_LEN>().ok_or(FrameError::BodyLength)?;
    if !is_whole {
        return Err(FrameError::BodyLength);
    }
    recorder.field(&fields::HEADER_CIPHERTEXT, header, &AS_HEX);
    recorder.field(&fields::HEADER_MAC, header_mac, &"not checked");
    recorder.field(&fields::FRAME_CIPHERTEXT, body, &AS_HEX);
    recorder.field(&fields::FRAME_MAC, frame_mac, &"not checked");
    Ok(())
}

impl fmt::Debug for FrameWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameWriter").finish_non_exhaustive()
    }
}

impl fmt::Debug for FrameReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameReader").finish_non_exhaustive()
    }
}

fn keystream(aes: Cipher) -> Keystream {
    Keystream::from_core(CtrCore::inner_iv_init(aes, &[0; 16].into()))
}

// ANCHOR: check_size
fn check_size(size: usize, limit: usize) -> Result<(), FrameError> {
    match size {
        0 => Err(FrameError::Empty),
        _ if size > limit.min(MAX_FRAME_SIZE) => Err(FrameError::TooBig { size, limit }),
        _ => Ok(()),
    }
}
// ANCHOR_END: check_size

/// `size` as three bytes, big endian; the caller checked that it fits.
fn size_bytes(size: usize) -> [u8; 3] {
    let [_, a, b, c] = u32::try_from(size).unwrap_or(u32::MAX).to_be_bytes();
    [a, b, c]
}

/// `size` rounded up to whole AES blocks.
fn padded(size: usize) -> usize {
    size.div_ceil(MAC_LEN).saturating_mul(MAC_LEN)
}

/// In constant time: how far two MACs agree must not show in how long the answer takes.
fn equal(ours: &[u8; MAC_LEN], theirs: &[u8]) -> bool {
    ours.ct_eq(theirs).into()
}
