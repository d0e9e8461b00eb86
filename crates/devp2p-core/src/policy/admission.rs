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

use std::collections::{HashMap, HashSet};

use crate::keys::PublicKey;
use crate::p2p::DisconnectReason;

/// How many inbound connections may be in set-up at once: 50, as in go-ethereum.
///
/// Strangers can make us do handshakes for as long as they like; this bounds the work and the
/// memory for those who are not peers yet. When all places are taken the listener waits, and
/// the operating system keeps newcomers in its own queue.
pub const MAX_PENDING: usize = 50;

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
pub struct ConnectionId(pub u64);

/// A connection that asks to be admitted: the handshake has proved the remote key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Which connection it is.
    pub id: ConnectionId,
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
    Replace(ConnectionId),
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
    id: ConnectionId,
    direction: Direction,
    phase: Phase,
    /// A [`Verdict::Replace`] named it: it may be ended, but not come any further.
    replaced: bool,
}

/// Who is connected, who is trusted, and who may come in.
///
/// Each checkpoint decides and records in one step, so nothing can slip in between.
/// A call that does not fit, such as the end of an unknown connection, changes nothing.
#[derive(Debug, Clone)]
pub struct Admission {
    own: PublicKey,
    max_peers: usize,
    trusted: HashSet<PublicKey>,
    /// By remote key: one node has one connection, two cannot be recorded.
    admitted: HashMap<PublicKey, Admitted>,
}

impl Admission {
    /// Nobody is connected and nobody is trusted.
    ///
    /// With `max_peers` 0 every node is refused that is not trusted.
    #[must_use]
    pub fn new(own: PublicKey, max_peers: usize) -> Self {
        Self { own, max_peers, trusted: HashSet::new(), admitted: HashMap::new() }
    }

    /// Lets this node in even when all slots are taken. It still takes one when it is a peer.
    pub fn trust(&mut self, key: PublicKey) {
        self.trusted.insert(key);
    }

    /// Takes [`trust`](Self::trust) back. A peer stays a peer.
    pub fn distrust(&mut self, key: &PublicKey) {
        self.trusted.remove(key);
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
        self.admitted.values().filter(|other| other.phase == Phase::Peer).count()
    }

    /// How many more peers may come in without being trusted.
    #[must_use]
    pub fn free_slots(&self) -> usize {
        self.max_peers.saturating_sub(self.peers())
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
    pub fn ended(&mut self, id: ConnectionId) {
        self.admitted.retain(|_, admitted| admitted.id != id);
    }

    fn checkpoint(&mut self, candidate: Candidate, phase: Phase) -> Verdict {
        let verdict = self.check(candidate);
        let Candidate { id, key, direction } = candidate;
        match verdict {
            Verdict::Admit => {
                self.admitted
                    .entry(key)
                    .and_modify(|same| same.phase = same.phase.max(phase))
                    .or_insert(Admitted { id, direction, phase, replaced: false });
            }
            Verdict::Replace(_) => {
                if let Some(existing) = self.admitted.get_mut(&key) {
                    existing.replaced = true;
                }
            }
            Verdict::Refuse(_) => {}
        }
        verdict
    }

    /// The rules, the most lasting reason first.
    fn check(&self, candidate: Candidate) -> Verdict {
        if candidate.key == self.own {
            return Verdict::Refuse(DisconnectReason::ConnectedToSelf);
        }
        if let Some(existing) = self.admitted.get(&candidate.key) {
            if existing.id != candidate.id {
                return self.choose(candidate, existing);
            }
            if existing.replaced {
                return Verdict::Refuse(DisconnectReason::AlreadyConnected);
            }
            if existing.phase == Phase::Peer {
                return Verdict::Admit;
            }
        }
        if self.free_slots() == 0 && !self.is_trusted(&candidate.key) {
            return Verdict::Refuse(DisconnectReason::TooManyPeers);
        }
        Verdict::Admit
    }

    /// Two connections with one node: which one stays?
    fn choose(&self, candidate: Candidate, existing: &Admitted) -> Verdict {
        let stays = Direction::that_stays(&self.own, &candidate.key);
        // The existing one gives way even as a peer: the remote node, for which the candidate
        // may have come first, is ending it by the same rule.
        if candidate.direction != existing.direction && candidate.direction == stays {
            Verdict::Replace(existing.id)
        } else {
            Verdict::Refuse(DisconnectReason::AlreadyConnected)
        }
    }
}

#[cfg(test)]
mod tests;
