//! How a server is doing, and the answer to what is asked most: why have I no peers?

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::discovery::DiscoveryStatus;
use super::{Direction, NodeInfo};
use crate::discv4::service::BootnodeState;

/// Different reasons that are counted; what comes after them is counted as [`OTHERS`].
const REASONS: usize = 16;
const OTHERS: &str = "other reasons";

/// How a server is doing.
///
/// As JSON (feature `serde`): `seconds`, `peers`, `maxPeers`, `staticNodes`, `dials`, `inbound`,
/// `discovery`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Status {
    /// Since the start.
    pub seconds: u64,
    /// Peers of this moment.
    pub peers: usize,
    /// How many it may have.
    pub max_peers: usize,
    /// Nodes that somebody added.
    pub static_nodes: usize,
    /// What became of our dials.
    pub dials: Attempts,
    /// What became of those who came to us.
    pub inbound: Attempts,
    /// None if it takes no part in discovery.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub discovery: Option<DiscoveryStatus>,
}

/// What became of connections of one direction, since the start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Attempts {
    /// How many began.
    pub begun: u64,
    /// How many became peers.
    pub peers: u64,
    /// The others that have ended: how many for which reason.
    pub failed: BTreeMap<String, u64>,
    /// The peers that have gone: how many for which reason.
    pub lost: BTreeMap<String, u64>,
}

/// What became of all connections, since the start.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) dials: Attempts,
    pub(super) inbound: Attempts,
}

impl Ledger {
    /// A connection begins.
    pub(super) fn begun(&mut self, direction: Direction) {
        let begun = &mut self.attempts(direction).begun;
        *begun = begun.saturating_add(1);
    }

    /// It is a peer.
    pub(super) fn peer(&mut self, direction: Direction) {
        let peers = &mut self.attempts(direction).peers;
        *peers = peers.saturating_add(1);
    }

    /// It has ended, and was none.
    pub(super) fn failed(&mut self, direction: Direction, reason: &impl ToString) {
        count(&mut self.attempts(direction).failed, reason);
    }

    /// It was a peer, and has ended.
    pub(super) fn lost(&mut self, direction: Direction, reason: &impl ToString) {
        count(&mut self.attempts(direction).lost, reason);
    }

    fn attempts(&mut self, direction: Direction) -> &mut Attempts {
        match direction {
            Direction::Inbound => &mut self.inbound,
            Direction::Outbound => &mut self.dials,
        }
    }
}

/// One more for this reason.
fn count(reasons: &mut BTreeMap<String, u64>, reason: &impl ToString) {
    let reason = reason.to_string();
    let is_full = reasons.len() >= REASONS && !reasons.contains_key(&reason);
    let count = reasons.entry(if is_full { OTHERS.to_owned() } else { reason }).or_default();
    *count = count.saturating_add(1);
}

/// The reasons, the most frequent first, as in `3 × connection refused`.
fn listed(reasons: &BTreeMap<String, u64>) -> String {
    let mut reasons: Vec<_> = reasons.iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let told = |(reason, count): &(&String, &u64)| format!("{count} × {reason}");
    reasons.iter().take(3).map(told).collect::<Vec<_>>().join("; ")
}

impl Status {
    /// What keeps peers away, as sentences without a full stop, the most telling first; `node` is
    /// [`Handle::node_info`](super::Handle::node_info). Empty if there are peers.
    #[must_use]
    pub fn why_no_peers(&self, node: &NodeInfo) -> Vec<String> {
        if self.peers > 0 {
            return Vec::new();
        }
        let mut reasons = Vec::new();
        if self.max_peers == 0 {
            reasons.push(
                "it may have no peers: the limit is 0 (`max_peers`, `--max-peers`)".to_owned(),
            );
        }
        self.those_we_dial(&mut reasons);
        self.those_who_come(node, &mut reasons);
        reasons
    }

    fn those_we_dial(&self, reasons: &mut Vec<String>) {
        let Attempts { begun, peers, failed, lost } = &self.dials;
        let bootnodes = self.discovery.as_ref().map_or(&[][..], |discovery| &discovery.bootnodes);
        let is_there = |state| matches!(state, BootnodeState::Answered);
        let answers = bootnodes.iter().any(|bootnode| is_there(bootnode.state));
        if !lost.is_empty() {
            reasons.push(format!("peers that it had dialed have gone: {}", listed(lost)));
        }
        if !failed.is_empty() {
            let why = listed(failed);
            reasons.push(match (begun, peers) {
                (1, _) => format!("the only dial has made no peer: {why}"),
                (_, 0) => format!("none of {begun} dials has made a peer: {why}"),
                _ => format!("of {begun} dials {peers} made a peer: {why}"),
            });
        }
        if self.static_nodes == 0 && bootnodes.is_empty() {
            reasons.push(
                "it knows nobody to connect to: it was given no node and no bootnode".to_owned(),
            );
        } else if !bootnodes.is_empty() && !answers {
            let all: Vec<String> = bootnodes.iter().map(ToString::to_string).collect();
            reasons.push(format!("no bootnode has answered: {}", all.join("; ")));
        } else if answers && *begun == 0 && self.static_nodes == 0 {
            let nodes = self.discovery.as_ref().map_or(0, |discovery| discovery.nodes);
            reasons.push(format!(
                "discovery knows {}, and nobody there takes connections and is free to be dialed",
                nodes_in_words(nodes)
            ));
        }
    }

    fn those_who_come(&self, node: &NodeInfo, reasons: &mut Vec<String>) {
        let Some(listen_addr) = node.listen_addr else {
            reasons.push("nobody can connect to it: it does not listen".to_owned());
            return;
        };
        let Attempts { begun, failed, lost, .. } = &self.inbound;
        if !lost.is_empty() {
            reasons.push(format!("peers that had come have gone: {}", listed(lost)));
        }
        if *begun == 0 {
            let why = match node.ip {
                _ if listen_addr.ip().is_loopback() => {
                    "it listens on a loopback address, where only this machine reaches it"
                }
                ip if is_private(ip) => {
                    "its enode has a private address, which leads to it only in this network"
                }
                _ => {
                    "does anybody have its enode, and does a firewall or a router let them through?"
                }
            };
            reasons.push(format!("nobody has connected to {listen_addr}: {why}"));
        } else if !failed.is_empty() {
            let why = listed(failed);
            reasons.push(format!("of {begun} that have connected some were no peers: {why}"));
        }
    }
}

/// So many nodes.
pub(super) fn nodes_in_words(count: usize) -> String {
    if count == 1 { "1 node".to_owned() } else { format!("{count} nodes") }
}

/// Whether an address leads nowhere from other networks.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::enode::Enode;
    use crate::enr::Enr;
    use crate::keys::NodeKey;
    use crate::net::Ports;
    use crate::net::discovery::BootnodeStatus;

    fn node(listen: &str, ip: &str) -> NodeInfo {
        let key = NodeKey::from_bytes([1; 32]).unwrap();
        let listen_addr: Option<SocketAddr> = listen.parse().ok();
        NodeInfo {
            enode: Enode { public_key: key.public_key(), address: None },
            enr: Enr::builder(1).sign(&key).unwrap(),
            id: key.public_key(),
            node_id: key.node_id(),
            name: "foo".to_owned(),
            ip: ip.parse().unwrap(),
            ports: Ports { discovery: 0, listener: 0 },
            listen_addr,
            protocols: Vec::new(),
        }
    }

    fn fresh() -> Status {
        Status {
            seconds: 60,
            peers: 0,
            max_peers: 5,
            static_nodes: 0,
            dials: Attempts::default(),
            inbound: Attempts::default(),
            discovery: None,
        }
    }

    fn attempts(begun: u64, peers: u64, failed: &[(&str, u64)]) -> Attempts {
        let failed = failed.iter().map(|(why, count)| ((*why).to_owned(), *count)).collect();
        Attempts { begun, peers, failed, lost: BTreeMap::new() }
    }

    fn bootnode(state: BootnodeState) -> Option<DiscoveryStatus> {
        let public_key = NodeKey::from_bytes([2; 32]).unwrap().public_key();
        let enode = Enode { public_key, address: None };
        let bootnode = BootnodeStatus { enode, addr: None, state, trouble: None };
        Some(DiscoveryStatus { bootnodes: vec![bootnode], nodes: 3 })
    }

    #[track_caller]
    fn check(status: &Status, node: &NodeInfo, expected: &[&str]) {
        let told = status.why_no_peers(node);
        assert_eq!(told.len(), expected.len(), "{told:?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.contains(expected), "{told}: no {expected:?}");
        }
    }

    #[test]
    fn with_a_peer_there_is_nothing_to_explain() {
        check(&Status { peers: 1, ..fresh() }, &node("127.0.0.1:1", "127.0.0.1"), &[]);
    }

    #[test]
    fn who_knows_nobody_and_is_not_known_is_told_so() {
        let knows_nobody = "it knows nobody to connect to";
        for (listen, ip, why) in [
            ("127.0.0.1:1", "127.0.0.1", "listens on a loopback address"),
            ("0.0.0.0:1", "192.168.1.5", "its enode has a private address"),
            ("0.0.0.0:1", "203.0.113.7", "does a firewall or a router let them through"),
            ("", "127.0.0.1", "it does not listen"),
        ] {
            check(&fresh(), &node(listen, ip), &[knows_nobody, why]);
        }
        let closed = Status { max_peers: 0, ..fresh() };
        let expected = ["the limit is 0", knows_nobody, "nobody has connected"];
        check(&closed, &node("0.0.0.0:1", "203.0.113.7"), &expected);
    }

    #[test]
    fn dials_and_visits_that_failed_are_counted_by_their_reasons() {
        let failed = [("too many peers", 3), ("connection refused", 8), ("a", 1), ("b", 1)];
        let status = Status {
            static_nodes: 2,
            dials: attempts(14, 0, &failed),
            inbound: attempts(2, 0, &[("useless peer", 2)]),
            ..fresh()
        };
        let dials =
            "none of 14 dials has made a peer: 8 × connection refused; 3 × too many peers; 1 × a";
        let visits = "of 2 that have connected some were no peers: 2 × useless peer";
        check(&status, &node("0.0.0.0:1", "203.0.113.7"), &[dials, visits]);
        let some = Status { dials: attempts(14, 1, &failed), ..status };
        check(&some, &node("", "127.0.0.1"), &["of 14 dials 1 made a peer", "does not listen"]);
    }

    #[test]
    fn peers_that_have_gone_are_told_with_why() {
        let lost = BTreeMap::from([("it said \"useless peer\" (0x03)".to_owned(), 2)]);
        let dials = Attempts { lost: lost.clone(), ..attempts(2, 2, &[]) };
        let inbound = Attempts { lost, ..attempts(2, 2, &[]) };
        let status = Status { static_nodes: 1, dials, inbound, ..fresh() };
        let why = ["had dialed have gone: 2 × it said", "had come have gone: 2 × it said"];
        check(&status, &node("0.0.0.0:1", "203.0.113.7"), &why);
    }

    #[test]
    fn what_is_wrong_with_bootnodes_is_named() {
        let quiet = node("", "127.0.0.1");
        for (state, why) in [
            (BootnodeState::Silent, "no bootnode has answered: "),
            (BootnodeState::Expired(80), "answers 100 s late by the clock of this machine"),
            (BootnodeState::Answered, "discovery knows 3 nodes, and nobody there"),
        ] {
            let status = Status { discovery: bootnode(state), ..fresh() };
            check(&status, &quiet, &[why, "does not listen"]);
        }
    }

    #[test]
    fn reasons_without_end_are_counted_together() {
        let mut reasons = BTreeMap::new();
        (0..100).for_each(|n| count(&mut reasons, &n));
        assert_eq!(reasons.len(), REASONS + 1);
        assert_eq!(reasons[OTHERS], 84);
    }
}
