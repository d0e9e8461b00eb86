//! Back-pressure: what waits for whom, and what does not.

use super::*;
use crate::events::PeerEvent;
use crate::net::WRITE_STALL;
use crate::protocol::{Msg, QUEUE_BYTES};
use tokio::sync::watch;

/// msg-id of `foo/42`'s only message.
const FOO: u64 = 0x10;

/// foo/42, which reads nothing until it is told to go on; and what it reads then.
fn pausing() -> (Protocol, watch::Sender<bool>, mpsc::UnboundedReceiver<Msg>) {
    let (go_on, wait) = watch::channel(false);
    let (report, reported) = mpsc::unbounded_channel();
    let protocol = Protocol::new("foo", 42, 1, move |_, mut pipe| {
        let (mut wait, report) = (wait.clone(), report.clone());
        async move {
            wait.wait_for(|go| *go).await.map_err(ProtocolError::other)?;
            loop {
                report.send(pipe.read().await?).map_err(|_| bad_day())?;
            }
        }
    });
    (protocol, go_on, reported)
}

/// Message `n`: `len` bytes, of which the first eight are its number.
fn numbered(n: u64, len: usize) -> Vec<u8> {
    let mut payload = noise(len);
    payload[..8].copy_from_slice(&n.to_be_bytes());
    payload
}

#[tokio::test(start_paused = true)]
async fn while_an_inbox_has_room_nothing_else_waits() {
    let (pausing, _go_on, _) = pausing();
    let echo = Protocol::new("qux", 9, 1, |_, mut pipe| async move {
        loop {
            let msg = pipe.read().await?;
            pipe.write(msg.code, &msg.payload).await?;
        }
    });
    let (_server, mut peer) = connect_peer(vec![pausing, echo], 4096).await;
    let began = Instant::now();
    for n in 0..900 {
        peer.send(FOO, &numbered(n, 1024)).await;
    }
    peer.send(PING, &[0xC0]).await;
    assert_eq!(peer.read().await.unwrap().0, PONG);
    peer.send(FOO + 1, b"hello").await;
    assert_eq!(peer.read().await.unwrap(), (FOO + 1, b"hello".to_vec()));
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn while_a_handler_does_not_read_the_peer_waits_and_nothing_is_lost() {
    let (pausing, go_on, mut reported) = pausing();
    let (server, mut peer) = connect_peer(vec![pausing], 4096).await;
    // 1.5 MiB against an inbox of 1 MiB: not all of it can go now.
    let (mut outgoing, codec) = (peer.outgoing, peer.codec);
    let sending = tokio::spawn(async move {
        for n in 0..24 {
            let payload = numbered(n, 65_536);
            let mut buffer = Vec::new();
            outgoing.seal(codec.encode(FOO, &payload, &mut buffer).unwrap()).unwrap();
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
        let msg = timeout(LONG, reported.recv()).await.unwrap().unwrap();
        assert!(msg.payload == numbered(n, 65_536), "message {n}");
    }
    sending.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_oversized_message_enters_only_an_empty_inbox() {
    let (pausing, go_on, mut reported) = pausing();
    let (_server, mut peer) = connect_peer(vec![pausing], 4096).await;
    let oversized = vec![7; 2 * QUEUE_BYTES];
    peer.send(FOO, &oversized).await;
    peer.send(PING, &[0xC0]).await;
    assert_eq!(peer.read().await.unwrap().0, PONG, "the first one has entered");
    peer.send(FOO, &oversized).await;
    peer.send(PING, &[0xC0]).await;
    // Shorter than our pings are apart.
    assert!(timeout(Duration::from_secs(10), peer.read()).await.is_err(), "nothing is read now");
    go_on.send(true).unwrap();
    assert_eq!(peer.read().await.unwrap().0, PONG);
    for _ in 0..2 {
        assert!(reported.recv().await.unwrap().payload == oversized);
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_returns_when_its_message_is_queued_and_waits_while_the_outbox_is_full() {
    const MESSAGES: u64 = 5000;
    let (begin, wait) = watch::channel(false);
    let flooding = Protocol::new("foo", 42, 1, move |_, mut pipe| {
        let mut wait = wait.clone();
        async move {
            wait.wait_for(|begin| *begin).await.map_err(ProtocolError::other)?;
            for n in 0..MESSAGES {
                pipe.write(0, &numbered(n, 1024)).await?;
            }
            std::future::pending().await
        }
    });
    let (server, mut peer) = connect_peer(vec![flooding], 4096).await;
    let mut events = server.subscribe();
    begin.send(true).unwrap();
    settle().await;
    // Nothing has left but what is on its way, and yet it is told: msgsend says "queued".
    let mut told = 0;
    while let Ok(Some(event)) = timeout(Duration::ZERO, events.next()).await {
        match event {
            PeerEvent::Missed(count) => told += count,
            _msgsend => told += 1,
        }
    }
    assert!((500..2500).contains(&told), "{told} of 5000 messages of 1 KiB are queued");
    for n in 0..MESSAGES {
        assert!(peer.read_message().await.unwrap().1 == numbered(n, 1024), "message {n}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pong_does_not_wait_behind_messages() {
    let flooding = Protocol::new("foo", 42, 1, |_, mut pipe| async move {
        for n in 0..1000 {
            pipe.write(0, &numbered(n, 1024)).await?;
        }
        std::future::pending().await
    });
    let (_server, mut peer) = connect_peer(vec![flooding], 4096).await;
    settle().await;
    peer.send(PING, &[0xC0]).await;
    settle().await;
    let mut before = 0;
    let mut next = 0;
    while next < 1000 {
        match peer.read().await.unwrap() {
            (FOO, payload) => {
                assert!(payload == numbered(next, 1024), "message {next}");
                next += 1;
            }
            (PONG, _) => before = next,
            other => panic!("{other:?}"),
        }
    }
    // 64 KiB were sealed already, and four on their way.
    assert!((1..100).contains(&before), "{before} of 1000 messages came before the pong");
}

#[tokio::test(start_paused = true)]
async fn two_nodes_whose_queues_are_all_full_do_not_wait_for_each_other() {
    const MESSAGES: u64 = 1000;
    const SIZE: usize = 16 * 1024;
    let (report, mut reported) = mpsc::unbounded_channel();
    // Writes as fast as it can, and reads ten messages a second: for 100 s both outboxes and both
    // inboxes are full, and every ping must find its way.
    let busy = || {
        let report = report.clone();
        Protocol::new("foo", 42, 1, move |_, pipe| {
            let report = report.clone();
            async move {
                let (mut reader, mut writer) = pipe.split();
                let write = async {
                    for n in 0..MESSAGES {
                        writer.write(0, &numbered(n, SIZE)).await?;
                    }
                    Ok::<_, ProtocolError>(())
                };
                let read = async {
                    for n in 0..MESSAGES {
                        assert!(reader.read().await?.payload == numbered(n, SIZE), "message {n}");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                    Ok::<_, ProtocolError>(())
                };
                tokio::try_join!(write, read)?;
                report.send(()).map_err(ProtocolError::other)?;
                std::future::pending().await
            }
        })
    };
    let began = Instant::now();
    let servers = connect_servers(vec![busy()], vec![busy()], 64 * 1024).await;
    for _ in &servers {
        timeout(LONG, reported.recv()).await.unwrap().unwrap();
    }
    assert!(began.elapsed() >= Duration::from_secs(100), "{:?}", began.elapsed());
    assert!(servers.iter().all(|server| !server.connection.is_finished()));
}

#[tokio::test(start_paused = true)]
async fn two_handlers_that_only_write_lose_each_other_after_twenty_seconds() {
    let selfish = || {
        Protocol::new("foo", 42, 1, |_, mut pipe| async move {
            loop {
                pipe.write(0, &[7; 1000]).await?;
            }
        })
    };
    let servers = connect_servers(vec![selfish()], vec![selfish()], 4096).await;
    let began = Instant::now();
    for server in servers {
        let end = server.end().await;
        assert!(matches!(&end, EndReason::Transport(TransportError::Stalled)), "{end:?}");
    }
    let elapsed = began.elapsed();
    assert!(elapsed.abs_diff(WRITE_STALL) < Duration::from_secs(3), "{elapsed:?}");
}

/// Sends small messages for ever, many at a time: there is always something more to read.
fn never_stop_sending(mut peer: Peer) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let frame_data = peer.codec.encode(FOO, &[0xC0], &mut Vec::new()).unwrap().to_vec();
        loop {
            for _ in 0..256 {
                peer.outgoing.seal(&frame_data).unwrap();
            }
            if peer.outgoing.flush().await.is_err() {
                return;
            }
        }
    })
}

#[tokio::test]
async fn a_peer_that_never_stops_sending_can_be_told_to_go() {
    let reader = Protocol::new("foo", 42, 1, |_, mut pipe| async move {
        loop {
            pipe.read().await?;
        }
    });
    let (server, peer) = connect_peer(vec![reader], 1 << 20).await;
    let mut events = server.subscribe();
    let flood = never_stop_sending(peer);
    timeout(LONG, events.next()).await.unwrap().unwrap();
    server.orders.close(DisconnectReason::Quitting);
    let reason = server.end().await;
    assert!(matches!(reason, EndReason::Local(DisconnectReason::Quitting)), "{reason:?}");
    timeout(LONG, flood).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_handler_can_leave_a_peer_that_never_stops_sending() {
    let one = Protocol::new("foo", 42, 1, |_, mut pipe| async move {
        pipe.read().await?;
        Ok(())
    });
    let (server, peer) = connect_peer(vec![one], 1 << 20).await;
    let flood = never_stop_sending(peer);
    let reason = server.end().await;
    assert!(matches!(reason, EndReason::ProtocolReturned(_)), "{reason:?}");
    timeout(LONG, flood).await.unwrap().unwrap();
}
