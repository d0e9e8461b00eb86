//! Queues bounded in bytes: a writer that puts in more than a queue holds waits until some is taken
//! out.
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
//! A peer has two kinds: for each of its protocols an [`Inbox`] of messages on their way to a
//! handler, and one [`Outbox`] of what its handlers have written, on its way to the peer's writer.
//!
//! The lock is held while something is put in, or the containers change places; never while
//! somebody waits.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, Semaphore};

use super::{Msg, PipeClosed};

/// What a message in an inbox costs besides its payload, in bytes, so that a million empty ones do
/// not come free.
const MSG_COST: usize = 64;
/// An inbox's room for more messages than this is given back when they were taken out.
const KEEP_MESSAGES: usize = 1024;
/// An outbox's buffer that is empty and above this size, in bytes, is given back.
const KEEP_BYTES: usize = 64 * 1024;

/// A queue that keeps what waits in a `C`.
struct Queue<C> {
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
    fn new(capacity: usize) -> Arc<Self> {
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
    async fn put(
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
    async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Takes all that waits, in exchange for an empty container. False when the queue is closed:
    /// this was the last.
    fn take(&self, container: &mut C) -> bool {
        self.with_waiting(|waiting| {
            mem::swap(&mut waiting.container, container);
            !waiting.closed
        })
    }

    /// Gives the permits back of what was taken.
    fn back(&self, permits: usize) {
        self.room.add_permits(permits);
    }

    /// Refuses everything further; what waits can still be taken.
    fn close(&self) {
        self.with_waiting(|waiting| waiting.closed = true);
        self.room.close();
        self.filled.notify_one();
    }

    /// Locks for as long as `with` takes. No panic can leave it half done.
    fn with_waiting<T>(&self, with: impl FnOnce(&mut Waiting<C>) -> T) -> T {
        with(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Messages and the permits that they hold.
type Messages = VecDeque<(Msg, usize)>;

/// The two ends of a new inbox of `capacity` bytes.
pub(crate) fn inbox(capacity: usize) -> (InboxSender, Inbox) {
    let queue = Queue::new(capacity);
    let sender = InboxSender(Arc::new(ClosesWhenDropped(queue.clone())));
    (sender, Inbox { queue, taken: Messages::new() })
}

/// The end of an inbox where messages are put in. When the last clone is dropped, it closes.
#[derive(Clone)]
pub(crate) struct InboxSender(Arc<ClosesWhenDropped>);

struct ClosesWhenDropped(Arc<Queue<Messages>>);

impl InboxSender {
    /// Puts in a message; waits while there is no room. Cancel-safe: a dropped future has put
    /// nothing in.
    pub(crate) async fn send(&self, msg: Msg) -> Result<(), PipeClosed> {
        let bytes = msg.payload.len().saturating_add(MSG_COST);
        let ClosesWhenDropped(queue) = &*self.0;
        queue.put(bytes, |messages, permits| messages.push_back((msg, permits))).await
    }
}

impl Drop for ClosesWhenDropped {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The end of an inbox where messages are taken out.
pub(crate) struct Inbox {
    queue: Arc<Queue<Messages>>,
    taken: Messages,
}

impl Inbox {
    /// Takes out the oldest message; `None` when the inbox is empty and closed. Cancel-safe.
    pub(crate) async fn recv(&mut self) -> Option<Msg> {
        loop {
            if let Some((msg, permits)) = self.taken.pop_front() {
                self.queue.back(permits);
                return Some(msg);
            }
            if self.taken.capacity() > KEEP_MESSAGES {
                self.taken = Messages::new();
            }
            let open = self.queue.take(&mut self.taken);
            match self.taken.is_empty() {
                false => {}
                true if open => self.queue.filled().await,
                true => return None,
            }
        }
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.queue.close();
        // The sender lives as long as the peer; what nobody will read must not.
        self.queue.take(&mut Messages::new());
    }
}

/// The length before each frame-data in an outbox. It is counted, so that small messages do not
/// come free.
type Len = [u8; 4];

/// What an outbox holds: `len ‖ frame-data ‖ len ‖ frame-data …`, and its permits.
///
/// One buffer for all messages instead of one for each, so that a message costs no allocation.
#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    permits: usize,
}

/// The two ends of a new outbox of `capacity` bytes.
///
/// Room comes back when the writer takes what is there; so what an outbox can hold is twice its
/// capacity, or a message each if they are larger.
pub(crate) fn outbox(capacity: usize) -> (Outbox, OutboxReader) {
    let queue = Queue::new(capacity);
    (Outbox(queue.clone()), OutboxReader { queue, taken: Buffer::default(), read: 0 })
}

/// The end of an outbox that handlers have; they share it.
#[derive(Clone)]
pub(crate) struct Outbox(Arc<Queue<Buffer>>);

impl Outbox {
    /// Puts in a message, after all that waited before; waits while there is no room. Cancel-safe:
    /// a dropped future has put nothing in.
    pub(crate) async fn put(&self, frame_data: &[u8]) -> Result<(), PipeClosed> {
        // A frame-data has less than 2²⁴ bytes.
        let len: Len = u32::try_from(frame_data.len()).unwrap_or(u32::MAX).to_be_bytes();
        let bytes = frame_data.len().saturating_add(len.len());
        let put_in = |buffer: &mut Buffer, permits| {
            buffer.bytes.extend_from_slice(&len);
            buffer.bytes.extend_from_slice(frame_data);
            buffer.permits = buffer.permits.saturating_add(permits);
        };
        self.0.put(bytes, put_in).await
    }
}

/// The end of an outbox that the writer has.
pub(crate) struct OutboxReader {
    queue: Arc<Queue<Buffer>>,
    taken: Buffer,
    /// How many bytes of `taken` were handed out.
    read: usize,
}

impl OutboxReader {
    /// Waits until there may be something. Cancel-safe.
    pub(crate) async fn ready(&self) {
        if self.all_read() {
            self.queue.filled().await;
        }
    }

    /// The oldest frame-data, if there is one now.
    pub(crate) fn next(&mut self) -> Option<&[u8]> {
        if self.all_read() {
            self.taken.bytes.clear();
            self.read = 0;
            self.queue.take(&mut self.taken);
            self.queue.back(mem::take(&mut self.taken.permits));
        }
        let (len, rest) = self.taken.bytes.get(self.read..)?.split_first_chunk()?;
        let size = usize::try_from(u32::from_be_bytes(*len)).ok()?;
        self.read = self.read.saturating_add(len.len()).saturating_add(size);
        rest.get(..size)
    }

    fn all_read(&self) -> bool {
        self.read == self.taken.bytes.len()
    }

    /// Frees buffers that are large and empty.
    pub(crate) fn give_back(&mut self) {
        if self.all_read() {
            self.taken.bytes.clear();
            self.read = 0;
        }
        free_if_large(&mut self.taken);
        self.queue.with_waiting(|waiting| free_if_large(&mut waiting.container));
    }

    /// Refuses further messages; those inside can still be taken out.
    pub(crate) fn close(&mut self) {
        self.queue.close();
    }
}

impl Drop for OutboxReader {
    fn drop(&mut self) {
        self.close();
        // As in an inbox: handlers may keep their end.
        self.queue.take(&mut Buffer::default());
    }
}

fn free_if_large(buffer: &mut Buffer) {
    if buffer.bytes.is_empty() && buffer.bytes.capacity() > KEEP_BYTES {
        buffer.bytes = Vec::new();
    }
}

#[cfg(test)]
mod tests;
