//! Static nodes that are away, in the order in which they are dialed.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::keys::PublicKey;

/// Which nodes wait, until when, and for what besides. What is asked at every turn of the main loop
/// costs the same however many they are.
#[derive(Debug, Clone, Default)]
pub(super) struct Queues {
    /// They need a free slot, too.
    ordinary: BTreeSet<(Duration, PublicKey)>,
    /// They need nothing but their time.
    trusted: BTreeSet<(Duration, PublicKey)>,
    /// Where each of them is: its time, and whether it is trusted.
    places: HashMap<PublicKey, (Duration, bool)>,
}

impl Queues {
    /// Puts a node where it belongs; it is nowhere else then.
    pub(super) fn put(&mut self, key: PublicKey, next_dial: Duration, is_trusted: bool) {
        self.take_out(&key);
        self.queue(is_trusted).insert((next_dial, key));
        self.places.insert(key, (next_dial, is_trusted));
    }

    /// It does not wait any more.
    pub(super) fn take_out(&mut self, key: &PublicKey) {
        if let Some((next_dial, is_trusted)) = self.places.remove(key) {
            self.queue(is_trusted).remove(&(next_dial, *key));
        }
    }

    /// The node whose time comes first, of those that need no slot if there is none; of two with
    /// the same time, the one with the smaller key.
    pub(super) fn first(&self, has_slot: bool) -> Option<(Duration, PublicKey)> {
        let ordinary = self.ordinary.first().filter(|_| has_slot);
        ordinary.into_iter().chain(self.trusted.first()).min().copied()
    }

    fn queue(&mut self, is_trusted: bool) -> &mut BTreeSet<(Duration, PublicKey)> {
        if is_trusted { &mut self.trusted } else { &mut self.ordinary }
    }
}
