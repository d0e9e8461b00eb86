//! Stories of nodes that find each other over real sockets.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;

use devp2p_core::discv4::Node;
use devp2p_core::discv4::packet::decode;
use devp2p_core::discv4::service::RequestError;
use devp2p_core::enode::{Address, Enode, Host};
use devp2p_core::enr::Enr;
use devp2p_core::keys::{NodeKey, PublicKey};
use devp2p_core::net::discovery::{AskError, Discovery, DiscoveryConfig, Watched, Way};
use devp2p_core::net::{SocketKind, StartError};
use support::{quiet_address, soon};

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

fn key() -> NodeKey {
    NodeKey::generate(&mut rand::rng())
}

async fn node(bootnodes: &[&Discovery]) -> Discovery {
    let bootnodes = bootnodes.iter().map(|node| enode(node)).collect();
    let config = DiscoveryConfig { bootnodes, ..DiscoveryConfig::new(Arc::new(key())) };
    Discovery::start(Some(LOOPBACK), config).await.unwrap()
}

fn enode(node: &Discovery) -> Enode {
    node.local_enr().enode()
}

/// A node that says nothing.
fn silent() -> (UdpSocket, Enode) {
    let socket = UdpSocket::bind(LOOPBACK).unwrap();
    let enode = Enode::new(key().public_key(), socket.local_addr().unwrap());
    (socket, enode)
}

fn at(host: Host, udp: u16) -> Enode {
    let address = Some(Address { host, udp, tcp: 0 });
    Enode { public_key: key().public_key(), address }
}

#[tokio::test]
async fn a_pong_says_where_the_other_node_sees_us() {
    let (a, b) = (node(&[]).await, node(&[]).await);
    let pong = soon(a.ping(&enode(&b))).await.unwrap();
    assert_eq!(SocketAddr::new(pong.to.ip, pong.to.udp), a.local_addr());
    assert_eq!(pong.enr_seq, Some(b.local_enr().seq()));
}

#[tokio::test]
async fn a_node_tells_its_record() {
    let config = DiscoveryConfig { tcp: 30303, ..DiscoveryConfig::new(Arc::new(key())) };
    let (a, b) = (node(&[]).await, Discovery::start(Some(LOOPBACK), config).await.unwrap());
    let record: Enr = soon(a.request_enr(&enode(&b))).await.unwrap();
    assert_eq!(record, b.local_enr());
    assert_eq!(record.tcp(), 30303);
    assert_eq!((record.ip(), record.udp()), (Some(b.local_addr().ip()), b.local_addr().port()));
}

/// Looks up the node until it is found: its bootnode may not have met it yet.
async fn find(searcher: &Discovery, key: PublicKey) -> Node {
    loop {
        let closest = searcher.lookup(key.to_bytes()).await.unwrap();
        if let Some(node) = closest.iter().find(|node| node.public_key == key) {
            return *node;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn nodes_that_know_one_node_find_each_other() {
    let bootnode = node(&[]).await;
    let (a, b) = (node(&[&bootnode]).await, node(&[&bootnode]).await);
    for (searcher, other) in [(&a, &b), (&b, &a)] {
        let found = soon(find(searcher, enode(other).public_key)).await;
        assert_eq!(found.enode(), enode(other));
    }
}

#[tokio::test]
async fn a_search_finds_nodes_to_dial_one_after_the_other() {
    let bootnode = node(&[]).await;
    let others = [node(&[&bootnode]).await, node(&[&bootnode]).await];
    let searcher = node(&[&bootnode]).await;
    let mut found = searcher.search().await;
    let mut missing: Vec<Enode> = others.iter().chain([&bootnode]).map(enode).collect();
    while !missing.is_empty() {
        let node = soon(found.next()).await.unwrap();
        missing.retain(|enode| *enode != node.enode());
    }
    soon(searcher.stop()).await;
    while soon(found.next()).await.is_some() {}
}

#[tokio::test]
async fn a_silent_node_is_given_up() {
    let a = node(&[]).await;
    let (_socket, enode) = silent();
    let timeout = AskError::Request(RequestError::Timeout);
    assert_eq!(soon(a.ping(&enode)).await.unwrap_err(), timeout);
    assert_eq!(soon(a.request_enr(&enode)).await.unwrap_err(), timeout);
    assert_eq!(soon(a.lookup([1; 64])).await, Ok(Vec::new()));
}

#[tokio::test]
async fn an_answer_with_another_key_is_none() {
    let (a, b) = (node(&[]).await, node(&[]).await);
    let stranger = Enode::new(key().public_key(), b.local_addr());
    let timeout = AskError::Request(RequestError::Timeout);
    assert_eq!(soon(a.ping(&stranger)).await.unwrap_err(), timeout);
    assert!(soon(a.ping(&enode(&b))).await.is_ok());
}

#[tokio::test]
async fn a_node_that_cannot_be_asked_is_told_at_once() {
    let a = node(&[]).await;
    let nowhere = Enode { public_key: key().public_key(), address: None };
    assert_eq!(soon(a.ping(&nowhere)).await.unwrap_err(), AskError::NoAddress);
    let no_udp = at(Host::Ip(Ipv4Addr::LOCALHOST.into()), 0);
    assert_eq!(soon(a.ping(&no_udp)).await.unwrap_err(), AskError::NoUdpPort);
    let no_such_host = at(Host::Dns("no-such-host.invalid".to_owned()), 1);
    assert!(matches!(soon(a.ping(&no_such_host)).await, Err(AskError::Lookup(_))));
    let own = RequestError::OwnNode;
    assert_eq!(soon(a.ping(&enode(&a))).await.unwrap_err(), own.into());
}

#[tokio::test]
async fn a_host_name_is_looked_up() {
    let (a, b) = (node(&[]).await, node(&[]).await);
    let mut named = enode(&b);
    named.address.as_mut().unwrap().host = Host::Dns("localhost".to_owned());
    assert!(soon(a.ping(&named)).await.is_ok());
}

/// The next datagram, if it is a packet: which way, and what it is called.
async fn packet(watched: &mut Watched) -> (Way, &'static str) {
    let datagram = soon(watched.next()).await.unwrap();
    (datagram.way, decode(&datagram.bytes).unwrap().packet.name())
}

#[tokio::test]
async fn who_watches_sees_every_packet() {
    let (a, b) = (node(&[]).await, node(&[]).await);
    let mut watched = a.watch().await;
    soon(a.ping(&enode(&b))).await.unwrap();
    assert_eq!(packet(&mut watched).await, (Way::Out, "Ping"));
    let mut came = [packet(&mut watched).await, packet(&mut watched).await];
    came.sort_unstable_by_key(|(_, name)| *name);
    assert_eq!(came, [(Way::In, "Ping"), (Way::In, "Pong")]);
    assert_eq!(packet(&mut watched).await, (Way::Out, "Pong"));
}

#[tokio::test]
async fn any_number_may_watch_and_each_sees_every_packet() {
    let (a, b) = (node(&[]).await, node(&[]).await);
    let (mut first, mut second) = (a.watch().await, a.watch().await);
    soon(a.ping(&enode(&b))).await.unwrap();
    for _ in 0..4 {
        assert_eq!(packet(&mut first).await, packet(&mut second).await);
    }
    drop(first);
    soon(a.ping(&enode(&b))).await.unwrap();
    assert_eq!(packet(&mut second).await, (Way::Out, "Ping"));
}

#[tokio::test]
async fn stopping_frees_the_port() {
    let (addr, b) = (quiet_address(), node(&[]).await);
    let a = Discovery::start(Some(addr), DiscoveryConfig::new(Arc::new(key()))).await.unwrap();
    soon(a.ping(&enode(&b))).await.unwrap();
    assert!(UdpSocket::bind(addr).is_err());
    soon(a.stop()).await;
    assert!(UdpSocket::bind(addr).is_ok());
}

#[tokio::test]
async fn a_handle_that_is_dropped_ends_its_node() {
    let a = node(&[]).await;
    let mut watched = a.watch().await;
    drop(a);
    assert_eq!(soon(watched.next()).await, None);
}

#[tokio::test]
async fn a_taken_port_is_refused() {
    let a = node(&[]).await;
    let config = DiscoveryConfig::new(Arc::new(key()));
    let error = Discovery::start(Some(a.local_addr()), config).await.unwrap_err();
    assert!(matches!(error, StartError::PortTaken { kind: SocketKind::Udp, .. }), "{error}");
}
