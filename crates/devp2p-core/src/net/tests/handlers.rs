//! Handlers of subprotocols: how they end, and what the other side sees.

use tokio::sync::oneshot;

use super::*;
use crate::net::GOODBYE_TIMEOUT;

/// msg-id of `foo/42`'s only message.
const FOO: u64 = 0x10;

#[tokio::test(start_paused = true)]
async fn how_a_handler_ends_decides_what_the_peer_is_told() {
    type End = fn() -> Result<(), ProtocolError>;
    let ends: [(End, DisconnectReason); 5] = [
        (|| Ok(()), DisconnectReason::Quitting),
        (|| Err(bad_day()), DisconnectReason::SubprotocolError),
        (
            || Err(ProtocolError::Disconnect(DisconnectReason::UselessPeer)),
            DisconnectReason::UselessPeer,
        ),
        (|| Err(crate::p2p::MessageError::Snappy.into()), DisconnectReason::ProtocolBreach),
        (|| panic!("on purpose, in a test"), DisconnectReason::SubprotocolError),
    ];
    for (end, reason) in ends {
        let ending = Protocol::new("foo", 42, 1, move |_, mut pipe| async move {
            pipe.read().await?;
            end()
        });
        let (_server, mut peer) = connect_peer(vec![ending], 4096).await;
        peer.send(FOO, b"now").await;
        peer.expect_goodbye(reason).await;
    }
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

#[tokio::test(start_paused = true)]
async fn what_arrived_before_the_end_can_still_be_read() {
    let (report, reported) = oneshot::channel();
    let report = Arc::new(std::sync::Mutex::new(Some(report)));
    let slow = Protocol::new("foo", 42, 1, move |_, mut pipe| {
        let report = report.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let mut read = Vec::new();
            while let Ok(msg) = pipe.read().await {
                read.push(msg.payload[0]);
            }
            let report = report.lock().unwrap().take().unwrap();
            report.send(read).unwrap();
            Ok(())
        }
    });
    let (server, mut peer) = connect_peer(vec![slow], 4096).await;
    for n in 0..50 {
        peer.send(FOO, &[n]).await;
    }
    peer.send(DISCONNECT, &[0xC1, 0x08]).await;
    drop(peer);
    assert!(matches!(server.end().await, EndReason::Remote(DisconnectReason::Quitting)));
    let read = timeout(LONG, reported).await.unwrap().unwrap();
    assert_eq!(read, (0..50).collect::<Vec<u8>>());
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_never_ends_is_aborted_after_a_second() {
    let stuck = Protocol::new("foo", 42, 1, |_, _pipe| std::future::pending());
    let (server, mut peer) = connect_peer(vec![stuck], 4096).await;
    peer.send(PING, &[0xC0]).await;
    assert_eq!(peer.read().await.unwrap().0, PONG);
    let began = Instant::now();
    server.close.send(Some(DisconnectReason::Quitting)).unwrap();
    peer.expect_goodbye(DisconnectReason::Quitting).await;
    drop(peer);
    server.end().await;
    let elapsed = began.elapsed();
    assert!(elapsed >= GOODBYE_TIMEOUT && elapsed < 2 * GOODBYE_TIMEOUT, "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn the_first_handler_to_end_takes_the_others_with_it() {
    let leaving = Protocol::new("bar", 1, 1, |_, _| async { Ok(()) });
    let (mut server, mut peer) = connect(vec![listening(), leaving], 4096).await;
    server.answer(Ok(())).await;
    peer.hello.capabilities.push(Capability::new("bar", 1));
    peer.exchange_hello().await;
    server.answer(Ok(())).await;
    peer.expect_goodbye(DisconnectReason::Quitting).await;
    drop(peer);
    let end = server.end().await;
    assert!(matches!(&end, EndReason::ProtocolReturned(who) if who.to_string() == "bar/1"));
}

#[tokio::test(start_paused = true)]
async fn a_code_that_the_protocol_does_not_have_is_refused_at_the_sender() {
    let wrong = Protocol::new("foo", 42, 1, |_, mut pipe| async move {
        assert!(matches!(pipe.write(1, &[]).await, Err(ProtocolError::Message(_))));
        assert!(matches!(pipe.write(u64::MAX, &[]).await, Err(ProtocolError::Message(_))));
        pipe.write(0, b"right").await
    });
    let (_server, mut peer) = connect_peer(vec![wrong], 4096).await;
    assert_eq!(peer.read_message().await.unwrap(), (FOO, b"right".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn while_a_handler_does_not_read_the_peer_waits_and_nothing_is_lost() {
    let (go_on, wait) = watch::channel(false);
    let (report, mut reported) = mpsc::unbounded_channel();
    let pausing = Protocol::new("foo", 42, 1, move |_, mut pipe| {
        let (mut wait, report) = (wait.clone(), report.clone());
        async move {
            wait.wait_for(|go| *go).await.map_err(ProtocolError::other)?;
            loop {
                report.send(pipe.read().await?.payload.len()).map_err(|_| bad_day())?;
            }
        }
    });
    let (server, mut peer) = connect_peer(vec![pausing], 4096).await;
    // 1.5 MiB against an inbox of 1 MiB: not all of it can go now.
    let mut outgoing = peer.outgoing;
    let sending = tokio::spawn(async move {
        for n in 0..24usize {
            // Does not compress, so it fills the inbox.
            let payload: Vec<u8> =
                (0..65_000 + n).map(|i| (i * i % 65_521).to_le_bytes()[0]).collect();
            outgoing.seal(&message::encode(FOO, &payload, Compression::Snappy).unwrap()).unwrap();
            // More patient than our own writer, which gives up after 20 s.
            while outgoing.flush().await.is_err() {}
        }
        outgoing
    });
    // Longer than a silent peer may be: we chose not to read. Our own pings go on.
    for _ in 0..4 {
        assert_eq!(peer.incoming.read(1 << 24).await.map(|data| data[0]), Ok(0x02));
    }
    assert!(!sending.is_finished() && !server.connection.is_finished());
    go_on.send(true).unwrap();
    for n in 0..24 {
        let size = timeout(LONG, reported.recv()).await.unwrap().unwrap();
        assert_eq!(size, 65_000 + n);
    }
    sending.await.unwrap();
}
