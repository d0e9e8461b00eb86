//! A crowd that finds itself: fifty of our nodes and ten of go-ethereum's on one machine, each of
//! which knows one other at first.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking, and its numbers are small"
)]

mod common;

use std::collections::HashSet;

use common::{Ours, config, listening};
use devp2p_core::discv4::Node;
use devp2p_core::enode::Enode;
use devp2p_core::net::Config;
use devp2p_core::net::Direction;
use interop::{Peer, Ready, geth_peer};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, timeout_at};

const OURS: usize = 50;
const THEIRS: usize = 10;
/// A third of them is for nodes that a node finds by itself, and dials.
const SLOTS: usize = 12;
/// On two cores that do nothing else it takes a quarter of it: 16 s of computing, most of it
/// signatures.
const BOUND: Duration = Duration::from_secs(60);

async fn ours(bootnode: Option<&Enode>) -> Ours {
    let bootnodes = bootnode.into_iter().cloned().collect();
    Ours::start(Config { max_peers: SLOTS, bootnodes, ..config(vec![listening()]) }).await
}

/// go-ethereum's, all in one process.
async fn theirs(bootnode: &Enode) -> (Peer, Vec<Ready>) {
    let (count, slots, bootnode) = (THEIRS.to_string(), SLOTS.to_string(), bootnode.to_string());
    let flags = ["--protocol", "foo/42/1", "--count", &count, "--max-peers", &slots];
    let arguments = [&["crowd"], &flags[..], &["--bootnode", &bootnode]].concat();
    let mut process = Peer::start(&geth_peer().unwrap(), &arguments).unwrap();
    let mut nodes = Vec::new();
    for _ in 0..THEIRS {
        nodes.push(process.ready().await.unwrap());
    }
    (process, nodes)
}

/// Waits until all slots are taken that are for nodes it dials.
async fn fill_dial_slots(ours: &mut Ours) {
    loop {
        let peers = ours.server.peers().await;
        let dialed = peers.iter().filter(|peer| peer.direction == Direction::Outbound).count();
        // Where two dialed each other, the other's dial may have taken the slot.
        if dialed >= SLOTS / 3 || peers.len() == SLOTS {
            return;
        }
        ours.events.next().await.unwrap();
    }
}

/// Looks for nodes until all of these have been asked and have answered.
async fn find(ours: &Ours, mut missing: Vec<Enode>) {
    let discovery = ours.server.discovery().unwrap();
    missing.retain(|other| *other != ours.server.enode());
    while let Some(target) = missing.pop() {
        missing.insert(0, target.clone());
        let closest = discovery.lookup(target.public_key.to_bytes()).await.unwrap();
        let answered: Vec<Enode> = closest.iter().map(Node::enode).collect();
        missing.retain(|other| !answered.contains(other));
    }
}

/// Waits until each of go-ethereum's nodes has told a line like this, one that was not taken yet.
async fn each_tells(
    geths: &mut Peer,
    them: &[Ready],
    end: Instant,
    matches: impl Fn(&Value) -> bool,
) {
    for is in them {
        let left = end.saturating_duration_since(Instant::now());
        let line = geths.expect(|line| line["id"] == is.node_id && matches(line), left).await;
        line.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Go: just interop"]
async fn fifty_of_ours_and_ten_geths_that_know_one_node_each_find_and_dial_each_other() {
    let first = ours(None).await;
    let (mut geths, them) = theirs(&first.server.enode()).await;
    let enodes: Vec<Enode> = them.iter().map(|is| is.enode.parse().unwrap()).collect();
    let mut all_ours = vec![first];
    for number in 1..OURS {
        // Half of them know the first of ours, the others one of go-ethereum's each.
        let bootnode = match number % 2 {
            0 => all_ours[0].server.enode(),
            _ => enodes[number / 2 % THEIRS].clone(),
        };
        all_ours.push(ours(Some(&bootnode)).await);
    }
    let end = Instant::now() + BOUND;

    let urls: Vec<String> = all_ours.iter().map(Ours::url).collect();
    geths.send_line(&format!("find {}", urls.join(" "))).await.unwrap();
    let our_ids: HashSet<String> = all_ours.iter().map(Ours::node_id).collect();
    let all: Vec<Enode> = all_ours.iter().map(|ours| ours.server.enode()).chain(enodes).collect();
    let mut tasks = JoinSet::new();
    for (number, mut ours) in all_ours.into_iter().enumerate() {
        let all = all.clone();
        tasks.spawn(async move {
            // The first knew nobody, so it is found and dialed, but does not dial.
            if number > 0 {
                fill_dial_slots(&mut ours).await;
            }
            find(&ours, all).await;
            ours
        });
    }
    let mut all_ours = Vec::new();
    while let Some(done) = timeout_at(end, tasks.join_next()).await.unwrap() {
        all_ours.push(done.unwrap());
    }

    let is_ours = |id: &Value| our_ids.contains(id.as_str().unwrap());
    for inbound in [false, true] {
        each_tells(&mut geths, &them, end, |line| {
            line["event"] == "connected" && line["inbound"] == inbound && is_ours(&line["peer"])
        })
        .await;
    }
    for _ in 0..OURS {
        each_tells(&mut geths, &them, end, |line| line["event"] == "found").await;
    }
    geths.stop().await.unwrap();
}
