#![allow(clippy::arithmetic_side_effects, reason = "small numbers chosen by the tests")]

use std::net::Ipv4Addr;

use super::*;

const T0: Duration = Duration::from_secs(1000);
const SECOND: Duration = Duration::from_secs(1);

fn ip(n: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0x7f00_0001 + n))
}

/// How many of so many datagrams at `now` are allowed.
fn allowed(limit: &mut RateLimit, who: IpAddr, count: usize, now: Duration) -> usize {
    (0..count).filter(|_| limit.allow(who, now)).count()
}

#[test]
fn a_burst_is_allowed_and_no_more() {
    let mut limit = RateLimit::default();
    assert_eq!(allowed(&mut limit, ip(0), 100_000, T0), 1000);
    assert_eq!(allowed(&mut limit, ip(1), 2000, T0), 1000, "each address has its own");
}

#[test]
fn after_a_burst_it_is_the_rate() {
    let mut limit = RateLimit::default();
    assert_eq!(allowed(&mut limit, ip(0), 1000, T0), 1000);
    let sent = (1..=10_000).filter(|ms| limit.allow(ip(0), T0 + Duration::from_millis(*ms)));
    assert_eq!(sent.count(), 5000, "500 in each of 10 seconds");
}

#[test]
fn at_less_than_the_rate_nothing_is_ever_dropped() {
    let mut limit = RateLimit::default();
    let at = |n: u32| T0 + Duration::from_millis(2) * n;
    assert!((0..10_000).all(|n| limit.allow(ip(0), at(n))));
}

#[test]
fn after_two_seconds_of_silence_a_burst_is_allowed_again() {
    let mut limit = RateLimit::default();
    assert_eq!(allowed(&mut limit, ip(0), 1000, T0), 1000);
    assert_eq!(allowed(&mut limit, ip(0), 2000, T0 + SECOND), 500);
    assert_eq!(allowed(&mut limit, ip(0), 2000, T0 + 3 * SECOND), 1000);
    assert_eq!(allowed(&mut limit, ip(0), 2000, T0 + 99 * SECOND), 1000, "and never more");
}

#[test]
fn forgetting_an_address_gives_it_nothing() {
    // The same address, counted with and without others around it.
    let (mut alone, mut in_a_crowd) = (RateLimit::default(), RateLimit::default());
    for n in 0..5000 {
        let now = T0 + Duration::from_millis(u64::from(n));
        in_a_crowd.allow(ip(1 + n % 7), now);
        assert_eq!(alone.allow(ip(0), now), in_a_crowd.allow(ip(0), now), "{n} ms");
    }
}

#[test]
fn memory_is_bounded_whoever_sends() {
    let mut limit = RateLimit::default();
    for n in 0..100_000 {
        assert!(limit.allow(ip(n), T0), "newcomers are not shut out");
        assert!(limit.recent.len() + limit.earlier.len() <= MAX_SENDERS);
    }
    assert!(limit.recent.len() + limit.earlier.len() >= MAX_SENDERS / 2);
}

#[test]
fn silent_addresses_are_forgotten() {
    let mut limit = RateLimit::default();
    for n in 0..100 {
        limit.allow(ip(n), T0);
    }
    limit.allow(ip(0), T0 + 2 * SECOND);
    limit.allow(ip(0), T0 + 4 * SECOND);
    assert_eq!(limit.recent.len() + limit.earlier.len(), 2, "this one, now and before");
}

#[test]
fn strange_limits_and_clocks_do_no_harm() {
    let mut limit = RateLimit::new(0, 0);
    assert_eq!(allowed(&mut limit, ip(1), 3, T0), 1);
    let mut limit = RateLimit::new(u32::MAX, u32::MAX);
    assert_eq!(allowed(&mut limit, ip(0), 3, Duration::ZERO), 3);
    assert_eq!(allowed(&mut limit, ip(0), 3, T0), 3);
}
