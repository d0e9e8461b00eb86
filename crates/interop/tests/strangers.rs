//! Strangers: what they can make us send, and that they cannot keep others away from us.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking, and its numbers are small"
)]

mod common;

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Weak};
use std::time::Duration;

use common::memory::held;
use common::tools::{ALONE, built, geths_tool};
use common::{Ours, SOON, geth, noise, soon, within};
use devp2p_core::discv4::packet::{
    Endpoint, EnrRequest, FindNode, Neighbors, Packet, Ping, Pong, decode,
};
use devp2p_core::keys::NodeKey;
use interop::geth_devp2p;
use tokio::task::spawn_blocking;

/// A flood is no smaller than this, in datagrams.
const FLOOD: usize = 100_000;

/// How long three answers may take in a flood. Another core sends it as fast as it can, and
/// the system drops most of what comes before we can read it: most who ask have
/// to ask again.
const IN_A_FLOOD: Duration = Duration::from_secs(120);

/// A time that does not come within our lives.
const LATER: u64 = 0xffff_ffff;

fn key() -> NodeKey {
    NodeKey::generate(&mut rand::rng())
}

fn datagram(packet: &Packet, key: &NodeKey) -> Vec<u8> {
    packet.encode(key).unwrap().datagram
}

/// A Ping that says as little as it may: an attacker pays for each byte.
fn ping(key: &NodeKey) -> Vec<u8> {
    let nowhere = Endpoint { ip: Ipv4Addr::UNSPECIFIED.into(), udp: 0, tcp: 0 };
    let ping = Ping { from: nowhere, to: nowhere, expiration: LATER, enr_seq: None };
    datagram(&Packet::Ping(ping), key)
}

/// Everything that a node answers only to those who have proved their address, or never.
fn unanswered(key: &NodeKey) -> Vec<Vec<u8>> {
    let (expiration, ping_hash) = (LATER, [7; 32]);
    let to = Endpoint { ip: Ipv4Addr::LOCALHOST.into(), udp: 30303, tcp: 0 };
    let packets = [
        Packet::FindNode(FindNode { target: [7; 64], expiration }),
        Packet::EnrRequest(EnrRequest { expiration }),
        Packet::Pong(Pong { to, ping_hash, expiration, enr_seq: Some(7) }),
        Packet::Neighbors(Neighbors { nodes: Vec::new(), expiration }),
    ];
    let packets = packets.iter().map(|packet| datagram(packet, key));
    packets.chain([noise(1280)]).collect()
}

/// A socket at 127.0.`a`.`b`. As long as it does not answer, it is as if its address was made up.
fn stranger(a: u8, b: u8) -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::new(127, 0, a, b), 0)).unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    socket
}

/// Reads until the Pong for this Ping has come; the length of everything that came.
fn wait_for_pong(socket: &UdpSocket, ping: &[u8]) -> Vec<usize> {
    let mut lengths = Vec::new();
    let mut buffer = [0; 1280];
    loop {
        let length = socket.recv(&mut buffer).unwrap();
        lengths.push(length);
        let packet = decode(&buffer[..length]).unwrap().packet;
        if matches!(packet, Packet::Pong(pong) if ping.starts_with(&pong.ping_hash)) {
            return lengths;
        }
    }
}

/// Sends these Pings, each when the one before it is answered; the length of everything that comes
/// back, and never gets an answer itself.
fn provoke(socket: &UdpSocket, to: SocketAddr, pings: &[Vec<u8>]) -> Vec<usize> {
    let mut lengths = Vec::new();
    for ping in pings {
        socket.send_to(ping, to).unwrap();
        lengths.extend(wait_for_pong(socket, ping));
    }
    // More than a node waits for an answer before it asks again, if it does.
    socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    while let Ok(length) = socket.recv(&mut [0; 1280]) {
        lengths.push(length);
    }
    lengths
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_stranger_gets_no_more_from_us_than_from_geth() {
    let ours = Ours::listening().await;
    let (_geth, is) = geth(&["--discovery"]).await;
    let nodes = [ours.url(), is.enode].map(|url| url.split('@').nth(1).unwrap().parse().unwrap());
    let measured = spawn_blocking(move || nodes.map(measure));
    let [from_us, from_geth] = soon(measured).await.unwrap();
    for (ours, theirs) in from_us.iter().zip(&from_geth) {
        assert!(ours <= theirs, "{from_us:?} {from_geth:?}");
    }
    let one_ping = ping(&key());
    assert!(from_us[0] * 2 <= one_ping.len() * 5, "{} bytes for one Ping", from_us[0]);

    let only_for_the_ping = spawn_blocking(move || {
        let socket = stranger(6, 4);
        for datagram in unanswered(&key()) {
            socket.send_to(&datagram, nodes[0]).unwrap();
        }
        provoke(&socket, nodes[0], &[one_ping]).iter().sum::<usize>()
    });
    assert_eq!(from_us[0], soon(only_for_the_ping).await.unwrap());
}

/// How many bytes come back for one Ping, for 200 that are the same, and for 200 of as many keys.
fn measure(node: SocketAddr) -> [usize; 3] {
    let same = vec![ping(&key()); 200];
    let different: Vec<Vec<u8>> = (0..200).map(|_| ping(&key())).collect();
    let pings = [&same[..1], &same, &different];
    let mut number = 0;
    pings.map(|pings| {
        number += 1;
        provoke(&stranger(6, number), node, pings).iter().sum()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Go: just interop"]
async fn floods_do_not_keep_geth_away_from_us() {
    built(geth_devp2p).await;
    let ours = Ours::listening().await;
    let node = ours.server.discovery().unwrap().local_addr();
    let many_pings: Vec<Vec<u8>> = (0..20_000).map(|_| ping(&key())).collect();
    let before = held();

    let (one_ping, random) = (vec![ping(&key())], (0..1280).map(noise).collect());
    for datagrams in [one_ping, random, unanswered(&key())] {
        during(move |goes_on| flood(node, &datagrams, goes_on), three_answers(&ours)).await;
    }
    during(move |goes_on| knock(node, &many_pings, goes_on), three_answers(&ours)).await;

    let after = held();
    assert!(after < before + (8 << 20), "{before} bytes have become {after}");
}

/// Waits for something while a thread attacks: as long as what it has a weak reference to is there.
async fn during(attack: impl FnOnce(&Weak<()>) + Send + 'static, wanted: impl Future) {
    let goes_on = Arc::new(());
    let attack = spawn_blocking({
        let goes_on = Arc::downgrade(&goes_on);
        move || attack(&goes_on)
    });
    within(IN_A_FLOOD, wanted).await;
    drop(goes_on);
    soon(attack).await.unwrap();
}

/// Lets three nodes of go-ethereum, one after the other, bond with us and ask for our record.
async fn three_answers(ours: &Ours) {
    let (url, record) = (ours.url(), ours.server.node_info().enr.to_string());
    let mut answers = 0;
    while answers < 3 {
        // A packet may be lost, as in any network; who comes again is another node then.
        if let Ok(told) = geths_tool(&[&["requestenr"], &ALONE[..], &[&url]].concat()).await {
            assert_eq!(told.trim(), record);
            answers += 1;
        }
    }
}

/// From one address, as fast as it can.
fn flood(node: SocketAddr, datagrams: &[Vec<u8>], goes_on: &Weak<()>) {
    let socket = stranger(3, 1);
    for (number, datagram) in datagrams.iter().cycle().enumerate() {
        if number >= FLOOD && goes_on.strong_count() == 0 {
            return;
        }
        match socket.send_to(datagram, node) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => panic!("{error}"),
            _ => {}
        }
    }
}

/// From many addresses, with many keys: each knocks when the one before has its Pong, so that all
/// are looked at. Nobody answers the Pings that come back, as if the addresses were made up.
fn knock(node: SocketAddr, pings: &[Vec<u8>], goes_on: &Weak<()>) {
    let sockets: Vec<UdpSocket> = (1..=250).map(|number| stranger(4, number)).collect();
    for (ping, socket) in pings.iter().zip(sockets.iter().cycle()) {
        if goes_on.strong_count() == 0 {
            return;
        }
        socket.send_to(ping, node).unwrap();
        wait_for_pong(socket, ping);
    }
}
