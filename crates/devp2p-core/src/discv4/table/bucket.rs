//! A bucket: nodes that are about equally far away from us.

use std::net::IpAddr;

use rand::RngExt;
use rand::rngs::StdRng;

use super::super::Node;
use super::super::checks::Pace;
use super::super::lookup::K;
use crate::keys::NodeId;
use crate::policy::same_network;

/// How many replacements a bucket holds beside its `K` entries.
pub(super) const MAX_REPLACEMENTS: usize = 10;

/// How many nodes of one network (/24) a bucket holds, replacements included.
pub(super) const MAX_OF_ONE_NETWORK_IN_A_BUCKET: usize = 2;

/// Up to `K` entries, and replacements for those that go away.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    entries: Vec<Entry>,
    /// The newest first.
    replacements: Vec<Entry>,
}

/// A node that has answered us.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) node_id: NodeId,
    pub(super) node: Node,
    /// The sequence number of its record, as far as we have seen it; 0 if not.
    pub(super) seq: u64,
    /// Its credit: how well it has answered so far.
    pub(super) passed: u32,
    pub(super) pace: Pace,
    /// Questions in a row that it has not answered.
    pub(super) failures: u32,
}

impl Entry {
    /// A node that has just answered for the first time.
    pub(super) fn new(node_id: NodeId, node: Node) -> Self {
        Self { node_id, node, seq: 0, passed: 1, pace: Pace::Fast, failures: 0 }
    }
}

impl Bucket {
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn entry_mut(&mut self, node_id: NodeId) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.node_id == node_id)
    }

    /// Takes in a node that is not there yet; whether it is an entry, or else a replacement.
    pub(super) fn add(&mut self, entry: Entry) -> bool {
        self.replacements.retain(|other| other.node_id != entry.node_id);
        let has_room = self.entries.len() < K;
        if has_room {
            self.entries.push(entry);
        } else {
            self.replacements.insert(0, entry);
            self.replacements.truncate(MAX_REPLACEMENTS);
        }
        has_room
    }

    /// Removes an entry; whether a replacement, one at random, has taken its place.
    pub(super) fn replace(&mut self, node_id: NodeId, rng: &mut StdRng) -> bool {
        let Some(place) = self.entries.iter().position(|entry| entry.node_id == node_id) else {
            return false;
        };
        self.entries.remove(place);
        if self.replacements.is_empty() {
            return false;
        }
        let index = rng.random_range(0..self.replacements.len());
        self.entries.push(self.replacements.remove(index));
        true
    }

    /// How many others, entries and replacements, are of the network of `ip`.
    pub(super) fn others_of_network(&self, node_id: NodeId, ip: IpAddr) -> usize {
        let is_other = |other: &&Entry| other.node_id != node_id && same_network(other.node.ip, ip);
        self.entries.iter().chain(&self.replacements).filter(is_other).count()
    }

    #[cfg(test)]
    pub(super) fn replacements(&self) -> &[Entry] {
        &self.replacements
    }
}
