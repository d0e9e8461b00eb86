//! The rate limit of discovery: so many datagrams a second from one address.
//!
//! A datagram that costs its sender nothing, if it is made up, costs us the check of a signature.
//! And UDP has no handshake that would slow the sender down. So we count before we look:
//!
//! ```text
//!   1,000 ┤╲        a burst: each datagram takes one, there is no waiting
//!         │ ╲
//!   left  │  ╲          ╱ 500 come back each second
//!         │   ╲      ╱
//!       0 ┼────────────────▶ time
//!              └──┘ what comes now is dropped
//! ```
//!
//! Every address is counted, this machine's, too: a program next to us may have a bug.

use std::collections::HashMap;
use std::mem;
use std::net::IpAddr;
use std::time::Duration;

/// How many datagrams an address may send each second, in the long run.
const PACKETS_PER_SECOND: u32 = 500;

/// How many it may send at once, when it was silent before.
const PACKET_BURST: u32 = 1000;

/// How many addresses a [`RateLimit`] remembers at most: 20,000, less than 2 MiB.
///
/// From then on the oldest are forgotten early, and so may send a burst again. To get there,
/// somebody has to write false senders on datagrams, which no limit for each sender can stop.
const MAX_SENDERS: usize = 20_000;

/// Counts what each address sends (a token bucket).
///
/// Instead of how much is left, it remembers when all will be there again: `burst / rate` from now
/// for an address that has used up everything, now or earlier for one that may send a burst.
#[derive(Debug, Clone)]
pub struct RateLimit {
    /// How long it takes until one comes back.
    interval: Duration,
    /// How long it takes until all are there again.
    refill: Duration,
    /// When all will be there again for each address: those heard of since `turned`.
    recent: HashMap<IpAddr, Duration>,
    /// Those heard of before, in the time since the turn before.
    earlier: HashMap<IpAddr, Duration>,
    /// When `recent` became `earlier`.
    turned: Duration,
}

impl RateLimit {
    /// At most `burst` datagrams at once, and `per_second` in the long run; a zero counts as one.
    #[must_use]
    pub fn new(per_second: u32, burst: u32) -> Self {
        let interval =
            Duration::from_secs(1).checked_div(per_second).unwrap_or(Duration::from_secs(1));
        Self {
            interval,
            refill: interval.saturating_mul(burst.max(1)),
            recent: HashMap::new(),
            earlier: HashMap::new(),
            turned: Duration::ZERO,
        }
    }

    /// Whether a datagram that `ip` sent is looked at; if so, it is counted.
    ///
    /// Those that are dropped are not counted: of twice as many as allowed, half are looked at.
    pub fn allow(&mut self, ip: IpAddr, now: Duration) -> bool {
        self.forget(now);
        let all_back = self.recent.get(&ip).or_else(|| self.earlier.get(&ip));
        let all_back = all_back.map_or(now, |at| *at.max(&now)).saturating_add(self.interval);
        if all_back.saturating_sub(now) > self.refill {
            return false;
        }
        self.recent.insert(ip, all_back);
        true
    }

    /// Forgets addresses to which all has come back, or the oldest if there are too many.
    fn forget(&mut self, now: Duration) {
        let is_time = now.saturating_sub(self.turned) >= self.refill;
        if is_time || self.recent.len() >= MAX_SENDERS / 2 {
            self.earlier.clear();
            mem::swap(&mut self.recent, &mut self.earlier);
            self.turned = now;
        }
    }
}

impl Default for RateLimit {
    /// 500 datagrams a second from each address, 1,000 at once.
    fn default() -> Self {
        Self::new(PACKETS_PER_SECOND, PACKET_BURST)
    }
}

#[cfg(test)]
mod tests;
