//! Dialing: which nodes to dial now, and when to look again.
//!
//! A *static* node is one that somebody added by hand. It is dialed until it is a peer, and again
//! when it has gone away, until it is removed. A *found* node is one that discovery heard of. It
//! is dialed once, and only while one of the slots for dialed peers is free
//! ([`Admission::split_slots`]).
//!
//! Three facts decide about a node, and any combination of them can be true: its time has come;
//! a dial of ours is under way; it is connected already, whoever dialed. The last one is
//! [`Admission`]'s to know. A node whose inbound handshake is done counts as connected, so that
//! most crossed dials never happen.
//!
//! Where we differ from go-ethereum: it waits 35 s after every dial. We are quicker at first,
//! because in a workshop the other laptop is about to start; and slower by the length of the
//! dial, because we count from its end. It also dials up to twice as many nodes as it has free
//! slots; we dial one for each, so that no dial of ours ends at a slot that we gave away.

mod found;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use thiserror::Error;

use self::found::FoundNodes;
use super::Admission;
use crate::enode::Enode;
use crate::keys::PublicKey;

/// How many dials may be under way at once: 50, as in go-ethereum.
///
/// Each holds a socket until the other end answers or the time is up.
pub const MAX_DIALING: usize = 50;

/// The wait after the first failed dial: 1 s. It doubles with each further failure in a row.
pub const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The longest wait: 35 s. Also the wait after a refusal and after a peer was dropped.
///
/// The other end of a refusal or a drop is alive and made a decision; asking it again at once
/// would get the same answer. go-ethereum waits as long, so two nodes that dropped each other
/// do not hammer one another. It is more than the 30 s of the inbound throttle
/// ([`THROTTLE_WINDOW`](super::THROTTLE_WINDOW)), which would turn us away unheard.
pub const REDIAL_AFTER: Duration = Duration::from_secs(35);

/// How many found nodes wait for a dial at most: 64, what a few lookups bring.
///
/// Whoever answers our questions decides what we find; it must not decide how much we remember.
/// When all places are taken, newcomers are dropped.
pub const MAX_FOUND: usize = 64;

/// How many nodes are remembered because they were dialed or dropped not long ago: 1,000, about
/// 100 KiB. Then the one that rested longest is forgotten early.
pub const MAX_RESTING: usize = 1000;

/// Why a node cannot be added as a static node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddPeerError {
    /// The enode has our own key.
    #[error("this is this server's own enode: a server cannot be its own peer")]
    OwnNode,
    /// The enode has no address.
    #[error(
        "this enode has only a key: add the address, as in enode://<public key>@127.0.0.1:30303"
    )]
    NoAddress,
    /// The enode has an address, but TCP port 0.
    #[error("the enode's TCP port is 0: that node does not accept connections")]
    NoTcpPort,
}

/// A node that is to be a peer.
#[derive(Debug, Clone)]
struct StaticNode {
    enode: Enode,
    /// Not dialed before this time.
    next_dial: Duration,
    /// Failed dials since it was added or last a peer.
    failures: u32,
}

/// The static nodes, the found ones, and our dials of both.
///
/// Every dial that [`due`](Self::due) hands out must be reported exactly once, as
/// [`connected`](Self::connected), [`failed`](Self::failed) or [`refused`](Self::refused); until
/// then the node is not dialed again. Reports about unknown nodes, as inbound peers are, change
/// nothing.
///
/// Times are since the server's start. Numbers of nodes are small (static ones were typed in by
/// hand, found ones are at most [`MAX_FOUND`]), so every question simply walks over all of them.
#[derive(Debug, Clone)]
pub struct DialState {
    own: PublicKey,
    nodes: HashMap<PublicKey, StaticNode>,
    found: FoundNodes,
    /// Dials handed out and not reported back, also those of nodes removed meanwhile.
    dialing: HashSet<PublicKey>,
}

impl DialState {
    /// Nobody to dial.
    #[must_use]
    pub fn new(own: PublicKey) -> Self {
        Self { own, nodes: HashMap::new(), found: FoundNodes::default(), dialing: HashSet::new() }
    }

    /// Makes this a static node, to be dialed at once.
    ///
    /// Adding a node again replaces its address and cuts a wait short. If it is connected or
    /// being dialed, that goes on, and the new address serves the next dial.
    ///
    /// # Errors
    ///
    /// The enode cannot be dialed: it is our own, or has no address or no TCP port.
    pub fn add(&mut self, enode: Enode, now: Duration) -> Result<(), AddPeerError> {
        if enode.public_key == self.own {
            return Err(AddPeerError::OwnNode);
        }
        let endpoint = enode.endpoint.as_ref().ok_or(AddPeerError::NoAddress)?;
        if endpoint.tcp == 0 {
            return Err(AddPeerError::NoTcpPort);
        }
        self.found.retain(|other| *other != enode.public_key);
        let node = StaticNode { next_dial: now, failures: 0, enode };
        self.nodes.insert(node.enode.public_key, node);
        Ok(())
    }

    /// Forgets a static node; `false` if it was none. A dial that is under way goes on.
    pub fn remove(&mut self, key: &PublicKey) -> bool {
        self.nodes.remove(key).is_some()
    }

    /// Whether this is a static node.
    #[must_use]
    pub fn contains(&self, key: &PublicKey) -> bool {
        self.nodes.contains_key(key)
    }

    /// Takes a node that discovery found, to be dialed when its turn comes.
    ///
    /// Most are not taken: when there is no slot for it, when it cannot be dialed, is ourselves,
    /// connected, being dialed, static or waiting already, when it was dialed or dropped less than
    /// [`REDIAL_AFTER`] ago, or when [`MAX_FOUND`] others wait.
    pub fn found(&mut self, enode: Enode, now: Duration, admission: &Admission) {
        let key = &enode.public_key;
        let accepts = enode.endpoint.as_ref().is_some_and(|endpoint| endpoint.tcp != 0);
        let is_new = *key != self.own && !self.contains(key) && self.is_away(key, admission);
        if admission.free_dial_slots() > 0 && accepts && is_new {
            self.found.add(enode, now);
        }
    }

    /// Whether discovery shall search on: there are slots for found nodes, and fewer of these.
    #[must_use]
    pub fn wants_nodes(&self, admission: &Admission) -> bool {
        self.dialing.len().saturating_add(self.ready(admission)) < admission.free_dial_slots()
    }

    /// How many dials are under way.
    #[must_use]
    pub fn dialing(&self) -> usize {
        self.dialing.len()
    }

    /// The nodes to dial now. They count as being dialed.
    ///
    /// First static nodes, those that waited longest first, and no more than there are free slots;
    /// a trusted node needs none. Then found nodes, as long as there are free slots for dialed
    /// peers. No more than [`MAX_DIALING`] at once.
    pub fn due(&mut self, now: Duration, admission: &Admission) -> Vec<Enode> {
        let mut ripe: Vec<&StaticNode> =
            self.nodes.values().filter(|node| node.next_dial <= now).collect();
        ripe.sort_by_key(|node| (node.next_dial, node.enode.public_key));

        let mut dials = Vec::new();
        for StaticNode { enode, .. } in ripe {
            if may_dial(&self.dialing, &enode.public_key, admission) {
                self.dialing.insert(enode.public_key);
                dials.push(enode.clone());
            }
        }
        dials.extend(self.due_found(admission));
        dials
    }

    fn due_found(&mut self, admission: &Admission) -> Vec<Enode> {
        // By the time a slot is free again, what we hear now is old news.
        let has_slots = admission.free_dial_slots() > 0;
        self.found.retain(|key| has_slots && !admission.contains(key));

        let mut dials = Vec::new();
        while self.may_dial_found(admission) {
            let Some(enode) = self.found.next() else {
                break;
            };
            self.dialing.insert(enode.public_key);
            dials.push(enode);
        }
        dials
    }

    /// When [`due`](Self::due) will next have something, if nothing else happens until then.
    ///
    /// `None`: never; there are no nodes to dial, or no slots for them. Ask again after every
    /// change, be it here or in `admission`. A time that has passed means now.
    #[must_use]
    pub fn next_wake(&self, admission: &Admission) -> Option<Duration> {
        if self.may_dial_found(admission) && self.ready(admission) > 0 {
            return Some(Duration::ZERO);
        }
        self.nodes
            .iter()
            .filter(|(key, _)| may_dial(&self.dialing, key, admission))
            .map(|(_, node)| node.next_dial)
            .min()
    }

    /// Our dial became a peer.
    pub fn connected(&mut self, key: &PublicKey) {
        self.dialing.remove(key);
    }

    /// Our dial came to nothing: nobody answered, or the set-up broke off without a Disconnect.
    ///
    /// Returns the wait until the next one: 1, 2, 4, 8, 16, 32, 35, 35 … s. `None` if there
    /// will be none, as for a found node, or no dial was under way.
    pub fn failed(&mut self, key: &PublicKey, now: Duration) -> Option<Duration> {
        if !self.dialing.remove(key) {
            return None;
        }
        self.found.rest(*key, now);
        let node = self.nodes.get_mut(key)?;
        let wait = wait_after(node.failures);
        node.failures = node.failures.saturating_add(1);
        node.next_dial = now.saturating_add(wait);
        Some(wait)
    }

    /// Our dial ended before it was a peer, with a Disconnect by either side.
    ///
    /// Returns the wait until the next one, [`REDIAL_AFTER`]. `None` if there will be none, or
    /// no dial was under way. After crossed dials the other connection stays: then the node is
    /// dialed when that one has ended.
    pub fn refused(&mut self, key: &PublicKey, now: Duration) -> Option<Duration> {
        if !self.dialing.remove(key) {
            return None;
        }
        self.found.rest(*key, now);
        let node = self.nodes.get_mut(key)?;
        node.next_dial = now.saturating_add(REDIAL_AFTER);
        Some(REDIAL_AFTER)
    }

    /// The node was a peer, whoever dialed, and is not any more.
    ///
    /// Returns the wait until the next dial, [`REDIAL_AFTER`]; `None` if there will be none.
    pub fn dropped(&mut self, key: &PublicKey, now: Duration) -> Option<Duration> {
        self.found.rest(*key, now);
        let node = self.nodes.get_mut(key)?;
        node.failures = 0;
        node.next_dial = now.saturating_add(REDIAL_AFTER);
        Some(REDIAL_AFTER)
    }

    /// How many found nodes could be dialed, if there were slots enough.
    fn ready(&self, admission: &Admission) -> usize {
        self.found.waiting().filter(|key| !admission.contains(key)).count()
    }

    fn may_dial_found(&self, admission: &Admission) -> bool {
        self.dialing.len() < admission.free_dial_slots().min(MAX_DIALING)
    }

    fn is_away(&self, key: &PublicKey, admission: &Admission) -> bool {
        !self.dialing.contains(key) && !admission.contains(key)
    }
}

/// Whether a static node may be dialed as soon as its time has come.
fn may_dial(dialing: &HashSet<PublicKey>, key: &PublicKey, admission: &Admission) -> bool {
    let has_slot = admission.is_trusted(key) || dialing.len() < admission.free_slots();
    let is_away = !dialing.contains(key) && !admission.contains(key);
    has_slot && is_away && dialing.len() < MAX_DIALING
}

/// The wait after a dial failed that had been preceded by so many failures.
fn wait_after(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures);
    FIRST_RETRY.saturating_mul(doubled).min(REDIAL_AFTER)
}

#[cfg(test)]
mod tests;
