//! What a peer's reading and writing half tell each other. Flags, not queues: a flood makes none of
//! them grow.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::time::{Duration, timeout};

use crate::p2p::{PING, PONG};

/// How long a peer has to show that it lives, when it seems to have come back by another connection.
pub(super) const LIFE_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
pub(super) struct Signals {
    /// The writer is to send a Ping.
    ping: AtomicBool,
    /// The writer is to send a Pong: once, however many Pings came since the last one.
    pong: AtomicBool,
    /// One of them is wanted. One signal for both: the writer looks for it with every message.
    wanted: Notify,
    /// A frame came while somebody listened.
    heard: Notify,
    listening: AtomicBool,
}

impl Signals {
    // ANCHOR: want_pong
    /// The writer is to send a Pong.
    pub(super) fn want_pong(&self) {
        self.pong.store(true, Ordering::Relaxed);
        self.wanted.notify_one();
    }
    // ANCHOR_END: want_pong

    /// Waits until the writer is to send something. Cancel-safe.
    pub(super) async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// What the writer is to send, by msg-id.
    pub(super) fn take_wanted(&self) -> impl Iterator<Item = u64> {
        let wanted = [(PONG, &self.pong), (PING, &self.ping)];
        wanted.into_iter().filter(|(_, is)| is.swap(false, Ordering::Relaxed)).map(|(id, _)| id)
    }

    /// A whole frame has come. Costs next to nothing unless somebody listens.
    pub(super) fn frame_came(&self) {
        if self.listening.load(Ordering::Relaxed) {
            self.heard.notify_waiters();
        }
    }

    /// Asks the peer for a sign of life: whether a frame comes within [`LIFE_TIMEOUT`].
    pub(super) async fn is_alive(&self) -> bool {
        let heard = self.heard.notified();
        self.listening.store(true, Ordering::Relaxed);
        self.ping.store(true, Ordering::Relaxed);
        self.wanted.notify_one();
        let is_alive = timeout(LIFE_TIMEOUT, heard).await.is_ok();
        self.listening.store(false, Ordering::Relaxed);
        is_alive
    }
}
