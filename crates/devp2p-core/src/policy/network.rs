//! Addresses: which belong together, and which are near.

use std::net::IpAddr;

/// Whether `ip` belongs to this machine or its local network.
pub(crate) fn is_nearby(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// The first address of its network: most likely all of it has one owner. 24 bits for IPv4, 64 for
/// IPv6; an IPv4 address inside an IPv6 one counts as the IPv4 address.
pub(crate) fn network_of(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            IpAddr::from([a, b, c, 0])
        }
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

/// Whether two addresses share their first 24 bits: most likely one owner.
///
/// For IPv6 that is coarse, as in go-ethereum: an owner of a few million networks there still
/// counts once.
pub(crate) fn same_network(a: IpAddr, b: IpAddr) -> bool {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => starts_alike(&a.octets(), &b.octets()),
        (IpAddr::V6(a), IpAddr::V6(b)) => starts_alike(&a.octets(), &b.octets()),
        _ => false,
    }
}

fn starts_alike(a: &[u8], b: &[u8]) -> bool {
    a.first_chunk::<3>() == b.first_chunk::<3>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_is_the_first_24_bits() {
        assert!(same_network(ip("8.8.8.0"), ip("8.8.8.255")));
        assert!(!same_network(ip("8.8.8.0"), ip("8.8.9.0")));
        assert!(same_network(ip("2a00:1234::1"), ip("2a00:12ff::1")));
        assert!(!same_network(ip("2a00:1234::1"), ip("2a00:1334::1")));
        assert!(!same_network(ip("8.8.8.8"), ip("808:800::")));
    }
}
