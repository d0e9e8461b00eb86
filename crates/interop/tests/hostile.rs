//! Peers that say what they should not, and what it costs them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Ours, SECRET, config, echoing, event, listening, raw, said};
use devp2p_core::keys::NodeKey;
use devp2p_core::p2p::{Capability, Hello};
use interop::Peer;
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
        flags.extend(["--send", message]);
    }
    let mut raw = raw(&ours, &flags);
    ours.added().await;
    said(&mut raw, event("hello")).await;
    is_alive(&mut raw).await;
    assert_eq!(ours.server.peers().await.len(), 1);
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_block_that_claims_more_than_16_mib_is_answered_with_0x02() {
    // What a snappy block declares: 16 MiB, 16 MiB + 1, 4 GiB - 1, 4 GiB; and 16 MiB - 1, which
    // is allowed but cannot be in it.
    for block in ["80808008", "81808008", "ffffffff0f", "8080808010", "ffffff0700"] {
        let mut ours = Ours::listening().await;
        let message = format!("16:{block}");
        let mut raw = raw(&ours, &["--cap", "foo/42", "--send-raw", &message]);
        let goodbye = said(&mut raw, event("disconnect")).await;
        assert_eq!(goodbye["wire"], "0204c102", "{block}");
        ours.added().await;
        ours.dropped().await;
    }
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn what_cannot_be_decompressed_is_answered_with_0x02_whatever_the_message_is() {
    // Not compressed; a length without an end; one byte too many; a copy of nothing; 4 GiB.
    for block in ["c0", "ffffffffff", "0100c0ff", "020100", "ffffffff0f"] {
        for id in [2, 3, 4, 15] {
            let mut ours = Ours::listening().await;
            let message = format!("{id}:{block}");
            let mut raw = raw(&ours, &["--cap", "foo/42", "--send-raw", &message]);
            let goodbye = said(&mut raw, event("disconnect")).await;
            assert_eq!(goodbye["wire"], "0204c102", "{message}");
            ours.added().await;
            ours.dropped().await;
        }
    }
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_payload_one_byte_too_long_is_answered_with_0x02_although_it_fits_into_a_frame() {
    let mut ours = Ours::listening().await;
    let mut raw = raw(&ours, &["--cap", "foo/42", "--send", "16:zeros:16777216"]);
    let goodbye = said(&mut raw, event("disconnect")).await;
    assert_eq!(goodbye["reason"], 0x02);
    ours.added().await;
    let reason = ours.dropped().await.to_string();
    assert_eq!(reason, "a payload of 16777216 bytes is above the limit of 16777215");
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn with_version_4_nothing_is_compressed() {
    let mut ours = Ours::start(config(vec![echoing()])).await;
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
    assert_eq!(&*peers[0].name, "raw");
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_thousand_pings_do_not_end_the_connection() {
    let mut ours = Ours::start(config(vec![echoing()])).await;
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
