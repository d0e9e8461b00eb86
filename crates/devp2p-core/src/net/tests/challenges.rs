//! A peer whose key comes back by another connection is asked for a sign of life.

use super::*;
use crate::net::signals::LIFE_TIMEOUT;

/// The next word, which must be that it lives.
async fn says_that_it_lives(server: &mut Server) {
    let word = timeout(LONG, server.words.recv()).await.unwrap().unwrap();
    assert!(matches!(word, Word::Alive(ConnectionNumber(1))));
}

#[tokio::test(start_paused = true)]
async fn who_answers_stays_as_often_as_it_is_asked() {
    let (mut server, mut peer) = connect_peer(vec![listening()], 4096).await;
    for _ in 0..3 {
        let began = Instant::now();
        server.orders.show_life();
        assert_eq!(peer.read().await.unwrap().0, PING);
        assert!(server.words.try_recv().is_err(), "nothing has come yet");
        peer.send(PONG, &[0xC0]).await;
        says_that_it_lives(&mut server).await;
        assert!(began.elapsed() < LIFE_TIMEOUT);
    }
    server.orders.close(DisconnectReason::Requested);
    peer.expect_goodbye(DisconnectReason::Requested).await;
}

#[tokio::test(start_paused = true)]
async fn any_message_is_a_sign_of_life_but_not_one_that_came_before() {
    let (mut server, mut peer) = connect_peer(vec![listening()], 4096).await;
    peer.send(0x10, &[0xC0]).await;
    peer.send(PONG, &[0xC0]).await;
    settle().await;
    server.orders.show_life();
    settle().await;
    assert!(server.words.try_recv().is_err(), "that was before");
    peer.send(0x10, &[0xC0]).await;
    says_that_it_lives(&mut server).await;
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_for_two_seconds_is_gone() {
    let (server, mut peer) = connect_peer(vec![listening()], 4096).await;
    let began = Instant::now();
    server.orders.show_life();
    assert_eq!(peer.read().await.unwrap().0, PING);
    peer.expect_closed().await;
    assert!(began.elapsed().abs_diff(LIFE_TIMEOUT) < Duration::from_millis(10));
    drop(peer);
    assert!(matches!(server.end().await, EndReason::Superseded));
}

#[tokio::test(start_paused = true)]
async fn an_order_to_close_is_not_taken_back() {
    let (server, mut peer) = connect_peer(vec![listening()], 4096).await;
    server.orders.close(DisconnectReason::Quitting);
    server.orders.show_life();
    peer.expect_goodbye(DisconnectReason::Quitting).await;
}
