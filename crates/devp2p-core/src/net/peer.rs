//! A peer: from "may stay" to goodbye.
//!
//! ```text
//! peer ──▶ receive ──▶ inbox ──▶ handler ─┐
//!             │ pong!                     │
//!             ▼                           ▼
//! peer ◀── write loop ◀───────────────  outbox
//! ```
//!
//! Whatever ends first (the stream, a handler, the writer, or we are told to close) takes the
//! others with it.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, oneshot};
use tokio::task::{self, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};
use tracing::{debug, trace};

use super::connection::{Closing, Link, Local, told_to_close};
use super::transport::{Incoming, Outgoing, TransportError};
use super::{EndReason, GOODBYE_TIMEOUT, PING_INTERVAL, PeerInfo, SILENCE_TIMEOUT};
use crate::frame::MAX_FRAME_SIZE;
use crate::p2p::capability::{self, Shared};
use crate::p2p::message::{self, Compression, MAX_PAYLOAD};
use crate::p2p::{BASE_LENGTH, Capability, DISCONNECT, DisconnectReason, EMPTY_LIST, PING, PONG};
use crate::protocol::{
    Channel, InboxSender, Msg, MsgPipe, Outbox, OutboxReader, ProtocolError, QUEUE_BYTES, Told,
    inbox, outbox,
};

/// Frames that are ready together are written together, up to about this many bytes.
const WRITE_TOGETHER: usize = 64 * 1024;

/// Runs the peer's protocols until something ends, says goodbye, and returns why it ended.
pub(super) async fn run<R, W>(
    local: &Local,
    closing: &mut Closing,
    link: Box<Link<R, W>>,
    peer: &PeerInfo,
    shared: &[Shared],
) -> EndReason
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let Link { mut incoming, outgoing, compression, remote, .. } = unboxed(link);
    let (outbox, queued) = outbox(QUEUE_BYTES);
    let pong = Arc::new(Notify::new());
    let (goodbye, told_goodbye) = oneshot::channel();
    let mut writer = JoinSet::new();
    writer.spawn(Writer { outgoing, queued, compression, pong: pong.clone() }.run(told_goodbye));
    let (mut handlers, inboxes) = Handlers::start(local, peer, shared, &outbox, compression);

    let receiver = Receiver { shared, inboxes, compression, pong: &pong };
    let reason = tokio::select! {
        reason = receiver.run(&mut incoming, &mut writer) => reason,
        reason = handlers.first_to_end() => reason,
        reason = told_to_close(closing) => EndReason::Local(reason),
    };
    debug!(peer = %remote.short(), %reason, "goodbye");

    // The receiver is gone, and with it the inboxes' senders: handlers read what has arrived, and
    // then see their pipes closed. An error here says that the writer is gone already.
    let _ = goodbye.send(reason.disconnect());
    let farewell = async {
        while writer.join_next().await.is_some() {}
        // Not reading until the other side closes could destroy the goodbye, see `discard`.
        let _ = timeout(GOODBYE_TIMEOUT, incoming.discard()).await;
    };
    tokio::join!(farewell, handlers.end());
    reason
}

/// What is in the box, without the box: moved out in place, it would keep its memory until the peer
/// goes.
#[expect(clippy::boxed_local, reason = "that is what it is for")]
fn unboxed<T>(boxed: Box<T>) -> T {
    *boxed
}

/// Reads frames and gives their messages to whom they belong.
struct Receiver<'a> {
    shared: &'a [Shared],
    /// One for each of `shared`.
    inboxes: Vec<InboxSender>,
    compression: Compression,
    pong: &'a Notify,
}

impl Receiver<'_> {
    /// Reads until the stream ends, or cannot be written to any more. In that case too there may
    /// be a goodbye to read: who refuses us says why and closes, while we still write.
    async fn run(
        self,
        incoming: &mut Incoming<impl AsyncRead + Unpin>,
        writer: &mut JoinSet<Result<(), TransportError>>,
    ) -> EndReason {
        let mut reading = pin!(self.read(incoming));
        let failed = tokio::select! {
            reason = &mut reading => return reason,
            failed = writer_failed(writer) => failed,
        };
        match timeout(GOODBYE_TIMEOUT, reading).await {
            Ok(goodbye @ EndReason::Remote(_)) => goodbye,
            _ => failed,
        }
    }

    async fn read(&self, incoming: &mut Incoming<impl AsyncRead + Unpin>) -> EndReason {
        loop {
            // The clock runs only while we read: a peer is not silent because an inbox is full.
            let frame_data = match timeout(SILENCE_TIMEOUT, incoming.read(MAX_FRAME_SIZE)).await {
                Ok(Ok(frame_data)) => frame_data,
                Ok(Err(error)) => return error.into(),
                Err(_) => return EndReason::Silent,
            };
            if let Err(reason) = self.take(frame_data).await {
                return reason;
            }
        }
    }

    async fn take(&self, frame_data: &[u8]) -> Result<(), EndReason> {
        let (id, payload) = message::split_id(frame_data)?;
        match id {
            DISCONNECT => Err(EndReason::Remote(DisconnectReason::decode(payload))),
            PING => {
                trace!("ping received");
                // A flag, not a queue: a flood of pings is answered once for each write.
                self.pong.notify_one();
                Ok(())
            }
            // A pong has done its work by arriving; a second Hello and the reserved ids are
            // ignored, as go-ethereum does.
            0..BASE_LENGTH => Ok(()),
            _ => self.deliver(id, payload).await,
        }
    }

    async fn deliver(&self, id: u64, payload: &[u8]) -> Result<(), EndReason> {
        let (position, code) = capability::locate(self.shared, id)?;
        let payload = Bytes::from(self.compression.decompress(payload, MAX_PAYLOAD)?);
        if let Some(inbox) = self.inboxes.get(position) {
            // An error says that the handler has ended; that ends the peer, not this message.
            let _ = inbox.send(Msg { code, payload }).await;
        }
        Ok(())
    }
}

/// Writes what is queued, pings, pongs and at last the goodbye.
struct Writer<W> {
    outgoing: Outgoing<W>,
    queued: OutboxReader,
    compression: Compression,
    pong: Arc<Notify>,
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    /// Runs until `goodbye` tells it what to say last, or the stream breaks.
    async fn run(
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
                () = self.pong.notified() => self.seal(PONG)?,
                _ = ping.tick() => {
                    self.seal(PING)?;
                    // A good moment for it: whoever is busy had 15 s to show that.
                    self.queued.give_back();
                }
                () = self.queued.ready() => {}
            }
            self.seal_what_is_ready()?;
            tokio::select! {
                flushed = self.outgoing.flush() => flushed?,
                told = &mut goodbye => return self.say_goodbye(told.ok().flatten()).await,
            }
        }
    }

    fn seal(&mut self, id: u64) -> Result<(), TransportError> {
        trace!(id, "sending ping or pong");
        self.outgoing.seal(&message::encode(id, EMPTY_LIST, self.compression)?)?;
        Ok(())
    }

    fn seal_what_is_ready(&mut self) -> Result<(), TransportError> {
        while self.outgoing.buffered() < WRITE_TOGETHER {
            let Some(frame_data) = self.queued.next() else {
                break;
            };
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
            if let Some(reason) = reason {
                while let Some(frame_data) = self.queued.next() {
                    self.outgoing.seal(frame_data)?;
                    self.outgoing.flush().await?;
                }
                self.outgoing.send(DISCONNECT, &reason.encode(), self.compression).await?;
            }
            self.outgoing.shutdown().await
        };
        timeout(GOODBYE_TIMEOUT, farewell).await.unwrap_or(Err(TransportError::Stalled))
    }
}

/// Waits for the writer's failure; it does not end by itself otherwise.
async fn writer_failed(writer: &mut JoinSet<Result<(), TransportError>>) -> EndReason {
    match writer.join_next().await {
        Some(Ok(Err(error))) => error.into(),
        Some(Ok(Ok(()))) | None => EndReason::Local(DisconnectReason::Quitting),
        Some(Err(_)) => EndReason::Panicked,
    }
}

/// The running handlers of a peer's protocols.
struct Handlers {
    running: JoinSet<Result<(), ProtocolError>>,
    names: Vec<(task::Id, Capability)>,
}

impl Handlers {
    /// Starts one task for each shared capability; also returns their inboxes, in order.
    fn start(
        local: &Local,
        peer: &PeerInfo,
        shared: &[Shared],
        outbox: &Outbox,
        compression: Compression,
    ) -> (Self, Vec<InboxSender>) {
        let mut handlers = Self { running: JoinSet::new(), names: Vec::new() };
        let mut inboxes = Vec::new();
        for range in shared {
            let Some(protocol) = local.protocols.get(range.index) else {
                continue;
            };
            let (sender, inbox) = inbox(QUEUE_BYTES);
            let &PeerInfo { id, local: our_end, remote, .. } = peer;
            let told = |events| Told { events, peer: id, local: our_end, remote };
            let channel = Channel {
                protocol: protocol.name(),
                capability: protocol.capability(),
                offset: range.offset,
                length: range.length,
                compression,
                told: local.events.clone().map(told),
            };
            let pipe = MsgPipe::new(inbox, outbox.clone(), channel);
            let (handler, peer) = (protocol.clone(), peer.clone());
            // Called in its own task, not here: it may panic before it returns its future.
            let task = handlers.running.spawn(async move { handler.run(peer, pipe).await });
            handlers.names.push((task.id(), protocol.capability()));
            inboxes.push(sender);
        }
        (handlers, inboxes)
    }

    /// Waits for the first handler to end; for ever if there is none.
    async fn first_to_end(&mut self) -> EndReason {
        match self.running.join_next_with_id().await {
            Some(Ok((id, Ok(())))) => EndReason::ProtocolReturned(self.name(id)),
            Some(Ok((id, Err(error)))) => {
                if matches!(error, ProtocolError::Closed(_)) {
                    // Not the cause: what closed the pipe is about to say why.
                    sleep(GOODBYE_TIMEOUT.saturating_mul(2)).await;
                }
                EndReason::ProtocolFailed(self.name(id), error)
            }
            Some(Err(panicked)) => EndReason::ProtocolPanicked(self.name(panicked.id())),
            None => std::future::pending().await,
        }
    }

    fn name(&self, id: task::Id) -> Capability {
        let named = self.names.iter().find(|(task, _)| *task == id);
        named.map_or_else(|| Capability::new("", 0), |(_, capability)| capability.clone())
    }

    /// Gives the handlers [`GOODBYE_TIMEOUT`] to end, then aborts them; returns when all ended.
    async fn end(mut self) {
        let ended = async { while self.running.join_next().await.is_some() {} };
        if timeout(GOODBYE_TIMEOUT, ended).await.is_err() {
            self.running.shutdown().await;
        }
    }
}
