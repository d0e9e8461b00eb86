//! The outbox: what a peer's handlers have written, on its way to the peer's writer.
//!
//! ```text
//! handler ──put──┐
//! handler ──put──┼──▶ [ len ‖ frame-data ‖ len ‖ frame-data … ] ──take all──▶ writer
//! handler ──put──┘    ◀── the buffer that it has read, for the next ones ────
//! ```
//!
//! One buffer for all messages instead of one for each: a message costs no allocation, and those
//! that are ready together are taken together. The outbox is bounded in bytes: who puts in more
//! than it holds waits until the writer has taken what is there. A message larger than the whole
//! outbox enters only an empty one. So the bound is twice the capacity, what waits and what was
//! taken, or a message each.
//!
//! The lock is held while a message is copied or two buffers change places, and never while
//! somebody waits.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, Semaphore};

use super::PipeClosed;

/// A buffer that is empty and above this size, in bytes, is given back.
const KEEP: usize = 64 * 1024;

/// The length before each frame-data. It is counted, so that small messages do not come free.
type Len = [u8; 4];

/// The two ends of a new outbox of `capacity` bytes.
pub(crate) fn outbox(capacity: usize) -> (Outbox, OutboxReader) {
    let shared = Arc::new(Shared {
        capacity,
        room: Semaphore::new(capacity),
        filled: Notify::new(),
        waiting: Mutex::default(),
    });
    (Outbox(shared.clone()), OutboxReader { shared, taken: Vec::new(), read: 0 })
}

struct Shared {
    capacity: usize,
    /// A permit for each byte that may still be put in.
    room: Semaphore,
    filled: Notify,
    waiting: Mutex<Waiting>,
}

/// What was put in and not taken yet.
#[derive(Default)]
struct Waiting {
    messages: Vec<u8>,
    /// The permits that they hold.
    permits: usize,
    closed: bool,
}

impl Shared {
    /// Locks for as long as `with` takes. No panic can leave it half done.
    fn waiting<T>(&self, with: impl FnOnce(&mut Waiting) -> T) -> T {
        with(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The end that handlers have; they share it.
#[derive(Clone)]
pub(crate) struct Outbox(Arc<Shared>);

impl Outbox {
    /// Puts in a message, after all that waited before; waits while there is no room. Cancel-safe:
    /// a dropped future has put nothing in.
    pub(crate) async fn put(&self, frame_data: &[u8]) -> Result<(), PipeClosed> {
        let Self(shared) = self;
        // A frame-data has less than 2²⁴ bytes.
        let len = u32::try_from(frame_data.len()).map_err(|_| PipeClosed)?.to_be_bytes();
        let permits = frame_data.len().saturating_add(len.len()).min(shared.capacity);
        let wanted = u32::try_from(permits).map_err(|_| PipeClosed)?;
        shared.room.acquire_many(wanted).await.map_err(|_| PipeClosed)?.forget();
        shared.waiting(|waiting| {
            if waiting.closed {
                return Err(PipeClosed);
            }
            waiting.messages.extend_from_slice(&len);
            waiting.messages.extend_from_slice(frame_data);
            waiting.permits = waiting.permits.saturating_add(permits);
            Ok(())
        })?;
        shared.filled.notify_one();
        Ok(())
    }
}

/// The end that the writer has.
pub(crate) struct OutboxReader {
    shared: Arc<Shared>,
    taken: Vec<u8>,
    /// How many bytes of `taken` were handed out.
    read: usize,
}

impl OutboxReader {
    /// Waits until there may be something. Cancel-safe.
    pub(crate) async fn ready(&self) {
        if self.read == self.taken.len() {
            self.shared.filled.notified().await;
        }
    }

    /// The oldest frame-data, if there is one now.
    pub(crate) fn next(&mut self) -> Option<&[u8]> {
        if self.read == self.taken.len() {
            self.take();
        }
        let (len, rest) =
            self.taken.get(self.read..)?.split_first_chunk::<{ size_of::<Len>() }>()?;
        let frame_data = rest.get(..usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
        self.read = self.read.saturating_add(len.len()).saturating_add(frame_data.len());
        Some(frame_data)
    }

    /// Takes all that waits, and leaves the buffer that was read.
    fn take(&mut self) {
        self.taken.clear();
        self.read = 0;
        let permits = self.shared.waiting(|waiting| {
            std::mem::swap(&mut waiting.messages, &mut self.taken);
            std::mem::take(&mut waiting.permits)
        });
        self.shared.room.add_permits(permits);
    }

    /// Frees buffers that are large and empty.
    pub(crate) fn give_back(&mut self) {
        if self.read == self.taken.len() {
            self.taken.clear();
            self.read = 0;
        }
        free_if_large(&mut self.taken);
        self.shared.waiting(|waiting| free_if_large(&mut waiting.messages));
    }

    /// Refuses further messages; those inside can still be taken out.
    pub(crate) fn close(&mut self) {
        self.shared.waiting(|waiting| waiting.closed = true);
        self.shared.room.close();
    }
}

impl Drop for OutboxReader {
    fn drop(&mut self) {
        self.close();
    }
}

fn free_if_large(buffer: &mut Vec<u8>) {
    if buffer.is_empty() && buffer.capacity() > KEEP {
        *buffer = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Duration, timeout};

    use super::*;

    /// Long enough for anything that does not wait for us.
    const SOON: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn messages_come_out_as_they_went_in() {
        let (outbox, mut reader) = outbox(1000);
        assert!(timeout(SOON, reader.ready()).await.is_err(), "nothing is there yet");
        for message in [&b"one"[..], b"", b"three"] {
            outbox.put(message).await.unwrap();
        }
        timeout(SOON, reader.ready()).await.unwrap();
        assert_eq!(reader.next(), Some(&b"one"[..]));
        // A message that comes while others are taken.
        outbox.put(b"four").await.unwrap();
        timeout(SOON, reader.ready()).await.unwrap();
        assert_eq!(reader.next(), Some(&b""[..]));
        assert_eq!(reader.next(), Some(&b"three"[..]));
        assert_eq!(reader.next(), Some(&b"four"[..]));
        assert_eq!(reader.next(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_waits_until_the_full_outbox_is_taken() {
        let (outbox, mut reader) = outbox(1000);
        outbox.put(&[1; 900]).await.unwrap();
        assert!(timeout(SOON, outbox.put(&[2; 900])).await.is_err(), "there was no room");
        let third = tokio::spawn(async move { outbox.put(&[3; 900]).await });
        assert_eq!(reader.next(), Some(&[1; 900][..]));
        third.await.unwrap().unwrap();
        assert_eq!(reader.next(), Some(&[3; 900][..]));
    }

    #[tokio::test(start_paused = true)]
    async fn an_oversized_message_enters_only_an_empty_outbox() {
        let (outbox, mut reader) = outbox(1000);
        outbox.put(b"").await.unwrap();
        assert!(timeout(SOON, outbox.put(&[7; 1 << 20])).await.is_err());
        assert_eq!(reader.next(), Some(&b""[..]));
        timeout(SOON, outbox.put(&[7; 1 << 20])).await.unwrap().unwrap();
        assert_eq!(reader.next().map(<[u8]>::len), Some(1 << 20));
    }

    #[tokio::test(start_paused = true)]
    async fn empty_messages_are_bounded_too() {
        let (outbox, _reader) = outbox(1000);
        for _ in 0..1000 / size_of::<Len>() {
            timeout(SOON, outbox.put(b"")).await.unwrap().unwrap();
        }
        assert!(timeout(SOON, outbox.put(b"")).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn closing_refuses_new_messages_and_hands_out_the_old() {
        let (outbox, mut reader) = outbox(1000);
        outbox.put(&[1; 900]).await.unwrap();
        let blocked = tokio::spawn({
            let outbox = outbox.clone();
            async move { outbox.put(&[2; 900]).await }
        });
        tokio::task::yield_now().await;
        reader.close();
        assert!(blocked.await.unwrap().is_err());
        assert!(outbox.put(b"").await.is_err());
        assert_eq!(reader.next(), Some(&[1; 900][..]));
        assert_eq!(reader.next(), None);
    }

    #[tokio::test]
    async fn large_buffers_are_given_back_when_they_are_empty() {
        let (outbox, mut reader) = outbox(1 << 20);
        for _ in 0..2 {
            outbox.put(&[0; 1 << 18]).await.unwrap();
            assert!(reader.next().is_some());
        }
        outbox.put(&[0; 1 << 18]).await.unwrap();
        let capacities = |reader: &OutboxReader| {
            [reader.taken.capacity(), reader.shared.waiting(|waiting| waiting.messages.capacity())]
        };
        assert!(capacities(&reader).iter().all(|capacity| *capacity >= 1 << 18));
        reader.give_back();
        let [taken, waiting] = capacities(&reader);
        assert!(taken == 0 && waiting >= 1 << 18, "{taken} and {waiting}");
        assert!(reader.next().is_some() && reader.next().is_none());
        reader.give_back();
        assert_eq!(capacities(&reader), [0, 0]);
    }
}
