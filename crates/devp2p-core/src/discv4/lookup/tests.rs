#![allow(clippy::arithmetic_side_effects, reason = "small numbers chosen by the tests")]

use std::net::IpAddr;

use super::*;
use crate::keys::NodeKey;

fn node(number: u64) -> Node {
    let mut secret = [0; 32];
    secret[24..].copy_from_slice(&(number + 1).to_be_bytes());
    let public_key = NodeKey::from_bytes(secret).unwrap().public_key();
    Node { public_key, ip: IpAddr::from([127, 0, 0, 1]), udp: 30303, tcp: 0 }
}

fn target() -> NodeId {
    node(1_000_000).node_id()
}

/// Nodes 1 to `count`, the closest to the target first.
fn sorted(count: u64) -> Vec<Node> {
    let mut nodes: Vec<Node> = (1..=count).map(node).collect();
    nodes.sort_by_cached_key(|node| Distance::between(target(), node.node_id()));
    nodes
}

fn lookup(known: &[Node]) -> Lookup {
    Lookup::new(target(), node(0).node_id(), known.to_vec())
}

/// Asks until nobody is left; each node answers what `answer` says.
fn run(lookup: &mut Lookup, mut answer: impl FnMut(Node) -> Option<Vec<Node>>) {
    while let Some(asked) = lookup.next_question() {
        match answer(asked) {
            Some(nodes) => drop(lookup.answered(asked.node_id(), nodes)),
            None => lookup.failed(asked.node_id()),
        }
    }
}

#[test]
fn three_are_asked_at_a_time_the_closest_first() {
    let nodes = sorted(20);
    let mut lookup = lookup(&nodes[..16]);
    let asked: Vec<Node> = std::iter::from_fn(|| lookup.next_question()).collect();
    assert_eq!(asked, nodes[..ALPHA]);

    lookup.answered(nodes[1].node_id(), Vec::new());
    assert_eq!(lookup.next_question(), Some(nodes[3]));
    lookup.failed(nodes[0].node_id());
    assert_eq!(lookup.next_question(), Some(nodes[0]));
    assert_eq!(lookup.next_question(), None);
}

#[test]
fn without_anybody_to_ask_it_is_done_at_once() {
    let mut lookup = lookup(&[]);
    assert!(lookup.is_done());
    assert_eq!(lookup.next_question(), None);
    assert_eq!(lookup.closest(), []);
}

#[test]
fn from_one_node_it_gets_to_the_closest_16() {
    let nodes = sorted(200);
    let mut lookup = lookup(&nodes[199..]);
    // Each knows the 16 that are somewhat closer than itself.
    run(&mut lookup, |asked| {
        let place = nodes.iter().position(|node| *node == asked).unwrap();
        let from = place.saturating_sub(30);
        Some(nodes[from..from + K].to_vec())
    });
    assert!(lookup.is_done());
    assert_eq!(lookup.closest(), nodes[..K]);
}

#[test]
fn only_the_16_closest_are_asked() {
    let nodes = sorted(100);
    let mut lookup = lookup(&nodes[..K]);
    run(&mut lookup, |_| Some(nodes[50..50 + K].to_vec()));
    assert_eq!(lookup.asked(), K);
}

#[test]
fn who_does_not_answer_gives_its_place_to_the_next() {
    let nodes = sorted(20);
    let mut lookup = lookup(&nodes[2..18]);
    run(&mut lookup, |asked| (asked != nodes[5]).then(|| nodes[..2].to_vec()));
    let answered: Vec<Node> =
        nodes[..17].iter().copied().filter(|node| *node != nodes[5]).collect();
    assert_eq!(lookup.closest(), answered);
}

#[test]
fn who_does_not_answer_is_asked_twice() {
    let nodes = sorted(3);
    let mut lookup = lookup(&nodes);
    let mut asked = Vec::new();
    run(&mut lookup, |node| {
        asked.push(node);
        (node != nodes[0]).then(|| nodes.clone())
    });
    assert_eq!(asked, [nodes[0], nodes[0], nodes[1], nodes[2]]);
    assert_eq!(lookup.closest(), nodes[1..]);
}

#[test]
fn who_answers_the_second_time_is_in_the_result() {
    let nodes = sorted(3);
    let mut lookup = lookup(&nodes);
    let mut is_first = true;
    run(&mut lookup, |_| (!std::mem::take(&mut is_first)).then(Vec::new));
    assert_eq!(lookup.closest(), nodes);
}

#[test]
fn it_does_not_ask_itself() {
    let nodes = sorted(1);
    let mut lookup = lookup(&nodes);
    run(&mut lookup, |_| Some(vec![node(0)]));
    assert_eq!(lookup.closest(), nodes);
}

#[test]
fn each_node_is_reported_as_new_once() {
    let nodes = sorted(5);
    let mut lookup = lookup(&nodes[3..]);
    lookup.next_question();
    lookup.next_question();
    assert_eq!(lookup.answered(nodes[3].node_id(), nodes.clone()), nodes[..3]);
    assert_eq!(lookup.answered(nodes[4].node_id(), nodes.clone()), []);
}

#[test]
fn reports_about_nodes_that_were_not_asked_change_nothing() {
    let nodes = sorted(5);
    let mut lookup = lookup(&nodes[..4]);
    let before = lookup.next_question();
    assert_eq!(before, Some(nodes[0]));
    lookup.failed(nodes[1].node_id());
    lookup.failed(nodes[4].node_id());
    lookup.answered(nodes[0].node_id(), Vec::new());
    lookup.failed(nodes[0].node_id());
    assert_eq!(lookup.closest(), nodes[..1]);
    assert_eq!(lookup.next_question(), Some(nodes[1]));
    assert!(!lookup.is_done());
}

#[test]
fn a_liar_with_ever_closer_nodes_does_not_keep_it_busy_for_ever() {
    let nodes = sorted(1_200);
    let mut lookup = lookup(&nodes[1_190..]);
    let mut told = 1_190;
    run(&mut lookup, |_| {
        told -= 18;
        Some(nodes[told..told + 18].to_vec())
    });
    assert!(lookup.is_done());
    assert_eq!(lookup.asked(), MAX_ASKED);
    assert!(lookup.candidates.len() <= K + MAX_ASKED * K, "only 16 nodes of an answer count");
}
