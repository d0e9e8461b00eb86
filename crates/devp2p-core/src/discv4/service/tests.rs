//! One service, and strangers whose packets are written by hand.

#![allow(clippy::arithmetic_side_effects, reason = "small numbers chosen by the tests")]

mod asking;
mod bootnodes;
mod floods;
mod neighbors;
mod proofs;
mod whereabouts;

use std::collections::BTreeSet;
use std::net::IpAddr;

use rand::Rng;
use sha3::{Digest, Keccak256};

use super::super::bonds::QUIET_AFTER_BOND;
use super::super::packet::{
    self, EnrRequest, EnrResponse, FindNode, MAX_NEIGHBORS, Neighbor, Neighbors, Opened, Ping, Pong,
};
use super::super::requests::{ANSWER_TIMEOUT, MAX_PROOFS, MAX_PROOFS_OF_ONE_IP};
use super::*;

const UNIX: u64 = 1_700_000_000;

/// Good for another minute.
const SOON: u64 = UNIX + 60;

/// The service under test, and its clock.
struct Subject {
    service: Service,
    now: Duration,
}

/// Somebody with a key and an address.
struct Stranger {
    key: Arc<NodeKey>,
    address: SocketAddr,
}

fn key(number: u64) -> NodeKey {
    let mut secret = [0; 32];
    secret[24..].copy_from_slice(&number.to_be_bytes());
    NodeKey::from_bytes(secret).unwrap()
}

fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint { ip: address.ip(), udp: address.port(), tcp: 0 }
}

/// Where the subject is.
fn home() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 30303))
}

impl Stranger {
    fn new(number: u64, address: &str) -> Self {
        Self { key: Arc::new(key(1000 + number)), address: address.parse().unwrap() }
    }

    /// The same one, somewhere else.
    fn at(&self, address: &str) -> Self {
        Self { key: Arc::clone(&self.key), address: address.parse().unwrap() }
    }

    fn node(&self) -> Node {
        let (ip, udp) = (self.address.ip(), self.address.port());
        Node { public_key: self.key.public_key(), ip, udp, tcp: 0 }
    }

    fn who(&self) -> (NodeId, IpAddr) {
        (self.key.node_id(), self.address.ip())
    }

    fn ping(&self) -> Packet {
        let (from, to) = (endpoint(self.address), endpoint(home()));
        Packet::Ping(Ping { from, to, expiration: SOON, enr_seq: None })
    }

    fn pong(&self, ping_hash: [u8; 32]) -> Packet {
        let to = endpoint(home());
        Packet::Pong(Pong { to, ping_hash, expiration: SOON, enr_seq: None })
    }
}

fn find_node() -> Packet {
    Packet::FindNode(FindNode { target: [7; 64], expiration: SOON })
}

impl Subject {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut ServiceConfig)) -> Self {
        let mut config = ServiceConfig {
            key: Arc::new(key(1)),
            endpoint: Endpoint { tcp: 30303, ..endpoint(home()) },
            other: None,
            learn_endpoint: false,
            bootnodes: Vec::new(),
            known: Vec::new(),
            enr_seq: 5,
        };
        change(&mut config);
        let now = Duration::ZERO;
        Self { service: Service::new(config, [9; 32], at(now)), now }
    }

    /// Takes in a packet; what it sends because of it.
    fn hear(&mut self, stranger: &Stranger, packet: &Packet) -> Vec<Packet> {
        self.hear_sealed(stranger, packet).into_iter().map(|received| received.packet).collect()
    }

    fn hear_sealed(&mut self, stranger: &Stranger, packet: &Packet) -> Vec<Opened> {
        let datagram = packet.encode(&stranger.key).unwrap().datagram;
        self.service.receive(at(self.now), stranger.address, &datagram);
        let sent = self.sent();
        assert!(sent.iter().all(|(to, _)| *to == stranger.address), "it answers nobody else");
        sent.into_iter().map(|(_, received)| received).collect()
    }

    /// What is to be sent now.
    fn sent(&mut self) -> Vec<(SocketAddr, Opened)> {
        let mut sent = Vec::new();
        let mut others = VecDeque::new();
        while let Some(output) = self.service.next_output() {
            match output {
                Output::Send { to, datagram } => {
                    sent.push((to, packet::decode(&datagram).unwrap()));
                }
                other => others.push_back(other),
            }
        }
        self.service.outputs = others;
        sent
    }

    /// Lets time pass, and ticks when it wants to be; what it sends meanwhile.
    fn wait(&mut self, time: Duration) -> Vec<(SocketAddr, Packet)> {
        let end = self.now + time;
        let mut sent = Vec::new();
        while let Some(wake) = self.service.next_wake().filter(|wake| *wake <= end) {
            self.now = self.now.max(wake);
            self.service.tick(at(self.now));
            sent.extend(self.sent().into_iter().map(|(to, received)| (to, received.packet)));
        }
        self.now = end;
        sent
    }

    /// The stranger comes, and proves its address.
    fn bond(&mut self, stranger: &Stranger) {
        let answers = self.hear_sealed(stranger, &stranger.ping());
        let [pong, ping] = &answers[..] else { panic!("a Pong and a Ping: {answers:?}") };
        assert!(matches!((&pong.packet, &ping.packet), (Packet::Pong(_), Packet::Ping(_))));
        assert_eq!(self.hear(stranger, &stranger.pong(ping.hash)), []);
    }

    fn knows(&self, stranger: &Stranger) -> bool {
        self.service.table().get(stranger.key.node_id()).is_some()
    }
}

fn at(now: Duration) -> Now {
    Now { since_start: now, unix: UNIX + now.as_secs() }
}

fn friend() -> Stranger {
    Stranger::new(1, "127.0.0.1:40001")
}
