//! The foreign peers talk to each other: so the harness works, and a test of ours that fails
//! against one of them fails because of us.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::time::Duration;

use interop::{InteropError, Peer, ethereumjs_peer, geth_peer};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(10);

fn event(name: &str) -> impl FnMut(&Value) -> bool {
    move |line| line["event"] == name
}

fn peer_event(kind: &str, peer: &str) -> impl FnMut(&Value) -> bool {
    move |line| line["event"] == "peer" && line["type"] == kind && line["peer"] == peer
}

#[tokio::test]
#[ignore = "needs Go and Node: just interop"]
async fn geth_dials_ethereumjs_and_gets_its_message_back() {
    let mut geth = Peer::start(&geth_peer().unwrap(), &["node", "--protocol", "foo/42/2"]).unwrap();
    let arguments = ["node", "--cap", "foo/42/2", "--echo"];
    let mut ethereumjs = Peer::start(&ethereumjs_peer().unwrap(), &arguments).unwrap();
    let geth_is = geth.ready().await.unwrap();
    let ethereumjs_is = ethereumjs.ready().await.unwrap();

    geth.send_line(&format!("add {}", ethereumjs_is.enode)).await.unwrap();
    geth.expect(peer_event("add", &ethereumjs_is.node_id), SOON).await.unwrap();
    ethereumjs.expect(peer_event("add", &geth_is.node_id), SOON).await.unwrap();
    geth.expect(event("started"), SOON).await.unwrap();
    geth.send_line("send foo 1 c22a07").await.unwrap();

    let there = ethereumjs.expect(event("message"), SOON).await.unwrap();
    let back = geth.expect(event("message"), SOON).await.unwrap();
    assert_eq!((&there["code"], &there["payload"]), (&1.into(), &"c22a07".into()));
    assert_eq!((&back["code"], &back["payload"]), (&1.into(), &"c22a07".into()));

    geth.stop().await.unwrap();
    let drop = ethereumjs.expect(peer_event("drop", &geth_is.node_id), SOON).await.unwrap();
    assert_eq!(drop["reason"], 0x08, "go-ethereum says that it quits: {drop}");
    ethereumjs.stop().await.unwrap();
}

#[tokio::test]
#[ignore = "needs Go and Node: just interop"]
async fn ethereumjs_dials_geth_and_disconnects_with_a_reason_that_geth_cannot_read() {
    let mut geth = Peer::start(&geth_peer().unwrap(), &["node", "--protocol", "foo/42/2"]).unwrap();
    let arguments = ["node", "--cap", "foo/42/2"];
    let mut ethereumjs = Peer::start(&ethereumjs_peer().unwrap(), &arguments).unwrap();
    let geth_is = geth.ready().await.unwrap();
    let ethereumjs_is = ethereumjs.ready().await.unwrap();

    ethereumjs.send_line(&format!("add {}", geth_is.enode)).await.unwrap();
    geth.expect(peer_event("add", &ethereumjs_is.node_id), SOON).await.unwrap();
    ethereumjs.expect(peer_event("add", &geth_is.node_id), SOON).await.unwrap();
    ethereumjs.send_line("disconnect 4").await.unwrap();

    let drop = geth.expect(peer_event("drop", &ethereumjs_is.node_id), SOON).await.unwrap();
    assert_eq!(drop["error"], "snappy: corrupt input", "it is not compressed: {drop}");
    geth.stop().await.unwrap();
    ethereumjs.stop().await.unwrap();
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_raw_connection_shows_the_refusal_of_a_node_without_slots() {
    let program = geth_peer().unwrap();
    let mut node = Peer::start(&program, &["node", "--max-peers", "0"]).unwrap();
    let node_is = node.ready().await.unwrap();

    let mut raw = Peer::start(&program, &["raw", &node_is.enode]).unwrap();
    let disconnect = raw.expect(event("disconnect"), SOON).await.unwrap();
    assert_eq!(disconnect["reason"], 0x04);
    assert_eq!(disconnect["wire"], "c104", "a list, and before Hello not compressed");
    raw.expect(event("closed"), SOON).await.unwrap();
    node.stop().await.unwrap();
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_line_that_never_comes_is_an_error_with_the_transcript() {
    let mut geth = Peer::start(&geth_peer().unwrap(), &["node"]).unwrap();
    geth.ready().await.unwrap();
    geth.send_line("nonsense").await.unwrap();
    geth.expect(event("error"), SOON).await.unwrap();

    let error = geth.expect(event("peer"), Duration::from_millis(50)).await.unwrap_err();
    assert!(matches!(error, InteropError::Timeout { .. }));
    let transcript = format!("{error:?}");
    assert!(transcript.contains("  > nonsense\n"), "{transcript}");
    assert!(transcript.contains("  = {\"command\":\"nonsense\""), "{transcript}");
}
