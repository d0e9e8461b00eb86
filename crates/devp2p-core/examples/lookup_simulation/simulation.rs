//! The simulation: a network, lookups in it, and what they cost.
//!
//! Each node is a whole [`Service`], and each letter a signed packet; only the sockets are missing.
//! What is simplified is said where it is done.
//!
//! [`Service`]: devp2p_core::discv4::service::Service

#![allow(clippy::arithmetic_side_effects, reason = "the numbers are small")]

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use devp2p_core::discv4::distance::Distance;
use devp2p_core::discv4::packet::{Packet, decode};
use devp2p_core::discv4::service::{Output, ServiceConfig};
use devp2p_core::discv4::{K, Node};
use devp2p_core::keys::{NodeId, NodeKey};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use crate::network::{Letter, Network, config};

/// The type of a `FindNode` packet, and that of a Neighbors packet.
const FIND_NODE: u8 = 3;
const NEIGHBORS: u8 = 4;

/// What is simulated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) seed: u64,
    pub(crate) nodes: u32,
    pub(crate) lookups: usize,
    /// Which share of the letters is lost.
    pub(crate) loss: f64,
    pub(crate) tables: Tables,
}

/// How the nodes come to know each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tables {
    /// Each bucket is filled at random from the nodes that belong there, as after a long time in a
    /// network in which nobody leaves.
    Filled,
    /// Each node knows one bootnode, and asks its way through the network as it does in earnest.
    Joined,
}

/// What came out, a number for each lookup.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// How many nodes in a row passed us on until we heard of the closest; 0: we knew it.
    pub(crate) hops: Vec<usize>,
    /// How many nodes were asked.
    pub(crate) questions: Vec<usize>,
    /// How many datagrams were sent, by anybody.
    pub(crate) datagrams: Vec<usize>,
    /// How long it took in the network, in milliseconds.
    pub(crate) milliseconds: Vec<usize>,
    /// How many found the node that is really the closest.
    pub(crate) found_closest: usize,
    /// How many found exactly the 16 that are really the closest.
    pub(crate) found_all: usize,
    /// How many nodes the tables hold.
    pub(crate) table_sizes: Vec<usize>,
}

/// Runs the simulation. The same settings give the same figures.
pub(crate) fn run(settings: &Settings) -> Figures {
    let mut rng = StdRng::seed_from_u64(settings.seed);
    let mut network = Network::new(rng.next_u64());
    network.keeps_letters = false;
    let mut members = match settings.tables {
        Tables::Filled => fill(&mut network, settings.nodes, &mut rng),
        Tables::Joined => join(&mut network, settings.nodes),
    };

    // From here on, nodes just answer. Their checks of their tables, a datagram every few seconds
    // for each, would be the same without any lookup.
    for (_, node) in &members {
        network.put_to_sleep(*node);
    }
    network.run_for(Duration::from_secs(2));
    network.loss = settings.loss;
    network.keeps_letters = true;

    members.shuffle(&mut rng);
    let nodes: Vec<(NodeId, Node)> =
        members.iter().map(|(_, node)| (node.node_id(), *node)).collect();
    let mut figures = Figures::default();
    for (key, node) in members.iter().take(settings.lookups) {
        look(&mut network, key, *node, &nodes, &mut figures);
    }
    figures
}

type Members = Vec<(Arc<NodeKey>, Node)>;

/// Each node in a network of its own, so that the limits for one network play no part.
fn address(number: u32) -> String {
    let ip = Ipv4Addr::from(0x1400_0001 + 0x100 * number);
    SocketAddr::from((ip, 30303)).to_string()
}

fn join(network: &mut Network, count: u32) -> Members {
    let mut members = Members::new();
    let mut bootnodes = Vec::new();
    for number in 0..count {
        let key = network.draw_key();
        let node = network.join(config(Arc::clone(&key), &address(number), &bootnodes));
        if bootnodes.is_empty() {
            bootnodes.push(node);
        }
        members.push((key, node));
        network.run_for(Duration::from_millis(100));
    }
    network.run_for(Duration::from_secs(60));
    members
}

fn fill(network: &mut Network, count: u32, rng: &mut StdRng) -> Members {
    let configs: Vec<ServiceConfig> =
        (0..count).map(|number| config(network.draw_key(), &address(number), &[])).collect();
    let mut sorted: Vec<(NodeId, Node)> = configs
        .iter()
        .map(|config| {
            let node = crate::network::node(&config.key, config.endpoint);
            (node.node_id(), node)
        })
        .collect();
    sorted.sort_by_key(|(id, _)| *id);

    let join = |config: ServiceConfig| {
        let key = Arc::clone(&config.key);
        let known = fill_table(key.node_id(), &sorted, rng);
        (key, network.join(ServiceConfig { known, ..config }))
    };
    configs.into_iter().map(join).collect()
}

/// At random 16 nodes of each distance, or all there are.
fn fill_table(own: NodeId, sorted: &[(NodeId, Node)], rng: &mut StdRng) -> Vec<Node> {
    let mut known = Vec::new();
    // Sorted, those nodes stand side by side that have the same first bits as we have. With each
    // further bit one half is left, and the other half is one distance.
    let mut rest = sorted;
    for bits in (1..=256).rev() {
        let is_far = |(id, _): &(NodeId, Node)| Distance::between(own, *id).bits() == bits;
        let begins_far = rest.first().is_some_and(is_far);
        let half = rest.partition_point(|node| is_far(node) == begins_far);
        let (first, second) = rest.split_at(half);
        let (far, near) = if begins_far { (first, second) } else { (second, first) };
        let mut far: Vec<Node> = far.iter().map(|(_, node)| *node).collect();
        let (picked, _) = far.partial_shuffle(rng, K);
        known.extend_from_slice(picked);
        rest = near;
    }
    known
}

/// One lookup, by a node that has been started a moment ago with the table it had: it has to bond
/// with everybody that it asks.
fn look(
    network: &mut Network,
    key: &Arc<NodeKey>,
    node: Node,
    all: &[(NodeId, Node)],
    figures: &mut Figures,
) {
    let known: Vec<Node> = network.service(node).table().nodes().copied().collect();
    figures.table_sizes.push(known.len());
    network.leave(node);
    let config = config(Arc::clone(key), &node.udp_addr().to_string(), &[]);
    network.join(ServiceConfig { known: known.clone(), ..config });
    network.letters.clear();

    let target = network.draw_key().public_key();
    let start = network.now().since_start;
    let id = network.call(node, |service, now| service.lookup(now, target.to_bytes()));
    let mut found = None;
    let limit = Duration::from_secs(600);
    let is_done = network.run_until(limit, |network| {
        found = network.take_outputs(node).into_iter().find_map(|output| match output {
            Output::LookupDone { number: done, result } if done == id => result.ok(),
            _ => None,
        });
        found.is_some()
    });
    assert!(is_done, "every lookup ends");
    let found = found.unwrap_or_default();
    let time = network.now().since_start - start;
    network.put_to_sleep(node);

    let truth = closest(target.node_id(), node, all);
    figures.found_closest += usize::from(found.first() == truth.first());
    figures.found_all += usize::from(found == truth);
    figures.hops.push(hops(&network.letters, node, &known, found.first()));
    figures.questions.push(network.letters.iter().filter(|it| it.kind() == FIND_NODE).count());
    figures.datagrams.push(network.letters.len());
    figures.milliseconds.push(usize::try_from(time.as_millis()).unwrap_or(usize::MAX));
}

/// The nodes that are really the closest, by looking at all of them.
fn closest(target: NodeId, asking: Node, all: &[(NodeId, Node)]) -> Vec<Node> {
    let others = all.iter().filter(|(_, node)| *node != asking);
    let mut sorted: Vec<&(NodeId, Node)> = others.collect();
    sorted.sort_by_key(|(id, _)| Distance::between(target, *id));
    sorted.into_iter().take(K).map(|(_, node)| *node).collect()
}

/// How many nodes passed us on, from one that we knew, until we heard of `found`.
fn hops(letters: &[Letter], asking: Node, known: &[Node], found: Option<&Node>) -> usize {
    let mut hops: BTreeMap<[u8; 64], usize> =
        known.iter().map(|node| (node.public_key.to_bytes(), 0)).collect();
    let is_answer = |letter: &&Letter| letter.to == asking.udp_addr() && letter.kind() == NEIGHBORS;
    for letter in letters.iter().filter(is_answer) {
        let Ok(received) = decode(&letter.datagram) else { continue };
        let Packet::Neighbors(neighbors) = received.packet else { continue };
        let so_far = hops.get(&received.sender.to_bytes()).copied().unwrap_or(0);
        for neighbor in neighbors.nodes {
            hops.entry(neighbor.public_key).or_insert(so_far + 1);
        }
    }
    found.and_then(|node| hops.get(&node.public_key.to_bytes()).copied()).unwrap_or(0)
}

/// The figures as text.
pub(crate) fn report(settings: &Settings, figures: &Figures) -> String {
    let Settings { seed, nodes, loss, tables, .. } = settings;
    let lookups = figures.hops.len();
    let tables = match tables {
        Tables::Filled => "filled tables",
        Tables::Joined => "tables as after joining by one bootnode",
    };
    let loss = loss * 100.0;
    let mut text = format!(
        "{nodes} nodes, {tables}, {loss} % of the datagrams lost, seed {seed}\n\n\
         {lookups} lookups           p50     p90     p99     max\n"
    );
    let rows = [
        ("hops", &figures.hops),
        ("nodes asked", &figures.questions),
        ("datagrams", &figures.datagrams),
        ("milliseconds", &figures.milliseconds),
        ("nodes in the table", &figures.table_sizes),
    ];
    for (name, numbers) in rows {
        let [p50, p90, p99, max] = [50, 90, 99, 100].map(|share| percentile(numbers, share));
        text += &format!("{name:<18}{p50:>8}{p90:>8}{p99:>8}{max:>8}\n");
    }
    let Figures { found_closest, found_all, .. } = figures;
    text + &format!("\nfound the closest node: {found_closest}, all 16 closest: {found_all}\n")
}

/// The smallest number that is not exceeded by so many of 100.
fn percentile(numbers: &[usize], share: usize) -> usize {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() * share).div_ceil(100);
    sorted.get(place.saturating_sub(1)).copied().unwrap_or(0)
}
