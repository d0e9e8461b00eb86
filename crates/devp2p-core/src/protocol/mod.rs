//! Protocols: what peers are connected for. (The specification calls them subprotocols.)
//!
//! A [`Protocol`] is a value: a name, a version, how many message codes it has, and an async
//! function that is run once for every peer that speaks it too. The function gets a [`MsgPipe`]
//! and reads and writes messages until it has had enough.
//!
//! ```
//! use devp2p_core::protocol::Protocol;
//!
//! let greeting = Protocol::new("foo", 42, 1, |_peer, mut pipe| async move {
//!     pipe.send(0, "foobar").await?;
//!     let greeting: String = pipe.read().await?.decode()?;
//!     assert_eq!(greeting, "foobar");
//!     Ok(())
//! });
//! ```
//!
//! # What a message is
//!
//! ```text
//! handler     code 1 of foo/42                "foobar"
//! RLP                                         86 66 6f 6f 62 61 72          by convention
//! snappy                                      07 18 86 66 6f 6f 62 61 72    since p2p version 5
//! msg-id      foo/42 begins at 0x10:  11                                    also RLP
//! frame-data                          11 07 18 86 66 6f 6f 62 61 72
//! ```
//!
//! A message code counts from 0 in its own protocol. On the wire it is a msg-id: both sides give
//! every protocol that they share a range of its own, see [`shared`](crate::p2p::shared()). A msg-id
//! beyond all of them ends the connection, and so does a payload that is larger than the protocol
//! allows, see [`Protocol::max_payload`].
//!
//! # Back-pressure
//!
//! ```text
//! handler ── write ──▶ outbox (1 MiB, shared by the peer's protocols) ──▶ frames ──▶ peer
//! handler ◀── read ─── inbox  (1 MiB, its own) ◀────────────────────────  frames ◀── peer
//! ```
//!
//! Both queues are bounded: while the outbox is full, `write` waits; while an inbox is full,
//! nothing more is read from that peer, and TCP makes it wait. Nothing is dropped or reordered, and
//! nobody but this peer notices. A message larger than a whole queue enters only an empty one.
//!
//! So a handler that does not read holds up its peer, and with it the peer's other protocols. Our
//! pings go on, but go-ethereum, and we too, give up a peer that takes nothing for 20 s: a handler
//! that pauses longer loses a peer that is sending. Read often, and do what takes long elsewhere.
//! Two handlers that write and do not read wait for each other, and lose each other after those
//! 20 s: [`MsgPipe::split`] lets one do both at the same time.
//!
//! What a peer can make this node hold, in bytes: for each shared protocol an inbox of 1 MiB, or
//! one message of up to 16 MiB if the protocol allows that; one message that waits for its place,
//! and the frame that it came in, 16 MiB each: any peer may send such a frame. A peer that sends
//! 1 KiB messages makes us hold 1 MiB of them for each protocol. In the other direction, by our own
//! handlers' will alone: an outbox of 1 MiB or one message, as much that the writer has taken out
//! of it, one message that is sealed, and one, with a sixth more room for snappy, in every handler
//! that waits to write.
//!
//! Measured with three protocols and messages of 16 MiB: 80 MiB held for a peer whose messages
//! nobody reads, 104 MiB for one that takes none of ours. With messages of 4 KiB a go-ethereum node
//! that floods a handler which pauses costs 1.1 MiB. What the system's sockets hold comes on top.
//!
//! Book: chapters A4 and A5.

mod pipe;
mod queue;
#[cfg(test)]
pub(crate) mod tests;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub use crate::end::{PipeClosed, ProtocolError};
use crate::info::PeerInfo;
use crate::p2p::{Capability, MAX_PAYLOAD, Offer};
pub(crate) use pipe::Channel;
pub use pipe::{Msg, MsgPipe, MsgReader, MsgWriter};
pub(crate) use queue::{Inbox, InboxSender, Outbox, OutboxReader, inbox, outbox};

/// Bytes that each queue holds; one message more if it is larger than that.
pub(crate) const QUEUE_BYTES: usize = 1024 * 1024;

type Running = Pin<Box<dyn Future<Output = Result<(), ProtocolError>> + Send>>;

/// A protocol that a server speaks.
#[derive(Clone)]
pub struct Protocol {
    name: Arc<str>,
    version: u64,
    length: u64,
    max_payload: usize,
    run: Arc<dyn Fn(PeerInfo, MsgPipe) -> Running + Send + Sync>,
}

impl Protocol {
    /// `name/version` with message codes 0 to `length` − 1, run by `run` for every peer.
    ///
    /// When `run` returns, the peer is told goodbye: 0x08 (client quitting) after `Ok`, else as
    /// [`ProtocolError`] says. What was written before is sent first, if the peer takes it within
    /// [`GOODBYE_TIMEOUT`](crate::net::GOODBYE_TIMEOUT). The peer's other protocols see their pipes
    /// close, and have one second to end; then they are aborted, at an `.await`: so `run` must not
    /// block its thread. A `run` that panics is told as any other failure, 0x10.
    pub fn new<F, R>(name: &str, version: u64, length: u64, run: F) -> Self
    where
        F: Fn(PeerInfo, MsgPipe) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), ProtocolError>> + Send + 'static,
    {
        let run = Arc::new(move |peer, pipe| -> Running { Box::pin(run(peer, pipe)) });
        Self { name: name.into(), version, length, max_payload: MAX_PAYLOAD, run }
    }

    /// The same with a limit of its own for payloads, in bytes; without it, it is
    /// [`MAX_PAYLOAD`].
    ///
    /// A larger one is not sent. A peer that sends one is told 0x02, breach of protocol: what the
    /// payload says it will be is looked at before it is decompressed.
    #[must_use]
    pub fn max_payload(self, bytes: usize) -> Self {
        Self { max_payload: bytes, ..self }
    }

    /// Its name and version, as offered in Hello.
    pub fn capability(&self) -> Capability {
        Capability::new(&*self.name, self.version)
    }

    /// Number of message codes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Runs it for a peer of any kind: `pipe` need not have a connection behind it.
    ///
    /// A server does this for each of its peers that speak the protocol, too. The caller sees to it
    /// that the pipe closes when the peer goes, and says goodbye when the future is done.
    ///
    /// ```
    /// # use devp2p_core::keys::NodeKey;
    /// # use devp2p_core::net::{Direction, PeerInfo};
    /// # use devp2p_core::protocol::{MsgPipe, Protocol};
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let greeting = Protocol::new("foo", 42, 1, |peer, mut pipe| async move {
    ///     pipe.send(0, &*peer.name).await
    /// });
    /// let id = NodeKey::generate(&mut rand::rng()).public_key();
    /// let peer = PeerInfo::new(id, "a peer without a socket", Direction::Inbound);
    /// let (near, mut far) = MsgPipe::pair(&greeting);
    /// greeting.run(peer, near).await.unwrap();
    /// let greeting: String = far.read().await.unwrap().decode().unwrap();
    /// assert_eq!(greeting, "a peer without a socket");
    /// # });
    /// ```
    pub fn run(
        &self,
        peer: PeerInfo,
        pipe: MsgPipe,
    ) -> Pin<Box<dyn Future<Output = Result<(), ProtocolError>> + Send>> {
        (self.run)(peer, pipe)
    }

    pub(crate) fn name(&self) -> Arc<str> {
        self.name.clone()
    }

    pub(crate) fn offer(&self) -> Offer {
        let (length, max_payload) = (self.length, self.max_payload);
        Offer { capability: self.capability(), length, max_payload }
    }
}

impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Protocol({}, {} codes)", self.capability(), self.length)
    }
}
