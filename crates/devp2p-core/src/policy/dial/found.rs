//! Found nodes: those that discovery heard of.
//!
//! A static node is dialed until it is a peer. A found one gets one attempt and is forgotten then:
//! there are more where it came from. If it is found again, it must have rested first.
//!
//! Keys cost nothing: a liar can make up any number of them, and say that all are at one address, or
//! in one network. Without more rules than "one dial for each key" it could make a thousand nodes
//! knock at somebody's door. So an address rests as well as a key, longer each time that nobody
//! answers there, and a network is dialed only so often.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use super::{MAX_FOUND, MAX_OF_ONE_NETWORK, MAX_REST, MAX_RESTING, MAX_SYSTEM_PORT, REDIAL_AFTER};
use crate::enode::{Enode, Host};
use crate::keys::PublicKey;
use crate::policy::{is_nearby, same_network};

/// The nodes to dial next, and those to leave alone for a while. No node is both.
#[derive(Debug, Clone, Default)]
pub(super) struct FoundNodes {
    /// Who was found first is dialed first.
    waiting: VecDeque<Enode>,
    /// Where those are that were dialed and have not gone since.
    dialed: BTreeMap<PublicKey, SocketAddr>,
    /// Dialed or dropped not long ago, and until when they rest.
    resting: BTreeMap<PublicKey, Duration>,
    /// Where they were.
    resting_addresses: BTreeMap<SocketAddr, Rest>,
}

/// Since when an address rests, and how long.
#[derive(Debug, Clone, Copy)]
struct Rest {
    since: Duration,
    wait: Duration,
}

impl Rest {
    fn until(self) -> Duration {
        self.since.saturating_add(self.wait)
    }

    /// Until this time it is remembered how long it was.
    fn remembered_until(self) -> Duration {
        self.until().saturating_add(self.wait)
    }
}

impl FoundNodes {
    /// Takes a node, unless it is here already, it, its address or its network rests, or there is
    /// no place for it.
    pub(super) fn add(&mut self, enode: Enode, now: Duration) {
        let key = &enode.public_key;
        let rests = self.resting.get(key).is_some_and(|until| *until > now);
        let waits = self.waiting.iter().any(|other| other.public_key == *key);
        let has_room = self.waiting.len() < MAX_FOUND;
        if has_room && !rests && !waits && self.may_be_dialed(&enode, now) {
            self.waiting.push_back(enode);
        }
    }

    /// Whether its address may be dialed, whatever its key is.
    fn may_be_dialed(&self, enode: &Enode, now: Duration) -> bool {
        let Some(address) = address(enode) else { return false };
        let rests = self.resting_addresses.get(&address).is_some_and(|rest| rest.until() > now);
        if address.port() <= MAX_SYSTEM_PORT || rests || self.in_use().any(|used| used == address) {
            return false;
        }
        if is_nearby(address.ip()) {
            return true;
        }
        let of_late = |(_, rest): &(_, &Rest)| rest.since.saturating_add(REDIAL_AFTER) > now;
        let rested = self.resting_addresses.iter().filter(of_late).map(|(address, _)| *address);
        let is_same = |other: &SocketAddr| same_network(other.ip(), address.ip());
        rested.chain(self.in_use()).filter(is_same).count() < MAX_OF_ONE_NETWORK
    }

    /// The addresses of all that wait, are being dialed, or were and are peers.
    fn in_use(&self) -> impl Iterator<Item = SocketAddr> {
        self.waiting.iter().filter_map(address).chain(self.dialed.values().copied())
    }

    /// Forgets all that wait and are not to be kept.
    pub(super) fn retain(&mut self, keep: impl Fn(&PublicKey) -> bool) {
        self.waiting.retain(|enode| keep(&enode.public_key));
    }

    /// Leaves a node alone for [`REDIAL_AFTER`]. If nobody has `answered` there, its address rests
    /// twice as long as the last time, at most [`MAX_REST`].
    pub(super) fn rest(&mut self, key: PublicKey, answered: bool, now: Duration) {
        self.retain(|other| *other != key);
        self.resting.retain(|_, until| *until > now);
        insert(&mut self.resting, key, now.saturating_add(REDIAL_AFTER), |until| *until);

        let Some(address) = self.dialed.remove(&key) else { return };
        self.resting_addresses.retain(|_, rest| rest.remembered_until() > now);
        let last = self.resting_addresses.get(&address).filter(|_| !answered);
        let wait = last.map_or(REDIAL_AFTER, |rest| rest.wait.saturating_mul(2).min(MAX_REST));
        let rest = Rest { since: now, wait };
        insert(&mut self.resting_addresses, address, rest, |rest| rest.until());
    }

    /// The node to dial next.
    pub(super) fn next(&mut self) -> Option<Enode> {
        let enode = self.waiting.pop_front()?;
        if let Some(address) = address(&enode) {
            self.dialed.insert(enode.public_key, address);
        }
        Some(enode)
    }

    /// Those that wait for a dial.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &PublicKey> {
        self.waiting.iter().map(|enode| &enode.public_key)
    }
}

/// Where a node is dialed. Discovery knows no host names.
fn address(enode: &Enode) -> Option<SocketAddr> {
    match enode.address.as_ref()? {
        address if address.tcp == 0 => None,
        address => match address.host {
            Host::Ip(ip) => Some(SocketAddr::new(ip, address.tcp)),
            Host::Dns(_) => None,
        },
    }
}

/// Remembers `key`; of [`MAX_RESTING`] others the one that rested longest is forgotten.
fn insert<K: Ord + Copy, V>(
    resting: &mut BTreeMap<K, V>,
    key: K,
    value: V,
    until: impl Fn(&V) -> Duration,
) {
    if resting.len() >= MAX_RESTING && !resting.contains_key(&key) {
        let next = resting.iter().min_by_key(|(_, value)| until(value)).map(|(key, _)| *key);
        next.map(|key| resting.remove(&key));
    }
    resting.insert(key, value);
}
