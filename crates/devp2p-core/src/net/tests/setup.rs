//! Set-up: Hello, identity, capabilities, and the two questions to the main loop.

use super::*;
use crate::p2p::MessageError;

#[tokio::test(start_paused = true)]
async fn both_hellos_make_a_peer_and_two_questions_are_asked() {
    let (mut server, mut peer) = connect_peer(vec![listening()], 4096).await;
    peer.send(PING, &[0xC0]).await;
    assert_eq!(peer.read().await.unwrap(), (PONG, vec![0xC0]));
    server.orders.close(DisconnectReason::Requested);
    peer.expect_goodbye(DisconnectReason::Requested).await;
    assert!(server.words.try_recv().is_err(), "there was a third question");
}

#[tokio::test(start_paused = true)]
async fn our_hello_does_not_wait_for_theirs() {
    let (mut server, mut peer) = connect(vec![], 4096).await;
    server.answer(Ok(())).await;
    assert_eq!(peer.read().await.unwrap().0, HELLO);
}

#[tokio::test(start_paused = true)]
async fn who_is_refused_after_the_handshake_gets_the_reason_instead_of_a_hello() {
    let (mut server, mut peer) = connect(vec![], 4096).await;
    server.answer(Err(DisconnectReason::TooManyPeers)).await;
    // Uncompressed: compression begins after Hello.
    assert_eq!(peer.read().await.unwrap(), (DISCONNECT, vec![0xC1, 0x04]));
    peer.expect_closed().await;
    drop(peer);
    let end = server.end().await;
    assert!(matches!(end, EndReason::Local(DisconnectReason::TooManyPeers)), "{end:?}");
}

#[tokio::test(start_paused = true)]
async fn who_is_refused_after_hello_gets_the_reason_compressed() {
    let (mut server, mut peer) = connect(vec![], 4096).await;
    server.answer(Ok(())).await;
    peer.exchange_hello().await;
    server.answer(Err(DisconnectReason::AlreadyConnected)).await;
    peer.expect_goodbye(DisconnectReason::AlreadyConnected).await;
}

#[tokio::test(start_paused = true)]
async fn a_hello_with_another_key_than_the_handshake_is_refused() {
    let (mut server, mut peer) = connect(vec![], 4096).await;
    server.answer(Ok(())).await;
    peer.hello.public_key = key(3).public_key();
    peer.exchange_hello().await;
    peer.expect_goodbye(DisconnectReason::UnexpectedIdentity).await;
}

#[tokio::test(start_paused = true)]
async fn a_hello_without_a_valid_key_is_refused() {
    let (mut server, mut peer) = connect(vec![], 4096).await;
    server.answer(Ok(())).await;
    let mut payload = peer.hello.encode();
    let key_begins = payload.len() - 64;
    payload[key_begins..].fill(0);
    peer.send(HELLO, &payload).await;
    assert_eq!(peer.read().await.unwrap().0, HELLO);
    peer.expect_goodbye(DisconnectReason::InvalidIdentity).await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_without_a_shared_capability_is_useless() {
    let (mut server, mut peer) = connect(vec![listening()], 4096).await;
    server.answer(Ok(())).await;
    peer.hello.capabilities = vec![Capability::new("foo", 41)];
    peer.exchange_hello().await;
    peer.expect_goodbye(DisconnectReason::UselessPeer).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_without_protocols_accepts_everyone() {
    let (server, mut peer) = connect_peer(vec![], 4096).await;
    peer.send(PING, &[0xC0]).await;
    assert_eq!(peer.read().await.unwrap().0, PONG);
    drop(server);
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_instead_of_hello_is_understood_and_not_answered() {
    for payload in [&[0xC1, 0x04][..], &[0x04]] {
        let (mut server, mut peer) = connect(vec![], 4096).await;
        server.answer(Ok(())).await;
        peer.send(DISCONNECT, payload).await;
        assert_eq!(peer.read().await.unwrap().0, HELLO);
        peer.expect_closed().await;
        drop(peer);
        let end = server.end().await;
        assert!(matches!(end, EndReason::Remote(DisconnectReason::TooManyPeers)), "{end:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_message_before_hello_is_a_breach_of_protocol() {
    let (mut server, mut peer) = connect(vec![], 4096).await;
    server.answer(Ok(())).await;
    peer.send(PING, &[0xC0]).await;
    assert_eq!(peer.read().await.unwrap().0, HELLO);
    peer.expect_goodbye(DisconnectReason::ProtocolBreach).await;
    drop(peer);
    let end = server.end().await;
    let not_hello = TransportError::Message(MessageError::NotHello(PING));
    assert!(matches!(end, EndReason::Transport(error) if error == not_hello));
}

#[tokio::test(start_paused = true)]
async fn a_stranger_gets_no_frame_larger_than_a_hello() {
    let (mut server, mut peer) = connect(vec![], 1 << 16).await;
    server.answer(Ok(())).await;
    peer.send(HELLO, &[0; 2049]).await;
    assert_eq!(peer.read().await.unwrap().0, HELLO);
    peer.expect_closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_older_than_version_5_is_spoken_to_without_compression() {
    let (mut server, mut peer) = connect(vec![], 4096).await;
    server.answer(Ok(())).await;
    peer.hello.version = 4;
    peer.exchange_hello().await;
    server.answer(Ok(())).await;
    peer.send(PING, &[0xC0]).await;
    assert_eq!(peer.read().await.unwrap(), (PONG, vec![0xC0]));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_says_so_to_connections_that_are_being_set_up() {
    let (mut server, mut peer) = connect(vec![], 4096).await;
    server.answer(Ok(())).await;
    assert_eq!(peer.read().await.unwrap().0, HELLO);
    server.orders.close(DisconnectReason::Quitting);
    peer.expect_goodbye(DisconnectReason::Quitting).await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_trusted_while_hellos_are_exchanged_is_trusted_for_its_handler() {
    let (told, mut heard) = mpsc::unbounded_channel();
    let foo = Protocol::new("foo", 42, 1, move |peer, _pipe| {
        told.send(peer.trusted).unwrap();
        std::future::pending()
    });
    let (mut server, mut peer) = connect(vec![foo], 4096).await;
    server.answer(Ok(())).await;
    peer.exchange_hello().await;
    server.answer_with(Ok(Standing { trusted: true, is_static: false })).await;
    assert_eq!(timeout(LONG, heard.recv()).await.unwrap(), Some(true));
}

#[tokio::test]
async fn a_link_says_who_is_there_and_nothing_of_what_was_said() {
    let (mut ours, mut theirs) = shake_hands(4096).await;
    ours.send(PING, b"foobar").await.unwrap();
    theirs.receive().await.unwrap();
    let shown = format!("{theirs:?}");
    assert!(shown.contains("remote_key"), "{shown}");
    assert!(!shown.contains("foobar"), "{shown}");
}
