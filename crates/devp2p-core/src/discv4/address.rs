//! Addresses: which ones may be passed on, and by whom.
//!
//! A Neighbors packet is hearsay. Without rules, one stranger could make a thousand nodes knock at
//! a machine that never asked for it, or make us knock at the printer in our own network:
//!
//! ```text
//!   who tells          what is told           passed on?
//!   ─────────────────  ─────────────────────  ──────────────────────────────────────────
//!   203.0.113.7 (far)  another far address    yes
//!   203.0.113.7        192.168.1.9, 127.0.0.1 no: how would it know?
//!   192.168.1.7 (LAN)  192.168.1.9            yes
//!   192.168.1.7        127.0.0.1              no: that is itself, not us
//!   127.0.0.1          127.0.0.1:30304        yes: a workshop on one laptop works
//!   anybody            224.0.0.1, 0.0.0.0 …   no: nobody can live there
//! ```
//!
//! The same rules decide what we tell, and what we believe. They are go-ethereum's.
//!
//! This module must not decide about a node's own address as its packets come from it: that one
//! is proved, not told.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::policy::is_nearby;

/// UDP ports up to this one belong to the system's services: DNS, NTP … Nodes told to be there
/// are not asked, lest we bother somebody's name server.
pub(super) const MAX_SYSTEM_PORT: u16 = 1024;

/// Whether the one at `teller` can know of somebody at `told`, and anybody can be there.
pub(super) fn may_tell(teller: IpAddr, told: IpAddr) -> bool {
    if told.is_unspecified() || told.is_multicast() || is_special(told) {
        return false;
    }
    if told.is_loopback() {
        return teller.is_loopback();
    }
    !is_nearby(told) || is_nearby(teller)
}

/// Networks set aside for documentation, measurement, translation and the like.
fn is_special(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => SPECIAL_V4.iter().any(|(network, length)| {
            (u32::from(ip) ^ u32::from(*network)).leading_zeros() >= *length
        }),
        IpAddr::V6(ip) => SPECIAL_V6.iter().any(|(network, length)| {
            (u128::from(ip) ^ u128::from(*network)).leading_zeros() >= *length
        }),
    }
}

/// Source: [IANA IPv4 special-purpose addresses](https://www.iana.org/assignments/iana-ipv4-special-registry/)
const SPECIAL_V4: [(Ipv4Addr, u32); 14] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(192, 0, 0, 0), 29),
    (Ipv4Addr::new(192, 0, 0, 9), 32),
    (Ipv4Addr::new(192, 0, 0, 170), 32),
    (Ipv4Addr::new(192, 0, 0, 171), 32),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 175, 48, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::BROADCAST, 32),
];

/// Source: [IANA IPv6 special-purpose addresses](https://www.iana.org/assignments/iana-ipv6-special-registry/)
const SPECIAL_V6: [(Ipv6Addr, u32); 11] = [
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2001, 1, 0, 0, 0, 0, 0, 1), 128),
    (Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x2001, 3, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2001, 4, 0x112, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x2001, 5, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2001, 0x10, 0, 0, 0, 0, 0, 0), 28),
    (Ipv6Addr::new(0x2001, 0x20, 0, 0, 0, 0, 0, 0), 28),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
];

#[cfg(test)]
mod tests;
