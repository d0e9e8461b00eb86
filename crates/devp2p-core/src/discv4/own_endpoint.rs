//! Our own endpoint: where other nodes see us.
//!
//! Behind a router a node does not know its own address. But each Pong says where its sender saw
//! the Ping come from. One of them may lie; when ten hosts say the same, we believe it:
//!
//! ```text
//!   198.41.0.4   "you are 81.2.69.142:30303"  ┐
//!   199.9.14.201 "you are 81.2.69.142:30303"  ├ 10 alike in 5 minutes: so we are
//!   …                                         ┘
//!   192.33.4.12  "you are 8.8.8.8:53"           one: a liar, or lost
//! ```
//!
//! This module must not listen to anybody who was not asked: the caller passes on only what stands
//! in Pongs that answer our Pings.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// How many hosts must agree, as in go-ethereum.
pub(super) const MIN_STATEMENTS: usize = 10;

/// How long a statement counts, as in go-ethereum.
pub(super) const STATEMENT_LASTS: Duration = Duration::from_secs(5 * 60);

/// How many hosts are heard in that time: 128. While there are as many, nobody else is.
pub(super) const MAX_STATEMENTS: usize = 128;

/// What other hosts said lately.
#[derive(Debug, Default)]
pub(super) struct Statements {
    /// The host that says it → where we are, and when it was said. One host, one voice.
    by_host: BTreeMap<IpAddr, (SocketAddr, Duration)>,
}

impl Statements {
    /// `host` sees us at `endpoint`; returns where we are, if enough hosts agree on that.
    pub(super) fn add(
        &mut self,
        host: IpAddr,
        endpoint: SocketAddr,
        now: Duration,
    ) -> Option<SocketAddr> {
        self.by_host.retain(|_, (_, said)| now.saturating_sub(*said) < STATEMENT_LASTS);
        if self.by_host.len() < MAX_STATEMENTS || self.by_host.contains_key(&host) {
            self.by_host.insert(host, (endpoint, now));
        }
        let alike = self.by_host.values().filter(|(other, _)| *other == endpoint).count();
        let all = self.by_host.len();
        // More than half: two endpoints cannot both be right, and we would jump between them.
        let is_most = alike.saturating_mul(2) > all;
        (alike >= MIN_STATEMENTS && is_most).then_some(endpoint)
    }
}

#[cfg(test)]
mod tests;
