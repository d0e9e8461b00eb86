//! A peer: from "may stay" to goodbye.
//!
//! ```text
//! peer ──▶ receiver ──▶ inbox ──▶ handler ─┐
//!             │ pong!                      │
//!             ▼                            ▼
//! peer ◀── writer ◀────────────────────  outbox
//! ```
//!
//! Whatever ends first (the stream, a handler, the writer, or we are told to close) takes the
//! others with it.

use std::sync::{Arc, Weak};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio::task::{self, JoinSet};
use tokio::time::{sleep, timeout};
use tracing::{Instrument, debug};

use super::link::Link;
use super::receive::Receiver;
use super::send::Writer;
use super::signals::Signals;
use super::{EndReason, GOODBYE_TIMEOUT, PeerInfo};
use crate::events::EventSender;
use crate::p2p::{Capability, Codec};
use crate::protocol::{
    Channel, InboxSender, MsgPipe, Outbox, Protocol, ProtocolError, QUEUE_BYTES, inbox, outbox,
};

/// What runs for a peer.
pub(super) struct Peer<'a> {
    pub(super) info: &'a PeerInfo,
    /// All protocols that we speak; the link knows which of them are shared.
    pub(super) protocols: &'a [Protocol],
    /// Where message events go, if they are wanted.
    pub(super) events: Option<&'a Weak<EventSender>>,
    pub(super) signals: Arc<Signals>,
}

impl Peer<'_> {
    /// Runs the peer's protocols until something ends, says goodbye, and returns why it ended.
    ///
    /// `told_to_end` is done when somebody else wants it to end.
    pub(super) async fn run<R, W>(
        self,
        link: Box<Link<R, W>>,
        told_to_end: impl Future<Output = EndReason>,
    ) -> EndReason
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        let Link { mut incoming, outgoing, codec, remote_key, .. } = unboxed(link);
        let (outbox, queued) = outbox(QUEUE_BYTES);
        let (goodbye, told_goodbye) = oneshot::channel();
        let mut writer = JoinSet::new();
        let (writers_codec, signals) = (codec.clone(), self.signals.clone());
        let write = Writer { outgoing, queued, codec: writers_codec, signals };
        writer.spawn(write.run(told_goodbye).in_current_span());
        let (mut handlers, inboxes) = Handlers::start(&self, &codec, &outbox);

        let receiver = Receiver { codec: &codec, inboxes, signals: &self.signals };
        let reason = tokio::select! {
            // The receiver last: a task's share of time may be gone when it waits, as a peer that
            // never stops sending brings about, and nothing after it would be asked.
            biased;
            reason = told_to_end => reason,
            reason = handlers.first_to_end() => reason,
            reason = receiver.run(&mut incoming, &mut writer) => reason,
        };
        debug!(peer = %remote_key.short(), %reason, "the connection ends");

        // The receiver is gone, and with it the inboxes' senders: handlers read what has arrived,
        // and then see their pipes closed. An error here says that the writer is gone already.
        let _ = goodbye.send(reason.disconnect());
        let farewell = async {
            while writer.join_next().await.is_some() {}
            // Not reading until the other side closes could destroy the goodbye, see `discard`.
            let _ = timeout(GOODBYE_TIMEOUT, incoming.discard()).await;
        };
        tokio::join!(farewell, handlers.end());
        reason
    }
}

/// What is in the box, without the box: moved out in place, it would keep its memory until the peer
/// goes.
#[expect(clippy::boxed_local, reason = "that is what it is for")]
fn unboxed<T>(boxed: Box<T>) -> T {
    *boxed
}

/// The running handlers of a peer's protocols.
struct Handlers {
    running: JoinSet<Result<(), ProtocolError>>,
    names: Vec<(task::Id, Capability)>,
}

impl Handlers {
    /// Starts one task for each shared capability; also returns their inboxes, in order.
    fn start(peer: &Peer<'_>, codec: &Codec, outbox: &Outbox) -> (Self, Vec<InboxSender>) {
        let mut handlers = Self { running: JoinSet::new(), names: Vec::new() };
        let mut inboxes = Vec::new();
        for (position, shared) in codec.shared().iter().enumerate() {
            let Some(protocol) = peer.protocols.get(shared.index) else {
                continue;
            };
            let (sender, inbox) = inbox(QUEUE_BYTES);
            let channel = Channel {
                protocol: protocol.name(),
                position,
                codec: codec.clone(),
                told: peer.events.map(|events| Box::new((events.clone(), peer.info.clone()))),
            };
            let pipe = MsgPipe::new(inbox, outbox.clone(), channel);
            let (handler, info) = (protocol.clone(), peer.info.clone());
            // Called in its own task, not here: it may panic before it returns its future.
            let handle = async move { handler.run(info, pipe).await };
            let task = handlers.running.spawn(handle.in_current_span());
            handlers.names.push((task.id(), shared.capability.clone()));
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
