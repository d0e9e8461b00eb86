//! A queue bounded in bytes: who puts in more than it holds waits until some is taken out.
//!
//! Nothing is dropped or reordered. An item larger than the whole queue enters when the queue is
//! empty, so the bound is the capacity plus one item.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// What an item costs besides its bytes, so that a million empty ones do not come free.
const ITEM_COST: usize = 64;

/// The two ends of a new queue of `capacity` bytes.
pub(crate) fn queue<T>(capacity: usize) -> (QueueSender<T>, QueueReceiver<T>) {
    let room = Arc::new(Semaphore::new(capacity));
    let (items, taken) = mpsc::unbounded_channel();
    (QueueSender { items, room: room.clone(), capacity }, QueueReceiver { items: taken, room })
}

/// The queue's other end is gone.
#[derive(Debug)]
pub(crate) struct QueueClosed;

pub(crate) struct QueueSender<T> {
    items: mpsc::UnboundedSender<(T, OwnedSemaphorePermit)>,
    room: Arc<Semaphore>,
    capacity: usize,
}

pub(crate) struct QueueReceiver<T> {
    items: mpsc::UnboundedReceiver<(T, OwnedSemaphorePermit)>,
    room: Arc<Semaphore>,
}

impl<T> Clone for QueueSender<T> {
    fn clone(&self) -> Self {
        Self { items: self.items.clone(), room: self.room.clone(), capacity: self.capacity }
    }
}

impl<T> QueueSender<T> {
    /// Puts in an item of `bytes` bytes, after all that waited before; waits while there is no
    /// room. Cancel-safe: a dropped future has put nothing in.
    pub(crate) async fn send(&self, item: T, bytes: usize) -> Result<(), QueueClosed> {
        let cost = bytes.saturating_add(ITEM_COST).min(self.capacity);
        let cost = u32::try_from(cost).unwrap_or(u32::MAX);
        let room = self.room.clone().acquire_many_owned(cost).await.map_err(|_| QueueClosed)?;
        self.items.send((item, room)).map_err(|_| QueueClosed)
    }
}

impl<T> QueueReceiver<T> {
    /// Takes out the oldest item; `None` when the queue is empty and closed. Cancel-safe.
    pub(crate) async fn recv(&mut self) -> Option<T> {
        self.items.recv().await.map(|(item, _room)| item)
    }

    /// Refuses further items; what is inside can still be taken out.
    pub(crate) fn close(&mut self) {
        self.room.close();
        self.items.close();
    }
}

impl<T> Drop for QueueReceiver<T> {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{Duration, timeout};

    /// Long enough for anything that does not wait for us.
    const SOON: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn a_sender_waits_while_the_queue_is_full_and_goes_on_in_order() {
        let (sender, mut receiver) = queue(1000);
        sender.send(1, 900).await.unwrap();
        assert!(timeout(SOON, sender.send(2, 900)).await.is_err(), "there was no room");
        let second = tokio::spawn(async move { sender.send(3, 900).await });
        assert_eq!(receiver.recv().await, Some(1));
        assert_eq!(receiver.recv().await, Some(3));
        second.await.unwrap().unwrap();
        assert_eq!(receiver.recv().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn an_oversized_item_enters_only_an_empty_queue() {
        let (sender, mut receiver) = queue(1000);
        sender.send(1, 0).await.unwrap();
        assert!(timeout(SOON, sender.send(2, 1 << 24)).await.is_err());
        assert_eq!(receiver.recv().await, Some(1));
        sender.send(3, 1 << 24).await.unwrap();
        assert_eq!(receiver.recv().await, Some(3));
    }

    #[tokio::test(start_paused = true)]
    async fn empty_items_are_bounded_too() {
        let (sender, _receiver) = queue(1000);
        for n in 0..1000 / ITEM_COST {
            sender.send(n, 0).await.unwrap();
        }
        assert!(timeout(SOON, sender.send(0, 0)).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn closing_refuses_new_items_and_hands_out_the_old() {
        let (sender, mut receiver) = queue(1000);
        sender.send(1, 900).await.unwrap();
        let blocked = tokio::spawn({
            let sender = sender.clone();
            async move { sender.send(2, 900).await }
        });
        tokio::task::yield_now().await;
        receiver.close();
        assert!(blocked.await.unwrap().is_err());
        assert!(sender.send(3, 0).await.is_err());
        assert_eq!(receiver.recv().await, Some(1));
        assert_eq!(receiver.recv().await, None);
    }
}
