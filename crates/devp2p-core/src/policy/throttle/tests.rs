#![allow(clippy::arithmetic_side_effects, reason = "small numbers chosen by the tests")]

use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;

const T0: Duration = Duration::from_secs(1000);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The n-th address of a public network.
fn stranger(n: usize) -> IpAddr {
    let base = u32::from(Ipv4Addr::new(203, 0, 0, 0));
    IpAddr::V4(Ipv4Addr::from(base + u32::try_from(n).unwrap()))
}

#[test]
fn an_address_may_connect_once_in_thirty_seconds() {
    let mut throttle = Throttle::default();
    let almost = THROTTLE_WINDOW - Duration::from_nanos(1);

    assert!(throttle.allow(ip("203.0.113.7"), T0));
    assert!(!throttle.allow(ip("203.0.113.7"), T0));
    assert!(throttle.allow(ip("203.0.113.8"), T0), "another address has its own window");
    assert!(!throttle.allow(ip("203.0.113.7"), T0 + almost));
    assert!(throttle.allow(ip("203.0.113.7"), T0 + THROTTLE_WINDOW));
    assert!(!throttle.allow(ip("203.0.113.7"), T0 + THROTTLE_WINDOW + almost));
}

#[test]
fn being_turned_away_does_not_start_the_window_anew() {
    let mut throttle = Throttle::default();
    assert!(throttle.allow(ip("2001:db8::1"), T0));
    for second in 1..30 {
        assert!(!throttle.allow(ip("2001:db8::1"), T0 + Duration::from_secs(second)));
    }
    assert!(throttle.allow(ip("2001:db8::1"), T0 + THROTTLE_WINDOW));
}

#[test]
fn machines_nearby_are_exempt_and_not_remembered() {
    for nearby in [
        "127.0.0.1",
        "127.8.9.10",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.3.4",
        "::1",
        "fc00::1",
        "fdff:ffff::1",
        "fe80::1",
        "febf::1",
        "::ffff:127.0.0.1",
        "::ffff:192.168.1.1",
    ] {
        let mut throttle = Throttle::default();
        assert!(throttle.allow(ip(nearby), T0), "{nearby}");
        assert!(throttle.allow(ip(nearby), T0), "{nearby}");
        assert!(throttle.arrivals.is_empty(), "{nearby}");
    }
}

#[test]
fn the_neighbours_of_the_exempt_networks_are_not_exempt() {
    for remote in [
        "126.255.255.255",
        "128.0.0.1",
        "9.255.255.255",
        "11.0.0.1",
        "172.15.255.255",
        "172.32.0.1",
        "192.167.0.1",
        "192.169.0.1",
        "169.253.0.1",
        "::2",
        "fbff::1",
        "fe00::1",
        "fec0::1",
        "::ffff:8.8.8.8",
    ] {
        let mut throttle = Throttle::default();
        assert!(throttle.allow(ip(remote), T0), "{remote}");
        assert!(!throttle.allow(ip(remote), T0), "{remote}");
    }
}

#[test]
fn an_ipv4_address_inside_an_ipv6_one_is_the_same_address() {
    let mut throttle = Throttle::default();
    assert!(throttle.allow(ip("::ffff:203.0.113.7"), T0));
    assert!(!throttle.allow(ip("203.0.113.7"), T0));
}

#[test]
fn two_addresses_of_one_ipv6_network_count_apart() {
    let mut throttle = Throttle::default();
    assert!(throttle.allow(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)), T0));
    assert!(throttle.allow(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2)), T0));
}

#[test]
fn addresses_are_forgotten_as_their_window_ends() {
    let mut throttle = Throttle::default();
    for n in 0..100 {
        assert!(throttle.allow(stranger(n), T0 + Duration::from_secs(u64::try_from(n).unwrap())));
        assert!(throttle.arrivals.len() <= 30, "one a second: never more than a window holds");
        assert_eq!(throttle.arrivals.len(), throttle.remembered.len());
    }
}

#[test]
fn a_full_memory_forgets_the_oldest_address_and_lets_newcomers_in() {
    let mut throttle = Throttle::default();
    for n in 0..MAX_REMEMBERED {
        assert!(throttle.allow(stranger(n), T0));
    }
    assert!(!throttle.allow(stranger(0), T0), "full, but nobody is forgotten yet");

    assert!(throttle.allow(stranger(MAX_REMEMBERED), T0));
    assert_eq!(throttle.arrivals.len(), MAX_REMEMBERED);
    assert_eq!(throttle.remembered.len(), MAX_REMEMBERED);
    assert!(!throttle.allow(stranger(1), T0), "the second oldest is still remembered");
    assert!(throttle.allow(stranger(0), T0), "the oldest was forgotten");
}

#[test]
fn a_clock_that_goes_backwards_forgets_nobody() {
    let mut throttle = Throttle::default();
    assert!(throttle.allow(stranger(0), T0));
    assert!(!throttle.allow(stranger(0), Duration::ZERO));
    assert!(throttle.allow(stranger(0), Duration::MAX));
}
