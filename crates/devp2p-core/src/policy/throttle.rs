//! The inbound throttle: one connection per source address in 30 s.
//!
//! A handshake costs us elliptic curve work and one of the places of
//! [`MAX_PENDING`](super::MAX_PENDING). Without a throttle one far-away machine could take them
//! all, again and again. It is asked first, before a single byte is read; a machine that is turned
//! away finds the connection closed without a word.

use std::collections::{HashSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use super::network::is_nearby;

/// How long an address has to wait between two connections: 30 s, as in go-ethereum.
///
/// Shorter than [`REDIAL_AFTER`](super::dial::REDIAL_AFTER), so that a well-behaved node that redials
/// never meets the throttle.
pub(super) const THROTTLE_WINDOW: Duration = Duration::from_secs(30);

/// How many addresses a [`Throttle`] remembers at most: 10,000, less than 1 MiB.
///
/// To get there, 333 different addresses have to connect each second. From then on the oldest
/// is forgotten early: memory stays bounded, and newcomers are not shut out.
pub(super) const MAX_REMEMBERED: usize = 10_000;

/// Remembers which addresses connected in the last [`THROTTLE_WINDOW`].
///
/// Machines nearby are exempt: loopback, private (RFC 1918) and link-local IPv4; loopback,
/// unique-local and link-local IPv6. An IPv4 address inside an IPv6 one (`::ffff:10.0.0.1`, as
/// a socket bound to `::` reports it) counts as the IPv4 address.
///
/// Every IPv6 address counts on its own, as in go-ethereum. Counting networks (/64) instead
/// would stop an attacker who owns one, and also the second laptop of a workshop.
#[derive(Debug, Clone, Default)]
pub(super) struct Throttle {
    /// When each address was let in, oldest first.
    arrivals: VecDeque<(Duration, IpAddr)>,
    /// The addresses in `arrivals`, to find one quickly.
    remembered: HashSet<IpAddr>,
}

impl Throttle {
    /// Whether a connection from `ip` may go on; if so, its window starts at `now`.
    ///
    /// Being turned away does not start the window anew.
    pub(super) fn allow(&mut self, ip: IpAddr, now: Duration) -> bool {
        let ip = ip.to_canonical();
        if is_nearby(ip) {
            return true;
        }
        self.forget_before(now);
        if !self.remembered.insert(ip) {
            return false;
        }
        self.arrivals.push_back((now, ip));
        if self.arrivals.len() > MAX_REMEMBERED {
            self.forget_oldest();
        }
        true
    }

    fn forget_before(&mut self, now: Duration) {
        while let Some((arrival, _)) = self.arrivals.front() {
            if now.saturating_sub(*arrival) < THROTTLE_WINDOW {
                return;
            }
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, ip)) = self.arrivals.pop_front() {
            self.remembered.remove(&ip);
        }
    }
}

#[cfg(test)]
mod tests;
