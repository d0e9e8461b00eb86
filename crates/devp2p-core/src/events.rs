//! Peer events: what a server tells while it runs.
//!
//! ```text
//! main loop ── add, drop ──────────▶ the last 1,024 ──┐
//!                                                     ├── Events::next()   (each subscriber)
//! pipes ────── msgsend, msgrecv ──▶ the last 1,024 ──┘
//! ```
//!
//! Telling never waits: no subscriber slows a peer down. (In go-ethereum a subscriber that stops
//! reading stalls the server.) A subscriber that reads too slowly loses the oldest events and is
//! told how many: [`PeerEvent::Missed`]. Messages have a place of their own, so that a flood
//! of them takes nobody's add or drop away.
//!
//! Of one peer, [`PeerEvent::Add`] comes first, [`PeerEvent::Drop`] last and the messages between,
//! in order, as long as its handlers keep their pipes to themselves: another task that still holds
//! a half of one may be told of after the drop. Between peers there is no order.

#[cfg(feature = "serde")]
mod record;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::broadcast::{self, error::RecvError, error::TryRecvError};

use crate::end::EndReason;
use crate::enode::Enode;
use crate::info::PeerInfo;

#[cfg(feature = "serde")]
pub use record::EventRecord;

/// Events of each kind that are kept for a subscriber that is behind.
const CAPACITY: usize = 1024;

/// Something that happened to a peer.
///
/// It prints as one line. With the feature `serde` it becomes the JSON of an `EventRecord`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum PeerEvent {
    // ANCHOR: add_and_drop
    /// `add`: the peer is connected, and in [`crate::net::Handle::peers`].
    Add {
        /// Who it is.
        peer: PeerInfo,
    },
    /// `drop`: the connection has ended, and so have all handlers of its protocols.
    Drop {
        /// Who it was.
        peer: PeerInfo,
        /// Why it ended.
        error: EndReason,
    },
    // ANCHOR_END: add_and_drop
    /// `dialfailed`: a static node cannot be reached. Told when that begins, and when there is
    /// another reason; not each time that it is tried.
    DialFailed {
        /// Which node, and where it was dialed.
        enode: Box<Enode>,
        /// Why it failed.
        error: EndReason,
    },
    /// `msgsend`: a handler's message was queued for the peer (go-ethereum: was written).
    MsgSend(MsgEvent),
    /// `msgrecv`: a handler read a message of the peer.
    MsgRecv(MsgEvent),
    /// `missed`: so many events were lost because they were not read in time.
    Missed(u64),
}

// ANCHOR: msg_event
/// A message that was sent or received; told only with `message_events`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MsgEvent {
    /// Who the peer is.
    pub peer: PeerInfo,
    /// The protocol's name.
    pub protocol: Arc<str>,
    /// The message code, relative to the protocol.
    pub msg_code: u64,
    /// Bytes of payload, not compressed.
    pub msg_size: usize,
}
// ANCHOR_END: msg_event

impl PeerEvent {
    /// `add`, `drop`, `dialfailed`, `msgsend`, `msgrecv` or `missed`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Add { .. } => "add",
            Self::Drop { .. } => "drop",
            Self::DialFailed { .. } => "dialfailed",
            Self::MsgSend(_) => "msgsend",
            Self::MsgRecv(_) => "msgrecv",
            Self::Missed(_) => "missed",
        }
    }

    /// Which peer it is about; none, for `dialfailed` and `missed`.
    #[must_use]
    pub fn peer(&self) -> Option<&PeerInfo> {
        match self {
            Self::Add { peer } | Self::Drop { peer, .. } => Some(peer),
            Self::MsgSend(message) | Self::MsgRecv(message) => Some(&message.peer),
            Self::DialFailed { .. } | Self::Missed(_) => None,
        }
    }

    /// Whether it is a `drop`: that connection has ended. The node may come back.
    #[must_use]
    pub fn is_drop(&self) -> bool {
        matches!(self, Self::Drop { .. })
    }
}

impl fmt::Display for PeerEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind();
        match self {
            Self::Add { peer } => write!(f, "{kind} {peer}"),
            Self::Drop { peer, error } => write!(f, "{kind} {peer}: {error}"),
            Self::DialFailed { enode, error } => {
                write!(f, "{kind} Peer {}: {error}", enode.public_key.short())
            }
            Self::MsgSend(message) | Self::MsgRecv(message) => {
                let MsgEvent { protocol, msg_code, msg_size, .. } = message;
                write!(f, "{kind} {protocol} code {msg_code}, {msg_size} bytes")
            }
            Self::Missed(count) => write!(f, "{kind} {count} events"),
        }
    }
}

/// A subscription; made by [`crate::net::Handle::subscribe`], ended by dropping it.
pub struct Events {
    peers: Source,
    messages: Source,
}

impl Events {
    /// Waits for the next event; `None` when the server is gone and everything was told.
    /// Cancel-safe.
    pub async fn next(&mut self) -> Option<PeerEvent> {
        loop {
            // Twice: what was told before something that is there now is there, too, but may not
            // have been when we looked for it.
            for _ in 0..2 {
                self.peers.look();
                self.messages.look();
            }
            // Of two that are there, the one that was told first.
            let first = match (self.peers.told_at(), self.messages.told_at()) {
                (Some(peers), Some(messages)) if messages < peers => &mut self.messages,
                (None, Some(_)) => &mut self.messages,
                _ => &mut self.peers,
            };
            if let Some((_, event)) = first.next.take() {
                return Some(event);
            }
            if self.peers.is_closed && self.messages.is_closed {
                return None;
            }
            tokio::select! {
                biased;
                () = self.peers.wait() => {}
                () = self.messages.wait() => {}
            }
        }
    }

    /// All events up to the first one that is `the_last`, that one included; or up to the end of
    /// the server.
    pub async fn until(&mut self, the_last: impl Fn(&PeerEvent) -> bool) -> Vec<PeerEvent> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
            if events.last().is_some_and(&the_last) {
                break;
            }
        }
        events
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

/// An event, and its place among all that a server tells.
type Told = (u64, PeerEvent);

/// One of the two places that events come from.
struct Source {
    receiver: broadcast::Receiver<Told>,
    /// Taken out, and not handed out yet.
    next: Option<Told>,
    /// Nothing more will come.
    is_closed: bool,
}

impl Source {
    fn new(receiver: broadcast::Receiver<Told>) -> Self {
        Self { receiver, next: None, is_closed: false }
    }

    /// Takes the next event out, if there is one.
    fn look(&mut self) {
        if self.next.is_some() {
            return;
        }
        match self.receiver.try_recv() {
            Ok(told) => self.next = Some(told),
            Err(TryRecvError::Lagged(missed)) => self.missed(missed),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Closed) => self.is_closed = true,
        }
    }

    /// Waits until there is an event, or the end; for ever after the end. Cancel-safe.
    async fn wait(&mut self) {
        if self.is_closed {
            return std::future::pending().await;
        }
        match self.receiver.recv().await {
            Ok(told) => self.next = Some(told),
            Err(RecvError::Lagged(missed)) => self.missed(missed),
            Err(RecvError::Closed) => self.is_closed = true,
        }
    }

    /// It is told before everything that is still there.
    fn missed(&mut self, count: u64) {
        self.next = Some((0, PeerEvent::Missed(count)));
    }

    fn told_at(&self) -> Option<u64> {
        self.next.as_ref().map(|(at, _)| *at)
    }
}

/// Where events are told. When it is dropped, every subscription ends.
pub(crate) struct EventSender {
    peers: broadcast::Sender<Told>,
    messages: broadcast::Sender<Told>,
    told: AtomicU64,
}

impl EventSender {
    /// With room for messages only if they are told.
    pub(crate) fn new(messages: bool) -> Self {
        let (peers, _) = broadcast::channel(CAPACITY);
        let (messages, _) = broadcast::channel(if messages { CAPACITY } else { 1 });
        Self { peers, messages, told: AtomicU64::new(1) }
    }

    /// Tells all subscribers.
    pub(crate) fn send(&self, event: PeerEvent) {
        let sender = match event {
            PeerEvent::MsgSend(_) | PeerEvent::MsgRecv(_) => &self.messages,
            PeerEvent::Add { .. }
            | PeerEvent::Drop { .. }
            | PeerEvent::DialFailed { .. }
            | PeerEvent::Missed(_) => &self.peers,
        };
        let at = self.told.fetch_add(1, Ordering::Relaxed);
        // An error only says that nobody listens.
        let _ = sender.send((at, event));
    }

    /// A subscription to what is told from now on.
    pub(crate) fn subscribe(&self) -> Events {
        Events {
            peers: Source::new(self.peers.subscribe()),
            messages: Source::new(self.messages.subscribe()),
        }
    }
}

impl Events {
    /// The subscription to a server that is gone.
    pub(crate) fn ended() -> Self {
        EventSender::new(false).subscribe()
    }
}

#[cfg(test)]
mod tests;
