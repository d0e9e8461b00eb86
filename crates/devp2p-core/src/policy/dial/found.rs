//! Found nodes: those that discovery heard of.
//!
//! A static node is dialed until it is a peer. A found one gets one attempt and is forgotten then:
//! there are more where it came from. If it is found again, it must have rested first.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::{MAX_FOUND, MAX_RESTING, REDIAL_AFTER};
use crate::enode::Enode;
use crate::keys::PublicKey;

/// The nodes to dial next, and those to leave alone for a while. No node is both.
#[derive(Debug, Clone, Default)]
pub(super) struct FoundNodes {
    /// Who was found first is dialed first.
    waiting: VecDeque<Enode>,
    /// Dialed or dropped not long ago, and until when they rest.
    resting: BTreeMap<PublicKey, Duration>,
}

impl FoundNodes {
    /// Takes a node, unless it is here already, rests, or there is no place for it.
    pub(super) fn add(&mut self, enode: Enode, now: Duration) {
        let key = &enode.public_key;
        let rests = self.resting.get(key).is_some_and(|until| *until > now);
        let waits = self.waiting.iter().any(|other| other.public_key == *key);
        if !rests && !waits && self.waiting.len() < MAX_FOUND {
            self.waiting.push_back(enode);
        }
    }

    /// Forgets all that wait and are not to be kept.
    pub(super) fn retain(&mut self, keep: impl Fn(&PublicKey) -> bool) {
        self.waiting.retain(|enode| keep(&enode.public_key));
    }

    /// Leaves a node alone for [`REDIAL_AFTER`].
    pub(super) fn rest(&mut self, key: PublicKey, now: Duration) {
        self.retain(|other| *other != key);
        self.resting.retain(|_, until| *until > now);
        if self.resting.len() >= MAX_RESTING {
            let next = self.resting.iter().min_by_key(|(_, until)| **until).map(|(key, _)| *key);
            next.map(|key| self.resting.remove(&key));
        }
        self.resting.insert(key, now.saturating_add(REDIAL_AFTER));
    }

    /// The node to dial next.
    pub(super) fn next(&mut self) -> Option<Enode> {
        self.waiting.pop_front()
    }

    /// Those that wait for a dial.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &PublicKey> {
        self.waiting.iter().map(|enode| &enode.public_key)
    }
}
