//! Admission: may the node at the other end of a connection be our peer?
//!
//! Every connection asks twice. After the RLPx handshake, so that a node that cannot stay need not
//! send a Hello first. After both Hellos again, because other connections may have taken the last
//! slot meanwhile, and because the remote key counts only now:
//!
//! *The handshake proves nothing.* Anybody can sign an auth with a fresh ephemeral key and write
//! somebody else's public key into it, or send an old auth again. Only the owner of the private key
//! can compute the session's secrets, and so send a frame with a right MAC; the first frame is
//! Hello. Until then the key is a claim. The first answer is therefore not recorded: a claim takes
//! no slot, and ends, replaces or holds up no other connection and no dial.
//!
//! Where we differ from go-ethereum:
//!
//! - *The order of the reasons.* It looks for a free slot first and for its own key last. We
//!   give the most lasting reason first: a server that dials itself by mistake should be told so,
//!   even if it has no free slot.
//! - *Crossed dials*, two nodes that dial each other at the same moment. There, whichever
//!   connection is the first to ask stays. The two nodes may see different ones first:
//!   each refuses the other's favourite, and none is left. Here both keep the connection that
//!   was dialed by the smaller public key, whichever comes first: two nodes that follow this
//!   rule decide alike without talking about it.
//! - *A node that comes back.* A node that was cut off without a word (the laptop slept, the wifi
//!   changed) and dials again is told "already connected" there, until the old connection has been
//!   silent for 30 s. Here the old connection is [challenged](Verdict::Challenge): a dead one makes
//!   room.
//!
//! A server that dials nodes it found by itself [splits its slots](Admission::split_slots), or
//! those that dial most would have them all: strangers that dial us could take every slot and so
//! decide whom we talk to (an eclipse). Slots that only we can fill are out of their reach.
//!
//! ```text
//!  max_peers = 9    ┃ dialed ┃ dialed ┃ dialed │ any │ any │ any │ any │ any │ any ┃
//!                   └── for those we dial ─────┴── inbound, at most; static ones too ─┘
//! ```

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use crate::keys::PublicKey;
use crate::p2p::DisconnectReason;

/// Who dialed a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The remote node dialed us; we are the recipient of the handshake.
    Inbound,
    /// We dialed; we are the initiator of the handshake.
    Outbound,
}

impl Direction {
    /// Which of two crossed dials stays: the one that was dialed by the smaller public key.
    fn that_stays(own: &PublicKey, remote: &PublicKey) -> Self {
        if own < remote { Self::Outbound } else { Self::Inbound }
    }
}

/// The number by which a server tells its connections apart; it is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionNumber(pub u64);

/// A peer that was added less than 10 s ago is a new one. Another connection with it was most likely
/// on its way already, for a set-up takes no longer than that: crossed dials.
const NEW_FOR: Duration = Duration::from_secs(10);

/// A connection that asks to be admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Which connection it is.
    pub connection: ConnectionNumber,
    /// The remote node's key: what it claims after the handshake, and has proved after Hello.
    pub key: PublicKey,
    /// Who dialed.
    pub direction: Direction,
}

/// The answer to the second question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It is a peer, until [`Admission::ended`].
    Admit,
    /// Send a Disconnect with this reason and close.
    Refuse(DisconnectReason),
    /// Crossed dials, and the candidate is the one that stays: end the named connection with
    /// [`DisconnectReason::AlreadyConnected`], wait until it is gone, then ask again.
    Replace(ConnectionNumber),
    /// The node is connected already, or was: ask the named connection for a sign of life. If there
    /// is none, end it and ask again; otherwise refuse the candidate with
    /// [`DisconnectReason::AlreadyConnected`].
    Challenge(ConnectionNumber),
}

/// A peer, by its connection.
#[derive(Debug, Clone)]
struct Admitted {
    connection: ConnectionNumber,
    direction: Direction,
    /// When it became a peer.
    since: Duration,
}

impl Admitted {
    fn is_new(&self, now: Duration) -> bool {
        now.saturating_sub(self.since) < NEW_FOR
    }
}

/// Who is connected, who is trusted, and who may come in.
///
/// The second question is decided and recorded in one step, so nothing can slip in between. Times
/// are since the server's start.
///
/// A call that does not fit, such as the end of an unknown connection, changes nothing. It belongs
/// to one [`DialState`](super::DialState), which takes from it who came and went.
#[derive(Debug, Clone)]
pub struct Admission {
    own: PublicKey,
    max_peers: usize,
    /// So many of them are out of reach for inbound connections; 0 if the slots are not split.
    dial_slots: usize,
    trusted: HashSet<PublicKey>,
    /// The peers, by key: one node has one connection, two cannot be recorded.
    admitted: HashMap<PublicKey, Admitted>,
    /// The keys of `admitted`, by their connections.
    keys: HashMap<ConnectionNumber, PublicKey>,
    /// How many of `admitted` dialed us, and how many we dialed: counted as they come and go, for
    /// both are asked for at every turn of the main loop.
    inbound_peers: usize,
    outbound_peers: usize,
    /// Inbound connections in whose favour we gave up one that we had dialed. Any free slot will do
    /// for them: we wanted this node.
    heirs: HashSet<ConnectionNumber>,
    /// Nodes that came, went, or are trusted or not any more, since
    /// [`take_changed`](Self::take_changed).
    changed: BTreeSet<PublicKey>,
}

impl Admission {
    /// Nobody is connected and nobody is trusted.
    ///
    /// With `max_peers` 0 every node is refused that is not trusted.
    #[must_use]
    pub fn new(own: PublicKey, max_peers: usize) -> Self {
        Self {
            own,
            max_peers,
            dial_slots: 0,
            trusted: HashSet::new(),
            admitted: HashMap::new(),
            keys: HashMap::new(),
            inbound_peers: 0,
            outbound_peers: 0,
            heirs: HashSet::new(),
            changed: BTreeSet::new(),
        }
    }

    /// Keeps a third of the slots, but at least one, for nodes that we dial, as go-ethereum does.
    ///
    /// With one slot nobody can come in then. Our own dials may take every free slot, the others'
    /// too: if you add static nodes by hand, you know best.
    pub fn split_slots(&mut self) {
        self.dial_slots = (self.max_peers / 3).max(1).min(self.max_peers);
    }

    /// Lets this node in even when all slots are taken. It still takes one when it is a peer.
    pub fn trust(&mut self, key: PublicKey) {
        self.trusted.insert(key);
        self.changed.insert(key);
    }

    /// Takes [`trust`](Self::trust) back. A peer stays a peer.
    pub fn distrust(&mut self, key: &PublicKey) {
        self.trusted.remove(key);
        self.changed.insert(*key);
    }

    /// Whether this node needs no free slot.
    #[must_use]
    pub fn is_trusted(&self, key: &PublicKey) -> bool {
        self.trusted.contains(key)
    }

    /// Whether this node is a peer.
    #[must_use]
    pub fn contains(&self, key: &PublicKey) -> bool {
        self.admitted.contains_key(key)
    }

    /// How many peers there are.
    #[must_use]
    pub fn peers(&self) -> usize {
        self.inbound_peers.saturating_add(self.outbound_peers)
    }

    /// How many slots there are.
    #[must_use]
    pub fn max_peers(&self) -> usize {
        self.max_peers
    }

    /// How many more peers may come in without being trusted.
    #[must_use]
    pub fn free_slots(&self) -> usize {
        self.max_peers.saturating_sub(self.peers())
    }

    /// How many more found nodes may be dialed. None, unless the slots are split.
    #[must_use]
    pub fn free_dial_slots(&self) -> usize {
        let free = self.dial_slots.saturating_sub(self.outbound_peers);
        free.min(self.free_slots())
    }

    /// The first question: the handshake is done. Nothing is recorded, for nothing is proved.
    ///
    /// # Errors
    /// Send a Disconnect with this reason and close: the node could not stay, if it were who it says.
    pub fn after_handshake(
        &self,
        candidate: Candidate,
        now: Duration,
    ) -> Result<(), DisconnectReason> {
        if candidate.key == self.own {
            return Err(DisconnectReason::ConnectedToSelf);
        }
        match self.admitted.get(&candidate.key) {
            // Crossed dials. The other side cannot have preferred this connection: it has not seen
            // our Hello.
            Some(existing) if existing.is_new(now) => Err(DisconnectReason::AlreadyConnected),
            // It may have come back, and then takes its old slot. First it must prove who it is.
            Some(_) => Ok(()),
            None => self.look_for_slot(candidate),
        }
    }

    /// The second question: both Hellos were exchanged. If admitted, the candidate is a peer.
    pub fn after_hello(&mut self, candidate: Candidate, now: Duration) -> Verdict {
        let verdict = self.check(candidate, now);
        match verdict {
            Verdict::Admit => self.record(candidate, now),
            Verdict::Replace(_) | Verdict::Challenge(_) => {
                let existing = self.admitted.get(&candidate.key);
                if existing.is_some_and(|existing| existing.direction == Direction::Outbound) {
                    self.heirs.insert(candidate.connection);
                }
            }
            Verdict::Refuse(_) => {}
        }
        verdict
    }

    /// The connection is gone, its goodbye included, and with it its slot, if it had one.
    pub fn ended(&mut self, connection: ConnectionNumber) {
        self.heirs.remove(&connection);
        let Some(key) = self.keys.remove(&connection) else { return };
        let Some(admitted) = self.admitted.remove(&key) else { return };
        let peers = self.peers_that_are(admitted.direction);
        *peers = peers.saturating_sub(1);
        self.changed.insert(key);
    }

    /// The nodes for which [`contains`](Self::contains) or [`is_trusted`](Self::is_trusted) may say
    /// something else than when this was asked last.
    pub(crate) fn take_changed(&mut self) -> BTreeSet<PublicKey> {
        std::mem::take(&mut self.changed)
    }

    fn peers_that_are(&mut self, direction: Direction) -> &mut usize {
        match direction {
            Direction::Inbound => &mut self.inbound_peers,
            Direction::Outbound => &mut self.outbound_peers,
        }
    }

    fn record(&mut self, candidate: Candidate, now: Duration) {
        let Candidate { connection, key, direction } = candidate;
        if self.keys.insert(connection, key).is_some() {
            return;
        }
        self.admitted.insert(key, Admitted { connection, direction, since: now });
        self.changed.insert(key);
        let peers = self.peers_that_are(direction);
        *peers = peers.saturating_add(1);
    }

    /// The rules, the most lasting reason first.
    fn check(&self, candidate: Candidate, now: Duration) -> Verdict {
        let is_another = |key: &PublicKey| *key != candidate.key;
        if candidate.key == self.own {
            return Verdict::Refuse(DisconnectReason::ConnectedToSelf);
        }
        if self.keys.get(&candidate.connection).is_some_and(is_another) {
            return Verdict::Refuse(DisconnectReason::UnexpectedIdentity);
        }
        match self.admitted.get(&candidate.key) {
            Some(existing) if existing.connection == candidate.connection => Verdict::Admit,
            Some(existing) => self.choose(candidate, existing, now),
            None => self.look_for_slot(candidate).map_or_else(Verdict::Refuse, |()| Verdict::Admit),
        }
    }

    /// Whether there is a slot for it.
    fn look_for_slot(&self, candidate: Candidate) -> Result<(), DisconnectReason> {
        match self.has_slot(candidate) || self.is_trusted(&candidate.key) {
            true => Ok(()),
            false => Err(DisconnectReason::TooManyPeers),
        }
    }

    fn has_slot(&self, candidate: Candidate) -> bool {
        let inbound_slots = self.max_peers.saturating_sub(self.dial_slots);
        let may_have_any = candidate.direction == Direction::Outbound
            || self.heirs.contains(&candidate.connection);
        self.free_slots() > 0 && (may_have_any || self.inbound_peers < inbound_slots)
    }

    /// Two connections with one node: which one stays?
    fn choose(&self, candidate: Candidate, existing: &Admitted, now: Duration) -> Verdict {
        let stays = Direction::that_stays(&self.own, &candidate.key);
        if !existing.is_new(now) {
            Verdict::Challenge(existing.connection)
        // The existing one gives way although it is a peer: the remote node, for which the candidate
        // may have come first, is ending it by the same rule.
        } else if candidate.direction != existing.direction && candidate.direction == stays {
            Verdict::Replace(existing.connection)
        } else {
            Verdict::Refuse(DisconnectReason::AlreadyConnected)
        }
    }
}

#[cfg(test)]
mod tests;
