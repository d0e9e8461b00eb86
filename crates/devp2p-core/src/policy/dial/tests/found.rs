//! Nodes that discovery found.

use super::*;

/// Nobody to dial yet; `max_peers` slots, a third of them for found nodes.
pub(super) fn searching(max_peers: usize) -> (DialState, Admission) {
    let mut admission = Admission::new(key(OWN), max_peers);
    admission.split_slots();
    (DialState::new(key(OWN)), admission)
}

fn enode_tcp(n: u8, tcp: u16) -> Enode {
    let host = Host::Ip([127, 0, 0, 1].into());
    Enode { public_key: key(n), address: Some(Address { host, tcp, udp: 30303 }) }
}

#[test]
fn found_nodes_are_dialed_in_order_into_a_third_of_the_slots() {
    let (mut dials, mut admission) = searching(9);
    assert!(dials.wants_nodes(&admission));
    for n in [5, 1, 4, 2, 3] {
        dials.found(enode(n), s(0), &admission);
    }
    assert!(!dials.wants_nodes(&admission), "there are three slots and five nodes");
    assert_eq!(dials.next_wake(&mut admission), Some(s(0)));
    assert_eq!(dials.due(s(0), &mut admission), [enode(5), enode(1), enode(4)]);
    assert_eq!(dials.due(s(0), &mut admission), []);
    assert_eq!(dials.next_wake(&mut admission), None);

    assert_eq!(dials.failed(&key(5), s(1)), None, "it is not dialed again");
    assert_eq!(dials.due(s(1), &mut admission), [enode(2)]);
    make_peer(&mut admission, 1, Direction::Outbound);
    dials.connected(&key(1));
    assert_eq!(dials.due(s(1), &mut admission), [], "its slot is taken");
    assert_eq!(dials.refused(&key(4), s(2)), None);
    assert_eq!(dials.due(s(2), &mut admission), [enode(3)]);
    assert!(!dials.wants_nodes(&admission), "two dials are under way, for the two free slots");
    dials.failed(&key(3), s(3));
    assert!(dials.wants_nodes(&admission));
}

#[test]
fn unless_the_slots_are_split_no_node_is_wanted_or_taken() {
    let (mut dials, mut admission) = dial_state(0);
    assert!(!dials.wants_nodes(&admission));
    dials.found(enode(1), s(0), &admission);
    assert_eq!(dials.next_wake(&mut admission), None);
    assert_eq!(dials.due(s(0), &mut admission), []);
}

#[test]
fn a_server_without_slots_does_not_search() {
    let (mut dials, mut admission) = searching(0);
    assert!(!dials.wants_nodes(&admission));
    dials.found(enode(1), s(0), &admission);
    assert_eq!(dials.due(s(0), &mut admission), []);
}

#[test]
fn a_node_with_tcp_port_0_or_without_an_address_is_never_dialed() {
    let (mut dials, mut admission) = searching(9);
    dials.found(enode_tcp(1, 0), s(0), &admission);
    dials.found(Enode { public_key: key(2), address: None }, s(0), &admission);
    assert_eq!(dials.due(s(0), &mut admission), []);
    assert!(dials.wants_nodes(&admission));
}

#[test]
fn ourselves_connected_static_dialed_and_waiting_nodes_are_not_taken() {
    let (mut dials, mut admission) = searching(9);
    dials.found(enode(OWN), s(0), &admission);
    make_peer(&mut admission, 1, Direction::Inbound);
    dials.found(enode(1), s(0), &admission);
    dials.add(enode(2), s(5)).unwrap();
    dials.found(enode_at(2, 9999), s(0), &admission);
    assert_eq!(dials.due(s(0), &mut admission), []);

    dials.found(enode(3), s(0), &admission);
    dials.found(enode_at(3, 9999), s(0), &admission);
    assert_eq!(dials.due(s(0), &mut admission), [enode(3)]);
    dials.found(enode(3), s(0), &admission);
    assert_eq!(dials.due(s(0), &mut admission), []);
}

#[test]
fn a_found_node_that_comes_to_us_or_is_added_is_not_dialed_as_a_found_one() {
    let (mut dials, mut admission) = searching(9);
    dials.found(enode(1), s(0), &admission);
    dials.found(enode(2), s(0), &admission);
    make_peer(&mut admission, 1, Direction::Inbound);
    dials.add(enode_at(2, 9), s(0)).unwrap();
    assert_eq!(dials.due(s(0), &mut admission), [enode_at(2, 9)]);
    assert_eq!(dials.due(s(0), &mut admission), []);
}

#[test]
fn after_a_failed_dial_a_refusal_or_a_drop_a_node_rests_for_thirty_five_seconds() {
    type Part = fn(&mut DialState, &mut Admission);
    let parts: [Part; 3] = [
        |dials, _| assert_eq!(dials.failed(&key(1), s(10)), None),
        |dials, _| assert_eq!(dials.refused(&key(1), s(10)), None),
        |dials, admission| {
            make_peer(admission, 1, Direction::Outbound);
            dials.connected(&key(1));
            admission.ended(ConnectionNumber(1));
            assert_eq!(dials.dropped(&key(1), s(10)), None);
        },
    ];
    for part in parts {
        let (mut dials, mut admission) = searching(3);
        dials.found(enode(1), s(0), &admission);
        assert_eq!(dials.due(s(0), &mut admission), [enode(1)]);
        part(&mut dials, &mut admission);
        assert!(dials.wants_nodes(&admission));
        dials.found(enode(1), s(45) - Duration::from_nanos(1), &admission);
        assert_eq!(dials.due(s(45), &mut admission), [], "it was found too early");
        dials.found(enode(1), s(45), &admission);
        assert_eq!(dials.due(s(45), &mut admission), [enode(1)]);
    }
}

#[test]
fn a_node_that_waits_is_forgotten_when_it_was_a_peer_meanwhile() {
    let (mut dials, mut admission) = searching(3);
    dials.found(enode(1), s(0), &admission);
    make_peer(&mut admission, 1, Direction::Inbound);
    assert!(dials.wants_nodes(&admission), "who is connected need not be dialed");
    admission.ended(ConnectionNumber(1));
    dials.dropped(&key(1), s(1));
    assert_eq!(dials.due(s(1), &mut admission), []);
}

#[test]
fn when_the_last_slot_is_taken_those_who_wait_are_forgotten() {
    let (mut dials, mut admission) = searching(3);
    dials.found(enode(1), s(0), &admission);
    dials.found(enode(2), s(0), &admission);
    assert_eq!(dials.due(s(0), &mut admission), [enode(1)]);
    make_peer(&mut admission, 1, Direction::Outbound);
    dials.connected(&key(1));
    assert_eq!(dials.due(s(1), &mut admission), []);
    dials.found(enode(3), s(1), &admission);

    admission.ended(ConnectionNumber(1));
    dials.dropped(&key(1), s(9000));
    assert_eq!(dials.due(s(9000), &mut admission), []);
    assert!(dials.wants_nodes(&admission));
}

#[test]
fn static_nodes_come_first_and_take_slots_for_dialed_peers() {
    let (mut dials, mut admission) = searching(6);
    dials.found(enode(1), s(0), &admission);
    dials.found(enode(2), s(0), &admission);
    dials.add(enode(3), s(0)).unwrap();
    assert_eq!(dials.due(s(0), &mut admission), [enode(3), enode(1)]);
    make_peer(&mut admission, 3, Direction::Outbound);
    dials.connected(&key(3));
    assert_eq!(admission.free_dial_slots(), 1);
    assert_eq!(dials.due(s(0), &mut admission), [], "node 1 is on its way to the other slot");

    for n in [4, 5, 6] {
        dials.add(enode(n), s(0)).unwrap();
    }
    assert_eq!(dials.due(s(0), &mut admission).len(), 3, "static nodes may have all free slots");
}

#[test]
fn however_many_are_found_few_are_remembered() {
    let (mut dials, mut admission) = searching(3);
    let keys: Vec<PublicKey> = (0..2000_u16)
        .map(|n| {
            let mut secret = [1; 32];
            secret[..2].copy_from_slice(&n.to_be_bytes());
            NodeKey::from_bytes(secret).unwrap().public_key()
        })
        .collect();
    let port =
        |key: &PublicKey| 2000 + u16::from_be_bytes([key.to_bytes()[0], key.to_bytes()[1]]) / 2;
    let at = |key: &PublicKey| SocketAddr::from(([127, 0, 0, key.to_bytes()[2]], port(key)));
    for key in &keys {
        dials.found(Enode::new(*key, at(key)), s(0), &admission);
    }
    assert_eq!(dials.ready(&admission), MAX_FOUND);
    for key in &keys[MAX_FOUND..] {
        dials.dropped(key, s(0));
    }
    let rested = |dials: &mut DialState, admission: &mut Admission, key: PublicKey| {
        dials.found(Enode::new(key, at(&key)), s(1), admission);
        dials.due(s(1), admission).iter().any(|enode| enode.public_key == key)
    };
    for _ in 0..MAX_FOUND {
        let [enode] = &dials.due(s(1), &mut admission)[..] else { panic!("one slot, one dial") };
        dials.failed(&enode.public_key, s(1));
    }
    let remembered = keys[MAX_FOUND..].iter().filter(|key| {
        let mut dials = dials.clone();
        !rested(&mut dials, &mut admission, **key)
    });
    assert_eq!(remembered.count(), MAX_RESTING - MAX_FOUND, "the latest ones took their places");
}

/// A key that nobody has used here before.
fn fresh_key(n: u16) -> PublicKey {
    let mut secret = [2; 32];
    secret[..2].copy_from_slice(&n.to_be_bytes());
    NodeKey::from_bytes(secret).unwrap().public_key()
}

/// Says ten times a second for `seconds` that a node with a fresh key is at the next of `places`; no
/// dial comes to anything. When, in seconds, and where we dialed.
fn lie(seconds: u16, places: impl Fn(u16) -> SocketAddr) -> Vec<(u64, SocketAddr)> {
    let (mut dials, mut admission) = searching(48);
    let mut dialed = Vec::new();
    for n in 0..seconds * 10 {
        let now = Duration::from_millis(100) * u32::from(n);
        dials.found(Enode::new(fresh_key(n), places(n)), now, &admission);
        for enode in dials.due(now, &mut admission) {
            let Some(Address { host: Host::Ip(ip), tcp, .. }) = enode.address else { panic!() };
            dialed.push((now.as_secs(), SocketAddr::new(ip, tcp)));
            assert_eq!(dials.failed(&enode.public_key, now), None);
        }
    }
    dialed
}

#[test]
fn fresh_keys_at_one_address_bring_one_dial_and_then_longer_and_longer_rests() {
    for ip in [[127, 0, 0, 1], [8, 8, 8, 8]] {
        let dialed = lie(600, |_| SocketAddr::from((ip, 30303)));
        let when: Vec<u64> = dialed.iter().map(|(when, _)| *when).collect();
        assert_eq!(when, [0, 35, 105, 245, 525]);
    }
}

#[test]
fn an_address_whose_node_was_a_peer_rests_no_longer_than_others() {
    let (mut dials, mut admission) = searching(3);
    for n in 0..5_u8 {
        let now = s(100) * u32::from(n);
        dials.found(enode_at(n + 1, 30303), now, &admission);
        assert_eq!(dials.due(now, &mut admission), [enode_at(n + 1, 30303)]);
        make_peer(&mut admission, n + 1, Direction::Outbound);
        dials.connected(&key(n + 1));
        dials.found(enode_at(n + 100, 30303), now, &admission);
        assert_eq!(dials.due(now, &mut admission), [], "somebody is there already");
        admission.ended(ConnectionNumber(u64::from(n + 1)));
        dials.dropped(&key(n + 1), now);
    }
}

#[test]
fn of_one_network_ten_nodes_are_dialed_in_thirty_five_seconds_and_nearby_more() {
    let of_one_host = lie(35, |n| SocketAddr::from(([8, 8, 8, 8], 2000 + n)));
    assert_eq!(of_one_host.len(), MAX_OF_ONE_NETWORK);
    let of_one_network = lie(35, |n| SocketAddr::from(([8, 8, 8, n.to_be_bytes()[1]], 30303)));
    assert_eq!(of_one_network.len(), MAX_OF_ONE_NETWORK);
    let of_many = lie(35, |n| SocketAddr::from(([8, 8, n.to_be_bytes()[1], 8], 30303)));
    assert!(of_many.len() > 10 * MAX_OF_ONE_NETWORK, "{}", of_many.len());
    let nearby = lie(35, |n| SocketAddr::from(([192, 168, 0, n.to_be_bytes()[1]], 30303)));
    assert!(nearby.len() > 10 * MAX_OF_ONE_NETWORK, "{}", nearby.len());
}

#[test]
fn found_nodes_at_ports_of_the_system_are_not_dialed_and_static_ones_are() {
    let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
    assert_eq!(lie(60, |n| at([22, 25, 80, 443, 1024][usize::from(n % 5)])), []);
    let (mut dials, mut admission) = searching(9);
    dials.add(enode_at(1, 80), s(0)).unwrap();
    dials.found(enode_at(2, 1025), s(0), &admission);
    assert_eq!(dials.due(s(0), &mut admission), [enode_at(1, 80), enode_at(2, 1025)]);
}
