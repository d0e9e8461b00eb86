//! The sending half of a connection: what handlers have queued becomes frames, frames become bytes
//! on the network; pings, pongs and the goodbye as well.

use std::io;
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::{JoinSet, yield_now};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tracing::{Level, debug, enabled, trace};

use super::buffer::{KEEP, SMALL, give_back_if_above};
use super::signals::Signals;
use super::tap::TappedConnection;
use super::{EndReason, GOODBYE_TIMEOUT, PING_INTERVAL, WRITE_STALL};
use crate::end::TransportError;
use crate::frame::{FrameError, FrameWriter};
use crate::p2p::{Codec, DISCONNECT, DisconnectReason, EMPTY_LIST, PING, split_msg_id};
use crate::protocol::OutboxReader;
use crate::trace::Side;

/// Frames that are ready together are written together, up to about this many bytes.
const WRITE_TOGETHER: usize = 64 * 1024;
/// After a write of this many bytes others have their turn, before more is sealed. A write seldom
/// waits, and tokio may look at what the network brings only when a task does: large messages
/// would be sealed one after the other while nobody reads.
pub(super) const LET_OTHERS: usize = 16 * 1024;

/// Writes what is queued, pings, pongs and at last the goodbye.
pub(super) struct Writer<W> {
    pub(super) outgoing: Outgoing<W>,
    pub(super) queued: OutboxReader,
    pub(super) codec: Codec,
    pub(super) signals: Arc<Signals>,
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    /// Runs until `goodbye` tells it what to say last, or the stream breaks.
    pub(super) async fn run(
        mut self,
        mut goodbye: oneshot::Receiver<Option<DisconnectReason>>,
    ) -> Result<(), TransportError> {
        let mut ping = interval_at(Instant::now() + PING_INTERVAL, PING_INTERVAL);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                // Pongs and pings first: they must not wait behind messages.
                biased;
                told = &mut goodbye => return self.say_goodbye(told.ok().flatten()).await,
                () = self.signals.wanted() => self.seal_what_is_wanted()?,
                _ = ping.tick() => {
                    self.seal(PING)?;
                    // A good moment for it: whoever is busy had the time since the last one to show that.
                    self.queued.give_back();
                }
                () = self.queued.ready() => {}
            }
            self.seal_what_is_ready()?;
            tokio::select! {
                biased;
                flushed = self.outgoing.flush() => flushed?,
                told = &mut goodbye => return self.say_goodbye(told.ok().flatten()).await,
            }
        }
    }

    fn seal_what_is_wanted(&mut self) -> Result<(), TransportError> {
        let signals = self.signals.clone();
        signals.take_wanted().try_for_each(|msg_id| self.seal(msg_id))
    }

    fn seal(&mut self, msg_id: u64) -> Result<(), TransportError> {
        trace!("{} sent", self.codec.name(msg_id));
        self.outgoing.seal(self.codec.encode(msg_id, EMPTY_LIST, &mut Vec::new())?)?;
        Ok(())
    }

    fn seal_what_is_ready(&mut self) -> Result<(), TransportError> {
        while self.outgoing.buffer.len() < WRITE_TOGETHER {
            let Some(frame_data) = self.queued.next() else {
                break;
            };
            trace_sent(&self.codec, frame_data);
            self.outgoing.seal(frame_data)?;
        }
        Ok(())
    }

    /// Sends everything queued so far and the Disconnect, in [`GOODBYE_TIMEOUT`] in all. Without a
    /// reason to tell, the stream is only closed.
    async fn say_goodbye(
        &mut self,
        reason: Option<DisconnectReason>,
    ) -> Result<(), TransportError> {
        self.queued.close();
        let farewell = async {
            if reason.is_some() {
                while let Some(frame_data) = self.queued.next() {
                    trace_sent(&self.codec, frame_data);
                    self.outgoing.seal(frame_data)?;
                    self.outgoing.flush().await?;
                }
            }
            self.outgoing.close(&self.codec, reason).await
        };
        timeout(GOODBYE_TIMEOUT, farewell).await.unwrap_or(Err(TransportError::Stalled))
    }
}

/// A message is about to be sealed.
fn trace_sent(codec: &Codec, frame_data: &[u8]) {
    if let (true, Ok((msg_id, payload))) = (enabled!(Level::TRACE), split_msg_id(frame_data)) {
        trace!("{} sent, {} bytes as they travel", codec.name(msg_id), payload.len());
    }
}

/// Waits for the writer's failure; it does not end by itself otherwise.
pub(super) async fn failure_of(writer: &mut JoinSet<Result<(), TransportError>>) -> EndReason {
    match writer.join_next().await {
        Some(Ok(Err(error))) => error.into(),
        Some(Ok(Ok(()))) | None => EndReason::Local(DisconnectReason::Quitting),
        Some(Err(_)) => EndReason::Panicked,
    }
}

/// Seals frames into one buffer that is reused, and writes it. Over any stream, so that tests run
/// it in memory.
///
/// Sealing and flushing are apart, so that frames that are ready together leave in one write, and
/// a flush can be dropped and taken up again without harm.
#[derive(Debug)]
pub(super) struct Outgoing<W> {
    writer: W,
    frames: FrameWriter,
    pub(super) buffer: BytesMut,
    /// Who sees what goes, and that it is ours.
    tap: Option<(TappedConnection, Side)>,
}

impl<W: AsyncWrite + Unpin> Outgoing<W> {
    /// Writes what the session's peer opens.
    pub(super) fn new(writer: W, frames: FrameWriter) -> Self {
        Self { writer, frames, buffer: BytesMut::new(), tap: None }
    }

    /// The same, and somebody sees it.
    pub(super) fn tapped(self, tap: Option<(TappedConnection, Side)>) -> Self {
        Self { tap, ..self }
    }

    /// Puts a frame into the buffer.
    ///
    /// # Errors
    /// [`FrameError`] when it does not fit into a frame; nothing has happened then.
    pub(super) fn seal(&mut self, frame_data: &[u8]) -> Result<(), FrameError> {
        self.frames.seal(frame_data, &mut self.buffer)
    }

    /// Writes all that is in the buffer. Cancel-safe.
    ///
    /// # Errors
    /// [`TransportError::Stalled`], [`TransportError::Io`].
    pub(super) async fn flush(&mut self) -> Result<(), TransportError> {
        let len = self.buffer.len();
        while !self.buffer.is_empty() {
            let written = timeout(WRITE_STALL, self.writer.write(&self.buffer)).await;
            match written.map_err(|_| TransportError::Stalled)?? {
                0 => return Err(TransportError::Io(io::ErrorKind::WriteZero)),
                written => {
                    if let Some((tap, from)) = &self.tap {
                        tap.bytes(*from, self.buffer.get(..written).unwrap_or_default());
                    }
                    self.buffer.advance(written);
                }
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
    /// As [`Codec::encode`] and [`Outgoing::flush`].
    pub(super) async fn send(
        &mut self,
        codec: &Codec,
        msg_id: u64,
        payload: &[u8],
    ) -> Result<(), TransportError> {
        self.seal(codec.encode(msg_id, payload, &mut Vec::new())?)?;
        self.flush().await
    }

    /// Says why we go, if there is something to say, and tells the other side that nothing more
    /// will come.
    ///
    /// # Errors
    /// As [`Outgoing::send`].
    pub(super) async fn close(
        &mut self,
        codec: &Codec,
        reason: Option<DisconnectReason>,
    ) -> Result<(), TransportError> {
        if let Some(reason) = reason {
            debug!(%reason, code = reason.code(), "Disconnect sent");
            self.send(codec, DISCONNECT, &reason.encode()).await?;
        }
        Ok(self.writer.shutdown().await?)
    }
}
