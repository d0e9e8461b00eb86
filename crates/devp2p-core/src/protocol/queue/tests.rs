//! Queues that are full, empty and closed.

use bytes::Bytes;
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
async fn empty_messages_in_an_outbox_are_bounded_too() {
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
        let waiting = reader.queue.with_waiting(|waiting| waiting.container.bytes.capacity());
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

#[tokio::test]
async fn what_nobody_will_read_is_not_kept() {
    let (sender, inbox) = inbox(1000);
    let payload = Bytes::from(vec![7; 100]);
    sender.send(Msg { code: 0, payload: payload.clone() }).await.unwrap();
    assert!(!payload.is_unique());
    drop(inbox);
    assert!(payload.is_unique(), "the sender lives as long as the peer, and keeps nothing");
    drop(sender);
}

#[tokio::test]
async fn what_nobody_will_send_is_not_kept() {
    let (outbox, reader) = outbox(1000);
    outbox.put(&[7; 900]).await.unwrap();
    let held = || outbox.0.with_waiting(|waiting| waiting.container.bytes.capacity());
    assert!(held() >= 900);
    drop(reader);
    assert_eq!(held(), 0, "a handler may keep its end");
}
