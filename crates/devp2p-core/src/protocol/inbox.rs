//! The inbox: messages of one protocol, on their way from the peer to its handler.

use std::collections::VecDeque;
use std::sync::Arc;

use super::queue::Queue;
use super::{Msg, PipeClosed};

/// What a message costs besides its payload, in bytes, so that a million empty ones do not come
/// free.
const MSG_COST: usize = 64;
/// Room for more messages than this is given back when they were taken out.
const KEEP: usize = 1024;

/// Messages and the permits that they hold.
type Messages = VecDeque<(Msg, usize)>;

/// The two ends of a new inbox of `capacity` bytes.
pub(crate) fn inbox(capacity: usize) -> (InboxSender, Inbox) {
    let queue = Queue::new(capacity);
    let sender = InboxSender(Arc::new(ClosesWhenDropped(queue.clone())));
    (sender, Inbox { queue, taken: Messages::new() })
}

/// The end where messages are put in. When the last clone is dropped, the inbox closes.
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

/// The end where messages are taken out.
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
            if self.taken.capacity() > KEEP {
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
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Duration, timeout};

    use super::*;

    /// Long enough for anything that does not wait for us.
    const SOON: Duration = Duration::from_secs(5);

    fn msg(code: u64, len: usize) -> Msg {
        Msg { code, payload: vec![0; len].into() }
    }

    async fn next(inbox: &mut Inbox) -> Option<u64> {
        timeout(SOON, inbox.recv()).await.unwrap().map(|msg| msg.code)
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_waits_while_the_inbox_is_full_and_goes_on_in_order() {
        let (sender, mut inbox) = inbox(1000);
        sender.send(msg(1, 900)).await.unwrap();
        assert!(timeout(SOON, sender.send(msg(2, 900))).await.is_err(), "there was no room");
        let third = tokio::spawn(async move { sender.send(msg(3, 900)).await });
        assert_eq!(next(&mut inbox).await, Some(1));
        assert_eq!(next(&mut inbox).await, Some(3));
        third.await.unwrap().unwrap();
        assert_eq!(next(&mut inbox).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn room_comes_back_one_message_at_a_time() {
        let (sender, mut inbox) = inbox(1000);
        for code in 0..2 {
            sender.send(msg(code, 500 - MSG_COST)).await.unwrap();
        }
        assert_eq!(next(&mut inbox).await, Some(0));
        sender.send(msg(2, 500 - MSG_COST)).await.unwrap();
        assert!(timeout(SOON, sender.send(msg(3, 0))).await.is_err(), "1 was not read yet");
        assert_eq!(next(&mut inbox).await, Some(1));
        assert_eq!(next(&mut inbox).await, Some(2));
    }

    #[tokio::test(start_paused = true)]
    async fn an_oversized_message_enters_only_an_empty_inbox() {
        let (sender, mut inbox) = inbox(1000);
        sender.send(msg(1, 0)).await.unwrap();
        assert!(timeout(SOON, sender.send(msg(2, 1 << 24))).await.is_err());
        assert_eq!(next(&mut inbox).await, Some(1));
        timeout(SOON, sender.send(msg(3, 1 << 24))).await.unwrap().unwrap();
        assert_eq!(next(&mut inbox).await, Some(3));
    }

    #[tokio::test(start_paused = true)]
    async fn empty_messages_are_bounded_too() {
        let (sender, _inbox) = inbox(1000);
        for _ in 0..1000 / MSG_COST {
            timeout(SOON, sender.send(msg(0, 0))).await.unwrap().unwrap();
        }
        assert!(timeout(SOON, sender.send(msg(0, 0))).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_sender_closes_the_inbox_and_what_arrived_is_read() {
        let (one, mut inbox) = inbox(1000);
        let two = one.clone();
        one.send(msg(1, 0)).await.unwrap();
        drop(one);
        two.send(msg(2, 0)).await.unwrap();
        assert_eq!(next(&mut inbox).await, Some(1));
        assert_eq!(next(&mut inbox).await, Some(2));
        assert!(timeout(SOON, inbox.recv()).await.is_err(), "there is a sender left");
        drop(two);
        assert_eq!(next(&mut inbox).await, None);
        assert_eq!(next(&mut inbox).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_that_waits_is_told_that_the_inbox_is_gone() {
        let (sender, inbox) = inbox(1000);
        sender.send(msg(1, 900)).await.unwrap();
        let blocked = tokio::spawn({
            let sender = sender.clone();
            async move { sender.send(msg(2, 900)).await }
        });
        tokio::task::yield_now().await;
        drop(inbox);
        assert!(timeout(SOON, blocked).await.unwrap().unwrap().is_err());
        assert!(sender.send(msg(3, 0)).await.is_err());
    }
}
