//! The receiving half of a connection: bytes from the network become frames, frames become
//! messages, and those go to their handlers.

use std::io;
use std::pin::pin;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::task::{JoinSet, consume_budget};
use tokio::time::timeout;
use tracing::{debug, trace};

use super::buffer::{ReadSize, SMALL};
use super::signals::Signals;
use super::tap::TappedConnection;
use super::{EndReason, GOODBYE_TIMEOUT, SILENCE_TIMEOUT, send};
use crate::end::TransportError;
use crate::frame::{FrameError, FrameReader, HEADER_LEN, MAX_FRAME_SIZE};
use crate::p2p::{Codec, DisconnectReason, Received};
use crate::protocol::{InboxSender, Msg};
use crate::trace::Side;

/// Opens frames as they arrive, in one buffer that is reused. Over any stream, so that tests run
/// it in memory.
pub(super) struct Incoming<R> {
    reader: R,
    frames: FrameReader,
    buffer: BytesMut,
    /// Bytes at the buffer's start that belong to the frame handed out last.
    handed_out: usize,
    size: ReadSize,
    /// Who sees what comes, and whose it is.
    tap: Option<(TappedConnection, Side)>,
}

impl<R: AsyncRead + Unpin> Incoming<R> {
    /// Reads what the session's peer seals.
    pub(super) fn new(reader: R, frames: FrameReader) -> Self {
        let (buffer, size) = (BytesMut::new(), ReadSize::least());
        Self { reader, frames, buffer, handed_out: 0, size, tap: None }
    }

    /// The same, and somebody sees it.
    pub(super) fn tapped(self, tap: Option<(TappedConnection, Side)>) -> Self {
        Self { tap, ..self }
    }

    /// Waits for a whole frame of at most `limit` bytes and returns its frame-data.
    ///
    /// Not cancel-safe: a future that is dropped halfway takes a part of the stream with it.
    ///
    /// # Errors
    /// [`TransportError::Closed`] at the end of the stream; any other ends the connection too.
    pub(super) async fn read(&mut self, limit: usize) -> Result<&[u8], TransportError> {
        self.buffer.advance(self.handed_out);
        if self.buffer.is_empty() && self.handed_out < SMALL {
            self.size.give_back(&mut self.buffer);
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

    #[cfg(test)]
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    // ANCHOR: fill
    /// Reads until the buffer holds `wanted` bytes; false if the stream ended before the first.
    async fn fill(&mut self, wanted: usize) -> Result<bool, TransportError> {
        while self.buffer.len() < wanted {
            let missing = wanted.saturating_sub(self.buffer.len());
            let more = missing.min(self.buffer.len());
            self.size.make_room(&mut self.buffer, more);
            let room = self.buffer.capacity().saturating_sub(self.buffer.len());
            let read = self.reader.read_buf(&mut self.buffer).await?;
            self.size.learn(read, room);
            self.show(read);
            if read == 0 {
                let cut_off = TransportError::Io(io::ErrorKind::UnexpectedEof);
                return if self.buffer.is_empty() { Ok(false) } else { Err(cut_off) };
            }
        }
        Ok(true)
    }
    // ANCHOR_END: fill

    /// Shows the last bytes of the buffer to the tap, if there is one.
    fn show(&self, read: usize) {
        if let Some((tap, from)) = &self.tap {
            let begin = self.buffer.len().saturating_sub(read);
            tap.bytes(*from, self.buffer.get(begin..).unwrap_or_default());
        }
    }

    /// Reads and forgets until the stream ends: closing a connection with unread input resets it,
    /// and a reset destroys the goodbye that we sent.
    pub(super) async fn discard(&mut self) {
        self.buffer = BytesMut::with_capacity(SMALL);
        while let Ok(read @ 1..) = self.reader.read_buf(&mut self.buffer).await {
            self.show(read);
            self.buffer.clear();
        }
    }
}

/// Reads a peer's messages and gives them to whom they belong.
pub(super) struct Receiver<'a> {
    pub(super) codec: &'a Codec,
    /// One for each of the codec's shared capabilities.
    pub(super) inboxes: Vec<InboxSender>,
    pub(super) signals: &'a Signals,
}

impl Receiver<'_> {
    /// Reads until the stream ends, or cannot be written to any more. In that case too there may
    /// be a goodbye to read: who refuses us says why and closes, while we still write.
    pub(super) async fn run(
        self,
        incoming: &mut Incoming<impl AsyncRead + Unpin>,
        writer: &mut JoinSet<Result<(), TransportError>>,
    ) -> EndReason {
        let mut reading = pin!(self.read(incoming));
        let failed = tokio::select! {
            biased;
            failed = send::failure_of(writer) => failed,
            reason = &mut reading => return reason,
        };
        match timeout(GOODBYE_TIMEOUT, reading).await {
            Ok(goodbye @ EndReason::Remote(_)) => goodbye,
            _ => failed,
        }
    }

    /// Messages wait for their inboxes; what has none uses up a task's share of time in another way,
    /// so that a flood of it leaves others theirs.
    async fn read(&self, incoming: &mut Incoming<impl AsyncRead + Unpin>) -> EndReason {
        loop {
            // The clock runs only while we read: a peer is not silent because an inbox is full.
            let frame_data = match timeout(SILENCE_TIMEOUT, incoming.read(MAX_FRAME_SIZE)).await {
                Ok(Ok(frame_data)) => frame_data,
                Ok(Err(error)) => return error.into(),
                Err(_) => return EndReason::Silent,
            };
            self.signals.frame_came();
            match self.codec.decode(frame_data) {
                Ok(Received::Message { position, code, payload }) => {
                    if let Some(shared) = self.codec.shared().get(position) {
                        let bytes = payload.len();
                        trace!("{} code {code} received, {bytes} bytes", shared.capability);
                    }
                    self.deliver(position, Msg { code, payload }).await;
                }
                Ok(Received::Ping) => {
                    trace!("Ping received");
                    self.signals.want_pong();
                    consume_budget().await;
                }
                Ok(Received::Disconnect(payload)) => {
                    let reason = DisconnectReason::decode(payload);
                    debug!(%reason, code = reason.code(), "Disconnect received");
                    return EndReason::Remote(reason);
                }
                // A pong has done its work by arriving; a second Hello and the reserved ids are
                // ignored, as go-ethereum does.
                Ok(Received::Other(msg_id)) => {
                    trace!("{} received", self.codec.name(msg_id));
                    consume_budget().await;
                }
                Err(error) => return TransportError::from(error).into(),
            }
        }
    }

    async fn deliver(&self, position: usize, msg: Msg) {
        if let Some(inbox) = self.inboxes.get(position) {
            // An error says that the handler has ended; that ends the peer, not this message.
            let _ = inbox.send(msg).await;
        }
    }
}
