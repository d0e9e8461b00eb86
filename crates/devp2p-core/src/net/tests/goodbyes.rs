//! How connections end.

use super::*;
use crate::net::{GOODBYE_TIMEOUT, WRITE_STALL};
use crate::p2p::MessageError;

#[tokio::test(start_paused = true)]
async fn a_received_goodbye_ends_the_connection_and_is_not_echoed() {
    let (server, mut peer) = connect_peer(vec![listening()], 4096).await;
    peer.send(DISCONNECT, &[0xC1, 0x08]).await;
    peer.expect_closed().await;
    drop(peer);
    assert!(matches!(server.end().await, EndReason::Remote(DisconnectReason::Quitting)));
}

#[tokio::test(start_paused = true)]
async fn a_bare_uncompressed_goodbye_is_understood() {
    let (server, mut peer) = connect_peer(vec![listening()], 4096).await;
    peer.send_raw(&[0x01, 0x04]).await;
    peer.expect_closed().await;
    drop(peer);
    assert!(matches!(server.end().await, EndReason::Remote(DisconnectReason::TooManyPeers)));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_close_after_our_goodbye_is_left_after_a_second() {
    let (server, mut peer) = connect_peer(vec![], 4096).await;
    let began = Instant::now();
    server.orders.close(DisconnectReason::Quitting);
    peer.expect_goodbye(DisconnectReason::Quitting).await;
    assert!(matches!(server.end().await, EndReason::Local(DisconnectReason::Quitting)));
    assert!(began.elapsed() >= GOODBYE_TIMEOUT && began.elapsed() < 2 * GOODBYE_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_cannot_delay_the_goodbye() {
    let flooding = Protocol::new("foo", 42, 1, |_, mut pipe| async move {
        loop {
            pipe.write(0, &[7; 1000]).await?;
        }
    });
    let (server, _peer) = connect_peer(vec![flooding], 4096).await;
    let began = Instant::now();
    server.orders.close(DisconnectReason::Quitting);
    assert!(matches!(server.end().await, EndReason::Local(DisconnectReason::Quitting)));
    assert!(began.elapsed() <= 2 * GOODBYE_TIMEOUT + Duration::from_millis(10));
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_is_heard_even_when_we_cannot_write_any_more() {
    let flooding = Protocol::new("foo", 42, 1, |_, mut pipe| async move {
        loop {
            pipe.write(0, &[7; 1000]).await?;
        }
    });
    let (server, mut peer) = connect_peer(vec![flooding], 4096).await;
    tokio::time::sleep(WRITE_STALL + GOODBYE_TIMEOUT / 2).await;
    peer.send(DISCONNECT, &DisconnectReason::Requested.encode()).await;
    assert!(matches!(server.end().await, EndReason::Remote(DisconnectReason::Requested)));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_ends_the_connection() {
    let (server, peer) = connect_peer(vec![listening()], 4096).await;
    drop(peer);
    assert!(matches!(server.end().await, EndReason::Transport(TransportError::Closed)));
}

#[tokio::test(start_paused = true)]
async fn a_message_id_of_no_capability_ends_the_connection_without_a_word() {
    for id in [0x11, u64::MAX] {
        let (server, mut peer) = connect_peer(vec![listening()], 4096).await;
        peer.send(id, &[0xC0]).await;
        peer.expect_closed().await;
        drop(peer);
        let unknown = TransportError::Message(MessageError::UnknownMsgId(id));
        assert!(matches!(server.end().await, EndReason::Transport(error) if error == unknown));
    }
}

#[tokio::test(start_paused = true)]
async fn reserved_ids_a_second_hello_and_unasked_pongs_are_ignored() {
    let (_server, mut peer) = connect_peer(vec![listening()], 4096).await;
    for id in [HELLO, PONG].into_iter().chain(4..16) {
        peer.send(id, &[0xC0]).await;
    }
    peer.send(PING, &[0xC0]).await;
    assert_eq!(peer.read().await.unwrap().0, PONG);
}

#[tokio::test(start_paused = true)]
async fn a_ping_that_is_not_compressed_is_a_breach_of_protocol_and_not_answered() {
    for msg_id in [0x02, 0x03, 0x0f] {
        let (server, mut peer) = connect_peer(vec![listening()], 4096).await;
        peer.send_raw(&[msg_id, 0xc0]).await;
        peer.expect_goodbye(DisconnectReason::ProtocolBreach).await;
        drop(peer);
        let snappy = TransportError::Message(MessageError::Snappy);
        assert!(matches!(server.end().await, EndReason::Transport(error) if error == snappy));
    }
}
