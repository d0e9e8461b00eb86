//! Who has proved its address: Pings, Pongs, and who gets nothing before.

use super::*;

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
    assert_eq!(subject.service.table().get(node.node_id()), Some(&node));
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
