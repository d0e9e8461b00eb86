//! The door: may this connection come in at all? Asked before a single byte is read.
//!
//! A handshake costs us elliptic curve work, and a set-up holds memory for up to ten seconds. So
//! there are so many places for those who are not peers yet, and nobody may have them all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use thiserror::Error;

use super::throttle::Throttle;

/// How many inbound connections may be in set-up at once: 50, as in go-ethereum.
///
/// When all places are taken the listener waits, and the operating system keeps newcomers in its
/// own queue.
pub const MAX_PENDING: usize = 50;
/// How many of them may come from one other machine: half, which go-ethereum does not limit.
///
/// Machines nearby are not throttled; one that says nothing on 50 connections would lock out a
/// whole room.
pub const MAX_PENDING_OF_ONE: usize = MAX_PENDING / 2;

/// Why a connection was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum TurnedAway {
    /// [`MAX_PENDING_OF_ONE`] of its address are in set-up.
    #[error("so many from this address are in set-up already")]
    TooMany,
    /// See [`Throttle`].
    #[error("this address connected less than 30 s ago")]
    TooSoon,
}

/// Who has come in and is not a peer yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Door {
    throttle: Throttle,
    /// How many of each address are in set-up; none has 0.
    pending: HashMap<IpAddr, usize>,
    pending_in_all: usize,
}

impl Door {
    /// Whether there is a place for anybody.
    #[must_use]
    pub(crate) fn has_room(&self) -> bool {
        self.pending_in_all < MAX_PENDING
    }

    /// Lets a connection from `ip` in. It takes a place until it [`leaves`](Self::leave).
    ///
    /// This machine may call itself as often as it likes, whatever its address is: `is_own`.
    ///
    /// # Errors
    /// [`TurnedAway`]; then it takes none.
    pub(crate) fn enter(
        &mut self,
        ip: IpAddr,
        is_own: bool,
        now: Duration,
    ) -> Result<(), TurnedAway> {
        let pending = self.pending.get(&ip).copied().unwrap_or(0);
        if !is_own && pending >= MAX_PENDING_OF_ONE {
            return Err(TurnedAway::TooMany);
        }
        if !is_own && !self.throttle.allow(ip, now) {
            return Err(TurnedAway::TooSoon);
        }
        self.pending.insert(ip, pending.saturating_add(1));
        self.pending_in_all = self.pending_in_all.saturating_add(1);
        Ok(())
    }

    /// A connection that came in from `ip` is a peer now, or gone.
    pub(crate) fn leave(&mut self, ip: IpAddr) {
        let Some(pending) = self.pending.get_mut(&ip) else { return };
        *pending = pending.saturating_sub(1);
        if *pending == 0 {
            self.pending.remove(&ip);
        }
        self.pending_in_all = self.pending_in_all.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn neighbour(n: u8) -> IpAddr {
        IpAddr::from([192, 168, 0, n])
    }

    #[test]
    fn half_of_the_places_are_for_one_address_and_all_for_this_machine() {
        let mut door = Door::default();
        for _ in 0..MAX_PENDING_OF_ONE {
            door.enter(neighbour(1), false, NOW).unwrap();
        }
        assert_eq!(door.enter(neighbour(1), false, NOW), Err(TurnedAway::TooMany));
        for _ in MAX_PENDING_OF_ONE..MAX_PENDING {
            assert!(door.has_room());
            door.enter(neighbour(2), true, NOW).unwrap();
        }
        assert!(!door.has_room());
    }

    #[test]
    fn a_place_is_given_back_once() {
        let mut door = Door::default();
        for _ in 0..MAX_PENDING {
            door.enter(neighbour(1), true, NOW).unwrap();
        }
        door.leave(neighbour(2));
        assert!(!door.has_room(), "nobody of this address is here");
        door.leave(neighbour(1));
        assert!(door.has_room());
        for _ in 0..MAX_PENDING + 5 {
            door.leave(neighbour(1));
        }
        for _ in 0..MAX_PENDING {
            assert!(door.has_room());
            door.enter(neighbour(1), true, NOW).unwrap();
        }
        assert!(!door.has_room());
    }

    #[test]
    fn who_is_throttled_takes_no_place() {
        let mut door = Door::default();
        let far = IpAddr::from([8, 8, 8, 8]);
        door.enter(far, false, NOW).unwrap();
        door.leave(far);
        for _ in 0..2 * MAX_PENDING {
            assert_eq!(door.enter(far, false, NOW), Err(TurnedAway::TooSoon));
        }
        assert!(door.has_room());
    }
}
