//! Stories of nodes that find each other, in memory: see `network`.

#![allow(clippy::unwrap_used, reason = "a test stops where something is not as expected")]

mod network;

use std::collections::BTreeSet;
use std::time::Duration;

use devp2p_core::discv4::Node;
use devp2p_core::discv4::service::{Output, RequestError};
use network::{Letter, Network, START, config};

const PING: u8 = 1;
const FIND_NODE: u8 = 3;

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn knows(network: &Network, node: Node, other: Node) -> bool {
    network.service(node).table().get(other.node_id()) == Some(&other)
}

/// A bootnode, and others that know only it. On a LAN, where addresses have no limit.
fn crowd(network: &mut Network, count: usize) -> Vec<Node> {
    let bootnode = network.join_at("10.0.0.1:30303", &[]);
    let others = (2..=count).map(|number| {
        let address = format!("10.0.{}.{}:30303", number / 200, number % 200);
        network.join_at(&address, &[bootnode])
    });
    let others: Vec<Node> = others.collect();
    [vec![bootnode], others].concat()
}

/// What a lookup for this very node finds.
fn look_for(network: &mut Network, node: Node, other: Node) -> Vec<Node> {
    let target = other.public_key.to_bytes();
    let id = network.call(node, |service, now| service.lookup(now, target));
    let mut found = None;
    let is_done = network.run_until(seconds(120), |network| {
        found = network.take_outputs(node).into_iter().find_map(|output| match output {
            Output::LookupDone { number: done, result } if done == id => Some(result.unwrap()),
            _ => None,
        });
        found.is_some()
    });
    assert!(is_done, "a lookup ends");
    found.unwrap()
}

#[test]
fn two_nodes_bond_and_know_each_other() {
    let mut network = Network::new(1);
    let one = network.join_at("127.0.0.1:30301", &[]);
    let two = network.join_at("127.0.0.1:30302", &[one]);
    let met = network
        .run_until(seconds(5), |network| knows(network, one, two) && knows(network, two, one));
    assert!(met);
}

#[test]
fn nodes_that_know_one_bootnode_find_all_others() {
    let mut network = Network::new(2);
    let nodes = crowd(&mut network, 40);
    network.run_for(seconds(30));
    for (index, node) in nodes.iter().enumerate() {
        for distance in [1, 20] {
            let other = nodes[(index + distance) % nodes.len()];
            let found = look_for(&mut network, *node, other);
            assert_eq!(found.first(), Some(&other), "a lookup for a node finds it");
        }
    }
}

#[test]
fn nodes_find_each_other_when_one_letter_in_ten_is_lost() {
    let mut network = Network::new(3);
    network.loss = 0.1;
    let nodes = crowd(&mut network, 30);
    network.run_for(seconds(120));
    for (node, other) in nodes.iter().zip(nodes.iter().skip(1)) {
        // The last question of a lookup goes to the node itself: that or the answer may be lost.
        let found = (0..4).any(|_| look_for(&mut network, *node, *other).contains(other));
        assert!(found, "whoever is not found at once is found when asked for again");
    }
}

#[test]
fn a_node_that_has_gone_is_forgotten() {
    let mut network = Network::new(4);
    let nodes = crowd(&mut network, 10);
    network.run_for(seconds(30));
    let gone = nodes[5];
    assert!(nodes.iter().any(|node| knows(&network, *node, gone)));

    network.leave(gone);
    let mut rest = nodes.iter().filter(|node| **node != gone);
    // It had some credit in each table, and its turn comes at random.
    network.run_for(seconds(15 * 60));
    assert!(!rest.any(|node| knows(&network, *node, gone)));
}

#[test]
fn a_bootnode_that_starts_late_is_found() {
    let mut network = Network::new(5);
    let late = config(network.draw_key(), "127.0.0.1:30301", &[]);
    let bootnode = network::node(&late.key, late.endpoint);
    let two = network.join_at("127.0.0.1:30302", &[bootnode]);
    network.run_for(seconds(60));
    assert!(!knows(&network, two, bootnode));

    network.join(late);
    assert!(network.run_until(seconds(12), |network| knows(network, two, bootnode)));
}

#[test]
fn when_all_others_were_away_the_bootnodes_are_asked_again() {
    let mut network = Network::new(6);
    let one = network.join_at("127.0.0.1:30301", &[]);
    let two = network.join_at("127.0.0.1:30302", &[one]);
    network.run_for(seconds(60));
    // As when the network cable is pulled.
    network.loss = 1.0;
    network.run_for(seconds(600));
    assert!(!knows(&network, two, one));

    network.loss = 0.0;
    assert!(network.run_until(seconds(15), |network| knows(network, two, one)));
}

#[test]
fn a_node_that_knows_nobody_says_nothing() {
    let mut network = Network::new(7);
    let node = network.join_at("127.0.0.1:30301", &[]);
    network.call(node, |service, _| service.start_search());
    network.run_for(seconds(3600));
    assert_eq!(network.sent, 0);
    assert!(look_for(&mut network, node, node).is_empty());
}

#[test]
fn a_full_table_is_kept_fresh_with_few_letters() {
    let mut network = Network::new(8);
    let nodes = crowd(&mut network, 30);
    network.run_for(seconds(300));
    let sent = |network: &Network| {
        network.letters.iter().filter(|letter| letter.from == nodes[7].udp_addr()).count()
    };
    let before = sent(&network);
    network.run_for(seconds(600));
    let sent = sent(&network) - before;
    // A check every 4.5 s on average, and as many answers to checks of others.
    assert!((200..350).contains(&sent), "{sent}");
}

#[test]
fn who_searches_is_told_all_nodes_and_who_does_not_is_left_alone() {
    let mut network = Network::new(9);
    let nodes = crowd(&mut network, 30);
    network.call(nodes[3], |service, _| service.start_search());
    network.run_for(seconds(30));

    let is_found = |output: &Output| matches!(output, Output::Found(_));
    assert!(!network.take_outputs(nodes[4]).iter().any(is_found));
    let found: BTreeSet<_> = network
        .take_outputs(nodes[3])
        .into_iter()
        .filter_map(|output| match output {
            Output::Found(node) => Some(node.node_id()),
            _ => None,
        })
        .collect();
    let others: BTreeSet<_> =
        nodes.iter().filter(|node| **node != nodes[3]).map(Node::node_id).collect();
    assert_eq!(found, others);
}

#[test]
fn lookups_of_a_search_are_a_second_apart_and_end_with_it() {
    let mut network = Network::new(10);
    let nodes = crowd(&mut network, 3);
    network.run_for(seconds(60));
    let find_nodes = |network: &Network| {
        let is_it =
            |letter: &&Letter| letter.from == nodes[2].udp_addr() && letter.kind() == FIND_NODE;
        network.letters.iter().filter(is_it).count()
    };
    let before = find_nodes(&network);
    network.call(nodes[2], |service, _| service.start_search());
    network.run_for(seconds(60));
    let during = find_nodes(&network) - before;
    // Two questions for each lookup, as there are two others.
    assert!((80..=122).contains(&during), "{during}");

    network.call(nodes[2], |service, _| service.stop_search());
    network.run_for(seconds(2));
    let before = find_nodes(&network);
    network.run_for(seconds(60));
    assert_eq!(find_nodes(&network), before);
}

#[test]
fn a_record_can_be_asked_for_without_having_met() {
    let mut network = Network::new(11);
    let one = network.join_at("127.0.0.1:30301", &[]);
    let two = network.join_at("127.0.0.1:30302", &[]);
    let id = network.call(two, |service, now| service.request_enr(now, one));
    network.run_for(seconds(2));
    let record = network.service(one).record().clone();
    assert_eq!(network.take_outputs(two), [Output::EnrDone { number: id, result: Ok(record) }]);
}

#[test]
fn a_ping_tells_where_the_other_one_sees_us() {
    let mut network = Network::new(12);
    let one = network.join_at("127.0.0.1:30301", &[]);
    let two = network.join_at("127.0.0.1:30302", &[]);
    let id = network.call(two, |service, now| service.ping(now, one));
    network.run_for(seconds(1));
    let outputs = network.take_outputs(two);
    let [Output::PingDone { number: done, result: Ok(pong) }] = &outputs[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!(*done, id);
    assert_eq!((pong.to.ip, pong.to.udp), (two.ip, two.udp));
    assert_eq!(pong.enr_seq, Some(START * 1000));
}

#[test]
fn nobody_answers_where_nobody_is() {
    let mut network = Network::new(13);
    let one = network.join_at("127.0.0.1:30301", &[]);
    let nobody = Node { udp: 30399, ..one };
    let nobody = Node { public_key: network.draw_key().public_key(), ..nobody };
    let ping = network.call(one, |service, now| service.ping(now, nobody));
    let enr = network.call(one, |service, now| service.request_enr(now, nobody));
    network.run_for(seconds(1));
    let error = RequestError::Timeout;
    let expected = [
        Output::PingDone { number: ping, result: Err(error) },
        Output::EnrDone { number: enr, result: Err(error) },
    ];
    assert_eq!(network.take_outputs(one), expected);
}

#[test]
fn a_replayed_ping_makes_us_send_two_letters_to_the_address_on_it() {
    let mut network = Network::new(14);
    let one = network.join_at("127.0.0.1:30301", &[]);
    let two = network.join_at("127.0.0.1:30302", &[one]);
    network.run_for(seconds(3));
    let is_ping = |letter: &&Letter| letter.from == two.udp_addr() && letter.kind() == PING;
    let ping = network.letters.iter().find(is_ping).unwrap().clone();

    // An attacker sends what he has overheard, with the address of a victim on it.
    let victim = "127.0.0.3:53".parse().unwrap();
    network.post(Letter { from: victim, ..ping });
    network.run_for(seconds(1));
    let kinds: Vec<u8> =
        network.letters.iter().filter(|letter| letter.to == victim).map(Letter::kind).collect();
    assert_eq!(kinds, [2, 1]);
    // The victim cannot answer for a key that it does not have, so it is not taken for node two.
    assert!(knows(&network, one, two));
}

#[test]
fn an_old_ping_that_is_replayed_is_passed_over() {
    let mut network = Network::new(15);
    let one = network.join_at("127.0.0.1:30301", &[]);
    network.join_at("127.0.0.1:30302", &[one]);
    network.run_for(seconds(3));
    let is_ping = |letter: &&Letter| letter.to == one.udp_addr() && letter.kind() == PING;
    let ping = network.letters.iter().find(is_ping).unwrap().clone();
    network.run_for(seconds(25));

    let victim = "127.0.0.3:53".parse().unwrap();
    network.post(Letter { from: victim, ..ping });
    network.run_for(seconds(1));
    assert!(!network.letters.iter().any(|letter| letter.to == victim));
}

#[test]
fn the_same_seed_gives_the_same_letters() {
    let letters = |seed| {
        let mut network = Network::new(seed);
        network.loss = 0.05;
        crowd(&mut network, 12);
        network.run_for(seconds(20));
        network.letters
    };
    assert_eq!(letters(16), letters(16));
    assert_ne!(letters(16), letters(17));
}
