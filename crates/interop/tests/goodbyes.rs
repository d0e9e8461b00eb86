//! Every reason to say goodbye, as go-ethereum hears it from us, and as we hear it from
//! go-ethereum. Those of our handlers are in `ends.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use common::log::Log;
use common::{
    Ours, SECRET, config, connect, dial_us, event, geth, key_of, listening, peer_event, raw,
    raw_listen, said, soon,
};
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, EndReason};
use devp2p_core::p2p::DisconnectReason;
use devp2p_core::protocol::Protocol;
use interop::{InteropError, Peer};

/// The next goodbye that the raw peer hears: its reason, and its bytes in hex.
async fn hears_goodbye(raw: &mut Peer) -> (u64, String) {
    let disconnect = said(raw, event("disconnect")).await;
    let wire = disconnect["wire"].as_str().unwrap();
    (disconnect["reason"].as_u64().unwrap(), wire.to_owned())
}

/// The raw peer's connection has ended without the line `name`.
async fn ended_without(raw: &mut Peer, name: &str) {
    said(raw, event("closed")).await;
    let error = raw.expect(event(name), common::SOON).await.unwrap_err();
    assert!(matches!(error, InteropError::Ended { .. }), "{error}");
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn geth_hears_0x00_when_we_remove_it() {
    let mut ours = Ours::listening().await;
    let (mut geth, is) = geth(&[]).await;
    connect(&mut geth, &mut ours).await;

    soon(ours.server.remove_peer(key_of(&is))).await;
    let drop = said(&mut geth, peer_event("drop", &ours)).await;
    assert_eq!(drop["error"], "disconnect requested");
    let reason = ours.dropped().await;
    assert!(matches!(reason, EndReason::Local(DisconnectReason::Requested)), "{reason:?}");
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_peer_whose_message_is_not_snappy_hears_0x02() {
    let mut ours = Ours::listening().await;
    let mut raw = raw(&ours, &["--cap", "foo/42", "--send-raw", "16:ff"]);
    assert_eq!(hears_goodbye(&mut raw).await, (0x02, "0204c102".to_owned()), "a list, compressed");
    ours.added().await;
    let reason = ours.dropped().await.to_string();
    assert_eq!(reason, "the payload is not valid snappy");
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_peer_whose_hello_is_empty_hears_0x02() {
    let ours = Ours::listening().await;
    let mut raw = raw(&ours, &["--no-hello", "--send-raw", "0:c0"]);
    let (reason, wire) = hears_goodbye(&mut raw).await;
    assert_eq!((reason, wire.as_str()), (0x02, "c102"));
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_peer_without_a_shared_capability_hears_0x03() {
    let ours = Ours::listening().await;
    let mut raw = raw(&ours, &["--cap", "bar/1"]);
    let (reason, wire) = hears_goodbye(&mut raw).await;
    assert_eq!((reason, wire.as_str()), (0x03, "0204c103"));
    said(&mut raw, event("closed")).await;
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn geth_without_a_shared_capability_and_we_never_are_peers() {
    let mut log = Log::capture();
    let ours = Ours::start(config(vec![Protocol::new("bar", 1, 1, |_, _| async { Ok(()) })])).await;
    let (mut geth, _) = geth(&[]).await;
    dial_us(&mut geth, &ours).await;
    log.line_with("ended before it was a peer reason=useless peer").await;
    assert!(soon(ours.server.peers()).await.is_empty());
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_server_without_slots_says_0x04_instead_of_hello() {
    let ours = Ours::start(Config { max_peers: 0, ..config(vec![listening()]) }).await;
    let mut raw = raw(&ours, &["--cap", "foo/42"]);
    let (reason, wire) = hears_goodbye(&mut raw).await;
    assert_eq!((reason, wire.as_str()), (0x04, "c104"), "not compressed");
    ended_without(&mut raw, "hello").await;
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_taken_slot_is_refused_with_0x04_but_not_to_a_trusted_node() {
    let trusted = NodeKey::from_bytes(SECRET).unwrap().public_key();
    let mut ours =
        Ours::start(Config { max_peers: 1, trusted: vec![trusted], ..config(vec![listening()]) })
            .await;
    let (mut geth, _) = geth(&[]).await;
    connect(&mut geth, &mut ours).await;

    let mut stranger = raw(&ours, &["--cap", "foo/42"]);
    assert_eq!(hears_goodbye(&mut stranger).await.0, 0x04);
    let mut friend = raw(&ours, &["--cap", "foo/42", "--key", &hex::encode(SECRET)]);
    said(&mut friend, event("hello")).await;
    assert_eq!(ours.added().await, trusted);
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_second_connection_with_the_same_key_hears_0x05_and_the_first_stays() {
    let mut ours = Ours::listening().await;
    let secret = hex::encode(SECRET);
    let (mut geth, _) = geth(&["--key", &secret]).await;
    connect(&mut geth, &mut ours).await;

    let mut twin = raw(&ours, &["--cap", "foo/42", "--key", &secret]);
    let (reason, wire) = hears_goodbye(&mut twin).await;
    assert_eq!((reason, wire.as_str()), (0x05, "c105"));
    ended_without(&mut twin, "hello").await;

    geth.stop().await.unwrap();
    assert_eq!(ours.told_goodbye().await, DisconnectReason::Quitting);
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_hello_without_a_valid_key_is_answered_with_0x07() {
    let zero = "00".repeat(64);
    for id in [zero.as_str(), "0102", &"05".repeat(64)] {
        let ours = Ours::listening().await;
        let mut raw = raw(&ours, &["--cap", "foo/42", "--hello-id", id]);
        let (reason, wire) = hears_goodbye(&mut raw).await;
        assert_eq!((reason, wire.as_str()), (0x07, "c107"), "{id}");
        said(&mut raw, event("closed")).await;
    }
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn geth_hears_0x08_when_we_stop() {
    let mut ours = Ours::listening().await;
    let (mut geth, _) = geth(&[]).await;
    connect(&mut geth, &mut ours).await;

    let about_us = peer_event("drop", &ours);
    soon(ours.server.stop()).await;
    let drop = said(&mut geth, about_us).await;
    assert_eq!(drop["error"], "client quitting");
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn who_dials_us_and_names_another_key_in_hello_hears_0x09() {
    let ours = Ours::listening().await;
    let another = NodeKey::from_bytes(SECRET).unwrap().public_key().to_string();
    let mut raw = raw(&ours, &["--cap", "foo/42", "--hello-id", &another]);
    assert_eq!(hears_goodbye(&mut raw).await.0, 0x09);
    said(&mut raw, event("closed")).await;
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn whom_we_dial_and_who_names_another_key_in_hello_hears_0x09() {
    let mut log = Log::capture();
    let ours = Ours::listening().await;
    let another = NodeKey::from_bytes(SECRET).unwrap().public_key().to_string();
    let (mut raw, is) = raw_listen(&["--cap", "foo/42", "--hello-id", &another]).await;
    ours.dial(&is).await;
    assert_eq!(hears_goodbye(&mut raw).await.0, 0x09);
    log.line_with("dial failed; trying again in 35s peer=").await;
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn our_own_key_hears_0x0a_even_when_there_are_no_slots() {
    let ours = Ours::start(Config {
        key: NodeKey::from_bytes(SECRET).unwrap().into(),
        max_peers: 0,
        ..config(vec![listening()])
    })
    .await;
    let mut raw = raw(&ours, &["--cap", "foo/42", "--key", &hex::encode(SECRET)]);
    let (reason, wire) = hears_goodbye(&mut raw).await;
    assert_eq!((reason, wire.as_str()), (0x0a, "c10a"));
    ended_without(&mut raw, "hello").await;
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn we_hear_0x08_when_geth_stops() {
    let mut ours = Ours::listening().await;
    let (mut geth, _) = geth(&[]).await;
    connect(&mut geth, &mut ours).await;
    geth.stop().await.unwrap();
    assert_eq!(ours.told_goodbye().await, DisconnectReason::Quitting);
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn we_hear_0x00_when_geth_removes_us() {
    let mut ours = Ours::listening().await;
    let (mut geth, _) = geth(&[]).await;
    connect(&mut geth, &mut ours).await;
    geth.send_line(&format!("remove {}", ours.url())).await.unwrap();
    assert_eq!(ours.told_goodbye().await, DisconnectReason::Requested);
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn we_hear_0x02_0x08_and_0x10_when_geths_handler_ends() {
    let ways = [
        ("invalid", DisconnectReason::ProtocolBreach),
        ("ok", DisconnectReason::Quitting),
        ("error", DisconnectReason::SubprotocolError),
    ];
    for (how, reason) in ways {
        let mut ours = Ours::listening().await;
        let (mut geth, _) = geth(&[]).await;
        connect(&mut geth, &mut ours).await;
        said(&mut geth, event("started")).await;
        geth.send_line(&format!("finish foo {how}")).await.unwrap();
        assert_eq!(ours.told_goodbye().await, reason);
    }
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_full_geth_refuses_our_dial_and_we_try_again_in_35_s() {
    let mut log = Log::capture();
    let ours = Ours::listening().await;
    let (_geth, is) = geth(&["--max-peers", "0"]).await;
    ours.dial(&is).await;
    let line = log.line_with("dial failed; trying again in 35s").await;
    assert!(line.contains(r#"reason=it said "too many peers" (0x04)"#), "{line}");
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_dial_with_a_wrong_key_asks_whether_the_key_is_right() {
    let mut log = Log::capture();
    let ours = Ours::listening().await;
    let (_geth, mut is) = geth(&[]).await;
    let wrong = NodeKey::from_bytes(SECRET).unwrap().public_key();
    is.enode = is.enode.replace(&is.public_key, &wrong.to_string());
    ours.dial(&is).await;

    let line = log.line_with("dial failed; trying again in 1s").await;
    assert!(line.contains("WARN"), "{line}");
    assert!(line.contains("is the key in the enode right"), "{line}");
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_disconnect_before_hello_is_understood_in_every_form() {
    let forms = [
        ("1:c104", "too many peers"),
        ("1:04", "too many peers"),
        ("1:80", "disconnect requested"),
        ("1:c0", "unknown reason 0xff"),
        ("1:deadbeef", "unknown reason 0xff"),
    ];
    let mut log = Log::capture();
    for (message, reason) in forms {
        let ours = Ours::listening().await;
        let _raw = raw(&ours, &["--no-hello", "--send-raw", message]);
        let line = log.line_with("ended before it was a peer").await;
        assert!(line.contains(&format!("reason={reason}")), "{message}: {line}");
    }
}
