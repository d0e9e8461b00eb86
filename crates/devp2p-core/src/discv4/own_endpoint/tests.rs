#![allow(clippy::arithmetic_side_effects, reason = "small numbers chosen by the tests")]

use super::*;

fn host(number: u8) -> IpAddr {
    IpAddr::from([81, 0, 0, number])
}

fn endpoint(port: u16) -> SocketAddr {
    SocketAddr::from(([8, 8, 8, 8], port))
}

const NOW: Duration = Duration::from_secs(1000);

#[test]
fn the_tenth_host_that_agrees_is_believed() {
    let mut statements = Statements::default();
    for number in 1..10 {
        assert_eq!(statements.add(host(number), endpoint(30303), NOW), None);
    }
    assert_eq!(statements.add(host(10), endpoint(30303), NOW), Some(endpoint(30303)));
}

#[test]
fn one_host_has_one_voice() {
    let mut statements = Statements::default();
    for _ in 0..100 {
        assert_eq!(statements.add(host(1), endpoint(30303), NOW), None);
    }
}

#[test]
fn what_was_said_five_minutes_ago_does_not_count() {
    let mut statements = Statements::default();
    for number in 1..10 {
        statements.add(host(number), endpoint(30303), NOW);
    }
    let later = NOW + STATEMENT_LASTS;
    assert_eq!(statements.add(host(10), endpoint(30303), later), None);
}

#[test]
fn a_few_liars_do_not_win_against_many() {
    let mut statements = Statements::default();
    for number in 1..=20 {
        statements.add(host(number), endpoint(30303), NOW);
    }
    for number in 21..=35 {
        assert_eq!(statements.add(host(number), endpoint(53), NOW), None);
    }
    assert_eq!(statements.add(host(36), endpoint(30303), NOW), Some(endpoint(30303)));
}

#[test]
fn a_thousand_hosts_do_not_fill_the_memory() {
    let mut statements = Statements::default();
    for number in 0..1000_u32 {
        statements.add(IpAddr::from(number.to_be_bytes()), endpoint(30303), NOW);
    }
    assert_eq!(statements.by_host.len(), MAX_STATEMENTS);
}
