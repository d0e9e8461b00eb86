//! Nodes that we tell others about, and that others tell us about.

use super::*;

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
fn asking(stranger: &Stranger) -> (Subject, RequestNumber) {
    let mut subject = Subject::with(|config| config.bootnodes = vec![stranger.node()]);
    let number = subject.service.lookup(at(subject.now), [7; 64]);
    let ping_hash = subject.sent()[0].1.hash;
    assert_eq!(subject.hear(stranger, &stranger.pong(ping_hash)), []);
    let until = |subject: &Subject| subject.now < ANSWER_TIMEOUT;
    while until(&subject) {
        subject.now += Duration::from_millis(100);
        subject.service.end_waits(at(subject.now));
    }
    let sent = subject.sent();
    assert!(matches!(&sent[..], [(_, Opened { packet: Packet::FindNode(_), .. })]), "{sent:?}");
    (subject, number)
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
    let (mut subject, number) = asking(&far);
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
    let expected = Output::LookupDone { number, result: Ok(vec![far.node()]) };
    assert!(subject.service.outputs.contains(&expected));
}

#[test]
fn who_is_told_about_is_found_when_it_has_answered_and_not_before() {
    let far = Stranger::new(1, "8.8.8.8:30303");
    let (mut subject, _) = asking(&far);
    subject.service.start_search();
    let strangers = [Stranger::new(2, "9.9.9.9:30303"), Stranger::new(3, "9.9.8.8:30303")];
    let told = strangers.iter().map(|stranger| {
        let endpoint = Endpoint { tcp: 30304, ..endpoint(stranger.address) };
        Neighbor { endpoint, public_key: stranger.key.public_key().to_bytes() }
    });
    let datagram = neighbors(told.collect()).encode(&far.key).unwrap().datagram;
    subject.service.receive(at(subject.now), far.address, &datagram);
    let found = |subject: &mut Subject| {
        let outputs = subject.service.outputs.drain(..);
        let nodes = outputs.filter_map(|output| match output {
            Output::Found(node) => Some(node),
            _ => None,
        });
        nodes.collect::<Vec<_>>()
    };
    // Fewer than sixteen: there might be more.
    subject.now += ANSWER_TIMEOUT;
    subject.service.end_waits(at(subject.now));
    let pings = subject.sent();
    assert_eq!(found(&mut subject), [], "that they are there is hearsay");

    let answers = &strangers[0];
    let ping = pings.iter().find(|(to, _)| *to == answers.address).unwrap();
    subject.hear(answers, &answers.pong(ping.1.hash));
    assert_eq!(found(&mut subject), [Node { tcp: 30304, ..answers.node() }]);
    subject.wait(Duration::from_secs(60));
    let all = found(&mut subject);
    assert!(!all.iter().any(|node| node.public_key == strangers[1].key.public_key()), "{all:?}");
}
