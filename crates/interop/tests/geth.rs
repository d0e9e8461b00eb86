//! Our server and go-ethereum: connections that last, connections that do not, crossed dials.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use std::process::Stdio;

use common::{
    Ours, config, connect, dial_us, ethereumjs, event, geth, key_of, peer_event, said, soon,
};
use devp2p_core::events::PeerEvent;
use devp2p_core::net::Direction;
use devp2p_core::p2p::Capability;
use devp2p_core::protocol::Protocol;
use interop::{Peer, geth_devp2p};
use serde_json::json;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, timeout_at};

/// Longer than anybody here goes without a ping (15 s), or a peer without a sign of life (30 s).
const LASTING: Duration = Duration::from_secs(40);

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn whoever_dials_both_sides_know_each_other() {
    for direction in [Direction::Inbound, Direction::Outbound] {
        let mut ours = Ours::listening().await;
        let (mut them, is) = geth(&["--name", "Geth/v1"]).await;
        match direction {
            Direction::Inbound => dial_us(&mut them, &ours).await,
            Direction::Outbound => ours.dial(&is).await,
        }
        said(&mut them, peer_event("add", &ours)).await;
        assert_eq!(ours.added().await, key_of(&is));

        let [peer] = &ours.server.peers().await[..] else { panic!("not one peer") };
        assert_eq!((peer.id, peer.direction), (key_of(&is), direction));
        assert_eq!(&*peer.name, "Geth/v1");
        assert_eq!(peer.capabilities[..], [Capability::new("foo", 42)]);
        them.send_line("peers").await.unwrap();
        let peers = said(&mut them, event("peers")).await;
        let we = &peers["peers"][0];
        assert_eq!(we["id"], ours.node_id());
        assert_eq!(we["name"], ours.server.node_info().name);
        assert_eq!(we["caps"], json!(["foo/42"]));
        assert_eq!(we["network"]["inbound"], direction == Direction::Outbound);
    }
}

#[tokio::test]
#[ignore = "needs Go and Node: just interop"]
async fn connections_last_longer_than_pings_and_silence_limits() {
    let mut ours = Ours::listening().await;
    let mut all = [geth(&[]).await, geth(&[]).await, ethereumjs().await, ethereumjs().await];
    for (number, (them, is)) in all.iter_mut().enumerate() {
        if number % 2 == 0 {
            dial_us(them, &ours).await;
        } else {
            ours.dial(is).await;
        }
        ours.added().await;
        said(them, peer_event("add", &ours)).await;
    }

    let end = Instant::now() + LASTING;
    let told = timeout_at(end, ours.events.next()).await;
    assert!(told.is_err(), "nothing was to happen, but: {told:?}");
    assert_eq!(ours.server.peers().await.len(), all.len());
    for (them, _) in &mut all {
        assert_eq!(peers_of(them).await, [ours.node_id()]);
        let dropped = them.expect(peer_event("drop", &ours), Duration::ZERO).await;
        assert!(dropped.is_err(), "{dropped:?}");
    }
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_geth_that_sends_gives_up_a_handler_that_does_not_read_for_20_s() {
    let stuck = Protocol::new("foo", 42, 1, |_, pipe| async move {
        let _never_read = pipe;
        std::future::pending().await
    });
    let mut ours = Ours::start(config(vec![stuck])).await;
    let (mut them, _) = geth(&["--quiet"]).await;
    connect(&mut them, &mut ours).await;
    said(&mut them, event("started")).await;
    let begin = Instant::now();
    // 100 MiB: more than all buffers on the way.
    them.send_line("flood foo 0 1048576 100").await.unwrap();
    let flooded = them.expect(event("flooded"), LASTING).await.unwrap();
    assert!(flooded["error"].as_str().unwrap().ends_with("i/o timeout"), "{flooded}");
    assert!(begin.elapsed() >= Duration::from_secs(20), "{:?}", begin.elapsed());
    // The drop may come another 20 s later, when its ping has waited as long.
    said(&mut them, event("ended")).await;
    soon(ours.server.stop()).await;
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn crossed_dials_end_in_one_connection() {
    let mut pairs = JoinSet::new();
    for _ in 0..10 {
        pairs.spawn(cross_dials());
    }
    while let Some(pair) = pairs.join_next().await {
        pair.unwrap();
    }
}

/// A fresh pair in which each dials the other at the same moment. Both may lose their favourite
/// at first; after go-ethereum's 35 s they are connected once, and stay so.
async fn cross_dials() {
    let mut ours = Ours::listening().await;
    let (mut them, is) = geth(&[]).await;
    let start = Instant::now();
    tokio::join!(ours.dial(&is), dial_us(&mut them, &ours));

    let mut story = Vec::new();
    let end = start + Duration::from_secs(45);
    while let Ok(told) = timeout_at(end, ours.events.next()).await {
        let told = told.unwrap();
        story.push(format!("{:?} {}", start.elapsed(), told.kind()));
        if let PeerEvent::Drop { error, .. } = told {
            story.push(error.to_string());
        }
    }
    assert_eq!(ours.server.peers().await.len(), 1, "{story:?}");
    assert_eq!(peers_of(&mut them).await, [ours.node_id()], "{story:?}");
}

/// The ids of a foreign node's peers.
async fn peers_of(them: &mut Peer) -> Vec<String> {
    them.send_line("peers").await.unwrap();
    let peers = said(them, event("peers")).await;
    let id = |peer: &serde_json::Value| peer["id"].as_str().unwrap().to_owned();
    peers["peers"].as_array().unwrap().iter().map(id).collect()
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn geths_devp2p_tool_reads_our_hello() {
    let ours = Ours::listening().await;
    let ping = Command::new(geth_devp2p().unwrap())
        .args(["rlpx", "ping", &ours.url()])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = soon(ping).await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(text.contains(&ours.server.node_info().name), "{text}");
}
