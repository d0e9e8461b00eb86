//! Frames over any byte stream: the handshake's packets and then whole frames, read and written.
//!
//! Nothing here waits for a time of its own choosing, except that a write which makes no progress
//! for [`WRITE_STALL`] is given up. Generic over the stream, so that tests run it in memory.

use std::io;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::task::yield_now;
use tokio::time::{Duration, timeout};
use tracing::debug;

pub use crate::end::TransportError;
use crate::frame::{FrameError, FrameReader, FrameWriter, HEADER_LEN};
use crate::handshake::{self, Session, packet_len};
use crate::keys::{NodeKey, PublicKey};
use crate::p2p::message::{self, Compression};

/// How long a write may stand still before the connection is given up, as in go-ethereum.
pub const WRITE_STALL: Duration = Duration::from_secs(20);

/// The least that is read at once, in bytes: all that a quiet peer costs. A buffer never grows by
/// more than what has arrived already: a header alone, which is free to send, must not reserve
/// 16 MiB.
const MIN_READ: usize = 512;
/// The most that is read at once beyond the frame that is waited for, in bytes.
const MAX_READ: usize = 64 * 1024;
/// A buffer above this size, in bytes, is given back when it is empty and what passed through it
/// last was small. So who moves large messages keeps it, and a ping later it is gone.
const KEEP: usize = 64 * 1024;
/// Less than this, in bytes, is small.
const SMALL: usize = 1024;
/// After a write of this many bytes others have their turn, before more is sealed. A write seldom
/// waits, and tokio may look at what the network brings only when a task does: large messages
/// would be sealed one after the other while nobody reads.
const LET_OTHERS: usize = 16 * 1024;

/// Does the initiator's half of the handshake: auth out, ack in.
///
/// # Errors
/// [`TransportError::ClosedInHandshake`] is what a wrong `recipient` key looks like: the other
/// side could not read auth, and hung up without a word.
pub async fn initiate(
    reader: &mut (impl AsyncRead + Unpin),
    writer: &mut (impl AsyncWrite + Unpin),
    key: &NodeKey,
    recipient: PublicKey,
) -> Result<Session, TransportError> {
    let (waiting, auth) = handshake::initiate(key, recipient, &mut rand::rng())?;
    writer.write_all(&auth).await?;
    debug!(bytes = auth.len(), "auth sent: our signature, key and nonce");
    let ack = read_packet(reader).await?;
    let session = waiting.receive_ack(&ack)?;
    debug!(bytes = ack.len(), "ack received: both sides have the session's secrets");
    Ok(session)
}

/// Does the recipient's half of the handshake: auth in, ack out.
///
/// # Errors
/// As the network fails or the initiator misbehaves.
pub async fn respond(
    reader: &mut (impl AsyncRead + Unpin),
    writer: &mut (impl AsyncWrite + Unpin),
    key: &NodeKey,
) -> Result<Session, TransportError> {
    let auth = read_packet(reader).await?;
    let (session, ack) = handshake::respond(key, &auth, &mut rand::rng())?;
    debug!(bytes = auth.len(), "auth received: the initiator has proved its key");
    writer.write_all(&ack).await?;
    debug!(bytes = ack.len(), "ack sent: both sides have the session's secrets");
    Ok(session)
}

/// Reads one handshake packet, size prefix included; the size is checked before it is believed.
async fn read_packet(reader: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, TransportError> {
    let closed = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
            TransportError::ClosedInHandshake
        }
        kind => TransportError::Io(kind),
    };
    let mut prefix = [0; 2];
    reader.read_exact(&mut prefix).await.map_err(closed)?;
    let mut ciphertext = vec![0; packet_len(prefix)?];
    reader.read_exact(&mut ciphertext).await.map_err(closed)?;
    Ok([&prefix[..], &ciphertext].concat())
}

/// The receiving half: opens frames as they arrive, in one buffer that is reused.
#[derive(Debug)]
pub struct Incoming<R> {
    reader: R,
    frames: FrameReader,
    buffer: BytesMut,
    /// Bytes at the buffer's start that belong to the frame handed out last.
    handed_out: usize,
    /// How much is read at once: more and more while as much arrives, less and less when not.
    at_once: usize,
}

impl<R: AsyncRead + Unpin> Incoming<R> {
    /// Reads what the session's peer seals.
    pub fn new(reader: R, frames: FrameReader) -> Self {
        Self { reader, frames, buffer: BytesMut::new(), handed_out: 0, at_once: MIN_READ }
    }

    /// Waits for a whole frame of at most `limit` bytes and returns its frame-data.
    ///
    /// Not cancel-safe: a future that is dropped halfway takes a part of the stream with it.
    ///
    /// # Errors
    /// [`TransportError::Closed`] at the end of the stream; any other ends the connection too.
    pub async fn read(&mut self, limit: usize) -> Result<&[u8], TransportError> {
        self.buffer.advance(self.handed_out);
        if self.buffer.is_empty() && self.handed_out < SMALL {
            give_back_if_above(self.at_once.saturating_mul(4), &mut self.buffer);
        }
        self.handed_out = 0;
        if !self.fill(HEADER_LEN).await? {
            return Err(TransportError::Closed);
        }
        let bytes = self.buffer.first_chunk().ok_or(FrameError::HeaderMac)?;
        let header = self.frames.open_header(bytes, limit)?;
        self.buffer.advance(HEADER_LEN);

        let len = header.body_len();
        if !self.fill(len).await? {
            return Err(TransportError::Io(io::ErrorKind::UnexpectedEof));
        }
        self.handed_out = len;
        let body = self.buffer.get_mut(..len).ok_or(FrameError::BodyLength)?;
        Ok(self.frames.open_body(header, body)?)
    }

    /// Reads until the buffer holds `wanted` bytes; false if the stream ended before the first.
    async fn fill(&mut self, wanted: usize) -> Result<bool, TransportError> {
        while self.buffer.len() < wanted {
            let missing = wanted.saturating_sub(self.buffer.len());
            self.make_room(missing.min(self.buffer.len()));
            let room = self.buffer.capacity().saturating_sub(self.buffer.len());
            let read = self.reader.read_buf(&mut self.buffer).await?;
            if read == room {
                self.at_once = self.at_once.saturating_mul(2).min(MAX_READ);
            } else if read < self.at_once / 2 {
                self.at_once = (self.at_once / 2).max(MIN_READ);
            }
            if read == 0 {
                let cut_off = TransportError::Io(io::ErrorKind::UnexpectedEof);
                return if self.buffer.is_empty() { Ok(false) } else { Err(cut_off) };
            }
        }
        Ok(true)
    }

    /// Makes room for what is read at once, or for `more` bytes if they are more. Only at the end
    /// of a large frame less will do: it is not worth a larger buffer.
    ///
    /// A larger one is, unlike that of [`BytesMut::reserve`], no larger than it must be: it would
    /// fill up with frames that nobody has asked for yet, up to 16 MiB of them.
    fn make_room(&mut self, more: usize) {
        let is_large = self.buffer.len() >= self.at_once;
        let least = if is_large { more } else { more.max(self.at_once) };
        if self.buffer.try_reclaim(least) {
            return;
        }
        let more = more.max(self.at_once);
        let capacity = self.buffer.len().saturating_add(more).next_multiple_of(MIN_READ);
        let mut larger = BytesMut::with_capacity(capacity);
        larger.extend_from_slice(&self.buffer);
        self.buffer = larger;
    }

    /// Reads and forgets until the stream ends: closing a connection with unread input resets it,
    /// and a reset destroys the goodbye that we sent.
    pub async fn discard(&mut self) {
        self.buffer = BytesMut::with_capacity(MIN_READ);
        while matches!(self.reader.read_buf(&mut self.buffer).await, Ok(1..)) {
            self.buffer.clear();
        }
    }
}

/// The sending half: seals frames into one buffer that is reused, and writes it.
///
/// Sealing and flushing are apart, so that frames that are ready together leave in one write, and
/// a flush can be dropped and taken up again without harm.
#[derive(Debug)]
pub struct Outgoing<W> {
    writer: W,
    frames: FrameWriter,
    buffer: BytesMut,
}

impl<W: AsyncWrite + Unpin> Outgoing<W> {
    /// Writes what the session's peer opens.
    pub fn new(writer: W, frames: FrameWriter) -> Self {
        Self { writer, frames, buffer: BytesMut::new() }
    }

    /// Puts a frame into the buffer.
    ///
    /// # Errors
    /// [`FrameError`] when it does not fit into a frame; nothing has happened then.
    pub fn seal(&mut self, frame_data: &[u8]) -> Result<(), FrameError> {
        self.frames.seal(frame_data, &mut self.buffer)
    }

    /// Bytes that wait to be written.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// Writes all that is in the buffer. Cancel-safe.
    ///
    /// # Errors
    /// [`TransportError::Stalled`], [`TransportError::Io`].
    pub async fn flush(&mut self) -> Result<(), TransportError> {
        let len = self.buffer.len();
        while !self.buffer.is_empty() {
            let written = timeout(WRITE_STALL, self.writer.write(&self.buffer)).await;
            match written.map_err(|_| TransportError::Stalled)?? {
                0 => return Err(TransportError::Io(io::ErrorKind::WriteZero)),
                written => self.buffer.advance(written),
            }
        }
        if len < SMALL {
            give_back_if_above(KEEP, &mut self.buffer);
        } else if len >= LET_OTHERS {
            yield_now().await;
        }
        Ok(())
    }

    /// Seals and writes one message.
    ///
    /// # Errors
    /// As [`message::encode`] and [`Outgoing::flush`].
    pub async fn send(
        &mut self,
        id: u64,
        payload: &[u8],
        compression: Compression,
    ) -> Result<(), TransportError> {
        self.seal(&message::encode(id, payload, compression)?)?;
        self.flush().await
    }

    /// Tells the other side that nothing more will come.
    ///
    /// # Errors
    /// [`TransportError::Io`].
    pub async fn shutdown(&mut self) -> Result<(), TransportError> {
        Ok(self.writer.shutdown().await?)
    }
}

/// Frees an empty buffer that has grown above `keep` bytes, the part included that was used.
fn give_back_if_above(keep: usize, buffer: &mut BytesMut) {
    if buffer.try_reclaim(keep.saturating_add(1)) {
        *buffer = BytesMut::new();
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    async fn sessions() -> (Session, Session) {
        let (ours, theirs) = duplex(4096);
        let (mut reader, mut writer) = tokio::io::split(ours);
        let (mut their_reader, mut their_writer) = tokio::io::split(theirs);
        let key = NodeKey::from_bytes([1; 32]).unwrap();
        let their_key = NodeKey::from_bytes([2; 32]).unwrap();
        let (a, b) = tokio::join!(
            respond(&mut reader, &mut writer, &key),
            initiate(&mut their_reader, &mut their_writer, &their_key, key.public_key()),
        );
        (a.unwrap(), b.unwrap())
    }

    #[tokio::test]
    async fn memory_grows_with_what_arrived_not_with_what_was_announced() {
        let (ours, theirs) = sessions().await;
        let mut outgoing = Outgoing::new(tokio::io::sink(), theirs.writer);
        outgoing.seal(&vec![7; 1 << 20]).unwrap();
        let arrived = 20_000;
        let mut incoming = Incoming::new(&outgoing.buffer[..arrived], ours.reader);
        let cut_off = incoming.read(1 << 20).await;
        assert!(matches!(cut_off, Err(TransportError::Io(io::ErrorKind::UnexpectedEof))));
        let capacity = incoming.buffer.capacity();
        assert!(capacity <= 4 * arrived, "{capacity} bytes reserved for {arrived} that arrived");
    }

    #[tokio::test]
    async fn a_large_frame_is_read_and_not_the_ones_behind_it() {
        let (ours, theirs) = sessions().await;
        let mut outgoing = Outgoing::new(tokio::io::sink(), theirs.writer);
        for _ in 0..3 {
            outgoing.seal(&vec![7; 1 << 20]).unwrap();
        }
        let mut incoming = Incoming::new(&outgoing.buffer[..], ours.reader);
        for _ in 0..3 {
            assert_eq!(incoming.read(1 << 20).await.unwrap().len(), 1 << 20);
            let held = incoming.buffer.len();
            assert!(held <= (1 << 20) + MAX_READ, "{held} bytes");
        }
    }

    #[tokio::test]
    async fn after_a_large_write_others_have_their_turn() {
        let (_, theirs) = sessions().await;
        let mut outgoing = Outgoing::new(tokio::io::sink(), theirs.writer);
        for (len, have_turn) in [(1, false), (LET_OTHERS, true)] {
            let other = tokio::spawn(async {});
            outgoing.seal(&vec![7; len]).unwrap();
            outgoing.flush().await.unwrap();
            assert_eq!(other.is_finished(), have_turn, "{len} bytes");
        }
    }

    #[tokio::test]
    async fn large_buffers_are_kept_for_large_messages_and_given_back_after_a_small_one() {
        let (ours, theirs) = sessions().await;
        let (mut far, near) = duplex(1 << 22);
        let mut outgoing = Outgoing::new(near, theirs.writer);
        for len in [1 << 20, 1 << 20, 10] {
            outgoing.seal(&vec![7; len]).unwrap();
            outgoing.flush().await.unwrap();
            assert_eq!(outgoing.buffer.try_reclaim(KEEP + 1), len > SMALL);
        }
        let mut incoming = Incoming::new(&mut far, ours.reader);
        for len in [1 << 20, 1 << 20, 10] {
            assert_eq!(incoming.read(1 << 20).await.unwrap().len(), len);
        }
        assert!(
            incoming.buffer.try_reclaim(KEEP + 1),
            "the small one came through the large buffer"
        );
        drop(outgoing);
        assert_eq!(incoming.read(1 << 20).await, Err(TransportError::Closed));
        assert!(incoming.buffer.capacity() <= KEEP);
    }
}
