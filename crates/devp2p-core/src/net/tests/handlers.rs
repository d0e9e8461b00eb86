//! Handlers of protocols: how they end, and what the other side sees.

use std::future::{Ready, pending};

use super::*;
use crate::net::GOODBYE_TIMEOUT;
use crate::p2p::MessageError;

/// msg-id of `foo/42`'s only message.
const FOO: u64 = 0x10;

#[tokio::test(start_paused = true)]
async fn how_a_handler_ends_decides_what_both_sides_are_told() {
    type End = fn() -> Result<(), ProtocolError>;
    let ends: [(End, DisconnectReason, &str); 5] = [
        (|| Ok(()), DisconnectReason::Quitting, "protocol foo/42 returned"),
        (|| Err(bad_day()), DisconnectReason::SubprotocolError, "protocol foo/42: a bad day"),
        (
            || Err(ProtocolError::Disconnect(DisconnectReason::UselessPeer)),
            DisconnectReason::UselessPeer,
            "protocol foo/42: useless peer",
        ),
        (
            || Err(MessageError::Snappy.into()),
            DisconnectReason::ProtocolBreach,
            "protocol foo/42: the payload is not valid snappy",
        ),
        (
            || panic!("on purpose, in a test"),
            DisconnectReason::SubprotocolError,
            "protocol foo/42 panicked",
        ),
    ];
    for (end, peer_is_told, we_are_told) in ends {
        let ending = Protocol::new("foo", 42, 1, move |_, mut pipe| async move {
            pipe.read().await?;
            end()
        });
        let (server, mut peer) = connect_peer(vec![ending], 4096).await;
        peer.send(FOO, b"now").await;
        peer.expect_goodbye(peer_is_told).await;
        drop(peer);
        assert_eq!(server.end().await.to_string(), we_are_told);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_breaks_the_protocol_is_answered_with_0x02() {
    let picky = || {
        Protocol::new("foo", 42, 1, |_, mut pipe| async move {
            let text: String = pipe.read().await?.decode()?;
            // There is no code 1, so this one is to blame itself.
            pipe.send(1, &text).await
        })
    };
    let ends: [(&[u8], &str); 4] = [
        (b"", "the payload of message code 0 is not what it must be: input too short"),
        (&[0xC0], "the payload of message code 0 is not what it must be: unexpected list"),
        (b"\x86foobarbaz", "the payload of message code 0 has 3 bytes too many at its end"),
        (b"\x86foobar", "foo/42 has no message code 1"),
    ];
    for (payload, error) in ends {
        let (server, mut peer) = connect_peer(vec![picky()], 4096).await;
        peer.send(FOO, payload).await;
        peer.expect_goodbye(DisconnectReason::ProtocolBreach).await;
        drop(peer);
        assert_eq!(server.end().await.to_string(), format!("protocol foo/42: {error}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_before_it_is_a_future_is_a_handler_that_panics() {
    let hasty = Protocol::new("foo", 42, 1, |_, _| -> Ready<Result<(), ProtocolError>> {
        panic!("on purpose, in a test")
    });
    let (server, mut peer) = connect_peer(vec![hasty], 4096).await;
    peer.expect_goodbye(DisconnectReason::SubprotocolError).await;
    drop(peer);
    assert_eq!(server.end().await.to_string(), "protocol foo/42 panicked");
}

#[tokio::test(start_paused = true)]
async fn what_was_queued_before_a_handler_returned_is_still_sent() {
    let talkative = Protocol::new("foo", 42, 1, |_, mut pipe| async move {
        for n in 0..100 {
            pipe.write(0, &[n; 1000]).await?;
        }
        Ok(())
    });
    let (_server, mut peer) = connect_peer(vec![talkative], 4096).await;
    for n in 0..100 {
        assert_eq!(peer.read_message().await.unwrap(), (FOO, vec![n; 1000]));
    }
    peer.expect_goodbye(DisconnectReason::Quitting).await;
}

/// bar/1, which leaves when it gets a message.
fn leaving() -> Protocol {
    Protocol::new("bar", 1, 1, |_, mut pipe| async move {
        pipe.read().await?;
        Ok(())
    })
}

#[tokio::test(start_paused = true)]
async fn what_arrived_before_the_end_can_still_be_read() {
    let goodbye = (DISCONNECT, &[0xC1, 0x08]);
    let makes_bar_leave = (0x10, &[0xC1, 0x08]);
    for (id, payload) in [goodbye, makes_bar_leave] {
        let (report, mut reported) = mpsc::unbounded_channel();
        let slow = Protocol::new("foo", 42, 1, move |_, mut pipe| {
            let report = report.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(500)).await;
                while let Ok(msg) = pipe.read().await {
                    report.send(msg.payload[0]).unwrap();
                }
                report.send(u8::MAX).unwrap();
                Ok(())
            }
        });
        let (server, mut peer) = connect_peer(vec![slow, leaving()], 4096).await;
        for n in 0..50 {
            peer.send(0x11, &[n]).await;
        }
        peer.send(id, payload).await;
        drop(peer);
        server.end().await;
        for n in (0..50).chain([u8::MAX]) {
            assert_eq!(reported.recv().await, Some(n));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_handler_to_end_takes_the_others_with_it() {
    /// Tells when it is dropped.
    struct Aborted(mpsc::UnboundedSender<(&'static str, Duration)>, Instant);
    impl Drop for Aborted {
        fn drop(&mut self) {
            self.0.send(("stuck aborted", self.1.elapsed())).unwrap();
        }
    }
    let (tell, mut told) = mpsc::unbounded_channel();
    let began = Instant::now();
    let tell_slow = tell.clone();
    let slow = Protocol::new("foo", 42, 1, move |_, mut pipe| {
        let tell = tell_slow.clone();
        async move {
            while pipe.read().await.is_ok() {}
            tell.send(("slow closed", began.elapsed())).unwrap();
            tokio::time::sleep(Duration::from_millis(900)).await;
            tell.send(("slow done", began.elapsed())).unwrap();
            // That it fails now is nobody's reason any more.
            Err(bad_day())
        }
    });
    let stuck = Protocol::new("qux", 9, 1, move |_, mut pipe| {
        let tell = tell.clone();
        async move {
            let _aborted = Aborted(tell.clone(), began);
            while pipe.read().await.is_ok() {}
            tell.send(("stuck closed", began.elapsed())).unwrap();
            pending().await
        }
    });
    let (server, mut peer) = connect_peer(vec![slow, leaving(), stuck], 4096).await;
    peer.send(0x10, b"leave").await;
    peer.expect_goodbye(DisconnectReason::Quitting).await;
    drop(peer);
    let end = server.end().await;
    assert!(matches!(&end, EndReason::ProtocolReturned(who) if who.to_string() == "bar/1"));

    let mut story = Vec::new();
    while let Some(happened) = told.recv().await {
        story.push(happened);
    }
    story.sort_by_key(|(_, when)| *when);
    let (what, when): (Vec<_>, Vec<_>) = story.into_iter().unzip();
    assert_eq!(what[2..], ["slow done", "stuck aborted"]);
    assert_eq!((when[0], when[1]), (Duration::ZERO, Duration::ZERO), "{what:?}");
    assert!(when[3] >= GOODBYE_TIMEOUT && when[3] < GOODBYE_TIMEOUT * 2, "{when:?}");
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_never_ends_is_aborted_after_a_second() {
    let stuck = Protocol::new("foo", 42, 1, |_, _pipe| pending());
    let (server, mut peer) = connect_peer(vec![stuck], 4096).await;
    peer.send(PING, &[0xC0]).await;
    assert_eq!(peer.read().await.unwrap().0, PONG);
    let began = Instant::now();
    server.orders.close(DisconnectReason::Quitting);
    peer.expect_goodbye(DisconnectReason::Quitting).await;
    drop(peer);
    server.end().await;
    let elapsed = began.elapsed();
    assert!(elapsed >= GOODBYE_TIMEOUT && elapsed < 2 * GOODBYE_TIMEOUT, "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn who_drops_its_reader_throws_messages_away_and_the_connection_lives() {
    let deaf = Protocol::new("foo", 42, 1, |_, pipe| async move {
        let (reader, mut writer) = pipe.split();
        drop(reader);
        writer.write(0, b"no ears").await?;
        pending().await
    });
    let (_server, mut peer) = connect_peer(vec![deaf], 4096).await;
    assert_eq!(peer.read_message().await.unwrap(), (FOO, b"no ears".to_vec()));
    // More than any inbox would hold.
    for _ in 0..4 {
        peer.send(FOO, &[0; 1 << 20]).await;
    }
    peer.send(PING, &[0xC0]).await;
    assert_eq!(peer.read().await.unwrap().0, PONG);
}
