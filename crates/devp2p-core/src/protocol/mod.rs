//! Subprotocols: what peers are connected for.
//!
//! A [`Protocol`] is a value: a name, a version, how many message codes it has, and an async
//! function that is run once for every peer that speaks it too. The function gets a [`MsgPipe`]
//! and reads and writes messages until it has had enough.
//!
//! ```text
//! handler ── write ──▶ outbox (1 MiB, shared by the peer's protocols) ──▶ frames ──▶ peer
//! handler ◀── read ─── inbox  (1 MiB, its own) ◀────────────────────────  frames ◀── peer
//! ```
//!
//! Both queues are bounded: while the outbox is full, `write` waits; while an inbox is full,
//! nothing more is read from that peer, and TCP makes it wait.

mod queue;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::broadcast;

pub use crate::end::{PipeClosed, ProtocolError};
use crate::events::{MsgEvent, PeerEvent};
use crate::info::PeerInfo;
use crate::keys::PublicKey;
use crate::p2p::Capability;
use crate::p2p::message::{self, Compression, MessageError};
pub(crate) use queue::{QueueReceiver, QueueSender, queue};

/// Bytes that each queue holds; one message more if it is larger than that.
pub(crate) const QUEUE_BYTES: usize = 1024 * 1024;

type Running = Pin<Box<dyn Future<Output = Result<(), ProtocolError>> + Send>>;

/// A subprotocol that a server speaks.
#[derive(Clone)]
pub struct Protocol {
    name: Arc<str>,
    version: u64,
    length: u64,
    run: Arc<dyn Fn(PeerInfo, MsgPipe) -> Running + Send + Sync>,
}

impl Protocol {
    /// `name/version` with message codes 0 to `length` − 1, run by `run` for every peer.
    ///
    /// When `run` returns, the peer is told goodbye: 0x08 (client quitting) after `Ok`, else as
    /// [`ProtocolError`] says.
    pub fn new<F, R>(name: &str, version: u64, length: u64, run: F) -> Self
    where
        F: Fn(PeerInfo, MsgPipe) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), ProtocolError>> + Send + 'static,
    {
        let run = Arc::new(move |peer, pipe| -> Running { Box::pin(run(peer, pipe)) });
        Self { name: name.into(), version, length, run }
    }

    /// Its name and version, as offered in Hello.
    pub fn capability(&self) -> Capability {
        Capability::new(&*self.name, self.version)
    }

    /// Number of message codes.
    pub fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn name(&self) -> Arc<str> {
        self.name.clone()
    }

    pub(crate) fn run(&self, peer: PeerInfo, pipe: MsgPipe) -> Running {
        (self.run)(peer, pipe)
    }
}

impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Protocol({}, {} codes)", self.capability(), self.length)
    }
}

/// A message of a subprotocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Msg {
    /// Relative to the protocol: 0 to length − 1.
    pub code: u64,
    /// Not compressed; RLP by convention, but any bytes will do.
    pub payload: Bytes,
}

/// A handler's two ends: messages from the peer, and to it.
pub struct MsgPipe {
    pub(crate) inbox: QueueReceiver<Msg>,
    pub(crate) outbox: QueueSender<Vec<u8>>,
    pub(crate) channel: Channel,
}

/// How a pipe's messages look on the wire and in events.
pub(crate) struct Channel {
    pub(crate) peer: PublicKey,
    pub(crate) protocol: Arc<str>,
    pub(crate) capability: Capability,
    /// msg-id of code 0.
    pub(crate) offset: u64,
    pub(crate) length: u64,
    pub(crate) compression: Compression,
    /// Where message events go, if they are wanted.
    pub(crate) events: Option<broadcast::WeakSender<PeerEvent>>,
}

impl MsgPipe {
    /// Waits for the next message. Cancel-safe.
    ///
    /// # Errors
    /// [`PipeClosed`] when the connection has ended and everything that arrived was read.
    pub async fn read(&mut self) -> Result<Msg, PipeClosed> {
        let msg = self.inbox.recv().await.ok_or(PipeClosed)?;
        self.channel.tell(PeerEvent::MsgRecv, msg.code, msg.payload.len());
        Ok(msg)
    }

    /// Queues a message for the peer; waits while the queue is full. What was queued is sent even
    /// if the handler returns right after.
    ///
    /// # Errors
    /// [`ProtocolError::Message`] for a code that the protocol does not have or a payload that
    /// does not fit into a frame (nothing has happened then); [`ProtocolError::Closed`].
    pub async fn write(&self, code: u64, payload: &[u8]) -> Result<(), ProtocolError> {
        let channel = &self.channel;
        let id = Some(code)
            .filter(|code| *code < channel.length)
            .and_then(|code| channel.offset.checked_add(code))
            .ok_or_else(|| channel.out_of_range(code))?;
        let frame_data = message::encode(id, payload, channel.compression)?;
        let bytes = frame_data.len();
        self.outbox.send(frame_data, bytes).await.map_err(|_| PipeClosed)?;
        channel.tell(PeerEvent::MsgSend, code, payload.len());
        Ok(())
    }
}

impl Channel {
    fn out_of_range(&self, code: u64) -> MessageError {
        MessageError::CodeOutOfRange { capability: self.capability.clone(), code }
    }

    fn tell(&self, kind: fn(MsgEvent) -> PeerEvent, msg_code: u64, msg_size: usize) {
        if let Some(events) = self.events.as_ref().and_then(broadcast::WeakSender::upgrade) {
            let event =
                MsgEvent { peer: self.peer, protocol: self.protocol.clone(), msg_code, msg_size };
            // An error only says that nobody listens.
            let _ = events.send(kind(event));
        }
    }
}

impl fmt::Debug for MsgPipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MsgPipe({} with {:?})", self.channel.capability, self.channel.peer)
    }
}
