//! Messages, and the pipe through which a handler reads and writes them.

use std::fmt;
use std::slice;
use std::sync::{Arc, Weak};

use alloy_rlp::{Decodable, Encodable};
use bytes::Bytes;

use super::{Inbox, InboxSender, Outbox, PipeClosed, Protocol, ProtocolError, QUEUE_BYTES, inbox};
use crate::events::{EventSender, MsgEvent, PeerEvent};
use crate::info::PeerInfo;
use crate::p2p::{Codec, MessageError, shared};

/// A writer's buffer above this size, in bytes, is given back after each message.
const KEEP: usize = 128 * 1024;

/// A message of a protocol.
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
        Self::over(inbox, Outlet::Peer { outbox, buffer: Vec::new() }, Arc::new(channel))
    }

    /// The two ends of a pipe in memory: what one end writes, the other reads.
    ///
    /// It tries a handler without any network, and carries a protocol where no connection is: give
    /// one end to [`Protocol::run`], and do with the other what you like. Codes and payloads
    /// are refused as on a connection, but for what snappy would make too long for a frame: nothing
    /// is compressed. Queues are as long, and a pipe closes when its other end is dropped, or the
    /// half of it that would read or write. No events are told.
    ///
    /// ```
    /// # use devp2p_core::protocol::{MsgPipe, Protocol};
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let foo = Protocol::new("foo", 42, 1, |_peer, _pipe| async { Ok(()) });
    /// let (mut one, mut two) = MsgPipe::pair(&foo);
    /// one.send(0, "foobar").await.unwrap();
    /// assert_eq!(two.read().await.unwrap().decode::<String>().unwrap(), "foobar");
    /// # });
    /// ```
    pub fn pair(protocol: &Protocol) -> (Self, Self) {
        let offer = protocol.offer();
        let theirs = slice::from_ref(&offer.capability);
        let codec = Codec::new(0, shared(slice::from_ref(&offer), theirs));
        let channel =
            Arc::new(Channel { protocol: protocol.name(), position: 0, codec, told: None });
        let (to_one, for_one) = inbox(QUEUE_BYTES);
        let (to_two, for_two) = inbox(QUEUE_BYTES);
        let end = |inbox, other| Self::over(inbox, Outlet::Pair(other), channel.clone());
        (end(for_one, to_two), end(for_two, to_one))
    }

    fn over(inbox: Inbox, outlet: Outlet, channel: Arc<Channel>) -> Self {
        Self {
            reader: MsgReader { inbox, channel: channel.clone() },
            writer: MsgWriter { outlet, channel },
        }
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
    #[must_use]
    pub fn split(self) -> (MsgReader, MsgWriter) {
        (self.reader, self.writer)
    }
}

/// Messages from the peer.
///
/// Drop it if you want no more messages: those that come are thrown away, and the connection lives.
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
#[derive(Clone)]
pub struct MsgWriter {
    outlet: Outlet,
    channel: Arc<Channel>,
}

/// Where messages are put.
enum Outlet {
    /// frame-data for a peer's writer, made in a buffer that is used again for the next one.
    Peer { outbox: Outbox, buffer: Vec<u8> },
    /// Messages for the other end of [`MsgPipe::pair`].
    Pair(InboxSender),
}

impl Clone for Outlet {
    fn clone(&self) -> Self {
        match self {
            Self::Peer { outbox, .. } => Self::Peer { outbox: outbox.clone(), buffer: Vec::new() },
            Self::Pair(inbox) => Self::Pair(inbox.clone()),
        }
    }
}

impl MsgWriter {
    /// Queues a message for the peer; waits while the queue is full. What was queued is sent even
    /// if the handler returns right after, as long as the peer takes it within
    /// [`GOODBYE_TIMEOUT`](crate::net::GOODBYE_TIMEOUT). The event `msgsend` is told when it is
    /// queued (go-ethereum: when it was written to the socket).
    ///
    /// Cancel-safe: a dropped future has sent nothing.
    ///
    /// # Errors
    /// [`ProtocolError::Message`] for a code that the protocol does not have, or a payload that it
    /// does not allow or that does not fit into a frame: nothing has happened then, and the pipe
    /// goes on. [`ProtocolError::Closed`] when the connection has ended.
    pub async fn write(&mut self, code: u64, payload: &[u8]) -> Result<(), ProtocolError> {
        let Channel { codec, position, .. } = &*self.channel;
        match &mut self.outlet {
            Outlet::Peer { outbox, buffer } => {
                outbox.put(codec.encode_message(*position, code, payload, buffer)?).await?;
                if buffer.capacity() > KEEP {
                    *buffer = Vec::new();
                }
            }
            Outlet::Pair(inbox) => {
                codec.check(*position, code, payload.len())?;
                inbox.send(Msg { code, payload: Bytes::copy_from_slice(payload) }).await?;
            }
        }
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

/// How a pipe's messages look on the wire and in events.
pub(crate) struct Channel {
    pub(crate) protocol: Arc<str>,
    /// Which of the codec's shared capabilities it is.
    pub(crate) position: usize,
    pub(crate) codec: Codec,
    /// Where message events go, if they are wanted, and about whom they are.
    ///
    /// Weak: a peer must not keep the stream of events open when the server is gone.
    pub(crate) told: Option<Box<(Weak<EventSender>, PeerInfo)>>,
}

impl Channel {
    fn tell(&self, kind: fn(MsgEvent) -> PeerEvent, msg_code: u64, msg_size: usize) {
        let Some((events, peer)) = self.told.as_deref() else {
            return;
        };
        if let Some(events) = events.upgrade() {
            let (peer, protocol) = (peer.clone(), self.protocol.clone());
            events.send(kind(MsgEvent { peer, protocol, msg_code, msg_size }));
        }
    }
}

impl fmt::Debug for MsgReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MsgReader({})", self.channel.protocol)
    }
}

impl fmt::Debug for MsgWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MsgWriter({})", self.channel.protocol)
    }
}
