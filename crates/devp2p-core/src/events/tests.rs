//! What subscribers hear, and what they miss.

use tokio::time::{Duration, timeout};

use super::*;
use crate::keys::NodeKey;
use crate::p2p::DisconnectReason;
use crate::policy::Direction;

fn peer(n: u8) -> PeerInfo {
    let key = NodeKey::from_bytes([n; 32]).unwrap();
    PeerInfo::new(key.public_key(), "foo", Direction::Inbound)
}

fn add(n: u8) -> PeerEvent {
    PeerEvent::Add { peer: peer(n) }
}

fn drop_of(n: u8) -> PeerEvent {
    PeerEvent::Drop { peer: peer(n), error: EndReason::Local(DisconnectReason::Requested) }
}

fn message(n: u8, msg_code: u64) -> PeerEvent {
    let protocol = "foo".into();
    PeerEvent::MsgRecv(MsgEvent { peer: peer(n), protocol, msg_code, msg_size: 7 })
}

/// The rest of what was told, as kinds.
async fn kinds(sender: EventSender, events: &mut Events) -> Vec<&'static str> {
    drop(sender);
    events.until(|_| false).await.iter().map(PeerEvent::kind).collect()
}

#[tokio::test]
async fn events_come_in_the_order_in_which_they_were_told() {
    let sender = EventSender::new(true);
    let mut events = sender.subscribe();
    for event in [add(1), message(1, 0), add(2), message(2, 0), drop_of(1), message(2, 1)] {
        sender.send(event);
    }
    let expected = ["add", "msgrecv", "add", "msgrecv", "drop", "msgrecv"];
    assert_eq!(kinds(sender, &mut events).await, expected);
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_flood_of_messages_evicts_no_add_and_no_drop() {
    let sender = EventSender::new(true);
    let mut events = sender.subscribe();
    for n in 1..=32 {
        sender.send(add(n));
        for code in 0..1000 {
            sender.send(message(n, code));
        }
        sender.send(drop_of(n));
    }
    drop(sender);
    let all = events.until(|_| false).await;
    let count = |kind| all.iter().filter(|event| event.kind() == kind).count();
    assert_eq!((count("add"), count("drop"), count("missed")), (32, 32, 1));
    let missed = all.iter().find_map(|event| match event {
        PeerEvent::Missed(count) => Some(*count),
        _ => None,
    });
    assert_eq!(missed.unwrap() + u64::try_from(count("msgrecv")).unwrap(), 32_000);
}

#[tokio::test]
async fn who_is_too_slow_for_adds_is_told_how_many_are_lost() {
    let sender = EventSender::new(false);
    let mut events = sender.subscribe();
    for _ in 0..CAPACITY + 5 {
        sender.send(add(1));
    }
    assert!(matches!(events.next().await, Some(PeerEvent::Missed(5))));
    assert_eq!(kinds(sender, &mut events).await, ["add"; CAPACITY]);
}

#[tokio::test]
async fn until_ends_with_the_event_that_was_wanted_or_with_the_server() {
    let sender = EventSender::new(true);
    let mut events = sender.subscribe();
    for event in [add(1), message(1, 0), drop_of(1), add(2)] {
        sender.send(event);
    }
    let story = events.until(PeerEvent::is_drop).await;
    let story: Vec<String> = story.iter().map(ToString::to_string).collect();
    let expected = [
        "add Peer 1b84c556",
        "msgrecv foo code 0, 7 bytes",
        "drop Peer 1b84c556: disconnect requested",
    ];
    assert_eq!(story, expected);
    drop(sender);
    assert_eq!(events.until(PeerEvent::is_drop).await.len(), 1);
    assert!(Events::ended().next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_given_up_loses_nothing() {
    let sender = EventSender::new(true);
    let mut events = sender.subscribe();
    assert!(timeout(Duration::from_secs(1), events.next()).await.is_err());
    sender.send(message(1, 0));
    assert!(events.next().await.is_some());
    assert!(timeout(Duration::from_secs(1), events.next()).await.is_err());
    sender.send(add(1));
    assert_eq!(events.next().await.unwrap().kind(), "add");
}

/// Messages are told by other threads than adds and drops.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_one_peer_the_add_comes_first_and_the_drop_last_whoever_tells_them() {
    const VISITS: usize = 200;
    let sender = Arc::new(EventSender::new(true));
    let mut events = sender.subscribe();
    let telling = tokio::spawn(async move {
        for _ in 0..VISITS {
            sender.send(add(1));
            let handler = sender.clone();
            let handler = tokio::spawn(async move { handler.send(message(1, 0)) });
            handler.await.unwrap();
            sender.send(drop_of(1));
            tokio::task::yield_now().await;
        }
    });
    for _ in 0..VISITS {
        for kind in ["add", "msgrecv", "drop"] {
            assert_eq!(events.next().await.unwrap().kind(), kind);
        }
    }
    telling.await.unwrap();
}

#[cfg(feature = "serde")]
#[test]
fn json_has_the_keys_of_its_event_and_is_read_again() {
    let mut with_addresses = peer(1);
    with_addresses.local = Some("127.0.0.1:1".parse().unwrap());
    with_addresses.remote = Some("127.0.0.1:2".parse().unwrap());
    let id = with_addresses.id;
    let cases = [
        (
            PeerEvent::Add { peer: with_addresses },
            format!(
                r#"{{"type":"add","peer":"{id}","local":"127.0.0.1:1","remote":"127.0.0.1:2"}}"#
            ),
        ),
        (drop_of(1), format!(r#"{{"type":"drop","peer":"{id}","error":"disconnect requested"}}"#)),
        (
            message(1, 0),
            format!(
                r#"{{"type":"msgrecv","peer":"{id}","protocol":"foo","msg_code":0,"msg_size":7}}"#
            ),
        ),
        (PeerEvent::Missed(3), r#"{"type":"missed","count":3}"#.to_owned()),
    ];
    for (event, json) in cases {
        assert_eq!(serde_json::to_string(&event).unwrap(), json);
        let read: EventRecord = serde_json::from_str(&json).unwrap();
        assert_eq!(read, EventRecord::from(&event));
    }
}
