//! Many datagrams at once: random ones, and strangers with made-up addresses.

use super::*;

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
