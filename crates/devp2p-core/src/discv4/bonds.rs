//! Bonds: which nodes have proved to us that they are where they say, and to which nodes we have.
//!
//! ```text
//!   it answered our Ping from this address  ──▶ it may ask us          for 24 h
//!   we answered its Ping, or it answered    ──▶ we may ask it,         for 24 h,
//!   a question of ours                          it will answer         until it does not
//! ```
//!
//! A proof is for a key *and* an IP address: somebody else's proof, or a proof from another
//! address, is worth nothing. It is not for a port, because routers change ports as they like.
//!
//! This module must not send anything, nor know what is asked.
//!
//! Spec: [Node discovery v4, endpoint proof](https://github.com/ethereum/devp2p/blob/master/discv4.md#endpoint-proof)

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use crate::keys::NodeId;

/// How long a proof is good for: 24 h, as in go-ethereum (the specification says 12 h).
pub(super) const BOND_LASTS: Duration = Duration::from_secs(24 * 60 * 60);

/// How many proofs are remembered: 10,000, less than 3 MiB. The oldest are forgotten.
///
/// Only a node that answers from its address gets one, and nodes in our table renew theirs when
/// they are checked. A node that is forgotten has to prove its address again.
pub(super) const MAX_BONDS: usize = 10_000;

/// How many of them may be of one IP address: there, keys cost nothing. Its oldest are forgotten.
pub(super) const MAX_BONDS_OF_ONE_IP: usize = 256;

/// After a stranger has proved its address, nothing that it did not ask for is sent for 1 s.
///
/// It has just made its first step; it will want to ask before it is asked. go-ethereum's tests
/// of other clients count on it.
pub(super) const QUIET_AFTER_BOND: Duration = Duration::from_secs(1);

/// A key and an IP address: what is proved.
pub(super) type Whereabouts = (NodeId, IpAddr);

/// The proofs, ours and theirs.
#[derive(Debug, Default)]
pub(super) struct Bonds {
    bonds: BTreeMap<Place, Bond>,
    /// The same, oldest proof first.
    by_age: BTreeSet<(Duration, Place)>,
}

/// The same as [`Whereabouts`], sorted by address.
type Place = (IpAddr, [u8; 32]);

fn place((node_id, ip): Whereabouts) -> Place {
    (ip, node_id.to_bytes())
}

#[derive(Debug, Clone, Copy)]
struct Bond {
    /// When it answered our Ping.
    proved: Duration,
    /// When we answered its Ping or it answered a question of ours.
    knows_us: Option<Duration>,
    quiet_until: Duration,
}

impl Bonds {
    /// It has answered our Ping.
    pub(super) fn proved(&mut self, who: Whereabouts, now: Duration) {
        let place = place(who);
        let known = self.forget(place);
        self.make_room_at(who.1);
        let fresh = Bond { proved: now, knows_us: None, quiet_until: Duration::ZERO };
        let bond = known.map_or(fresh, |known| Bond { proved: now, ..known });
        self.bonds.insert(place, bond);
        self.by_age.insert((now, place));
        while let Some((proved, oldest)) = self.by_age.first().copied() {
            if is_good(proved, now) && self.by_age.len() <= MAX_BONDS {
                return;
            }
            self.forget(oldest);
        }
    }

    fn make_room_at(&mut self, ip: IpAddr) {
        let there = || self.bonds.range((ip, [0; 32])..=(ip, [0xff; 32]));
        if there().count() < MAX_BONDS_OF_ONE_IP {
            return;
        }
        let oldest = there().min_by_key(|(_, bond)| bond.proved).map(|(place, _)| *place);
        if let Some(oldest) = oldest {
            self.forget(oldest);
        }
    }

    fn forget(&mut self, place: Place) -> Option<Bond> {
        let bond = self.bonds.remove(&place)?;
        self.by_age.remove(&(bond.proved, place));
        Some(bond)
    }

    /// Whether it may ask us.
    pub(super) fn is_proved(&self, who: Whereabouts, now: Duration) -> bool {
        self.bonds.get(&place(who)).is_some_and(|bond| is_good(bond.proved, now))
    }

    /// It has a proof of ours since `since`. Only remembered of those who have proved theirs.
    pub(super) fn knows_us_since(&mut self, who: Whereabouts, since: Duration) {
        if let Some(bond) = self.bonds.get_mut(&place(who)) {
            bond.knows_us = Some(since);
        }
    }

    /// It does not answer any more: perhaps it has forgotten us.
    pub(super) fn has_forgotten_us(&mut self, who: Whereabouts) {
        if let Some(bond) = self.bonds.get_mut(&place(who)) {
            bond.knows_us = None;
        }
    }

    /// Whether it will answer our questions.
    pub(super) fn knows_us(&self, who: Whereabouts, now: Duration) -> bool {
        let since = self.bonds.get(&place(who)).and_then(|bond| bond.knows_us);
        since.is_some_and(|since| is_good(since, now))
    }

    /// It came to us by itself: let it speak first.
    pub(super) fn let_speak(&mut self, who: Whereabouts, now: Duration) {
        if let Some(bond) = self.bonds.get_mut(&place(who)) {
            bond.quiet_until = now.saturating_add(QUIET_AFTER_BOND);
        }
    }

    /// Before this time, nothing that it did not ask for is sent to it.
    pub(super) fn quiet_until(&self, who: Whereabouts) -> Duration {
        self.bonds.get(&place(who)).map_or(Duration::ZERO, |bond| bond.quiet_until)
    }
}

fn is_good(since: Duration, now: Duration) -> bool {
    now.saturating_sub(since) < BOND_LASTS
}

#[cfg(test)]
mod tests;
