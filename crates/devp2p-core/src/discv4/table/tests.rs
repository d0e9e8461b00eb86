#![allow(clippy::arithmetic_side_effects, reason = "small numbers chosen by the tests")]

use std::net::IpAddr;

use rand::SeedableRng;

use super::bucket::MAX_REPLACEMENTS;
use super::*;
use crate::keys::NodeKey;

const NOW: Duration = Duration::from_secs(1000);

fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

fn key(number: u64) -> NodeKey {
    let mut secret = [0; 32];
    secret[24..].copy_from_slice(&(number + 1).to_be_bytes());
    NodeKey::from_bytes(secret).unwrap()
}

/// Each in a network of its own.
fn node(number: u64) -> Node {
    let [.., a, b] = number.to_be_bytes();
    Node {
        public_key: key(number).public_key(),
        ip: IpAddr::from([81, a, b, 1]),
        udp: 30303,
        tcp: 0,
    }
}

/// As many nodes as wanted that belong into one bucket of node 0's table.
fn nodes_of_bucket(bucket: usize) -> impl Iterator<Item = Node> {
    let table = table();
    (1..).map(node).filter(move |node| table.bucket_index(node.node_id()) == bucket)
}

/// The table of node 0.
fn table() -> Table {
    Table::new(node(0).node_id())
}

fn filled(bucket: usize, count: usize) -> (Table, Vec<Node>) {
    let mut table = table();
    let nodes: Vec<Node> = nodes_of_bucket(bucket).take(count).collect();
    for node in &nodes {
        table.add(*node, Source::Itself, NOW, &mut rng());
    }
    (table, nodes)
}

#[test]
fn a_node_is_not_in_its_own_table() {
    let mut table = table();
    assert!(!table.add(node(0), Source::Itself, NOW, &mut rng()));
    assert!(table.is_empty());
}

#[test]
fn a_node_without_an_address_or_port_is_not_taken_in() {
    let mut table = table();
    for ip in ["0.0.0.0", "::"] {
        let nowhere = Node { ip: ip.parse().unwrap(), ..node(1) };
        assert!(!table.add(nowhere, Source::Itself, NOW, &mut rng()));
    }
    let deaf = Node { udp: 0, ..node(1) };
    assert!(!table.add(deaf, Source::Itself, NOW, &mut rng()));
    assert!(table.is_empty());
}

#[test]
fn half_of_all_nodes_belong_into_the_farthest_bucket_and_a_quarter_into_the_next() {
    let table = table();
    let count =
        |index| (1..=1000).filter(|n| table.bucket_index(node(*n).node_id()) == index).count();
    assert!((450..550).contains(&count(16)), "{}", count(16));
    assert!((200..300).contains(&count(15)), "{}", count(15));
}

#[test]
fn a_full_bucket_keeps_who_is_there() {
    let (table, nodes) = filled(16, K + 1);
    let (old, new) = nodes.split_at(K);
    assert_eq!(table.nodes().copied().collect::<Vec<_>>(), old);
    assert_eq!(table.get(new[0].node_id()), None);
}

#[test]
fn a_bucket_remembers_the_ten_newest_replacements() {
    let (table, nodes) = filled(16, K + 15);
    let replacements = table.buckets[16].replacements();
    let newest: Vec<Node> = nodes.into_iter().rev().take(MAX_REPLACEMENTS).collect();
    assert_eq!(replacements.iter().map(|entry| entry.node).collect::<Vec<_>>(), newest);
}

#[test]
fn who_comes_twice_is_one_replacement() {
    let (mut table, nodes) = filled(16, K + 1);
    table.add(nodes[K], Source::Itself, NOW, &mut rng());
    assert_eq!(table.buckets[16].replacements().len(), 1);
}

#[test]
fn a_node_that_does_not_answer_a_check_is_replaced() {
    let (mut table, nodes) = filled(16, K + 1);
    table.check_failed(nodes[3].node_id(), NOW, &mut rng());

    assert_eq!(table.get(nodes[3].node_id()), None);
    assert_eq!(table.get(nodes[K].node_id()), Some(&nodes[K]));
    assert!(table.buckets[16].replacements().is_empty());
}

#[test]
fn each_failed_check_costs_two_thirds_of_the_credit() {
    let (mut table, nodes) = filled(16, 1);
    let node_id = nodes[0].node_id();
    // Its first answer brought it here.
    for _ in 1..9 {
        table.check_passed(node_id, NOW, &mut rng());
    }
    for left in [3, 1] {
        table.check_failed(node_id, NOW, &mut rng());
        assert_eq!(table.entry(node_id).unwrap().passed, left);
    }
    table.check_failed(node_id, NOW, &mut rng());
    assert!(table.is_empty());
}

#[test]
fn new_nodes_are_checked_within_3_seconds_and_then_within_9() {
    let mut table = table();
    assert_eq!(table.next_check(), None);

    let mut rng = rng();
    for _ in 0..100 {
        let now = table.next_check().unwrap_or(NOW);
        table.add(node(1), Source::Itself, now, &mut rng);
        let due = table.next_check().unwrap();
        assert!(due - now < Duration::from_secs(3));
        assert_eq!(table.due_check(due, &mut rng), Some(node(1)));
        table.check_failed(node(1).node_id(), due, &mut rng);
    }

    table.add(node(1), Source::Itself, NOW, &mut rng);
    let mut longest = Duration::ZERO;
    let mut now = table.next_check().unwrap();
    for _ in 0..100 {
        if table.due_check(now, &mut rng).is_some() {
            table.check_passed(node(1).node_id(), now, &mut rng);
        }
        let due = table.next_check().unwrap();
        longest = longest.max(due - now);
        now = due;
    }
    assert!(longest < Duration::from_secs(9));
    assert!(longest > Duration::from_secs(3));
}

#[test]
fn checks_stop_when_there_is_nobody_to_check() {
    let (mut table, nodes) = filled(16, 1);
    table.check_failed(nodes[0].node_id(), NOW, &mut rng());

    let due = table.next_check().unwrap();
    assert_eq!(table.due_check(due, &mut rng()), None);
    assert_eq!(table.next_check(), None);
}

#[test]
fn five_unanswered_questions_in_a_row_cost_the_place() {
    let (mut table, nodes) = filled(16, FEW);
    let node_id = nodes[0].node_id();
    for _ in 0..4 {
        table.failed(node_id, NOW, &mut rng());
    }
    table.answered(node_id);
    for _ in 0..4 {
        table.failed(node_id, NOW, &mut rng());
    }
    assert!(table.get(node_id).is_some());
    table.failed(node_id, NOW, &mut rng());
    assert!(table.get(node_id).is_none());
}

#[test]
fn a_bucket_of_few_drops_nobody_for_unanswered_questions() {
    let (mut table, nodes) = filled(16, FEW - 1);
    for _ in 0..100 {
        table.failed(nodes[0].node_id(), NOW, &mut rng());
    }
    assert_eq!(table.len(), FEW - 1);
}

fn in_network(node: Node, network: u8, host: u8) -> Node {
    Node { ip: IpAddr::from([8, 8, network, host]), ..node }
}

#[test]
fn a_bucket_takes_in_two_nodes_of_one_network() {
    let mut table = table();
    let added: Vec<bool> = (1..)
        .zip(nodes_of_bucket(16).take(4))
        .map(|(host, node)| table.add(in_network(node, 1, host), Source::Itself, NOW, &mut rng()))
        .collect();
    assert_eq!(added, [true, true, false, false]);
}

#[test]
fn replacements_count_for_the_limit_too() {
    let (mut table, nodes) = filled(16, K);
    let newcomers: Vec<Node> = nodes_of_bucket(16).skip(K).take(3).collect();
    for (host, newcomer) in (1..).zip(&newcomers) {
        table.add(in_network(*newcomer, 1, host), Source::Itself, NOW, &mut rng());
    }
    assert_eq!(table.buckets[16].replacements().len(), 2);
    assert_eq!(table.len(), nodes.len());
}

#[test]
fn the_table_takes_in_ten_nodes_of_one_network() {
    let mut table = table();
    let mut added = 0;
    for bucket in 10..BUCKETS {
        for (host, node) in (1..).zip(nodes_of_bucket(bucket).take(2)) {
            let node = in_network(node, 1, host);
            added += usize::from(table.add(node, Source::Itself, NOW, &mut rng()));
        }
    }
    assert_eq!(added, 10);
}

#[test]
fn loopback_and_local_networks_have_no_limit() {
    for ip in ["127.0.0.1", "192.168.1.1", "10.0.0.1", "169.254.1.1", "::1", "fd00::1", "fe80::1"] {
        let mut table = table();
        for node in nodes_of_bucket(16).take(K) {
            let node = Node { ip: ip.parse().unwrap(), ..node };
            assert!(table.add(node, Source::Itself, NOW, &mut rng()));
        }
    }
}

#[test]
fn hearsay_changes_nothing_the_node_itself_does() {
    let mut table = table();
    table.add(node(1), Source::Hearsay, NOW, &mut rng());

    let moved = Node { ip: IpAddr::from([8, 8, 8, 8]), tcp: 30304, ..node(1) };
    assert!(table.add(moved, Source::Hearsay, NOW, &mut rng()));
    assert_eq!(table.get(node(1).node_id()), Some(&node(1)));
    assert!(table.add(moved, Source::Itself, NOW, &mut rng()));
    assert_eq!(table.get(node(1).node_id()), Some(&moved));
}

#[test]
fn nobody_moves_into_a_network_that_is_full() {
    let mut table = table();
    let nodes: Vec<Node> = nodes_of_bucket(16).take(3).collect();
    table.add(in_network(nodes[0], 1, 1), Source::Itself, NOW, &mut rng());
    table.add(in_network(nodes[1], 1, 2), Source::Itself, NOW, &mut rng());
    table.add(nodes[2], Source::Itself, NOW, &mut rng());

    table.add(in_network(nodes[2], 1, 3), Source::Itself, NOW, &mut rng());
    assert_eq!(table.get(nodes[2].node_id()), Some(&nodes[2]));
    // Within its own network a node may move.
    table.add(in_network(nodes[0], 1, 9), Source::Itself, NOW, &mut rng());
    assert_eq!(table.get(nodes[0].node_id()), Some(&in_network(nodes[0], 1, 9)));
}

#[test]
fn a_node_that_moved_is_checked_soon() {
    let (mut table, nodes) = filled(16, 1);
    let node_id = nodes[0].node_id();
    table.check_passed(node_id, NOW, &mut rng());
    table.add(Node { tcp: 1, ..nodes[0] }, Source::Itself, NOW, &mut rng());
    assert_eq!(table.entry(node_id).unwrap().pace, Pace::Slow);
    table.add(Node { udp: 1, ..nodes[0] }, Source::Itself, NOW, &mut rng());
    assert_eq!(table.entry(node_id).unwrap().pace, Pace::Fast);
}

#[test]
fn the_closest_are_the_same_as_by_sorting_all() {
    let mut table = table();
    for number in 1..300 {
        table.add(node(number), Source::Itself, NOW, &mut rng());
    }
    assert!(table.len() > 60);
    for target in 1000..1010 {
        let target = node(target).node_id();
        let mut all: Vec<Node> = table.nodes().copied().collect();
        all.sort_by_key(|node| Distance::between(target, node.node_id()));
        assert_eq!(table.closest(target, |_| true), all[..K]);
    }
}

#[test]
fn the_closest_are_taken_from_those_that_are_wanted() {
    let (table, _) = filled(16, K);
    let [first, rest @ ..] = &table.closest(node(7).node_id(), |_| true)[..] else { panic!() };
    assert_eq!(table.closest(node(7).node_id(), |node| node != first), rest);
}

#[test]
fn ten_thousand_newcomers_do_not_fill_the_memory() {
    let mut table = table();
    let mut rng = rng();
    // The keys are the costly part, so each comes from many addresses.
    let nodes: Vec<Node> = (1..=500).map(node).collect();
    for address in 0..20_u32 {
        for node in &nodes {
            let ip = IpAddr::from((0x5100_0000 + address * 0x100).to_be_bytes());
            table.add(Node { ip, ..*node }, Source::Hearsay, NOW, &mut rng);
        }
    }
    let all: usize = table.buckets.iter().map(|b| b.entries().len() + b.replacements().len()).sum();
    assert!(all <= BUCKETS * (K + MAX_REPLACEMENTS));
    assert!(size_of::<Entry>() * BUCKETS * (K + MAX_REPLACEMENTS) < 64 * 1024);
}
