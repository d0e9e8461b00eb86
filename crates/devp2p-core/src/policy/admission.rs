//! Admission: may the node at the other end of a connection be our peer?
//!
//! Every connection asks twice. After the RLPx handshake, because only then is the remote key
//! known, and a node that cannot stay should not have to send a Hello first. After both Hellos
//! again, because other connections may have taken the last slot meanwhile.
//!
//! Where we differ from go-ethereum:
//!
//! - *The order of the reasons.* It looks for a free slot first and for its own key last. We
//!   give the most lasting reason first: who dials himself by mistake should be told so, also
//!   by a server that has no free slot.
//! - *Crossed dials*, two nodes that dial each other at the same moment. There, whichever
//!   connection is first at a checkpoint stays. The two nodes may see different ones first:
//!   each refuses the other's favourite, and none is left. Here both keep the connection that
//!   was dialed by the smaller public key, whichever comes first: two nodes that follow this
//!   rule decide alike without talking about it.
//!
//! A server that dials nodes it found by itself [splits its slots](Admission::split_slots), or
//! whoever dials most would have them all: strangers that dial us could take every slot and so
//! decide whom we talk to (an eclipse). Slots that only we can fill are out of their reach.
//!
//! ```text
//!  max_peers = 9    ┃ dialed ┃ dialed ┃ dialed │ any │ any │ any │ any │ any │ any ┃
//!                   └── for those we dial ─────┴── inbound, at most; static ones too ─┘
//! ```

use std::collections::{BTreeSet, HashMap, HashSet};

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

/// A connection that asks to be admitted: the handshake has proved the remote key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Which connection it is.
    pub connection: ConnectionNumber,
    /// The remote node's key.
    pub key: PublicKey,
    /// Who dialed.
    pub direction: Direction,
}

/// The answer at a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Go on. The connection is recorded until [`Admission::ended`].
    Admit,
    /// Send a Disconnect with this reason and close.
    Refuse(DisconnectReason),
    /// Crossed dials, and the candidate is the one that stays: end the named connection with
    /// [`DisconnectReason::AlreadyConnected`], wait until it is gone, then ask again.
    Replace(ConnectionNumber),
}

/// How far a recorded connection has come; it never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Past the handshake: Hellos are under way.
    SetUp,
    /// Past both Hellos.
    Peer,
}

/// A connection that passed a checkpoint and has not ended.
#[derive(Debug, Clone)]
struct Admitted {
    connection: ConnectionNumber,
    direction: Direction,
    phase: Phase,
    /// A [`Verdict::Replace`] named it: it may be ended, but not come any further.
    replaced: bool,
}

/// Who is connected, who is trusted, and who may come in.
///
/// Each checkpoint decides and records in one step, so nothing can slip in between.
/// A call that does not fit, such as the end of an unknown connection, changes nothing. It belongs
/// to one [`DialState`](super::DialState), which takes from it who came and went.
#[derive(Debug, Clone)]
pub struct Admission {
    own: PublicKey,
    max_peers: usize,
    /// So many of them are out of reach for inbound connections; 0 if the slots are not split.
    dial_slots: usize,
    trusted: HashSet<PublicKey>,
    /// By remote key: one node has one connection, two cannot be recorded.
    admitted: HashMap<PublicKey, Admitted>,
    /// The keys of `admitted`, by their connections.
    keys: HashMap<ConnectionNumber, PublicKey>,
    /// How many of `admitted` are peers that dialed us, and that we dialed: counted as they come and
    /// go, for both are asked for at every turn of the main loop.
    inbound_peers: usize,
    outbound_peers: usize,
    /// Inbound connections in whose favour we gave up our own dial. Any free slot will do for
    /// them: we wanted this node.
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
    /// too: whoever adds static nodes by hand knows best.
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

    /// Whether a connection with this node is in set-up (past the handshake) or a peer.
    #[must_use]
    pub fn contains(&self, key: &PublicKey) -> bool {
        self.admitted.contains_key(key)
    }

    /// How many peers there are; connections in set-up do not count.
    #[must_use]
    pub fn peers(&self) -> usize {
        self.inbound_peers.saturating_add(self.outbound_peers)
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

    /// The first checkpoint: the handshake is done. If admitted, the candidate is in set-up.
    pub fn after_handshake(&mut self, candidate: Candidate) -> Verdict {
        self.checkpoint(candidate, Phase::SetUp)
    }

    /// The second checkpoint: both Hellos were exchanged. If admitted, the candidate is a peer.
    pub fn after_hello(&mut self, candidate: Candidate) -> Verdict {
        self.checkpoint(candidate, Phase::Peer)
    }

    /// The connection is gone, its goodbye included, and with it its slot.
    ///
    /// A connection that was refused is also reported; until then its node counts as connected
    /// if it had passed the first checkpoint.
    pub fn ended(&mut self, connection: ConnectionNumber) {
        self.heirs.remove(&connection);
        let Some(key) = self.keys.remove(&connection) else { return };
        let Some(admitted) = self.admitted.remove(&key) else { return };
        if admitted.phase == Phase::Peer {
            let peers = self.peers_that_are(admitted.direction);
            *peers = peers.saturating_sub(1);
        }
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

    fn checkpoint(&mut self, candidate: Candidate, phase: Phase) -> Verdict {
        let of_another = self.keys.get(&candidate.connection).filter(|key| **key != candidate.key);
        let verdict = match of_another {
            Some(_) => Verdict::Refuse(DisconnectReason::UnexpectedIdentity),
            None => self.check(candidate),
        };
        match verdict {
            Verdict::Admit => self.record(candidate, phase),
            Verdict::Replace(_) => {
                if let Some(existing) = self.admitted.get_mut(&candidate.key) {
                    existing.replaced = true;
                    if existing.direction == Direction::Outbound {
                        self.heirs.insert(candidate.connection);
                    }
                }
            }
            Verdict::Refuse(_) => {}
        }
        verdict
    }

    fn record(&mut self, candidate: Candidate, phase: Phase) {
        let Candidate { connection, key, direction } = candidate;
        self.keys.insert(connection, key);
        self.changed.insert(key);
        let fresh = Admitted { connection, direction, phase: Phase::SetUp, replaced: false };
        let admitted = self.admitted.entry(key).or_insert(fresh);
        if phase == Phase::Peer && admitted.phase == Phase::SetUp {
            admitted.phase = Phase::Peer;
            let direction = admitted.direction;
            let peers = self.peers_that_are(direction);
            *peers = peers.saturating_add(1);
        }
    }

    /// The rules, the most lasting reason first.
    fn check(&self, candidate: Candidate) -> Verdict {
        if candidate.key == self.own {
            return Verdict::Refuse(DisconnectReason::ConnectedToSelf);
        }
        if let Some(existing) = self.admitted.get(&candidate.key) {
            if existing.connection != candidate.connection {
                return self.choose(candidate, existing);
            }
            if existing.replaced {
                return Verdict::Refuse(DisconnectReason::AlreadyConnected);
            }
            if existing.phase == Phase::Peer {
                return Verdict::Admit;
            }
        }
        if self.has_slot(candidate) || self.is_trusted(&candidate.key) {
            Verdict::Admit
        } else {
            Verdict::Refuse(DisconnectReason::TooManyPeers)
        }
    }

    fn has_slot(&self, candidate: Candidate) -> bool {
        let inbound_slots = self.max_peers.saturating_sub(self.dial_slots);
        let may_have_any = candidate.direction == Direction::Outbound
            || self.heirs.contains(&candidate.connection);
        self.free_slots() > 0 && (may_have_any || self.inbound_peers < inbound_slots)
    }

    /// Two connections with one node: which one stays?
    fn choose(&self, candidate: Candidate, existing: &Admitted) -> Verdict {
        let stays = Direction::that_stays(&self.own, &candidate.key);
        // The existing one gives way even as a peer: the remote node, for which the candidate
        // may have come first, is ending it by the same rule.
        if candidate.direction != existing.direction && candidate.direction == stays {
            Verdict::Replace(existing.connection)
        } else {
            Verdict::Refuse(DisconnectReason::AlreadyConnected)
        }
    }
}

#[cfg(test)]
mod tests;
