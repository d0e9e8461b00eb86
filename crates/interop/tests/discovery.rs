//! Discovery: our node, go-ethereum and EthereumJS ask each other, and dial whom they find.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use std::net::SocketAddr;

use common::tools::{ALONE, built, geths_tool, our_tool};
use common::{Ours, config, event, geth, key_of, listening, peer_event, said, soon};
use devp2p_core::discv4::service::RequestError;
use devp2p_core::enode::Enode;
use devp2p_core::net::Config;
use devp2p_core::net::Direction;
use devp2p_core::net::discovery::{AskError, DiscoveryHandle};
use interop::{Peer, Ready, ethereumjs_peer, our_devp2p};

/// One of our nodes that begins with this one, and dials whom it finds.
async fn searching(bootnode: &Enode) -> Ours {
    Ours::start(Config { bootnodes: vec![bootnode.clone()], ..config(vec![listening()]) }).await
}

fn discovery(ours: &Ours) -> &DiscoveryHandle {
    ours.server.discovery().unwrap()
}

/// Makes two of our nodes know each other.
async fn introduce(one: &Ours, other: &Ours) {
    soon(discovery(one).ping(&other.server.enode())).await.unwrap();
}

fn enode_of(them: &Ready) -> Enode {
    them.enode.parse().unwrap()
}

/// A go-ethereum node that takes part in discovery.
async fn geth_discovering(more: &[&str]) -> (Peer, Ready) {
    geth(&[&["--discovery"], more].concat()).await
}

/// EthereumJS's discovery, without RLPx.
async fn dpt() -> (Peer, Ready) {
    let mut dpt = Peer::start(&ethereumjs_peer().unwrap(), &["dpt"]).unwrap();
    let is = dpt.ready().await.unwrap();
    (dpt, is)
}

/// Runs go-ethereum's conformance suite against one of our nodes.
async fn conformance(ours: &Ours) {
    let url = ours.url();
    let listen = ["--listen1", "127.0.0.1", "--listen2", "127.0.0.2"];
    let told = geths_tool(&[&["test", "--tap", "--remote", &url], &listen[..]].concat()).await;
    let told = told.unwrap();
    let passed = told.lines().filter(|line| line.starts_with("ok ")).count();
    assert_eq!(passed, 15, "{told}");
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn we_pass_geths_conformance_suite_ten_times_in_a_row() {
    let ours = Ours::listening().await;
    for _ in 0..10 {
        conformance(&ours).await;
    }
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn we_pass_it_also_while_we_search() {
    // It has more slots than it finds nodes, so it does not stop to ask around.
    let bootnode = Ours::listening().await;
    let ours = searching(&bootnode.server.enode()).await;
    let _other = searching(&bootnode.server.enode()).await;
    conformance(&ours).await;
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn geths_tool_pings_us_and_reads_our_record() {
    let ours = Ours::listening().await;
    let (url, record) = (ours.url(), ours.server.node_info().enr.to_string());
    let told = geths_tool(&[&["ping"], &ALONE[..], &[&url]].concat()).await.unwrap();
    assert!(told.starts_with("node responded to ping"), "{told}");
    for question in ["requestenr", "resolve"] {
        let told = geths_tool(&[&[question], &ALONE[..], &[&url]].concat()).await.unwrap();
        assert_eq!(told.trim(), record);
    }
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn geths_tool_finds_a_node_through_us() {
    let (ours, other) = (Ours::listening().await, Ours::listening().await);
    introduce(&ours, &other).await;
    // It is not where this says, so it has to be looked up.
    let moved = Enode::new(other.server.node_info().id, SocketAddr::from(([127, 0, 0, 1], 1)));
    let begin = ["resolve", "--addr", "127.0.0.1:0", "--bootnodes"];
    let told = geths_tool(&[&begin[..], &[&ours.url(), &moved.to_string()]].concat()).await;
    assert_eq!(told.unwrap().trim(), other.server.node_info().enr.to_string());
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn our_tool_pings_geth_and_reads_its_record() {
    let (_geth, is) = geth_discovering(&[]).await;
    let pong = our_tool(&["ping", &is.enode]).await.unwrap();
    assert_eq!(pong["enode"], is.enode);
    let record = our_tool(&["enr", &is.enode]).await.unwrap();
    assert_eq!(
        (&record["enode"], &record["id"]),
        (&is.enode.as_str().into(), &is.public_key.as_str().into())
    );
    assert_eq!(record["seq"], pong["enrSeq"]);
    assert_eq!(our_tool(&["resolve", &is.enode]).await.unwrap(), record);
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn our_tool_finds_a_node_through_geth() {
    built(our_devp2p).await;
    let (_geth, is) = geth_discovering(&["--no-dial"]).await;
    let ours = searching(&enode_of(&is)).await;
    let key = ours.server.node_info().id.to_string();
    let found = async {
        loop {
            // geth tells of nobody before it has checked the first one, which takes it up to 3 s.
            if let Ok(found) = our_tool(&["resolve", &key, "--bootnode", &is.enode]).await {
                return found;
            }
        }
    };
    assert_eq!(soon(found).await["enr"], ours.server.node_info().enr.to_string());
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn geth_dials_us_when_it_finds_us() {
    let (bootnode, mut ours) = (Ours::listening().await, Ours::listening().await);
    introduce(&bootnode, &ours).await;
    // It dials the bootnode as well, which knows it from then on. We know nobody to dial.
    let (mut them, is) = geth_discovering(&["--bootnode", &bootnode.url()]).await;
    said(&mut them, peer_event("add", &ours)).await;
    assert_eq!(ours.added().await, key_of(&is));
    assert_eq!(ours.server.peers().await[0].direction, Direction::Inbound);
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn we_dial_geth_when_we_find_it() {
    // A bootnode without slots, so that we find nobody else to connect to.
    let bootnode = Ours::start(Config { max_peers: 0, ..config(vec![listening()]) }).await;
    let (mut them, is) = geth_discovering(&["--no-dial", "--bootnode", &bootnode.url()]).await;
    let mut ours = searching(&bootnode.server.enode()).await;
    assert_eq!(ours.added().await, key_of(&is));
    assert_eq!(ours.server.peers().await[0].direction, Direction::Outbound);
    said(&mut them, peer_event("add", &ours)).await;
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn geths_bootnode_shows_us_to_each_other() {
    let (_bootnode, is) = geth_discovering(&["--max-peers", "0"]).await;
    let (mut one, mut other) = (searching(&enode_of(&is)).await, searching(&enode_of(&is)).await);
    let keys = (one.server.node_info().id, other.server.node_info().id);
    assert_eq!((other.added().await, one.added().await), keys);
}

#[tokio::test]
#[ignore = "needs Node: just interop"]
async fn ethereumjs_bonds_with_us_and_is_told_whom_we_know() {
    let (ours, other) = (Ours::listening().await, Ours::listening().await);
    introduce(&ours, &other).await;
    let (mut dpt, _) = dpt().await;
    dpt.send_line(&format!("add {}", ours.url())).await.unwrap();
    said(&mut dpt, peer_event("add", &ours)).await;
    // We tell only those who have proved their address.
    said(&mut dpt, peer_event("add", &other)).await;
}

#[tokio::test]
#[ignore = "needs Node: just interop"]
async fn we_bond_with_ethereumjs_and_are_told_whom_it_knows() {
    let (mut dpt, is) = dpt().await;
    let (ours, other) = (Ours::listening().await, Ours::listening().await);
    let pong = soon(discovery(&ours).ping(&enode_of(&is))).await.unwrap();
    let seen_at = SocketAddr::new(pong.to.ip, pong.to.udp);
    assert_eq!(seen_at, discovery(&ours).local_addr());
    assert_eq!(pong.enr_seq, None);
    // It wants to know us as well.
    said(&mut dpt, peer_event("add", &ours)).await;

    soon(discovery(&other).ping(&enode_of(&is))).await.unwrap();
    said(&mut dpt, peer_event("add", &other)).await;
    let third = searching(&enode_of(&is)).await;
    let found =
        soon(discovery(&third).lookup(ours.server.node_info().id.to_bytes())).await.unwrap();
    let found: Vec<Enode> = found.iter().map(|node| node.enode()).collect();
    for ours in [&ours, &other] {
        assert!(found.contains(&ours.server.enode()), "{found:?}");
    }
}

#[tokio::test]
#[ignore = "needs Node: just interop"]
async fn ethereumjs_has_no_record() {
    let (mut dpt, is) = dpt().await;
    let ours = Ours::listening().await;
    let asked = soon(discovery(&ours).request_enr(&enode_of(&is))).await;
    assert_eq!(asked, Err(AskError::Request(RequestError::Timeout)));
    let error = said(&mut dpt, event("log")).await;
    assert_eq!(error["attrs"]["error"], "Error: Invalid type: 5");
}
