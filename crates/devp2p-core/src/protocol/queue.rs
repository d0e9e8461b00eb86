//! Queues bounded in bytes: who puts in more than a queue holds waits until some is taken out.
//!
//! ```text
//!  put ──┐
//!  put ──┼──▶ [ waiting ] ───── take ─────▶ [ taken ] ──▶ one by one
//!  put ──┘         ◀──── the empty one ────────┘
//! ```
//!
//! Nothing is dropped or reordered. What waits is taken all at once, and the two containers change
//! places: in the long run nothing is allocated. What is larger than the whole queue enters only an
//! empty one.
//!
//! A peer has two kinds: for each of its protocols an [`inbox`](super::inbox) of messages, and one
//! [`outbox`](super::outbox) of bytes.
//!
//! The lock is held while something is put in, or the containers change places; never while
//! somebody waits.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, Semaphore};

use super::PipeClosed;

/// A queue that keeps what waits in a `C`.
pub(super) struct Queue<C> {
    capacity: usize,
    /// A permit for each byte that may still be put in.
    room: Semaphore,
    filled: Notify,
    waiting: Mutex<Waiting<C>>,
}

#[derive(Default)]
struct Waiting<C> {
    container: C,
    closed: bool,
}

impl<C: Default> Queue<C> {
    pub(super) fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self {
            capacity,
            room: Semaphore::new(capacity),
            filled: Notify::new(),
            waiting: Mutex::default(),
        })
    }

    /// Puts in something of `bytes` bytes, after all that waited before; waits while there is no
    /// room. `put_in` is told how many permits it holds; they must be given [`back`](Self::back).
    /// Cancel-safe: a dropped future has put nothing in.
    pub(super) async fn put(
        &self,
        bytes: usize,
        put_in: impl FnOnce(&mut C, usize),
    ) -> Result<(), PipeClosed> {
        let permits = bytes.min(self.capacity);
        let wanted = u32::try_from(permits).unwrap_or(u32::MAX);
        self.room.acquire_many(wanted).await.map_err(|_| PipeClosed)?.forget();
        self.with_waiting(|waiting| {
            if waiting.closed {
                return Err(PipeClosed);
            }
            put_in(&mut waiting.container, permits);
            Ok(())
        })?;
        self.filled.notify_one();
        Ok(())
    }

    /// Waits until something may have been put in, or the queue was closed. Cancel-safe.
    pub(super) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Takes all that waits, in exchange for an empty container. False when the queue is closed:
    /// this was the last.
    pub(super) fn take(&self, container: &mut C) -> bool {
        self.with_waiting(|waiting| {
            mem::swap(&mut waiting.container, container);
            !waiting.closed
        })
    }

    /// Looks at what waits.
    pub(super) fn with_container<T>(&self, look: impl FnOnce(&mut C) -> T) -> T {
        self.with_waiting(|waiting| look(&mut waiting.container))
    }

    /// Gives the permits back of what was taken.
    pub(super) fn back(&self, permits: usize) {
        self.room.add_permits(permits);
    }

    /// Refuses everything further; what waits can still be taken.
    pub(super) fn close(&self) {
        self.with_waiting(|waiting| waiting.closed = true);
        self.room.close();
        self.filled.notify_one();
    }

    /// Locks for as long as `with` takes. No panic can leave it half done.
    fn with_waiting<T>(&self, with: impl FnOnce(&mut Waiting<C>) -> T) -> T {
        with(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
