//! Time and memory.

use super::*;
use crate::net::{GOODBYE_TIMEOUT, PING_INTERVAL, SILENCE_TIMEOUT, SetupStep, WRITE_STALL};

/// Whether `elapsed` is `expected`, give or take the clock's millisecond.
#[track_caller]
fn assert_elapsed(since: Instant, expected: Duration) {
    let elapsed = since.elapsed();
    let tolerance = Duration::from_millis(10);
    assert!(elapsed.abs_diff(expected) < tolerance, "{elapsed:?} instead of {expected:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_hello_ends_after_ten_seconds() {
    let began = Instant::now();
    let (mut server, _peer) = connect(vec![], 4096).await;
    server.answer(Ok(())).await;
    let end = server.end().await;
    assert!(matches!(end, EndReason::SetupTimeout(SetupStep::Hello)), "{end:?}");
    assert_elapsed(began, SETUP_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn a_main_loop_that_never_answers_holds_nobody() {
    let began = Instant::now();
    let (server, _peer) = connect(vec![], 4096).await;
    assert!(matches!(server.end().await, EndReason::SetupTimeout(SetupStep::Hello)));
    assert_elapsed(began, SETUP_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_pinged_and_ends_after_thirty_seconds() {
    let (server, mut peer) = connect_peer(vec![], 4096).await;
    let began = Instant::now();
    assert_eq!(peer.read().await.unwrap().0, PING);
    assert_elapsed(began, PING_INTERVAL);
    while peer.read().await.is_ok() {}
    assert_elapsed(began, SILENCE_TIMEOUT);
    drop(peer);
    assert!(matches!(server.end().await, EndReason::Silent));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_pings_stays() {
    let (server, mut peer) = connect_peer(vec![], 4096).await;
    let began = Instant::now();
    for _ in 0..40 {
        assert_eq!(peer.read().await.unwrap().0, PING);
        peer.send(PONG, &[0xC0]).await;
    }
    assert_elapsed(began, PING_INTERVAL * 40);
    server.orders.close(DisconnectReason::Quitting);
    peer.expect_goodbye(DisconnectReason::Quitting).await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_pings_is_answered_but_not_one_by_one() {
    let (server, mut peer) = connect_peer(vec![], 4096).await;
    let flood = 2_000;
    let (mut outgoing, codec) = (peer.outgoing, peer.codec);
    let sending = tokio::spawn(async move {
        for _ in 0..flood {
            outgoing.send(&codec, PING, &[0xC0]).await.unwrap();
        }
        outgoing.send(&codec, DISCONNECT, &[0xC1, 0x00]).await.unwrap();
        outgoing
    });
    let mut pongs = 0;
    while let Ok(frame_data) = peer.incoming.read(1 << 24).await {
        assert_eq!(split_msg_id(frame_data).unwrap().0, PONG);
        pongs += 1;
    }
    assert!((1..flood / 2).contains(&pongs), "{pongs}");
    sending.await.unwrap();
    assert!(matches!(server.end().await, EndReason::Remote(DisconnectReason::Requested)));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_dropped_after_twenty_seconds() {
    let (report, mut reported) = mpsc::unbounded_channel();
    let flooding = Protocol::new("foo", 42, 1, move |_, mut pipe| {
        let report = report.clone();
        async move {
            loop {
                if let Err(error) = pipe.write(0, &[7; 1000]).await {
                    report
                        .send((Instant::now(), error.to_string()))
                        .map_err(ProtocolError::other)?;
                    return Err(error);
                }
            }
        }
    });
    let (server, _peer) = connect_peer(vec![flooding], 4096).await;
    let began = Instant::now();
    let end = server.end().await;
    assert!(matches!(&end, EndReason::Transport(TransportError::Stalled)), "{end:?}");
    // Then a second for a goodbye that might be there to read, and one to see the stream end.
    assert_elapsed(began, WRITE_STALL + 2 * GOODBYE_TIMEOUT);
    let (when, error) = reported.recv().await.unwrap();
    assert_eq!(error, "the connection to the peer has ended");
    assert!((when - began).abs_diff(WRITE_STALL) < Duration::from_millis(10));
}
