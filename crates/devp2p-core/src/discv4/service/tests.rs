//! One service, and strangers whose packets are written by hand.

#![allow(clippy::arithmetic_side_effects, reason = "small numbers chosen by the tests")]

use std::collections::BTreeSet;
use std::net::IpAddr;

use rand::Rng;
use sha3::{Digest, Keccak256};

use super::super::bonds::QUIET_AFTER_BOND;
use super::super::packet::{
    self, EnrRequest, EnrResponse, FindNode, MAX_NEIGHBORS, Neighbor, Neighbors, Ping, Pong,
    Received,
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

    fn hear_sealed(&mut self, stranger: &Stranger, packet: &Packet) -> Vec<Received> {
        let datagram = packet.encode(&stranger.key).unwrap().datagram;
        self.service.receive(at(self.now), stranger.address, &datagram);
        let sent = self.sent();
        assert!(sent.iter().all(|(to, _)| *to == stranger.address), "it answers nobody else");
        sent.into_iter().map(|(_, received)| received).collect()
    }

    /// What is to be sent now.
    fn sent(&mut self) -> Vec<(SocketAddr, Received)> {
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

#[test]
fn a_ping_from_a_stranger_gets_a_pong_and_a_ping() {
    let mut subject = Subject::new();
    let ping = friend().ping().encode(&friend().key).unwrap();
    let answers = subject.hear(&friend(), &friend().ping());

    let [Packet::Pong(pong), Packet::Ping(back)] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!(pong.ping_hash, ping.hash);
    assert_eq!(pong.to, endpoint(friend().address));
    assert_eq!((pong.expiration, pong.enr_seq), (UNIX + 20, Some(5)));
    assert_eq!(back.to, endpoint(friend().address));
    assert_eq!(back.from, Endpoint { tcp: 30303, ..endpoint(home()) });
    assert_eq!((back.expiration, back.enr_seq), (UNIX + 20, Some(5)));
    assert!(!subject.knows(&friend()));
}

#[test]
fn who_answers_our_ping_has_proved_its_address_and_enters_the_table() {
    let mut subject = Subject::new();
    subject.bond(&friend());
    assert!(subject.knows(&friend()));
    assert_eq!(subject.service.table().nodes().collect::<Vec<_>>(), [&friend().node()]);
}

#[test]
fn what_a_ping_says_about_its_sender_does_not_count_but_for_the_tcp_port() {
    let mut subject = Subject::new();
    let elsewhere = Endpoint { ip: IpAddr::from([192, 0, 2, 0]), udp: 1, tcp: 40002 };
    let ping = Ping { from: elsewhere, to: elsewhere, expiration: SOON, enr_seq: None };
    let answers = subject.hear_sealed(&friend(), &Packet::Ping(ping));
    subject.hear(&friend(), &friend().pong(answers[1].hash));
    let node = Node { tcp: 40002, ..friend().node() };
    assert_eq!(subject.service.table().get(node.id()), Some(&node));
}

#[test]
fn the_second_ping_of_a_proved_node_gets_just_a_pong() {
    let mut subject = Subject::new();
    subject.bond(&friend());
    let answers = subject.hear(&friend(), &friend().ping());
    assert!(matches!(&answers[..], [Packet::Pong(_)]), "{answers:?}");
}

#[test]
fn packets_that_are_void_are_passed_over_in_silence() {
    let beyond = u64::try_from(i64::MAX).unwrap() + 1;
    for expiration in [0, UNIX - 1, beyond, SOON.wrapping_neg(), u64::MAX] {
        let mut subject = Subject::new();
        let (from, to) = (endpoint(friend().address), endpoint(home()));
        let ping = Packet::Ping(Ping { from, to, expiration, enr_seq: None });
        assert_eq!(subject.hear(&friend(), &ping), [], "{expiration}");

        subject.bond(&friend());
        let find_node = Packet::FindNode(FindNode { target: [7; 64], expiration });
        assert_eq!(subject.hear(&friend(), &find_node), [], "{expiration}");
        let request = Packet::EnrRequest(EnrRequest { expiration });
        assert_eq!(subject.hear(&friend(), &request), [], "{expiration}");
    }
}

#[test]
fn packets_that_are_good_for_very_long_are_good() {
    for expiration in [UNIX, u64::try_from(i64::MAX).unwrap()] {
        let mut subject = Subject::new();
        let (from, to) = (endpoint(friend().address), endpoint(home()));
        let ping = Packet::Ping(Ping { from, to, expiration, enr_seq: None });
        assert_eq!(subject.hear(&friend(), &ping).len(), 2, "{expiration}");
    }
}

#[test]
fn a_void_pong_proves_nothing() {
    let mut subject = Subject::new();
    let answers = subject.hear_sealed(&friend(), &friend().ping());
    let (to, ping_hash) = (endpoint(home()), answers[1].hash);
    let pong = Pong { to, ping_hash, expiration: UNIX - 1, enr_seq: None };
    subject.hear(&friend(), &Packet::Pong(pong));
    assert_eq!(subject.hear(&friend(), &find_node()), []);
}

#[test]
fn questions_without_proof_get_nothing_not_even_a_ping() {
    let mut subject = Subject::new();
    assert_eq!(subject.hear(&friend(), &find_node()), []);
    let request = Packet::EnrRequest(EnrRequest { expiration: SOON });
    assert_eq!(subject.hear(&friend(), &request), []);
    // We have answered its Ping, it has not answered ours.
    subject.hear(&friend(), &friend().ping());
    assert_eq!(subject.hear(&friend(), &find_node()), []);
    assert_eq!(subject.hear(&friend(), &request), []);
}

#[test]
fn a_pong_proves_nothing_if_it_answers_no_ping_of_ours() {
    let mut subject = Subject::new();
    subject.hear(&friend(), &friend().ping());
    subject.hear(&friend(), &friend().pong([0; 32]));
    assert_eq!(subject.hear(&friend(), &find_node()), []);
    assert!(!subject.knows(&friend()));
}

#[test]
fn a_pong_proves_nothing_if_it_comes_from_another_address_or_key() {
    let mut subject = Subject::new();
    let answers = subject.hear_sealed(&friend(), &friend().ping());
    let pong = friend().pong(answers[1].hash);

    let elsewhere = friend().at("127.0.0.2:40001");
    assert_eq!(subject.hear(&elsewhere, &pong), []);
    let other = Stranger::new(2, "127.0.0.1:40001");
    assert_eq!(subject.hear(&other, &pong), []);
    for who in [&friend(), &elsewhere, &other] {
        assert_eq!(subject.hear(who, &find_node()), []);
    }
    assert_eq!(subject.service.table().len(), 0);
}

#[test]
fn a_pong_that_comes_too_late_proves_nothing() {
    let mut subject = Subject::new();
    let answers = subject.hear_sealed(&friend(), &friend().ping());
    subject.wait(ANSWER_TIMEOUT);
    subject.hear(&friend(), &friend().pong(answers[1].hash));
    assert_eq!(subject.hear(&friend(), &find_node()), []);
}

#[test]
fn a_proof_is_not_good_at_another_address_but_at_another_port() {
    let mut subject = Subject::new();
    subject.bond(&friend());
    assert_eq!(subject.hear(&friend().at("127.0.0.2:40001"), &find_node()), []);
    assert_eq!(subject.hear(&friend().at("127.0.0.1:40009"), &find_node()).len(), 1);
}

#[test]
fn an_ipv4_address_in_the_clothes_of_ipv6_is_the_same_address() {
    let mut subject = Subject::new();
    let datagram = friend().ping().encode(&friend().key).unwrap().datagram;
    let dressed = "[::ffff:127.0.0.1]:40001".parse().unwrap();
    subject.service.receive(at(subject.now), dressed, &datagram);
    let sent = subject.sent();
    assert!(sent.iter().all(|(to, _)| *to == friend().address));
    subject.hear(&friend(), &friend().pong(sent[1].1.hash));
    assert!(subject.knows(&friend()));
}

#[test]
fn packets_under_our_own_key_are_passed_over_in_silence() {
    let mut subject = Subject::new();
    let mirror = Stranger { key: Arc::new(key(1)), address: friend().address };
    assert_eq!(subject.hear(&mirror, &mirror.ping()), []);
}

#[test]
fn who_knows_nobody_says_so() {
    let mut subject = Subject::new();
    subject.bond(&friend());
    let expected = Neighbors { nodes: Vec::new(), expiration: UNIX + 20 };
    assert_eq!(subject.hear(&friend(), &find_node()), [Packet::Neighbors(expected)]);
}

/// Nodes of which our subject takes in most.
fn crowd(count: u64, ip: impl Fn(u8) -> [u8; 4]) -> Vec<Node> {
    let numbers = (1..).zip(1..);
    let node = |(number, byte): (u64, u8)| Node {
        public_key: key(number + 50_000).public_key(),
        ip: IpAddr::from(ip(byte)),
        udp: 30303,
        tcp: 30303,
    };
    numbers.take(usize::try_from(count).unwrap()).map(node).collect()
}

fn told(packets: &[Packet]) -> Vec<[u8; 64]> {
    let nodes = packets.iter().flat_map(|packet| match packet {
        Packet::Neighbors(neighbors) => neighbors.nodes.clone(),
        other => panic!("{other:?}"),
    });
    nodes.map(|neighbor| neighbor.public_key).collect()
}

#[test]
fn the_sixteen_closest_are_told_in_packets_of_twelve() {
    let known = crowd(60, |byte| [127, 0, 0, byte]);
    let mut subject = Subject::with(|config| config.known = known);
    subject.bond(&friend());
    let answers = subject.hear(&friend(), &find_node());

    let closest =
        subject.service.table().closest(NodeId::of(&[7; 64]), |node| *node != friend().node());
    let closest: Vec<[u8; 64]> = closest.iter().map(|node| node.public_key.to_bytes()).collect();
    assert_eq!(told(&answers[..1]).len(), MAX_NEIGHBORS);
    assert_eq!(told(&answers), closest);
    assert_eq!(closest.len(), 16);
}

#[test]
fn twelve_nodes_are_told_in_one_packet() {
    let known = crowd(12, |byte| [127, 0, 0, byte]);
    let mut subject = Subject::with(|config| config.known = known);
    subject.bond(&friend());
    assert_eq!(subject.hear(&friend(), &find_node()).len(), 1);
}

#[test]
fn nobody_is_told_about_networks_that_it_cannot_reach() {
    let mut known = crowd(3, |byte| [127, 0, 0, byte]);
    known.extend(crowd(6, |byte| [192, 168, 1, byte]).split_off(3));
    known.extend(crowd(9, |byte| [8, byte, 8, 8]).split_off(6));
    for (address, expected) in
        [("127.0.0.1:40001", 9), ("10.0.0.1:40001", 6), ("81.2.69.142:40001", 3)]
    {
        let mut subject = Subject::with(|config| config.known.clone_from(&known));
        let asker = friend().at(address);
        subject.bond(&asker);
        assert_eq!(told(&subject.hear(&asker, &find_node())).len(), expected, "{address}");
    }
}

#[test]
fn neighbors_that_nobody_asked_for_are_not_heard() {
    let mut subject = Subject::new();
    subject.bond(&friend());
    let fake = crowd(1, |_| [1, 2, 3, 4]);
    let nodes = fake
        .iter()
        .map(|node| Neighbor {
            endpoint: Endpoint { ip: node.ip, udp: node.udp, tcp: node.tcp },
            public_key: node.public_key.to_bytes(),
        })
        .collect();
    let neighbors = Packet::Neighbors(Neighbors { nodes, expiration: SOON });
    assert_eq!(subject.hear(&friend(), &neighbors), []);
    assert_eq!(told(&subject.hear(&friend(), &find_node())), [[0; 64]; 0]);
}

/// A subject that asks `stranger` for nodes: it waits for the answer now.
fn asking(stranger: &Stranger) -> (Subject, RequestId) {
    let mut subject = Subject::with(|config| config.bootnodes = vec![stranger.node()]);
    let id = subject.service.lookup(at(subject.now), [7; 64]);
    let ping_hash = subject.sent()[0].1.hash;
    assert_eq!(subject.hear(stranger, &stranger.pong(ping_hash)), []);
    let until = |subject: &Subject| subject.now < ANSWER_TIMEOUT;
    while until(&subject) {
        subject.now += Duration::from_millis(100);
        subject.service.end_waits(at(subject.now));
    }
    let sent = subject.sent();
    assert!(matches!(&sent[..], [(_, Received { packet: Packet::FindNode(_), .. })]), "{sent:?}");
    (subject, id)
}

fn neighbor(number: u64, ip: &str, udp: u16) -> Neighbor {
    let endpoint = Endpoint { ip: ip.parse().unwrap(), udp, tcp: 0 };
    Neighbor { endpoint, public_key: key(number + 70_000).public_key().to_bytes() }
}

fn neighbors(nodes: Vec<Neighbor>) -> Packet {
    Packet::Neighbors(Neighbors { nodes, expiration: SOON })
}

/// Whom it has asked because of this answer.
fn asked_after(stranger: &Stranger, answer: Vec<Neighbor>) -> Vec<SocketAddr> {
    let (mut subject, _) = asking(stranger);
    let datagram = neighbors(answer).encode(&stranger.key).unwrap().datagram;
    subject.service.receive(at(subject.now), stranger.address, &datagram);
    subject.now += ANSWER_TIMEOUT;
    subject.service.end_waits(at(subject.now));
    subject.sent().into_iter().map(|(to, _)| to).collect()
}

#[test]
fn who_is_told_about_in_an_answer_is_asked() {
    let far = Stranger::new(1, "8.8.8.8:30303");
    let asked = asked_after(&far, vec![neighbor(1, "9.9.9.9", 30303)]);
    assert_eq!(asked, ["9.9.9.9:30303".parse().unwrap()]);
    let near = Stranger::new(1, "127.0.0.1:40001");
    let asked = asked_after(&near, vec![neighbor(1, "127.0.0.1", 40002)]);
    assert_eq!(asked, ["127.0.0.1:40002".parse().unwrap()]);
}

#[test]
fn nobody_is_asked_who_cannot_be_where_an_answer_says() {
    let far = Stranger::new(1, "8.8.8.8:30303");
    let nonsense = [
        neighbor(1, "127.0.0.1", 30303),
        neighbor(2, "192.168.1.1", 30303),
        neighbor(3, "::ffff:10.0.0.1", 30303),
        neighbor(4, "0.0.0.0", 30303),
        neighbor(5, "224.0.0.1", 30303),
        neighbor(6, "192.0.2.1", 30303),
        neighbor(7, "9.9.9.9", 53),
        neighbor(8, "9.9.9.9", 1024),
        neighbor(9, "9.9.9.9", 0),
        Neighbor { public_key: [1; 64], ..neighbor(10, "9.9.9.9", 30303) },
        Neighbor { public_key: key(1).public_key().to_bytes(), ..neighbor(11, "9.9.9.9", 30303) },
    ];
    assert_eq!(asked_after(&far, nonsense.to_vec()), []);
}

#[test]
fn an_answer_from_another_address_or_key_is_not_heard() {
    let far = Stranger::new(1, "8.8.8.8:30303");
    let (mut subject, _) = asking(&far);
    let answer = neighbors((1..=12).map(|number| neighbor(number, "9.9.9.9", 30303)).collect());
    for other in [far.at("8.8.4.4:30303"), Stranger::new(2, "8.8.8.8:30303")] {
        subject.hear(&other, &answer);
        subject.hear(&other, &answer);
    }
    let sent = subject.wait(ANSWER_TIMEOUT);
    assert!(sent.iter().all(|(to, _)| *to == far.address), "{sent:?}");
}

#[test]
fn an_answer_is_over_after_sixteen_nodes_and_no_more_of_it_are_heard() {
    let far = Stranger::new(1, "8.8.8.8:30303");
    let (mut subject, id) = asking(&far);
    let datagrams = [1..=12, 13..=24].map(|numbers| {
        let nodes = numbers.map(|number| neighbor(number, "9.9.9.9", 30303)).collect();
        neighbors(nodes).encode(&far.key).unwrap().datagram
    });
    subject.service.receive(at(subject.now), far.address, &datagrams[0]);
    assert_eq!(subject.sent(), []);
    subject.service.receive(at(subject.now), far.address, &datagrams[1]);
    assert_eq!(subject.sent().len(), 3, "three are asked at a time");

    // None of the sixteen is there, so each is asked twice.
    let sent = subject.wait(Duration::from_secs(60));
    let pings = sent.iter().filter(|(to, _)| to.ip() == IpAddr::from([9, 9, 9, 9])).count();
    assert_eq!(pings + 3, 2 * 16);
    let expected = Output::LookupDone { id, result: Ok(vec![far.node()]) };
    assert!(subject.service.outputs.contains(&expected));
}

#[test]
fn an_enr_request_gets_our_record() {
    let mut subject = Subject::new();
    subject.bond(&friend());
    let request = Packet::EnrRequest(EnrRequest { expiration: SOON });
    let request_hash = request.encode(&friend().key).unwrap().hash;
    let record = subject.service.record().clone();
    let expected = Packet::EnrResponse(EnrResponse { request_hash, record });
    assert_eq!(subject.hear(&friend(), &request), [expected]);
}

#[test]
fn after_a_bond_nothing_unasked_is_sent_for_a_second() {
    for seed in 0..50 {
        let mut subject = Subject::new();
        subject.service.rng = StdRng::seed_from_u64(seed);
        subject.service.start_search();
        subject.bond(&friend());
        subject.service.request_enr(at(subject.now), friend().node());
        assert_eq!(subject.wait(QUIET_AFTER_BOND - Duration::from_nanos(1)), []);
        // It would be a poor rule if nothing came after it either.
        assert_ne!(subject.wait(Duration::from_secs(10)), []);
    }
}

#[test]
fn a_node_of_the_table_is_checked_and_dropped_when_it_is_gone() {
    let mut subject = Subject::new();
    subject.bond(&friend());
    let sent = subject.wait(Duration::from_secs(20));
    assert!(matches!(&sent[..], [(to, Packet::Ping(_))] if *to == friend().address), "{sent:?}");
    assert!(!subject.knows(&friend()));
    assert_eq!(subject.service.next_wake(), None);
}

/// Waits for a check, and lets the stranger answer it with this sequence number.
fn check(subject: &mut Subject, stranger: &Stranger, enr_seq: Option<u64>) -> Vec<Received> {
    loop {
        let wake = subject.service.next_wake().expect("there will be a check");
        subject.now = subject.now.max(wake);
        subject.service.tick(at(subject.now));
        if let [(_, ping)] = &subject.sent()[..] {
            let Packet::Pong(pong) = stranger.pong(ping.hash) else { panic!() };
            let pong = Packet::Pong(Pong { enr_seq, ..pong });
            return subject.hear_sealed(stranger, &pong);
        }
    }
}

#[test]
fn a_newer_record_is_asked_for_when_a_check_shows_that_there_is_one() {
    let mut subject = Subject::new();
    subject.bond(&friend());
    assert_eq!(check(&mut subject, &friend(), None), []);
    assert_eq!(check(&mut subject, &friend(), Some(0)), []);

    let requests = check(&mut subject, &friend(), Some(3));
    let [Received { packet: Packet::EnrRequest(_), hash, .. }] = &requests[..] else {
        panic!("{requests:?}")
    };
    let record = Enr::sign(&friend().key, 3, Some(friend().address.ip()), 40001, 7777);
    let response = EnrResponse { request_hash: *hash, record };
    assert_eq!(subject.hear(&friend(), &Packet::EnrResponse(response)), []);
    let node = Node { tcp: 7777, ..friend().node() };
    assert_eq!(subject.service.table().get(node.id()), Some(&node));
    assert_eq!(check(&mut subject, &friend(), Some(3)), [], "we have seen that one");
}

#[test]
fn a_node_that_says_it_has_moved_must_answer_there_first() {
    let mut subject = Subject::new();
    subject.bond(&friend());
    let request = &check(&mut subject, &friend(), Some(3))[0];
    let moved = friend().at("127.0.0.9:40009");
    let record = Enr::sign(&friend().key, 3, Some(moved.address.ip()), 40009, 0);
    let response = EnrResponse { request_hash: request.hash, record };
    let datagram = Packet::EnrResponse(response).encode(&friend().key).unwrap().datagram;
    subject.service.receive(at(subject.now), friend().address, &datagram);

    let sent = subject.sent();
    let [(to, ping)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(*to, moved.address);
    assert_eq!(subject.service.table().get(moved.node().id()), Some(&friend().node()));
    subject.hear(&moved, &moved.pong(ping.hash));
    assert_eq!(subject.service.table().get(moved.node().id()), Some(&moved.node()));
}

#[test]
fn a_record_that_says_nonsense_about_the_address_moves_nobody() {
    for (ip, udp) in [([8, 8, 8, 8], 53), ([192, 0, 2, 1], 30303), ([0, 0, 0, 0], 30303)] {
        let mut subject = Subject::new();
        subject.bond(&friend());
        let request = &check(&mut subject, &friend(), Some(3))[0];
        let record = Enr::sign(&friend().key, 3, Some(IpAddr::from(ip)), udp, 0);
        let response = Packet::EnrResponse(EnrResponse { request_hash: request.hash, record });
        assert_eq!(subject.hear(&friend(), &response), []);
    }
}

#[test]
fn the_record_of_another_node_is_no_answer() {
    let mut subject = Subject::new();
    subject.bond(&friend());
    subject.wait(QUIET_AFTER_BOND);
    let id = subject.service.request_enr(at(subject.now), friend().node());
    let request = &subject.sent()[0].1;
    let record = Enr::sign(&key(77), 3, None, 0, 0);
    let response = Packet::EnrResponse(EnrResponse { request_hash: request.hash, record });
    subject.hear(&friend(), &response);
    let expected = Output::EnrDone { id, result: Err(RequestError::WrongRecord) };
    assert_eq!(subject.service.next_output(), Some(expected));
}

#[test]
fn strangers_do_not_enter_the_table_before_we_have_looked_around() {
    let bootnode = Stranger::new(2, "127.0.0.1:40002");
    let mut subject = Subject::with(|config| config.bootnodes = vec![bootnode.node()]);
    subject.bond(&friend());
    assert!(!subject.knows(&friend()));
    // Nobody is there; so the round is soon over.
    subject.wait(Duration::from_secs(3));
    subject.hear(&friend(), &friend().ping());
    assert!(subject.knows(&friend()));
}

#[test]
fn pings_to_one_node_are_never_the_same_packet() {
    let mut subject = Subject::new();
    let mut hashes = BTreeSet::new();
    for _ in 0..30 {
        for _ in 0..3 {
            subject.service.ping(at(subject.now), friend().node());
        }
        hashes.extend(subject.sent().into_iter().map(|(_, received)| received.hash));
        subject.wait(Duration::from_millis(700));
    }
    assert_eq!(hashes.len(), 90);
}

#[test]
fn an_unanswered_ping_is_over_after_half_a_second() {
    let mut subject = Subject::new();
    let id = subject.service.ping(at(subject.now), friend().node());
    assert_eq!(subject.sent().len(), 1);
    subject.wait(ANSWER_TIMEOUT - Duration::from_nanos(1));
    assert_eq!(subject.service.next_output(), None);
    subject.wait(Duration::from_nanos(1));
    let expected = Output::PingDone { id, result: Err(RequestError::Timeout) };
    assert_eq!(subject.service.next_output(), Some(expected));
}

#[test]
fn a_question_to_ourselves_is_refused() {
    let mut subject = Subject::new();
    let own = Node { public_key: key(1).public_key(), ..friend().node() };
    let id = subject.service.ping(at(subject.now), own);
    let expected = Output::PingDone { id, result: Err(RequestError::OwnNode) };
    assert_eq!(subject.service.next_output(), Some(expected));
}

#[test]
fn a_closed_service_ends_its_requests_and_says_nothing_more() {
    let mut subject = Subject::with(|config| config.bootnodes = vec![friend().node()]);
    let now = at(subject.now);
    let ping = subject.service.ping(now, friend().node());
    let enr = subject.service.request_enr(now, friend().node());
    let lookup = subject.service.lookup(now, [7; 64]);
    subject.sent();
    subject.service.close();

    let error = RequestError::Closed;
    let expected = [
        Output::PingDone { id: ping, result: Err(error) },
        Output::EnrDone { id: enr, result: Err(error) },
        Output::LookupDone { id: lookup, result: Err(error) },
    ];
    let outputs: Vec<Output> = std::iter::from_fn(|| subject.service.next_output()).collect();
    assert_eq!(outputs, expected);
    assert_eq!(subject.hear(&friend(), &friend().ping()), []);
    assert_eq!(subject.service.next_wake(), None);
    let id = subject.service.lookup(now, [7; 64]);
    let expected = Output::LookupDone { id, result: Err(error) };
    assert_eq!(subject.service.next_output(), Some(expected));
}

#[test]
fn ten_hosts_that_agree_tell_us_where_we_are() {
    let mut subject = Subject::with(|config| config.learn_endpoint = true);
    let seen = Endpoint { ip: IpAddr::from([81, 2, 69, 142]), udp: 5555, tcp: 0 };
    for number in 1..=10 {
        assert_eq!(subject.service.endpoint().udp, 30303);
        let host = Stranger::new(number, &format!("8.8.{number}.8:30303"));
        subject.service.ping(at(subject.now), host.node());
        let ping_hash = subject.sent()[0].1.hash;
        let pong = Pong { to: seen, ping_hash, expiration: SOON, enr_seq: None };
        subject.hear(&host, &Packet::Pong(pong));
    }
    let expected = Endpoint { tcp: 30303, ..seen };
    assert_eq!(subject.service.endpoint(), expected);
    let record = subject.service.record();
    assert_eq!((record.seq(), record.ip(), record.udp()), (6, Some(seen.ip), 5555));
    let outputs: Vec<Output> = std::iter::from_fn(|| subject.service.next_output()).collect();
    assert!(outputs.contains(&Output::Moved(expected)));
}

#[test]
fn a_fixed_endpoint_stays_whatever_others_say() {
    let mut subject = Subject::new();
    for number in 1..=20 {
        let host = Stranger::new(number, &format!("8.8.{number}.8:30303"));
        subject.service.ping(at(subject.now), host.node());
        let ping_hash = subject.sent()[0].1.hash;
        let to = Endpoint { ip: IpAddr::from([81, 2, 69, 142]), udp: 5555, tcp: 0 };
        let pong = Pong { to, ping_hash, expiration: SOON, enr_seq: None };
        subject.hear(&host, &Packet::Pong(pong));
    }
    assert_eq!(subject.service.endpoint().udp, 30303);
}

#[test]
fn a_hundred_thousand_random_datagrams_leave_no_trace() {
    let mut subject = Subject::new();
    let mut random = vec![0; 101_400];
    StdRng::seed_from_u64(3).fill_bytes(&mut random);
    for start in 0..100_000 {
        let datagram = &random[start..start + start % 1400];
        subject.service.receive(at(subject.now), friend().address, datagram);
    }
    assert_eq!(subject.service.next_output(), None);
    assert_eq!(subject.service.next_wake(), None);
    subject.bond(&friend());
}

#[test]
fn random_packets_under_a_right_hash_leave_no_trace() {
    let mut subject = Subject::new();
    let mut random = vec![0; 10_000];
    StdRng::seed_from_u64(3).fill_bytes(&mut random);
    for start in 0..8000 {
        let signed = &mut random[start..start + 70 + start % 1000].to_vec();
        // Half of all numbers are signatures by some key. A type and a list follow.
        signed[64] %= 4;
        signed[65] %= 7;
        signed[66] = 0xc0 + signed[66] % 0x40;
        let hash: [u8; 32] = Keccak256::digest(&signed).into();
        let datagram = [&hash[..], signed].concat();
        subject.service.receive(at(subject.now), friend().address, &datagram);
    }
    assert_eq!(subject.service.next_output(), None);
    assert_eq!(subject.service.next_wake(), None);
    subject.bond(&friend());
}

#[test]
fn a_hundred_thousand_pings_from_one_address_do_not_shut_out_an_honest_node() {
    let mut subject = Subject::new();
    let attackers: Vec<Stranger> =
        (1..=1000).map(|number| Stranger::new(number, "127.0.0.3:40003")).collect();
    let pings: Vec<Vec<u8>> = attackers
        .iter()
        .map(|attacker| attacker.ping().encode(&attacker.key).unwrap().datagram)
        .collect();

    let mut sent = 0;
    for _ in 0..100 {
        for ping in &pings {
            subject.service.receive(at(subject.now), attackers[0].address, ping);
            while subject.service.next_output().is_some() {
                sent += 1;
            }
        }
    }
    let honest = Stranger::new(1500, "127.0.0.1:40001");
    subject.bond(&honest);
    assert_eq!(subject.hear(&honest, &find_node()).len(), 1);
    assert!(subject.knows(&honest));

    // A Pong for each, and as many Pings as may be under way.
    assert_eq!(sent, 100_000 + MAX_PROOFS_OF_ONE_IP);
    assert_eq!(subject.service.requests.count(), MAX_PROOFS_OF_ONE_IP);
    subject.wait(ANSWER_TIMEOUT);
    assert_eq!(subject.service.requests.count(), 0);
    assert!(!subject.service.bonds.is_proved(attackers[0].who(), subject.now));
}

/// 2000 strangers ask, and none of them will ever answer: the addresses are made up.
fn flood_from_many_addresses(subject: &mut Subject) {
    let ping = friend().ping().encode(&friend().key).unwrap().datagram;
    for number in 0..2000_u32 {
        let [_, _, a, b] = number.to_be_bytes();
        let address = SocketAddr::from(([8, 9, a, b], 30303));
        subject.service.receive(at(subject.now), address, &ping);
    }
    subject.sent();
    assert_eq!(subject.service.requests.count(), MAX_PROOFS);
}

#[test]
fn strangers_at_many_addresses_leave_room_for_our_own_questions() {
    let mut subject = Subject::new();
    flood_from_many_addresses(&mut subject);
    subject.service.ping(at(subject.now), friend().node());
    assert_eq!(subject.sent().len(), 1);
}

#[test]
fn strangers_at_many_addresses_do_not_shut_out_one_who_answers() {
    let mut subject = Subject::new();
    flood_from_many_addresses(&mut subject);
    subject.bond(&friend());
    assert_eq!(subject.service.requests.count(), MAX_PROOFS - 1);
}

#[test]
fn the_user_is_told_when_it_asks_too_much() {
    let mut subject = Subject::with(|config| config.bootnodes = vec![friend().node()]);
    let now = at(subject.now);
    let is_busy = |output: &Output| {
        matches!(
            output,
            Output::PingDone { result: Err(RequestError::Busy), .. }
                | Output::LookupDone { result: Err(RequestError::Busy), .. }
        )
    };
    for _ in 0..MAX_LOOKUPS {
        subject.service.lookup(now, [7; 64]);
    }
    for _ in 0..2000 {
        subject.service.ping(now, friend().node());
    }
    subject.sent();
    let busy = subject.service.outputs.iter().filter(|output| is_busy(output)).count();
    let lookups = MAX_LOOKUPS - 2;
    assert_eq!(busy, 2 + 2000 - (1024 - lookups));
}
