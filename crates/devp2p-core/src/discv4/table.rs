//! The table: which nodes we know.
//!
//! Many that are close to us, few that are far away. A node that asks us for a target in our
//! neighbourhood gets it; for a far target it gets nodes that are closer to it than we are.
//!
//! ```text
//!  distance   0 …… 240      241      242    …    254       255        256   (bits)
//!            ┌─────────┬─────────┬─────────┬───┬─────────┬─────────┬──────────┐
//!  bucket    │    0    │    1    │    2    │ … │   14    │   15    │    16    │
//!            │ the few │         │         │   │   1/8   │   1/4   │ 1/2 of   │
//!            │ closest │         │         │   │         │         │ all nodes│
//!            └─────────┴─────────┴─────────┴───┴─────────┴─────────┴──────────┘
//!              each: up to 16 entries, and 10 replacements for those that go away
//! ```
//!
//! A node in a bucket stays as long as it answers: an attacker that comes later, with however many
//! keys, finds no room. How we find out whether they answer is in `checks.rs`.
//!
//! This module must not send anything: it says whom to check, and is told what came of it.
//!
//! Where we differ from go-ethereum: nodes are taken in when they have answered us, not when
//! somebody has told us about them. What a liar tells us is thus never told on.
//!
//! Spec: [Node discovery v4, Kademlia table](https://github.com/ethereum/devp2p/blob/master/discv4.md#kademlia-table)

mod bucket;

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

use super::Node;
use super::checks::{Checks, Pace};
use super::distance::Distance;
use super::lookup::K;
use crate::keys::NodeId;
use crate::policy::is_nearby;
use bucket::{Bucket, Entry};

use bucket::MAX_OF_ONE_NETWORK_IN_A_BUCKET;

/// How many buckets there are: one for each of the 16 farthest distances, one for all others.
///
/// A node closer than 240 bits is one of 65,536: there are not enough nodes in
/// the world to fill more buckets.
pub const BUCKETS: usize = 17;

/// How many nodes of one network (/24) the table holds; a bucket
/// [`MAX_OF_ONE_NETWORK_IN_A_BUCKET`].
///
/// Keys cost nothing, addresses do: an attacker that wants to be all that we know needs many of
/// them. Loopback, private and link-local addresses are exempt, or there would be no workshop.
const MAX_OF_ONE_NETWORK: usize = 10;

/// So many questions in a row must go unanswered until a node is dropped, if its bucket has
/// [`FEW`] entries or more. A bad connection of our own should not empty the table.
const MAX_FAILURES: u32 = 5;
const FEW: usize = 4;

/// Who says where a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The node itself: the newest is right.
    Itself,
    /// Another one: it says nothing new about a node that we know.
    Hearsay,
}

/// The nodes that we know, at most 17 · (16 + 10) = 442, less than 64 KiB.
#[derive(Debug)]
pub struct Table {
    own: NodeId,
    buckets: [Bucket; BUCKETS],
    checks: Checks,
}

impl Table {
    /// An empty table of the node `own`, which is never in it.
    #[must_use]
    pub(super) fn new(own: NodeId) -> Self {
        Self { own, buckets: Default::default(), checks: Checks::default() }
    }

    /// How many entries there are; replacements do not count.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries().count()
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries().next().is_none()
    }

    /// The entries, those of the closest bucket first.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.entries().map(|entry| &entry.node)
    }

    /// The entry of this node.
    #[must_use]
    pub fn get(&self, node_id: NodeId) -> Option<&Node> {
        self.entry(node_id).map(|entry| &entry.node)
    }

    /// The entries closest to `target` that are `wanted`, at most `K`, the closest first.
    pub fn closest(&self, target: NodeId, wanted: impl Fn(&Node) -> bool) -> Vec<Node> {
        let mut found: Vec<(Distance, Node)> = self
            .entries()
            .filter(|entry| wanted(&entry.node))
            .map(|entry| (Distance::between(target, entry.node_id), entry.node))
            .collect();
        found.sort_unstable_by_key(|(distance, _)| *distance);
        found.into_iter().take(K).map(|(_, node)| node).collect()
    }

    /// Takes in a node that has answered us; whether it is an entry now.
    ///
    /// A full bucket keeps its entries; the newcomer is remembered as a replacement, the oldest
    /// of which is forgotten.
    pub(super) fn add(
        &mut self,
        node: Node,
        source: Source,
        now: Duration,
        rng: &mut StdRng,
    ) -> bool {
        let node_id = node.node_id();
        if node_id == self.own || node.ip.is_unspecified() || node.udp == 0 {
            return false;
        }
        if self.entry(node_id).is_some() {
            return source == Source::Hearsay || self.update(node_id, node, now, rng);
        }
        if !self.has_room_for(node_id, &node) {
            return false;
        }
        let is_entry =
            self.bucket_mut(node_id).is_some_and(|bucket| bucket.add(Entry::new(node_id, node)));
        if is_entry {
            self.checks.schedule_first(Pace::Fast, now, rng);
        }
        is_entry
    }

    /// A node has said where it is now. If that is new it is checked soon.
    fn update(&mut self, node_id: NodeId, node: Node, now: Duration, rng: &mut StdRng) -> bool {
        if !self.has_room_for(node_id, &node) {
            return true;
        }
        let Some(entry) = self.entry_mut(node_id) else { return false };
        if entry.node.udp_addr() != node.udp_addr() {
            entry.pace = Pace::Fast;
        }
        entry.node = node;
        self.checks.schedule_first(Pace::Fast, now, rng);
        true
    }

    /// A node that was asked has answered.
    pub(super) fn answered(&mut self, node_id: NodeId) {
        if let Some(entry) = self.entry_mut(node_id) {
            entry.failures = 0;
        }
    }

    /// A node that was asked has not answered: after five times in a row, it goes.
    pub(super) fn failed(&mut self, node_id: NodeId, now: Duration, rng: &mut StdRng) {
        let Some(entry) = self.entry_mut(node_id) else { return };
        entry.failures = entry.failures.saturating_add(1);
        if entry.failures < MAX_FAILURES {
            return;
        }
        if self.bucket(node_id).is_some_and(|bucket| bucket.entries().len() >= FEW) {
            self.remove(node_id, now, rng);
        }
    }

    /// The node to check now; to be reported as [`check_passed`](Self::check_passed) or
    /// [`check_failed`](Self::check_failed). Ask again until there is none.
    pub(super) fn due_check(&mut self, now: Duration, rng: &mut StdRng) -> Option<Node> {
        let pace = self.checks.due(now)?;
        let of_pace = || self.entries().filter(|entry| entry.pace == pace);
        let count = of_pace().count();
        if count == 0 {
            self.checks.stop(pace);
            return self.due_check(now, rng);
        }
        let picked = of_pace().nth(rng.random_range(0..count)).map(|entry| entry.node);
        self.checks.schedule(pace, now, rng);
        picked
    }

    /// When [`due_check`](Self::due_check) may have something.
    #[must_use]
    pub(super) fn next_check(&self) -> Option<Duration> {
        self.checks.next()
    }

    /// A node that was checked has answered: it is checked less often from now on.
    pub(super) fn check_passed(&mut self, node_id: NodeId, now: Duration, rng: &mut StdRng) {
        if let Some(entry) = self.entry_mut(node_id) {
            entry.passed = entry.passed.saturating_add(1);
            entry.failures = 0;
            entry.pace = Pace::Slow;
            self.checks.schedule_first(Pace::Slow, now, rng);
        }
    }

    /// A node that was checked has not answered: two thirds of its credit are gone, and without
    /// credit it is replaced.
    pub(super) fn check_failed(&mut self, node_id: NodeId, now: Duration, rng: &mut StdRng) {
        let Some(entry) = self.entry_mut(node_id) else { return };
        entry.passed /= 3;
        entry.pace = Pace::Fast;
        if entry.passed == 0 {
            self.remove(node_id, now, rng);
        } else {
            self.checks.schedule_first(Pace::Fast, now, rng);
        }
    }

    /// The sequence number of the record of an entry, as far as we have seen it.
    #[must_use]
    pub(super) fn record_seq(&self, node_id: NodeId) -> Option<u64> {
        self.entry(node_id).map(|entry| entry.seq)
    }

    /// The record of an entry was seen.
    pub(super) fn set_record_seq(&mut self, node_id: NodeId, seq: u64) {
        if let Some(entry) = self.entry_mut(node_id) {
            entry.seq = seq;
        }
    }

    /// Removes an entry; one of the replacements, at random, takes its place.
    fn remove(&mut self, node_id: NodeId, now: Duration, rng: &mut StdRng) {
        if self.bucket_mut(node_id).is_some_and(|bucket| bucket.replace(node_id, rng)) {
            self.checks.schedule_first(Pace::Fast, now, rng);
        }
    }

    /// Whether the limits for one network allow this node, not counting its own entry.
    fn has_room_for(&self, node_id: NodeId, node: &Node) -> bool {
        if is_nearby(node.ip) {
            return true;
        }
        let count = |bucket: &Bucket| bucket.others_of_network(node_id, node.ip);
        self.bucket(node_id).map_or(0, count) < MAX_OF_ONE_NETWORK_IN_A_BUCKET
            && self.buckets.iter().map(count).sum::<usize>() < MAX_OF_ONE_NETWORK
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.buckets.iter().flat_map(Bucket::entries)
    }

    fn entry(&self, node_id: NodeId) -> Option<&Entry> {
        self.bucket(node_id)?.entries().iter().find(|entry| entry.node_id == node_id)
    }

    fn entry_mut(&mut self, node_id: NodeId) -> Option<&mut Entry> {
        self.bucket_mut(node_id)?.entry_mut(node_id)
    }

    fn bucket(&self, node_id: NodeId) -> Option<&Bucket> {
        self.buckets.get(self.bucket_index(node_id))
    }

    fn bucket_mut(&mut self, node_id: NodeId) -> Option<&mut Bucket> {
        let index = self.bucket_index(node_id);
        self.buckets.get_mut(index)
    }

    /// Bits 241 … 256 → bucket 1 … 16; all that is closer → bucket 0.
    fn bucket_index(&self, node_id: NodeId) -> usize {
        let bits = Distance::between(self.own, node_id).bits();
        usize::try_from(bits.saturating_sub(240)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
