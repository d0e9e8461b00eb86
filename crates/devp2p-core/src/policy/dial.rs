//! Dialing: which nodes to dial now, and when to look again.
//!
//! A *static* node is one that somebody added by hand. It is dialed until it is a peer, and again
//! when it has gone away, until it is removed. A *found* node is one that discovery heard of. It
//! is dialed once, and only while one of the slots for dialed peers is free
//! ([`Admission::split_slots`]).
//!
//! Three facts decide about a node, and any combination of them can be true: its time has come;
//! a dial of ours is under way; it is a peer already, whoever dialed. The last one is
//! [`Admission`]'s to know. An inbound handshake holds up no dial (in go-ethereum it does): only
//! Hello proves which node is there, and a liar could keep us from a node for ever.
//!
//! Where we differ from go-ethereum: it waits 35 s after every dial. We are quicker at first,
//! because in a workshop the other laptop is about to start; and slower by the length of the
//! dial, because we count from its end. It also dials up to twice as many nodes as it has free
//! slots; we dial one for each, so that no dial of ours ends at a slot that we gave away.

mod found;
mod queues;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use thiserror::Error;

use self::found::FoundNodes;
use self::queues::Queues;
use super::Admission;
use crate::enode::Enode;
use crate::keys::PublicKey;

/// How many dials may be under way at once: 50, as in go-ethereum.
///
/// Each holds a socket until the other end answers or the time is up.
const MAX_DIALING: usize = 50;

/// The wait after the first failed dial: 1 s. It doubles with each further failure in a row.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The longest wait: 35 s. Also the wait after a refusal and after a peer was dropped.
///
/// The other end of a refusal or a drop is alive and made a decision; asking it again at once
/// would get the same answer. go-ethereum waits as long, so two nodes that dropped each other
/// do not hammer one another. It is more than the 30 s of the inbound throttle
/// ([`THROTTLE_WINDOW`](super::throttle::THROTTLE_WINDOW)), which would turn us away unheard.
const REDIAL_AFTER: Duration = Duration::from_secs(35);

/// How long discovery is not asked again where a static node is: 10 s after the first time, doubled
/// each time up to 1 h (go-ethereum: from 60 s on).
const SEEK_AGAIN: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(3600));

/// How many found nodes wait for a dial at most: 64, what a few lookups bring.
///
/// The nodes that answer our questions decide what we find; they must not decide how much we
/// remember. When all places are taken, newcomers are dropped.
const MAX_FOUND: usize = 64;

/// How many nodes, and how many addresses, are remembered because they were dialed or dropped not long
/// ago: 1,000, about 100 KiB. Then the one that rested longest is forgotten early.
const MAX_RESTING: usize = 1000;

/// How long an address of found nodes rests at most when nobody answers there: 35, 70, 140 … s, at
/// most half an hour.
const MAX_REST: Duration = Duration::from_secs(30 * 60);

/// How many found nodes of one network (/24) are peers that we dialed, wait for a dial or were dialed
/// in the last 35 s: as many as the table of discovery may hold. Networks nearby are exempt.
const MAX_OF_ONE_NETWORK: usize = 10;

/// TCP ports up to this one belong to the system's services: mail, web … A found node said to be
/// there is not dialed; if you know better, add it.
const MAX_SYSTEM_PORT: u16 = 1024;

/// Why a node cannot be dialed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Undialable {
    /// The enode has our own key.
    #[error("this is this server's own enode: a server cannot be its own peer")]
    OwnNode,
    /// The enode has no address.
    #[error(
        "this enode has only a key: add the address, as in enode://<public key>@127.0.0.1:30303, \
         or a bootnode that knows it"
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
    /// Where discovery says that it is, if that is somewhere else.
    elsewhere: Option<Enode>,
    /// Whether it is dialed there the next time. While it fails, it is dialed here and there in
    /// turn: what discovery says may be wrong, too.
    is_elsewhere: bool,
    /// When discovery may be asked again, and how long it rests then.
    next_seek: Duration,
    seek_wait: Duration,
    /// Not dialed before this time.
    next_dial: Duration,
    /// Failed dials since it was added or last a peer.
    failures: u32,
}

impl StaticNode {
    fn new(enode: Enode, now: Duration) -> Self {
        Self {
            enode,
            elsewhere: None,
            is_elsewhere: false,
            next_seek: now,
            seek_wait: SEEK_AGAIN.0,
            next_dial: now,
            failures: 0,
        }
    }

    /// Where it is dialed the next time.
    fn place(&self) -> &Enode {
        self.elsewhere.as_ref().filter(|_| self.is_elsewhere).unwrap_or(&self.enode)
    }
}

/// The static nodes, the found ones, and our dials of both.
///
/// Every dial that [`due`](Self::due) hands out must be reported exactly once, as
/// [`connected`](Self::connected), [`failed`](Self::failed) or [`refused`](Self::refused); until
/// then the node is not dialed again. Reports about unknown nodes, as inbound peers are, change
/// nothing.
///
/// Times are since the server's start. The main loop asks at each of its turns, and there may be
/// thousands of static nodes: so those that are away wait in the order in which they are dialed,
/// and an answer costs the same however many there are.
#[derive(Debug, Clone)]
pub struct DialState {
    own: PublicKey,
    nodes: HashMap<PublicKey, StaticNode>,
    /// The static nodes that are away.
    queues: Queues,
    /// Those whose place there may be another one now.
    unplaced: Vec<PublicKey>,
    found: FoundNodes,
    /// Whether somebody can find out where a node is.
    can_seek: bool,
    /// Dials handed out and not reported back, also those of nodes removed meanwhile.
    dialing: HashSet<PublicKey>,
}

impl DialState {
    /// Nobody to dial.
    #[must_use]
    pub fn new(own: PublicKey) -> Self {
        Self {
            own,
            nodes: HashMap::new(),
            queues: Queues::default(),
            unplaced: Vec::new(),
            found: FoundNodes::default(),
            can_seek: false,
            dialing: HashSet::new(),
        }
    }

    /// From now on a static node needs no address: somebody can find out where it is, and tells it
    /// as [`found`](Self::found).
    pub fn can_seek(&mut self) {
        self.can_seek = true;
    }

    /// Makes this a static node, to be dialed at once.
    ///
    /// Adding a node again replaces its address and cuts a wait short. If it is connected or
    /// being dialed, that goes on, and the new address serves the next dial.
    ///
    /// # Errors
    ///
    /// The enode cannot be dialed: it is our own, or has no address or no TCP port.
    pub fn add(&mut self, enode: Enode, now: Duration) -> Result<(), Undialable> {
        let key = enode.public_key;
        if key == self.own {
            return Err(Undialable::OwnNode);
        }
        match &enode.address {
            None if !self.can_seek => return Err(Undialable::NoAddress),
            Some(address) if address.tcp == 0 => return Err(Undialable::NoTcpPort),
            _ => {}
        }
        self.found.retain(|other| *other != key);
        self.remove(&key);
        self.nodes.insert(key, StaticNode::new(enode, now));
        self.unplaced.push(key);
        Ok(())
    }

    /// Forgets a static node; `false` if it was none. A dial that is under way goes on.
    pub fn remove(&mut self, key: &PublicKey) -> bool {
        self.queues.take_out(key);
        self.nodes.remove(key).is_some()
    }

    /// Whether this is a static node.
    #[must_use]
    pub fn contains(&self, key: &PublicKey) -> bool {
        self.nodes.contains_key(key)
    }

    /// How many static nodes there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    /// Takes a node that discovery found, to be dialed when its turn comes.
    ///
    /// A static node that is away is dialed there at once, if its last dial failed, and that was not
    /// there. Of the others, most are not taken: when there is no slot for it, when it cannot be dialed, is ourselves,
    /// connected, being dialed, static or waiting already, when it, or another one at its address, was
    /// dialed or dropped less than `REDIAL_AFTER` (35 s) ago, when its port is one of the system's,
    /// when too many of its network were dialed, or when `MAX_FOUND` (64) others wait.
    pub fn found(&mut self, enode: Enode, now: Duration, admission: &Admission) {
        let key = &enode.public_key;
        if *key == self.own || !self.is_away(key, admission) {
            return;
        }
        if self.contains(key) {
            self.moved(enode, now);
        } else if admission.free_dial_slots() > 0 {
            self.found.add(enode, now);
        }
    }

    /// Discovery says where a static node is that is away.
    fn moved(&mut self, enode: Enode, now: Duration) {
        let key = enode.public_key;
        let Some(node) = self.nodes.get_mut(&key) else { return };
        let is_dialable = enode.address.as_ref().is_some_and(|address| address.tcp > 0);
        let is_known = |known: &Enode| same_place(known, &enode);
        if node.failures == 0
            || !is_dialable
            || is_known(&node.enode)
            || node.elsewhere.as_ref().is_some_and(is_known)
        {
            return;
        }
        node.elsewhere = Some(enode);
        node.is_elsewhere = true;
        node.next_dial = now;
        self.unplaced.push(key);
    }

    /// Whether discovery shall be asked now where a static node is, because a dial of it failed. It
    /// counts as asked then.
    pub fn seek(&mut self, key: &PublicKey, now: Duration) -> bool {
        let Some(node) = self.nodes.get_mut(key) else { return false };
        if !self.can_seek || node.failures == 0 || node.next_seek > now {
            return false;
        }
        node.next_seek = now.saturating_add(node.seek_wait);
        node.seek_wait = node.seek_wait.saturating_mul(2).min(SEEK_AGAIN.1);
        true
    }

    /// Whether discovery shall search on: there are slots for found nodes, and fewer of these.
    #[must_use]
    pub fn wants_nodes(&self, admission: &Admission) -> bool {
        self.dialing.len().saturating_add(self.ready(admission)) < admission.free_dial_slots()
    }

    /// How many dials are under way.
    #[cfg(test)]
    fn dialing(&self) -> usize {
        self.dialing.len()
    }

    /// The nodes to dial now. They count as being dialed.
    ///
    /// First static nodes, those that waited longest first, and no more than there are free slots;
    /// a trusted node needs none. Then found nodes, as long as there are free slots for dialed
    /// peers. No more than 50 at once.
    pub fn due(&mut self, now: Duration, admission: &mut Admission) -> Vec<Enode> {
        self.keep_up(admission);
        let mut dials = Vec::new();
        while let Some((next_dial, key)) = self.next_static(admission) {
            if next_dial > now {
                break;
            }
            self.queues.take_out(&key);
            self.dialing.insert(key);
            dials.extend(self.nodes.get(&key).map(|node| node.place().clone()));
        }
        dials.extend(self.due_found(admission));
        dials
    }

    /// The static node that is dialed next, as far as there is a slot for it.
    fn next_static(&self, admission: &Admission) -> Option<(Duration, PublicKey)> {
        if self.dialing.len() >= MAX_DIALING {
            return None;
        }
        self.queues.first(self.dialing.len() < admission.free_slots())
    }

    /// Puts every node where it belongs that has come, gone, or is trusted or not any more.
    fn keep_up(&mut self, admission: &mut Admission) {
        let unplaced = std::mem::take(&mut self.unplaced);
        for key in unplaced.into_iter().chain(admission.take_changed()) {
            self.queues.take_out(&key);
            let is_away = self.is_away(&key, admission);
            if let Some(node) = self.nodes.get(&key).filter(|_| is_away) {
                self.queues.put(key, node.next_dial, admission.is_trusted(&key));
            }
        }
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
    pub fn next_wake(&mut self, admission: &mut Admission) -> Option<Duration> {
        self.keep_up(admission);
        if self.may_dial_found(admission) && self.ready(admission) > 0 {
            return Some(Duration::ZERO);
        }
        self.next_static(admission).map(|(next_dial, _)| next_dial)
    }

    /// Our dial became a peer.
    pub fn connected(&mut self, key: &PublicKey) {
        self.dialing.remove(key);
        self.unplaced.push(*key);
    }

    /// Our dial came to nothing: nobody answered, or the set-up broke off without a Disconnect.
    ///
    /// Returns the wait until the next one: 1, 2, 4, 8, 16, 32, 35, 35 … s. `None` if there
    /// will be none, as for a found node, or no dial was under way.
    pub fn failed(&mut self, key: &PublicKey, now: Duration) -> Option<Duration> {
        if !self.dialing.remove(key) {
            return None;
        }
        self.unplaced.push(*key);
        self.found.rest(*key, false, now);
        let node = self.nodes.get_mut(key)?;
        let wait = wait_after(node.failures);
        node.failures = node.failures.saturating_add(1);
        node.is_elsewhere =
            node.elsewhere.is_some() && (!node.is_elsewhere || node.enode.address.is_none());
        node.next_dial = now.saturating_add(wait);
        Some(wait)
    }

    /// Our dial ended before it was a peer, with a Disconnect by either side.
    ///
    /// Returns the wait until the next one, `REDIAL_AFTER` (35 s). `None` if there will be none, or
    /// no dial was under way. After crossed dials the other connection stays: then the node is
    /// dialed when that one has ended.
    pub fn refused(&mut self, key: &PublicKey, now: Duration) -> Option<Duration> {
        if !self.dialing.remove(key) {
            return None;
        }
        self.unplaced.push(*key);
        self.found.rest(*key, true, now);
        let node = self.nodes.get_mut(key)?;
        node.next_dial = now.saturating_add(REDIAL_AFTER);
        Some(REDIAL_AFTER)
    }

    /// The node was a peer, whoever dialed, and is not any more.
    ///
    /// Returns the wait until the next dial, `REDIAL_AFTER` (35 s); `None` if there will be none.
    pub fn dropped(&mut self, key: &PublicKey, now: Duration) -> Option<Duration> {
        self.unplaced.push(*key);
        self.found.rest(*key, true, now);
        let node = self.nodes.get_mut(key)?;
        node.failures = 0;
        node.seek_wait = SEEK_AGAIN.0;
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

/// Whether two enodes lead to the same TCP address.
fn same_place(one: &Enode, other: &Enode) -> bool {
    let place = |enode: &Enode| enode.address.as_ref().map(|at| (at.host.clone(), at.tcp));
    place(one) == place(other)
}

/// The wait after a dial failed that had been preceded by so many failures.
fn wait_after(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures);
    FIRST_RETRY.saturating_mul(doubled).min(REDIAL_AFTER)
}

#[cfg(test)]
mod tests;
