//! Where nodes are: checks, records, nodes that have moved, and where others see us.

use super::*;

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
fn our_own_record_is_short_enough_to_be_read_wherever_we_are() {
    let ip: IpAddr = "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff".parse().unwrap();
    let endpoint = Endpoint { ip, udp: u16::MAX, tcp: u16::MAX };
    let other = Endpoint { ip: [255, 255, 255, 254].into(), ..endpoint };
    for (endpoint, other) in [(endpoint, None), (endpoint, Some(other)), (other, Some(endpoint))] {
        let longest = local_record(&key(1), u64::MAX, endpoint, other);
        assert_eq!(longest.to_string().parse(), Ok(longest));
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

/// A record of the friend that says where it is.
fn record(ip: IpAddr, udp: u16, tcp: u16) -> Enr {
    Enr::builder(3).ip(ip).udp(udp).tcp(tcp).sign(&friend().key).unwrap()
}

/// Waits for a check, and lets the stranger answer it with this sequence number.
fn check(subject: &mut Subject, stranger: &Stranger, enr_seq: Option<u64>) -> Vec<Opened> {
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
    let [Opened { packet: Packet::EnrRequest(_), hash, .. }] = &requests[..] else {
        panic!("{requests:?}")
    };
    let record = record(friend().address.ip(), 40001, 7777);
    let response = EnrResponse { request_hash: *hash, record };
    assert_eq!(subject.hear(&friend(), &Packet::EnrResponse(response)), []);
    let node = Node { tcp: 7777, ..friend().node() };
    assert_eq!(subject.service.table().get(node.node_id()), Some(&node));
    assert_eq!(check(&mut subject, &friend(), Some(3)), [], "we have seen that one");
}

#[test]
fn a_node_that_says_it_has_moved_must_answer_there_first() {
    let mut subject = Subject::new();
    subject.bond(&friend());
    let request = &check(&mut subject, &friend(), Some(3))[0];
    let moved = friend().at("127.0.0.9:40009");
    let record = record(moved.address.ip(), 40009, 0);
    let response = EnrResponse { request_hash: request.hash, record };
    let datagram = Packet::EnrResponse(response).encode(&friend().key).unwrap().datagram;
    subject.service.receive(at(subject.now), friend().address, &datagram);

    let sent = subject.sent();
    let [(to, ping)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(*to, moved.address);
    assert_eq!(subject.service.table().get(moved.node().node_id()), Some(&friend().node()));
    subject.hear(&moved, &moved.pong(ping.hash));
    assert_eq!(subject.service.table().get(moved.node().node_id()), Some(&moved.node()));
}

#[test]
fn a_record_that_says_nonsense_about_the_address_moves_nobody() {
    for (ip, udp) in [([8, 8, 8, 8], 53), ([192, 0, 2, 1], 30303), ([0, 0, 0, 0], 30303)] {
        let mut subject = Subject::new();
        subject.bond(&friend());
        let request = &check(&mut subject, &friend(), Some(3))[0];
        let record = record(ip.into(), udp, 0);
        let response = Packet::EnrResponse(EnrResponse { request_hash: request.hash, record });
        assert_eq!(subject.hear(&friend(), &response), []);
    }
}

#[test]
fn the_record_of_another_node_is_no_answer() {
    let mut subject = Subject::new();
    subject.bond(&friend());
    subject.wait(QUIET_AFTER_BOND);
    let number = subject.service.request_enr(at(subject.now), friend().node());
    let request = &subject.sent()[0].1;
    let record = Enr::builder(3).sign(&key(77)).unwrap();
    let response = Packet::EnrResponse(EnrResponse { request_hash: request.hash, record });
    subject.hear(&friend(), &response);
    let expected = Output::EnrDone { number, result: Err(RequestError::WrongRecord) };
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
