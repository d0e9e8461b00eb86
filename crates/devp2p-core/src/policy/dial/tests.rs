#![allow(clippy::arithmetic_side_effects, reason = "small numbers chosen by the tests")]

mod found;
mod moved;

use std::collections::HashMap;
use std::net::SocketAddr;

use proptest::prelude::*;

use super::*;
use crate::enode::{Address, Host};
use crate::keys::NodeKey;
use crate::policy::{Candidate, ConnectionNumber, Direction, Verdict};

fn key(n: u8) -> PublicKey {
    NodeKey::from_bytes([n; 32]).unwrap().public_key()
}

/// Each node has a port of its own.
fn enode(n: u8) -> Enode {
    enode_at(n, 30300 + u16::from(n))
}

fn enode_at(n: u8, port: u16) -> Enode {
    Enode::new(key(n), SocketAddr::from(([127, 0, 0, 1], port)))
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const OWN: u8 = 200;

/// Static nodes 1 to `count`, added one second after the other, and room for ten peers.
fn dial_state(count: u8) -> (DialState, Admission) {
    let mut dials = DialState::new(key(OWN));
    for n in 1..=count {
        dials.add(enode(n), s(u64::from(n))).unwrap();
    }
    (dials, Admission::new(key(OWN), 10))
}

fn candidate(n: u8, direction: Direction) -> Candidate {
    Candidate { connection: ConnectionNumber(u64::from(n)), key: key(n), direction }
}

fn make_peer(admission: &mut Admission, n: u8, direction: Direction) {
    assert_eq!(admission.after_hello(candidate(n, direction), s(0)), Verdict::Admit);
}

#[test]
fn a_node_that_cannot_be_dialed_is_not_added() {
    let (mut dials, mut admission) = dial_state(0);
    let only_a_key = Enode { public_key: key(1), address: None };
    let host = Host::Dns("localhost".into());
    let port_zero =
        Enode { public_key: key(1), address: Some(Address { host, tcp: 0, udp: 30303 }) };

    assert_eq!(dials.add(enode(OWN), s(0)), Err(Undialable::OwnNode));
    assert_eq!(dials.add(only_a_key, s(0)), Err(Undialable::NoAddress));
    assert_eq!(dials.add(port_zero, s(0)), Err(Undialable::NoTcpPort));
    assert!(!dials.contains(&key(1)) && !dials.contains(&key(OWN)));
    assert_eq!(dials.next_wake(&mut admission), None);
}

#[test]
fn a_failed_addition_leaves_the_node_as_it_was() {
    let (mut dials, mut admission) = dial_state(1);
    let only_a_key = Enode { public_key: key(1), address: None };
    assert_eq!(dials.add(only_a_key, s(5)), Err(Undialable::NoAddress));
    assert_eq!(dials.due(s(5), &mut admission), [enode(1)]);
}

#[test]
fn failed_dials_are_tried_again_after_doubling_waits() {
    let (mut dials, mut admission) = dial_state(1);
    let mut now = s(1);
    for seconds in [1, 2, 4, 8, 16, 32, 35, 35, 35] {
        assert_eq!(dials.due(now, &mut admission), [enode(1)]);
        assert_eq!(dials.next_wake(&mut admission), None, "nothing to do until the dial has ended");
        now += s(10);
        assert_eq!(dials.failed(&key(1), now), Some(s(seconds)));
        assert_eq!(dials.next_wake(&mut admission), Some(now + s(seconds)));
        let too_early = now + s(seconds) - Duration::from_nanos(1);
        assert_eq!(dials.due(too_early, &mut admission), []);
        now += s(seconds);
    }
}

#[test]
fn the_wait_stays_at_its_longest_however_many_failures_there_were() {
    for failures in [6, 31, 32, 33, 1000, u32::MAX] {
        assert_eq!(wait_after(failures), REDIAL_AFTER);
    }
}

#[test]
fn a_dropped_peer_is_dialed_after_thirty_five_seconds_with_a_clean_record() {
    let (mut dials, mut admission) = dial_state(1);
    assert_eq!(dials.due(s(1), &mut admission), [enode(1)]);
    assert_eq!(dials.failed(&key(1), s(1)), Some(s(1)));
    assert_eq!(dials.due(s(2), &mut admission), [enode(1)]);
    assert_eq!(dials.failed(&key(1), s(2)), Some(s(2)));
    assert_eq!(dials.due(s(4), &mut admission), [enode(1)]);
    make_peer(&mut admission, 1, Direction::Outbound);
    dials.connected(&key(1));
    assert_eq!(dials.dialing(), 0);
    assert_eq!(dials.due(s(50), &mut admission), [], "a peer is not dialed");

    admission.ended(ConnectionNumber(1));
    assert_eq!(dials.dropped(&key(1), s(100)), Some(REDIAL_AFTER));
    assert_eq!(dials.next_wake(&mut admission), Some(s(135)));
    assert_eq!(dials.due(s(134), &mut admission), []);
    assert_eq!(dials.due(s(135), &mut admission), [enode(1)]);
    assert_eq!(dials.failed(&key(1), s(135)), Some(s(1)));
}

#[test]
fn a_refused_dial_is_tried_again_after_thirty_five_seconds() {
    let (mut dials, mut admission) = dial_state(1);
    assert_eq!(dials.due(s(1), &mut admission), [enode(1)]);
    assert_eq!(dials.refused(&key(1), s(2)), Some(REDIAL_AFTER));
    assert_eq!(dials.next_wake(&mut admission), Some(s(37)));
    assert_eq!(dials.due(s(37), &mut admission), [enode(1)]);
    assert_eq!(dials.failed(&key(1), s(37)), Some(s(1)), "a refusal is not a failure");
}

#[test]
fn those_that_waited_longest_are_dialed_first_and_no_more_than_there_are_slots() {
    let (mut dials, _) = dial_state(5);
    let mut admission = Admission::new(key(OWN), 2);
    assert_eq!(dials.due(s(9), &mut admission), [enode(1), enode(2)]);
    assert_eq!(dials.due(s(9), &mut admission), [], "both slots are spoken for");
    assert_eq!(dials.next_wake(&mut admission), None);

    dials.failed(&key(2), s(9));
    assert_eq!(
        dials.due(s(11), &mut admission),
        [enode(3)],
        "it waits since 3 s, node 2 since 10 s"
    );
    dials.failed(&key(1), s(11));
    dials.failed(&key(3), s(11));
    assert_eq!(dials.due(s(11), &mut admission), [enode(4), enode(5)]);
}

#[test]
fn nodes_added_at_the_same_time_are_dialed_in_the_order_of_their_keys() {
    let mut dials = DialState::new(key(OWN));
    let mut expected: Vec<Enode> = (1..=9).map(enode).collect();
    for node in &expected {
        dials.add(node.clone(), s(0)).unwrap();
    }
    expected.sort_by_key(|node| node.public_key);
    assert_eq!(dials.due(s(0), &mut Admission::new(key(OWN), 10)), expected);
}

#[test]
fn with_no_free_slot_only_trusted_nodes_are_dialed() {
    let (mut dials, _) = dial_state(3);
    let mut admission = Admission::new(key(OWN), 0);
    assert_eq!(dials.next_wake(&mut admission), None);
    assert_eq!(dials.due(s(9), &mut admission), []);

    admission.trust(key(2));
    assert_eq!(dials.next_wake(&mut admission), Some(s(2)));
    assert_eq!(dials.due(s(9), &mut admission), [enode(2)]);
    assert_eq!(dials.next_wake(&mut admission), None);
}

#[test]
fn a_slot_that_becomes_free_lets_a_dial_go_out() {
    let (mut dials, _) = dial_state(1);
    let mut admission = Admission::new(key(OWN), 1);
    make_peer(&mut admission, 77, Direction::Inbound);
    assert_eq!(dials.due(s(9), &mut admission), []);

    admission.ended(ConnectionNumber(77));
    assert_eq!(dials.next_wake(&mut admission), Some(s(1)), "it has passed: now");
    assert_eq!(dials.due(s(9), &mut admission), [enode(1)]);
}

#[test]
fn never_more_than_fifty_dials_are_under_way() {
    let (mut dials, _) = dial_state(60);
    let mut admission = Admission::new(key(OWN), 1000);
    for n in 1..=60 {
        admission.trust(key(n));
    }
    assert_eq!(dials.due(s(100), &mut admission).len(), MAX_DIALING);
    assert_eq!(dials.dialing(), MAX_DIALING);
    assert_eq!(dials.due(s(100), &mut admission), []);
    assert_eq!(dials.next_wake(&mut admission), None);

    dials.refused(&key(1), s(100));
    assert_eq!(dials.due(s(100), &mut admission), [enode(51)]);
}

#[test]
fn a_claim_to_be_a_node_holds_up_no_dial_of_it() {
    let (mut dials, mut admission) = dial_state(1);
    assert_eq!(admission.after_handshake(candidate(1, Direction::Inbound), s(1)), Ok(()));
    assert_eq!(dials.due(s(1), &mut admission), [enode(1)]);

    let (mut dials, mut admission) = found::searching(9);
    assert_eq!(admission.after_handshake(candidate(1, Direction::Inbound), s(1)), Ok(()));
    dials.found(enode(1), s(1), &admission);
    assert_eq!(dials.due(s(1), &mut admission), [enode(1)]);
}

#[test]
fn an_inbound_peer_that_is_added_is_dialed_only_after_it_was_dropped() {
    let (mut dials, mut admission) = dial_state(0);
    make_peer(&mut admission, 1, Direction::Inbound);
    dials.add(enode(1), s(5)).unwrap();
    assert_eq!(dials.due(s(5), &mut admission), []);

    admission.ended(ConnectionNumber(1));
    assert_eq!(dials.dropped(&key(1), s(6)), Some(REDIAL_AFTER));
    assert_eq!(dials.due(s(40), &mut admission), []);
    assert_eq!(dials.due(s(41), &mut admission), [enode(1)]);
}

#[test]
fn the_losing_dial_of_a_crossed_pair_leads_to_no_dial_while_the_other_lives() {
    let (mut dials, mut admission) = dial_state(1);
    assert_eq!(dials.due(s(1), &mut admission), [enode(1)]);
    make_peer(&mut admission, 1, Direction::Inbound);
    assert_eq!(dials.dialing(), 1, "our own dial is still under way");
    assert_eq!(dials.refused(&key(1), s(2)), Some(REDIAL_AFTER));
    assert_eq!(dials.due(s(1000), &mut admission), []);

    admission.ended(ConnectionNumber(1));
    assert_eq!(dials.dropped(&key(1), s(1000)), Some(REDIAL_AFTER));
    assert_eq!(dials.due(s(1035), &mut admission), [enode(1)]);
}

#[test]
fn a_removed_node_is_not_dialed_and_its_reports_change_nothing() {
    let (mut dials, mut admission) = dial_state(2);
    assert!(dials.remove(&key(2)));
    assert!(!dials.remove(&key(2)));
    assert!(!dials.contains(&key(2)));
    assert_eq!(dials.due(s(9), &mut admission), [enode(1)]);

    assert!(dials.remove(&key(1)));
    assert_eq!(dials.dialing(), 1, "the dial itself goes on");
    assert_eq!(dials.failed(&key(1), s(9)), None);
    assert_eq!(dials.dialing(), 0);
    assert_eq!(dials.dropped(&key(1), s(9)), None);
    assert_eq!(dials.due(s(1000), &mut admission), []);
    assert_eq!(dials.next_wake(&mut admission), None);
}

#[test]
fn a_node_removed_and_added_again_while_being_dialed_is_not_dialed_twice() {
    let (mut dials, mut admission) = dial_state(1);
    assert_eq!(dials.due(s(1), &mut admission), [enode(1)]);
    dials.remove(&key(1));
    dials.add(enode_at(1, 9), s(2)).unwrap();
    assert_eq!(dials.due(s(2), &mut admission), []);
    assert_eq!(dials.failed(&key(1), s(3)), Some(s(1)));
    assert_eq!(dials.due(s(4), &mut admission), [enode_at(1, 9)]);
}

#[test]
fn adding_again_replaces_the_address_and_cuts_the_wait_short() {
    let (mut dials, mut admission) = dial_state(1);
    assert_eq!(dials.due(s(1), &mut admission), [enode(1)]);
    assert_eq!(dials.refused(&key(1), s(1)), Some(REDIAL_AFTER));
    dials.add(enode_at(1, 9), s(2)).unwrap();
    assert_eq!(dials.due(s(2), &mut admission), [enode_at(1, 9)]);
    assert_eq!(dials.failed(&key(1), s(2)), Some(s(1)));
}

#[test]
fn reports_about_unknown_nodes_and_dials_that_are_not_under_way_change_nothing() {
    let (mut dials, mut admission) = dial_state(1);
    dials.connected(&key(9));
    assert_eq!(dials.failed(&key(9), s(0)), None);
    assert_eq!(dials.refused(&key(9), s(0)), None);
    assert_eq!(dials.dropped(&key(9), s(0)), None);
    assert_eq!(dials.failed(&key(1), s(0)), None, "it was not being dialed");
    assert_eq!(dials.refused(&key(1), s(0)), None);
    assert_eq!(dials.due(s(1), &mut admission), [enode(1)]);
}

#[test]
fn the_end_of_time_does_not_overflow() {
    let (mut dials, mut admission) = dial_state(1);
    assert_eq!(dials.due(Duration::MAX, &mut admission), [enode(1)]);
    assert_eq!(dials.failed(&key(1), Duration::MAX), Some(s(1)));
    assert_eq!(dials.due(Duration::MAX, &mut admission), [enode(1)]);
    assert_eq!(dials.refused(&key(1), Duration::MAX), Some(REDIAL_AFTER));
    assert_eq!(dials.dropped(&key(1), Duration::MAX), Some(REDIAL_AFTER));
}

/// What may happen to a server that has a few static nodes and finds some.
#[derive(Debug, Clone)]
enum Event {
    Add(u8),
    Remove(u8),
    Found(u8),
    Trust(u8),
    Distrust(u8),
    /// A node dials us and gets past the handshake.
    Inbound(u8),
    /// One of our dials gets past the handshake.
    Handshake(u8),
    /// A connection gets past the Hellos.
    Hello(u8),
    /// A connection that is past the handshake ends.
    End(u8),
    /// One of our dials ends before the handshake.
    Fail(u8),
    /// Time goes on, by milliseconds.
    Wait(u64),
}

fn any_event() -> impl Strategy<Value = Event> {
    let node = 1..=6_u8;
    prop_oneof![
        node.clone().prop_map(Event::Add),
        node.clone().prop_map(Event::Add),
        node.clone().prop_map(Event::Remove),
        node.clone().prop_map(Event::Found),
        node.clone().prop_map(Event::Trust),
        node.clone().prop_map(Event::Distrust),
        node.clone().prop_map(Event::Inbound),
        node.clone().prop_map(Event::Handshake),
        node.clone().prop_map(Event::Hello),
        node.clone().prop_map(Event::End),
        node.prop_map(Event::Fail),
        (0..40_000_u64).prop_map(Event::Wait),
    ]
}

/// A connection as the world knows it.
#[derive(Debug, Clone, Copy)]
struct Live {
    candidate: Candidate,
    is_peer: bool,
}

/// The main loop in small: it knows which dials and connections there really are.
struct World {
    dials: DialState,
    admission: Admission,
    now: Duration,
    next_id: u64,
    /// Dials that are not past the handshake.
    dialing: Vec<PublicKey>,
    /// Connections past the handshake.
    live: Vec<Live>,
    /// When a node was last dialed to no avail, or dropped.
    parted: HashMap<PublicKey, Duration>,
}

impl World {
    fn new(max_peers: usize, searches: bool) -> Self {
        let mut admission = Admission::new(key(OWN), max_peers);
        if searches {
            admission.split_slots();
        }
        Self {
            dials: DialState::new(key(OWN)),
            admission,
            now: Duration::ZERO,
            next_id: 0,
            dialing: Vec::new(),
            live: Vec::new(),
            parted: HashMap::new(),
        }
    }

    fn happen(&mut self, event: &Event) {
        match *event {
            Event::Add(n) => self.dials.add(enode(n), self.now).unwrap(),
            Event::Remove(n) => {
                assert_eq!(self.dials.contains(&key(n)), self.dials.remove(&key(n)));
            }
            Event::Found(n) => self.dials.found(enode(n), self.now, &self.admission),
            Event::Trust(n) => self.admission.trust(key(n)),
            Event::Distrust(n) => self.admission.distrust(&key(n)),
            Event::Inbound(n) => self.handshake(key(n), Direction::Inbound),
            Event::Handshake(n) => {
                if self.stop_dialing(&key(n)) {
                    self.handshake(key(n), Direction::Outbound);
                }
            }
            Event::Hello(n) => self.hello(&key(n)),
            Event::End(n) => self.end(&key(n)),
            Event::Fail(n) => {
                if self.stop_dialing(&key(n)) {
                    self.dials.failed(&key(n), self.now);
                    self.parted.insert(key(n), self.now);
                }
            }
            Event::Wait(ms) => self.now += Duration::from_millis(ms),
        }
    }

    fn stop_dialing(&mut self, key: &PublicKey) -> bool {
        let position = self.dialing.iter().position(|dialed| dialed == key);
        position.map(|at| self.dialing.remove(at)).is_some()
    }

    fn handshake(&mut self, key: PublicKey, direction: Direction) {
        self.next_id += 1;
        let candidate = Candidate { connection: ConnectionNumber(self.next_id), key, direction };
        match self.admission.after_handshake(candidate, self.now) {
            Ok(()) => self.live.push(Live { candidate, is_peer: false }),
            Err(_) if direction == Direction::Outbound => {
                assert_eq!(self.dials.refused(&key, self.now).is_some(), self.dials.contains(&key));
                self.parted.insert(key, self.now);
            }
            Err(_) => {}
        }
    }

    /// The connection in set-up that began last gets past the Hellos.
    fn hello(&mut self, key: &PublicKey) {
        let is_coming = |live: &Live| live.candidate.key == *key && !live.is_peer;
        let Some(at) = self.live.iter().rposition(is_coming) else {
            return;
        };
        let candidate = self.live[at].candidate;
        match self.admission.after_hello(candidate, self.now) {
            Verdict::Admit => {
                self.live[at].is_peer = true;
                if candidate.direction == Direction::Outbound {
                    self.dials.connected(key);
                }
            }
            Verdict::Refuse(_) => self.end_connection(candidate.connection),
            Verdict::Replace(other) => {
                self.end_connection(other);
                self.hello(key);
            }
            // Every second one is still alive.
            Verdict::Challenge(other) if other.0 % 2 == 0 => {
                self.end_connection(other);
                self.hello(key);
            }
            Verdict::Challenge(_) => self.end_connection(candidate.connection),
        }
    }

    /// The connection that began first ends.
    fn end(&mut self, key: &PublicKey) {
        let first = self.live.iter().find(|live| live.candidate.key == *key);
        if let Some(connection) = first.map(|live| live.candidate.connection) {
            self.end_connection(connection);
        }
    }

    fn end_connection(&mut self, number: ConnectionNumber) {
        let at = self.live.iter().position(|live| live.candidate.connection == number);
        let Live { candidate: Candidate { key, direction, .. }, is_peer } =
            self.live.remove(at.unwrap());
        self.admission.ended(number);
        if is_peer {
            self.dials.dropped(&key, self.now);
        } else if direction == Direction::Outbound {
            self.dials.refused(&key, self.now);
        } else {
            return;
        }
        self.parted.insert(key, self.now);
    }

    /// How many of our dials have not become a peer.
    fn under_way(&self) -> usize {
        let in_set_up = self
            .live
            .iter()
            .filter(|live| live.candidate.direction == Direction::Outbound && !live.is_peer);
        self.dialing.len() + in_set_up.count()
    }

    /// Dials what is due, as the main loop does after every event.
    fn dial(&mut self) {
        let before = self.under_way();
        assert_eq!(self.dials.dialing(), before);
        let announced = self.dials.next_wake(&mut self.admission);
        let due = self.dials.due(self.now, &mut self.admission);
        assert_eq!(announced.is_some_and(|at| at <= self.now), !due.is_empty(), "a missed wake-up");

        for (n, node) in due.iter().enumerate() {
            let key = node.public_key;
            assert!(!self.dialing.contains(&key), "a second dial of one node");
            let is_there = |live: &Live| {
                let is_claim = live.candidate.direction == Direction::Inbound && !live.is_peer;
                live.candidate.key == key && !is_claim
            };
            assert!(!self.live.iter().any(is_there), "it is connected");
            if self.dials.contains(&key) {
                let has_slot = before + n < self.admission.free_slots();
                assert!(has_slot || self.admission.is_trusted(&key), "a dial without a slot");
            } else {
                assert!(before + n < self.admission.free_dial_slots(), "a dial without a slot");
                let parted = self.parted.get(&key);
                assert!(parted.is_none_or(|at| self.now >= *at + REDIAL_AFTER), "too early");
            }
            self.dialing.push(key);
        }
        assert!(self.under_way() <= MAX_DIALING);
        let wake = self.dials.next_wake(&mut self.admission);
        assert!(wake.is_none_or(|at| at > self.now), "a wake-up in the past");
        assert!(wake.is_none_or(|at| at <= self.now + REDIAL_AFTER), "a wake-up too far away");
    }

    /// Everything ends; then every static node is dialed as its time comes.
    fn settle(&mut self) {
        for n in 1..=6 {
            self.happen(&Event::Fail(n));
        }
        while let Some(live) = self.live.first() {
            self.end_connection(live.candidate.connection);
        }
        let mut waiting: HashSet<PublicKey> = (1..=6).map(key).collect();
        waiting.retain(|key| self.dials.contains(key));
        let deadline = self.now + REDIAL_AFTER;
        loop {
            self.dial();
            for key in std::mem::take(&mut self.dialing) {
                waiting.remove(&key);
                self.dials.refused(&key, self.now);
            }
            if waiting.is_empty() {
                return;
            }
            self.now = self.now.max(self.dials.next_wake(&mut self.admission).unwrap());
            assert!(self.now <= deadline, "{waiting:?} were not dialed");
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_every_node_is_dialed_once_at_a_time_and_in_the_end(
        max_peers in 1..8_usize,
        searches: bool,
        events in prop::collection::vec(any_event(), 0..200),
    ) {
        let mut world = World::new(max_peers, searches);
        for event in &events {
            world.happen(event);
            world.dial();
        }
        world.settle();
    }
}
