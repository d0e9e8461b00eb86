//! What a peer's reading and writing half tell each other. Flags, not queues: a flood makes none of
//! them grow.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::time::{Duration, timeout};

/// How long a peer has to show that it lives, when it seems to have come back by another connection.
pub(super) const LIFE_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
pub(super) struct Signals {
    /// The writer is to send a Ping.
    pub(super) ping: Notify,
    /// The writer is to send a Pong: once, however many Pings came since the last one.
    pub(super) pong: Notify,
    /// A frame came while somebody listened.
    heard: Notify,
    listening: AtomicBool,
}

impl Signals {
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
        self.ping.notify_one();
        let is_alive = timeout(LIFE_TIMEOUT, heard).await.is_ok();
        self.listening.store(false, Ordering::Relaxed);
        is_alive
    }
}
