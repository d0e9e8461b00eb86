//! Peers that say what they should not, and what it costs them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Ours, SECRET, SOON, config, echoing, event, listening, raw, said};
use devp2p_core::keys::NodeKey;
use devp2p_core::net::EndReason;
use devp2p_core::net::transport::TransportError;
use devp2p_core::p2p::message::MessageError;
use devp2p_core::p2p::{Capability, Hello};
use interop::{InteropError, Peer};
use serde_json::Value;

/// A message with this id.
fn message(id: u64) -> impl FnMut(&Value) -> bool {
    move |line| line["event"] == "message" && line["code"] == id
}

/// Sends a ping and waits for the pong: the connection lives.
async fn is_alive(raw: &mut Peer) {
    raw.send_line("send 2 c0").await.unwrap();
    let pong = said(raw, message(3)).await;
    assert_eq!(pong["payload"], "c0");
    assert_eq!(pong["compressed"], true);
}

/// A Hello of SECRET's node, with `version` and, at its end, `more` items.
fn hello(version: u64, more: &[u8]) -> String {
    let key = NodeKey::from_bytes(SECRET).unwrap().public_key();
    let hello = Hello { version, ..Hello::new(key, "raw", vec![Capability::new("foo", 42)]) };
    let encoded = hello.encode();
    // f8, the length, and the items: between 56 and 255 bytes of them.
    let [0xf8, _, items @ ..] = &encoded[..] else { panic!("{encoded:02x?}") };
    let items = [items, more].concat();
    let length = u8::try_from(items.len()).unwrap();
    hex::encode([&[0xf8, length][..], &items].concat())
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn an_unasked_pong_a_second_hello_and_reserved_ids_are_ignored() {
    let mut ours = Ours::listening().await;
    let second_hello = format!("0:{}", hello(5, &[]));
    let mut flags = vec!["--cap", "foo/42", "--send", "3:c0", "--send", &second_hello];
    let reserved: Vec<String> = (0x04..0x10).map(|id| format!("{id}:c0")).collect();
    for message in &reserved {
        // Neither compressed nor not: nobody may look into them.
        flags.extend(["--send", message, "--send-raw", message]);
    }
    let mut raw = raw(&ours, &flags);
    ours.added().await;
    said(&mut raw, event("hello")).await;
    is_alive(&mut raw).await;
    assert_eq!(ours.server.peers().await.len(), 1);
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn an_id_out_of_range_ends_the_connection_without_a_goodbye() {
    for id in ["17", "0xffffffffffffffff"] {
        let mut ours = Ours::listening().await;
        let message = format!("{id}:c0");
        let mut raw = raw(&ours, &["--cap", "foo/42", "--send", &message]);
        ours.added().await;
        let reason = ours.dropped().await;
        let unknown = matches!(
            reason,
            EndReason::Transport(TransportError::Message(MessageError::UnknownId(_)))
        );
        assert!(unknown, "{reason:?}");
        said(&mut raw, event("closed")).await;
        let error = raw.expect(event("disconnect"), SOON).await.unwrap_err();
        assert!(matches!(error, InteropError::Ended { .. }), "{error}");
    }
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn with_version_4_nothing_is_compressed() {
    let (echo, _got) = echoing();
    let mut ours = Ours::start(config(vec![echo])).await;
    let mut raw =
        raw(&ours, &["--cap", "foo/42", "--version", "4", "--send", "16:c22a07", "--send", "2:c0"]);
    ours.added().await;
    for (id, payload) in [(16, "c22a07"), (3, "c0")] {
        let back = said(&mut raw, message(id)).await;
        assert_eq!((&back["payload"], &back["compressed"]), (&payload.into(), &false.into()));
    }
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn version_6_and_more_items_in_hello_are_accepted() {
    let mut ours = Ours::listening().await;
    let hello = format!("0:{}", hello(6, &[0xc2, 0x01, 0x02, 0x2a]));
    let key = hex::encode(SECRET);
    // Without a Hello of its own the raw peer compresses nothing: 01 00 c0 is a snappy block.
    let mut raw =
        raw(&ours, &["--key", &key, "--no-hello", "--send-raw", &hello, "--send-raw", "2:0100c0"]);
    ours.added().await;
    let pong = said(&mut raw, message(3)).await;
    assert_eq!(pong["payload"], "0100c0");
    let peers = ours.server.peers().await;
    assert_eq!(peers[0].name, "raw");
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_thousand_pings_do_not_end_the_connection() {
    let (echo, _got) = echoing();
    let mut ours = Ours::start(config(vec![echo])).await;
    let mut flags = vec!["--cap", "foo/42"];
    flags.extend(std::iter::repeat_n(["--send", "2:c0"], 1000).flatten());
    flags.extend(["--send", "16:c22a07"]);
    let mut raw = raw(&ours, &flags);
    ours.added().await;
    said(&mut raw, message(3)).await;
    let back = said(&mut raw, message(16)).await;
    assert_eq!(back["payload"], "c22a07", "what comes after the flood is answered too");
    is_alive(&mut raw).await;
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_flood_of_pings_that_does_not_read_the_pongs_ends_nobody_else() {
    let mut ours = Ours::start(config(vec![listening()])).await;
    let mut flags = vec!["--cap", "foo/42", "--no-pong"];
    flags.extend(std::iter::repeat_n(["--send", "2:c0"], 1000).flatten());
    let _flood = raw(&ours, &flags);
    ours.added().await;
    let mut other = raw(&ours, &["--cap", "foo/42"]);
    ours.added().await;
    said(&mut other, event("hello")).await;
    is_alive(&mut other).await;
}
