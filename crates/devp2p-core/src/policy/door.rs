//! The door: may this connection come in at all? Asked before a single byte is read.
//!
//! A handshake costs us elliptic curve work, and a set-up holds memory for up to ten seconds. So
//! there are so many places for those who are not peers yet. Whoever comes gets one; when all are
//! taken, somebody else has to leave:
//!
//! ```text
//!  who leaves?   of the network that has most places (/24, or /64 for IPv6)
//!      └──▶      of the address that has most of them
//!             └──▶ of the network, then of the address, that came most often of late
//!                      └──▶ whoever has not moved on for longest
//! ```
//!
//! The newcomer is counted, too, and it may be the one. So one machine, one network, or many that
//! come again and again and say nothing, take places from themselves only.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::mem;
use std::net::IpAddr;
use std::time::Duration;

use thiserror::Error;

use super::admission::ConnectionNumber;
use super::network::network_of;
use super::throttle::Throttle;
use crate::end::SETUP_TIMEOUT;

/// How many inbound connections may be in set-up at once: 50, as in go-ethereum.
///
/// When all places are taken, a newcomer gets the place of another one; there, the listener waits.
pub const MAX_PENDING: usize = 50;

/// How long it is remembered at least, and twice that at most, how often a network came: for as long
/// as a set-up may last.
const REMEMBERED_FOR: Duration = SETUP_TIMEOUT;
/// How many networks and addresses are remembered at most, in each such time: less than 1 MiB.
const MAX_REMEMBERED: usize = 10_000;

/// Why a connection was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum TurnedAway {
    /// See [`Throttle`].
    #[error("this address connected less than 30 s ago")]
    TooSoon,
    /// All others have a better right to their places.
    #[error("all places are taken, and nobody came as often as this address")]
    TooOften,
}

/// Who has come in and is not a peer yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Door {
    throttle: Throttle,
    visits: Visits,
    /// At most [`MAX_PENDING`].
    pending: HashMap<ConnectionNumber, Pending>,
}

/// A connection in set-up.
#[derive(Debug, Clone, Copy)]
struct Pending {
    ip: IpAddr,
    /// When it came in, or did its handshake.
    moved_on: Duration,
}

impl Door {
    /// Lets a connection from `ip` in. It has a place until it [`leaves`](Self::leave), or another
    /// one gets it: the one that is returned has lost its own, and must end.
    ///
    /// This machine may call itself as often as it likes, whatever its address is: `is_own`.
    ///
    /// # Errors
    /// [`TurnedAway`]; then it has none.
    pub(crate) fn enter(
        &mut self,
        connection: ConnectionNumber,
        ip: IpAddr,
        is_own: bool,
        now: Duration,
    ) -> Result<Option<ConnectionNumber>, TurnedAway> {
        if !is_own && !self.throttle.allow(ip, now) {
            return Err(TurnedAway::TooSoon);
        }
        self.visits.note(ip, now);
        self.pending.insert(connection, Pending { ip, moved_on: now });
        if self.pending.len() <= MAX_PENDING {
            return Ok(None);
        }
        let leaves = self.who_leaves();
        leaves.iter().for_each(|leaves| self.leave(*leaves));
        if leaves == Some(connection) { Err(TurnedAway::TooOften) } else { Ok(leaves) }
    }

    /// A connection has done its handshake, and will say Hello now.
    pub(crate) fn moves_on(&mut self, connection: ConnectionNumber, now: Duration) {
        if let Some(pending) = self.pending.get_mut(&connection) {
            pending.moved_on = now;
        }
    }

    /// A connection is a peer now, or gone.
    pub(crate) fn leave(&mut self, connection: ConnectionNumber) {
        self.pending.remove(&connection);
    }

    // ANCHOR: who_leaves
    /// Who has the least right to a place.
    fn who_leaves(&self) -> Option<ConnectionNumber> {
        let mut places = Counts::new();
        for pending in self.pending.values() {
            count(&mut places, pending.ip);
        }
        let worst = self.pending.iter().max_by_key(|(number, pending)| {
            let Pending { ip, moved_on } = **pending;
            let place = |of| places.get(&of).copied();
            let (network, address) = (Of::Network(network_of(ip)), Of::Address(ip));
            let often = (self.visits.of(network), self.visits.of(address));
            (place(network), place(address), often, Reverse((moved_on, **number)))
        });
        worst.map(|(number, _)| *number)
    }
    // ANCHOR_END: who_leaves
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Of {
    Network(IpAddr),
    Address(IpAddr),
}

type Counts = HashMap<Of, u32>;

/// Counts an address and its network.
fn count(counts: &mut Counts, ip: IpAddr) {
    for of in [Of::Network(network_of(ip)), Of::Address(ip)] {
        let count = counts.entry(of).or_default();
        *count = count.saturating_add(1);
    }
}

/// How often networks and addresses came of late.
#[derive(Debug, Clone, Default)]
struct Visits {
    recent: Counts,
    /// Those of the time before.
    earlier: Counts,
    /// When `recent` became `earlier`.
    turned: Duration,
}

impl Visits {
    fn note(&mut self, ip: IpAddr, now: Duration) {
        let is_time = now.saturating_sub(self.turned) >= REMEMBERED_FOR;
        if is_time || self.recent.len() >= MAX_REMEMBERED {
            self.earlier = mem::take(&mut self.recent);
            self.turned = now;
        }
        count(&mut self.recent, ip);
    }

    fn of(&self, of: Of) -> u32 {
        let counts = [&self.recent, &self.earlier];
        counts.iter().filter_map(|counts| counts.get(&of)).fold(0, |all, n| all.saturating_add(*n))
    }
}

#[cfg(test)]
mod tests;
