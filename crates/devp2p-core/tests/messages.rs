//! Stories about messages between servers, over real sockets on loopback.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use devp2p_core::events::{Events, MsgEvent, PeerEvent};
use devp2p_core::net::{Config, Server};
use devp2p_core::p2p::DisconnectReason;
use devp2p_core::protocol::Protocol;
use support::{added, config, dropped, listening, said_by_peer, soon};
use tokio::sync::{Notify, mpsc, watch};

/// A running server that tells of messages, too; and what it tells.
async fn start(name: &str, protocols: Vec<Protocol>) -> (Server, Events) {
    let config = Config { protocols, message_events: true, ..config(name, 2) };
    let server = Server::start(config).await.unwrap();
    let events = server.subscribe();
    (server, events)
}

/// The next event, which must be about a message: `msgsend foo/1` for one of code 1.
async fn message(events: &mut Events) -> (String, MsgEvent) {
    let event = soon(events.next()).await;
    let kind = event.as_ref().map_or("", PeerEvent::kind);
    match &event {
        Some(PeerEvent::MsgSend(message) | PeerEvent::MsgRecv(message)) => {
            (format!("{kind} {}/{}", message.protocol, message.msg_code), message.clone())
        }
        other => panic!("{other:?} instead of a message"),
    }
}

/// foo/42, which sends every message back.
fn echoing() -> Protocol {
    Protocol::new("foo", 42, 2, |_, mut pipe| async move {
        loop {
            let msg = pipe.read().await?;
            pipe.write(msg.code, &msg.payload).await?;
        }
    })
}

#[tokio::test]
async fn both_sides_tell_messages_in_the_order_of_their_handlers() {
    let asking = Protocol::new("foo", 42, 2, |_, mut pipe| async move {
        for (code, payload) in [(1, "hello"), (0, "")] {
            pipe.write(code, payload.as_bytes()).await?;
            assert_eq!(pipe.read().await?.payload, payload);
        }
        Ok(())
    });
    let (one, mut events_one) = start("one", vec![asking]).await;
    let (two, mut events_two) = start("two", vec![echoing()]).await;
    one.add_peer(two.enode()).await.unwrap();
    added(&mut events_one).await;
    added(&mut events_two).await;
    let (peer_of_one, peer_of_two) = (two.node_info().id, one.node_info().id);
    for (code, size) in [(1, 5), (0, 0)] {
        for (kind_one, kind_two) in [("msgsend", "msgrecv"), ("msgrecv", "msgsend")] {
            let (told, event) = message(&mut events_one).await;
            assert_eq!(told, format!("{kind_one} foo/{code}"));
            assert_eq!((event.peer.id, event.msg_size), (peer_of_one, size));
            let (told, event) = message(&mut events_two).await;
            assert_eq!(told, format!("{kind_two} foo/{code}"));
            assert_eq!((event.peer.id, event.msg_size), (peer_of_two, size));
        }
    }
    dropped(&mut events_one).await;
    let (_, end) = dropped(&mut events_two).await;
    assert_eq!(said_by_peer(&end), Some(DisconnectReason::Quitting));
}

#[tokio::test]
async fn a_message_is_told_when_its_handler_reads_it_not_when_it_arrives() {
    let foo_is_sent = Arc::new(Notify::new());
    let sent = foo_is_sent.clone();
    let first = Protocol::new("foo", 42, 1, move |_, mut pipe| {
        let sent = sent.clone();
        async move {
            pipe.write(0, b"first").await?;
            sent.notify_one();
            std::future::pending().await
        }
    });
    let second = Protocol::new("bar", 1, 1, move |_, mut pipe| {
        let foo_is_sent = foo_is_sent.clone();
        async move {
            foo_is_sent.notified().await;
            pipe.write(0, b"second").await?;
            std::future::pending().await
        }
    });
    let (go_on, wait) = watch::channel(false);
    let late = Protocol::new("foo", 42, 1, move |_, mut pipe| {
        let mut wait = wait.clone();
        async move {
            wait.wait_for(|go| *go).await.unwrap();
            pipe.read().await?;
            std::future::pending().await
        }
    });
    let (one, mut events_one) = start("one", vec![first, second]).await;
    let (two, mut events_two) = start("two", vec![late, listening("bar", 1)]).await;
    one.add_peer(two.enode()).await.unwrap();
    added(&mut events_one).await;
    added(&mut events_two).await;
    assert_eq!(message(&mut events_one).await.0, "msgsend foo/0");
    assert_eq!(message(&mut events_one).await.0, "msgsend bar/0");
    assert_eq!(message(&mut events_two).await.0, "msgrecv bar/0", "it came after foo's");
    go_on.send(true).unwrap();
    assert_eq!(message(&mut events_two).await.0, "msgrecv foo/0");
}

#[tokio::test]
async fn messages_are_not_told_to_who_did_not_ask_for_them() {
    let greeting = Protocol::new("foo", 42, 2, |_, mut pipe| async move {
        pipe.write(1, b"hello").await?;
        assert_eq!(pipe.read().await?.payload, "hello");
        Ok(())
    });
    let one = Config { protocols: vec![greeting], ..config("one", 1) };
    let one = Server::start(one).await.unwrap();
    let mut events_one = one.subscribe();
    let (two, mut events_two) = start("two", vec![echoing()]).await;
    one.add_peer(two.enode()).await.unwrap();
    added(&mut events_one).await;
    dropped(&mut events_one).await;
    added(&mut events_two).await;
    message(&mut events_two).await;
}

#[tokio::test]
async fn a_subscriber_that_is_too_slow_is_told_what_it_missed() {
    let flood = Protocol::new("foo", 42, 1, |_, mut pipe| async move {
        for _ in 0..3000 {
            pipe.write(0, &[]).await?;
        }
        pipe.read().await?;
        Ok(())
    });
    let drain = Protocol::new("foo", 42, 1, |_, mut pipe| async move {
        for _ in 0..3000 {
            pipe.read().await?;
        }
        pipe.write(0, &[]).await?;
        // Until the other side goes.
        pipe.read().await?;
        Ok(())
    });
    let (one, mut slow) = start("one", vec![flood]).await;
    let two = Config { protocols: vec![drain], ..config("two", 1) };
    let two = Server::start(two).await.unwrap();
    let mut events_two = two.subscribe();
    one.add_peer(two.enode()).await.unwrap();
    added(&mut events_two).await;
    let (_, end) = dropped(&mut events_two).await;
    assert_eq!(said_by_peer(&end), Some(DisconnectReason::Quitting));
    soon(one.stop()).await;
    let Some(PeerEvent::Missed(missed)) = slow.next().await else { panic!("nothing was missed") };
    let rest = slow.until(|_| false).await;
    let count = |kind| rest.iter().filter(|event| event.kind() == kind).count();
    assert_eq!((count("add"), count("drop")), (1, 1), "messages take nobody's add or drop away");
    assert_eq!(missed + u64::try_from(count("msgsend") + count("msgrecv")).unwrap(), 3001);
}

#[tokio::test]
async fn a_drop_is_told_when_the_last_handler_has_ended() {
    /// Notes when it is dropped.
    struct Ended(Arc<AtomicBool>);
    impl Drop for Ended {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let ended = Arc::new(AtomicBool::new(false));
    let leaving = Protocol::new("bar", 1, 1, |_, _| async { Ok(()) });
    let noting = ended.clone();
    // Ends by being aborted, a second after it saw its pipe close.
    let stuck = Protocol::new("foo", 42, 1, move |_, mut pipe| {
        let ended = Ended(noting.clone());
        async move {
            while pipe.read().await.is_ok() {}
            let _ended = ended;
            std::future::pending().await
        }
    });
    let (one, mut events) = start("one", vec![leaving, stuck]).await;
    let (two, _) = start("two", vec![listening("bar", 1), listening("foo", 42)]).await;
    one.add_peer(two.enode()).await.unwrap();
    added(&mut events).await;
    let (_, end) = dropped(&mut events).await;
    assert_eq!(end.to_string(), "protocol bar/1 returned");
    assert!(ended.load(Ordering::SeqCst), "foo's handler still ran");
}

#[tokio::test]
async fn a_handler_that_panics_costs_its_own_peer_only() {
    let nervous = Protocol::new("foo", 42, 1, |_, mut pipe| async move {
        loop {
            let msg = pipe.read().await?;
            assert_ne!(msg.payload, "boo", "on purpose, in a test");
            pipe.write(0, &msg.payload).await?;
        }
    });
    let (hub, mut events) = start("hub", vec![nervous]).await;
    // Sends what the test says, and reports what comes back.
    let peer = |name| {
        let (say, said) = mpsc::unbounded_channel::<&str>();
        let (report, heard) = mpsc::unbounded_channel();
        let said = Arc::new(tokio::sync::Mutex::new(said));
        let relay = Protocol::new("foo", 42, 1, move |_, mut pipe| {
            let (said, report) = (said.clone(), report.clone());
            async move {
                while let Some(word) = said.lock().await.recv().await {
                    pipe.write(0, word.as_bytes()).await?;
                    report.send(pipe.read().await?.payload).unwrap();
                }
                Ok(())
            }
        });
        async move { (start(name, vec![relay]).await, say, heard) }
    };
    let ((calm, _), calm_says, mut calm_hears) = peer("calm").await;
    let ((scary, mut scary_events), scary_says, _) = peer("scary").await;
    for peer in [&calm, &scary] {
        peer.add_peer(hub.enode()).await.unwrap();
        assert_eq!(added(&mut events).await, peer.node_info().id);
    }
    scary_says.send("boo").unwrap();
    let dropped = async {
        loop {
            if let Some(PeerEvent::Drop { error, .. }) = scary_events.next().await {
                return said_by_peer(&error);
            }
        }
    };
    assert_eq!(soon(dropped).await, Some(DisconnectReason::SubprotocolError));
    calm_says.send("hello").unwrap();
    assert_eq!(soon(calm_hears.recv()).await.unwrap(), "hello");
    let peers = hub.peers().await;
    assert_eq!((peers.len(), &*peers[0].name), (1, "calm"));
}

#[cfg(feature = "serde")]
#[tokio::test]
async fn messages_become_json_with_the_keys_of_the_document() {
    let greeting = Protocol::new("foo", 42, 2, |_, mut pipe| async move {
        pipe.send(1, "foobar").await?;
        std::future::pending().await
    });
    let (one, mut events_one) = start("one", vec![greeting]).await;
    let (two, mut events_two) = start("two", vec![echoing()]).await;
    one.add_peer(two.enode()).await.unwrap();
    for (kind, events, peer) in
        [("msgsend", &mut events_one, &two), ("msgrecv", &mut events_two, &one)]
    {
        let add = serde_json::to_value(soon(events.next()).await.unwrap()).unwrap();
        let told = serde_json::to_value(soon(events.next()).await.unwrap()).unwrap();
        let expected = serde_json::json!({
            "type": kind,
            "peer": peer.node_info().id.to_string(),
            "protocol": "foo",
            "msg_code": 1,
            "msg_size": 7,
            "local": add["local"],
            "remote": add["remote"],
        });
        assert_eq!(told, expected);
    }
}
