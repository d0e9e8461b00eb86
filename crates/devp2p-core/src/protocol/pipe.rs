//! Messages, and the pipe through which a handler reads and writes them.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use alloy_rlp::{Decodable, Encodable};
use bytes::Bytes;
use tokio::sync::broadcast;

use super::{Inbox, InboxSender, Outbox, PipeClosed, ProtocolError, QUEUE_BYTES, inbox};
use crate::events::{MsgEvent, PeerEvent};
use crate::keys::PublicKey;
use crate::p2p::Capability;
use crate::p2p::message::{Compression, Encoder, MessageError};

/// A message of a subprotocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Msg {
    /// Relative to the protocol: 0 to length − 1.
    pub code: u64,
    /// Not compressed; RLP by convention, but any bytes will do.
    pub payload: Bytes,
}

impl Msg {
    /// Reads the payload as the RLP of a `T`, and of nothing else.
    ///
    /// # Errors
    /// [`MessageError::Payload`], [`MessageError::TrailingBytes`]. A handler that passes them on
    /// with `?` tells the peer 0x02, breach of protocol.
    pub fn decode<T: Decodable>(&self) -> Result<T, MessageError> {
        let mut rest = &self.payload[..];
        let payload = |error| MessageError::Payload { code: self.code, error };
        let value = T::decode(&mut rest).map_err(payload)?;
        match rest.len() {
            0 => Ok(value),
            bytes => Err(MessageError::TrailingBytes { code: self.code, bytes }),
        }
    }
}

/// A handler's end of a protocol: messages from the peer, and to it.
#[derive(Debug)]
pub struct MsgPipe {
    reader: MsgReader,
    writer: MsgWriter,
}

impl MsgPipe {
    pub(crate) fn new(inbox: Inbox, outbox: Outbox, channel: Channel) -> Self {
        let channel = Arc::new(channel);
        let encoder = Encoder::new(channel.compression);
        let outlet = Outlet::Peer(outbox);
        Self {
            reader: MsgReader { inbox, channel: channel.clone() },
            writer: MsgWriter { outlet, encoder, channel },
        }
    }

    /// The two ends of a pipe in memory, to try a handler without any network: what one end
    /// writes, the other reads. Codes and sizes are refused as on a connection, queues are as
    /// long, and a pipe closes when its other end is dropped. No events are told.
    ///
    /// ```
    /// # use devp2p_core::protocol::MsgPipe;
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (mut one, mut two) = MsgPipe::pair("foo", 42, 1);
    /// one.send(0, "foobar").await.unwrap();
    /// assert_eq!(two.read().await.unwrap().decode::<String>().unwrap(), "foobar");
    /// # });
    /// ```
    pub fn pair(name: &str, version: u64, length: u64) -> (Self, Self) {
        let channel = Arc::new(Channel {
            protocol: name.into(),
            capability: Capability::new(name, version),
            offset: 0,
            length,
            compression: Compression::Snappy,
            told: None,
        });
        let end = |inbox, outbox| Self {
            reader: MsgReader { inbox, channel: channel.clone() },
            writer: MsgWriter {
                outlet: Outlet::Pair(outbox),
                encoder: Encoder::new(channel.compression),
                channel: channel.clone(),
            },
        };
        let (to_one, for_one) = inbox(QUEUE_BYTES);
        let (to_two, for_two) = inbox(QUEUE_BYTES);
        (end(for_one, to_two), end(for_two, to_one))
    }

    /// Waits for the next message; see [`MsgReader::read`].
    ///
    /// # Errors
    /// As there.
    pub async fn read(&mut self) -> Result<Msg, PipeClosed> {
        self.reader.read().await
    }

    /// Queues a message; see [`MsgWriter::write`].
    ///
    /// # Errors
    /// As there.
    pub async fn write(&mut self, code: u64, payload: &[u8]) -> Result<(), ProtocolError> {
        self.writer.write(code, payload).await
    }

    /// Queues a message whose payload is the RLP of `value`; see [`MsgWriter::write`].
    ///
    /// # Errors
    /// As there.
    pub async fn send(
        &mut self,
        code: u64,
        value: &(impl Encodable + ?Sized),
    ) -> Result<(), ProtocolError> {
        self.writer.send(code, value).await
    }

    /// The two directions by themselves, for a handler that reads and writes at the same time.
    pub fn split(self) -> (MsgReader, MsgWriter) {
        (self.reader, self.writer)
    }
}

/// Messages from the peer.
///
/// Who drops it wants no more messages: those that come are thrown away, and the connection lives.
pub struct MsgReader {
    inbox: Inbox,
    channel: Arc<Channel>,
}

impl MsgReader {
    /// Waits for the next message. Cancel-safe. The event `msgrecv` is told now, not when the
    /// message arrived.
    ///
    /// # Errors
    /// [`PipeClosed`] when the connection has ended and everything that arrived was read.
    pub async fn read(&mut self) -> Result<Msg, PipeClosed> {
        let msg = self.inbox.recv().await.ok_or(PipeClosed)?;
        self.channel.tell(PeerEvent::MsgRecv, msg.code, msg.payload.len());
        Ok(msg)
    }
}

/// Messages to the peer. A clone writes to the same peer, so that several tasks can.
pub struct MsgWriter {
    outlet: Outlet,
    encoder: Encoder,
    channel: Arc<Channel>,
}

/// Where messages are put.
#[derive(Clone)]
enum Outlet {
    /// frame-data for a peer's writer.
    Peer(Outbox),
    /// Messages for the other end of [`MsgPipe::pair`].
    Pair(InboxSender),
}

impl MsgWriter {
    /// Queues a message for the peer; waits while the queue is full. What was queued is sent even
    /// if the handler returns right after. The event `msgsend` is told when it is queued
    /// (go-ethereum: when it was written to the socket).
    ///
    /// Cancel-safe: a dropped future has sent nothing.
    ///
    /// # Errors
    /// [`ProtocolError::Message`] for a code that the protocol does not have or a payload that
    /// does not fit into a frame: nothing has happened then, and the pipe goes on.
    /// [`ProtocolError::Closed`] when the connection has ended.
    pub async fn write(&mut self, code: u64, payload: &[u8]) -> Result<(), ProtocolError> {
        let frame_data = self.encoder.encode(self.channel.msg_id(code)?, payload)?;
        match &self.outlet {
            Outlet::Peer(outbox) => outbox.put(frame_data).await?,
            Outlet::Pair(inbox) => {
                let payload = Bytes::copy_from_slice(payload);
                inbox.send(Msg { code, payload }).await?;
            }
        }
        self.encoder.give_back();
        self.channel.tell(PeerEvent::MsgSend, code, payload.len());
        Ok(())
    }

    /// Queues a message whose payload is the RLP of `value`; otherwise as [`MsgWriter::write`].
    ///
    /// # Errors
    /// As there.
    pub async fn send(
        &mut self,
        code: u64,
        value: &(impl Encodable + ?Sized),
    ) -> Result<(), ProtocolError> {
        let mut payload = Vec::with_capacity(value.length());
        value.encode(&mut payload);
        self.write(code, &payload).await
    }
}

impl Clone for MsgWriter {
    fn clone(&self) -> Self {
        let encoder = Encoder::new(self.channel.compression);
        Self { outlet: self.outlet.clone(), encoder, channel: self.channel.clone() }
    }
}

/// How a pipe's messages look on the wire and in events.
pub(crate) struct Channel {
    pub(crate) protocol: Arc<str>,
    pub(crate) capability: Capability,
    /// msg-id of code 0.
    pub(crate) offset: u64,
    pub(crate) length: u64,
    pub(crate) compression: Compression,
    /// Set if message events are wanted.
    pub(crate) told: Option<Told>,
}

/// Where message events go, and about whom they are.
pub(crate) struct Told {
    pub(crate) events: broadcast::WeakSender<PeerEvent>,
    pub(crate) peer: PublicKey,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
}

impl Channel {
    fn msg_id(&self, code: u64) -> Result<u64, MessageError> {
        let id = if code < self.length { self.offset.checked_add(code) } else { None };
        let capability = || self.capability.clone();
        id.ok_or_else(|| MessageError::CodeOutOfRange { capability: capability(), code })
    }

    fn tell(&self, kind: fn(MsgEvent) -> PeerEvent, msg_code: u64, msg_size: usize) {
        let Some(Told { events, peer, local, remote }) = &self.told else {
            return;
        };
        if let Some(events) = events.upgrade() {
            let (peer, local, remote) = (*peer, *local, *remote);
            let protocol = self.protocol.clone();
            let event = MsgEvent { peer, protocol, msg_code, msg_size, local, remote };
            // An error only says that nobody listens.
            let _ = events.send(kind(event));
        }
    }
}

impl fmt::Debug for MsgReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MsgReader({})", self.channel.capability)
    }
}

impl fmt::Debug for MsgWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MsgWriter({})", self.channel.capability)
    }
}
