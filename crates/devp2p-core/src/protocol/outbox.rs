//! The outbox: what a peer's handlers have written, on its way to the peer's writer.
//!
//! ```text
//! [ len ‖ frame-data ‖ len ‖ frame-data … ]
//! ```
//!
//! One buffer for all messages instead of one for each, so that a message costs no allocation.
//! Room comes back when the writer takes what is there; so what the outbox can hold is twice its
//! capacity, or a message each if they are larger.

use std::sync::Arc;

use super::PipeClosed;
use super::queue::Queue;

/// A buffer that is empty and above this size, in bytes, is given back.
const KEEP: usize = 64 * 1024;

/// The length before each frame-data. It is counted, so that small messages do not come free.
type Len = [u8; 4];

/// frame-data one behind the other, and the permits that it holds.
#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    permits: usize,
}

/// The two ends of a new outbox of `capacity` bytes.
pub(crate) fn outbox(capacity: usize) -> (Outbox, OutboxReader) {
    let queue = Queue::new(capacity);
    (Outbox(queue.clone()), OutboxReader { queue, taken: Buffer::default(), read: 0 })
}

/// The end that handlers have; they share it.
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

/// The end that the writer has.
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
            self.queue.back(std::mem::take(&mut self.taken.permits));
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
        self.queue.with_container(free_if_large);
    }

    /// Refuses further messages; those inside can still be taken out.
    pub(crate) fn close(&mut self) {
        self.queue.close();
    }
}

impl Drop for OutboxReader {
    fn drop(&mut self) {
        self.close();
    }
}

fn free_if_large(buffer: &mut Buffer) {
    if buffer.bytes.is_empty() && buffer.bytes.capacity() > KEEP {
        buffer.bytes = Vec::new();
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
            let waiting = reader.queue.with_container(|waiting| waiting.bytes.capacity());
            [reader.taken.bytes.capacity(), waiting]
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
