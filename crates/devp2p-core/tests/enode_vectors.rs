//! The enode URLs of `vectors/enode_urls.json`: one test each.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails may panic")]

use std::net::IpAddr;

use devp2p_core::enode::{Address, Enode, EnodeError, Host};
use devp2p_core::keys::KeyError;
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/enode_urls.json")).unwrap()
}

/// The vector with this URL, in which `KEY` stands for the public key of the table.
fn vector(kind: &str, url: &str) -> Value {
    let vectors = vectors();
    let url = url.replace("KEY", vectors["id"].as_str().unwrap());
    vectors[kind].as_array().unwrap().iter().find(|vector| vector["url"] == url).unwrap().clone()
}

fn host(vector: &Value) -> Option<Host> {
    let ip = vector["host"].as_str().map(|ip| Host::Ip(ip.parse::<IpAddr>().unwrap()));
    ip.or_else(|| vector["hostname"].as_str().map(|name| Host::Dns(name.to_owned())))
}

fn port(value: &Value) -> u16 {
    value.as_u64().unwrap().try_into().unwrap()
}

#[track_caller]
fn assert_parsed(url: &str) {
    let vector = vector("valid", url);
    let expected = Enode {
        public_key: vectors()["id"].as_str().unwrap().parse().unwrap(),
        address: host(&vector).map(|host| Address {
            host,
            tcp: port(&vector["tcp"]),
            udp: port(&vector["udp"]),
        }),
    };
    let url = vector["url"].as_str().unwrap();
    assert_eq!(url.parse(), Ok(expected.clone()));
    assert_eq!(expected.to_string(), url);
}

#[track_caller]
fn assert_refused(url: &str, why: &str, error: EnodeError) {
    let vector = vector("invalid", url);
    assert_eq!(vector["why"], why);
    assert_eq!(vector["url"].as_str().unwrap().parse::<Enode>(), Err(error));
}

#[test]
fn every_vector_has_its_test() {
    assert_eq!(vectors()["valid"].as_array().unwrap().len(), 6);
    assert_eq!(vectors()["invalid"].as_array().unwrap().len(), 9);
}

#[test]
fn ipv4_is_parsed() {
    assert_parsed("enode://KEY@127.0.0.1:52150");
}

#[test]
fn ipv6_unspecified_is_parsed() {
    assert_parsed("enode://KEY@[::]:52150");
}

#[test]
fn ipv6_is_parsed() {
    assert_parsed("enode://KEY@[2001:db8:3c4d:15::abcd:ef12]:52150");
}

#[test]
fn a_udp_port_of_its_own_is_parsed() {
    assert_parsed("enode://KEY@127.0.0.1:52150?discport=22334");
}

#[test]
fn a_dns_name_with_a_dot_at_the_end_is_parsed() {
    assert_parsed("enode://KEY@valid.:3");
}

#[test]
fn a_key_alone_is_parsed() {
    assert_parsed("enode://KEY");
}

#[test]
fn a_port_that_is_no_number_is_refused() {
    assert_refused("enode://KEY@127.0.0.1:foo", "invalid port", EnodeError::BadPort);
}

#[test]
fn a_discport_that_is_no_number_is_refused() {
    let url = "enode://KEY@127.0.0.1:3?discport=foo";
    assert_refused(url, "invalid discport", EnodeError::BadDiscport);
}

#[test]
fn nothing_is_refused() {
    assert_refused("", "missing prefix", EnodeError::MissingPrefix);
}

#[test]
fn a_bare_key_is_refused() {
    assert_refused("KEY", "missing prefix", EnodeError::MissingPrefix);
}

#[test]
fn bare_digits_are_refused() {
    assert_refused("01010101", "missing prefix", EnodeError::MissingPrefix);
}

const EIGHT_DIGITS: EnodeError = EnodeError::Key(KeyError::PublicKeyLength { found: 8 });

#[test]
fn a_short_key_with_an_address_is_refused() {
    let why = "wrong key length, want 128 hex characters";
    assert_refused("enode://01010101@123.124.125.126:3", why, EIGHT_DIGITS);
}

#[test]
fn a_short_key_alone_is_refused() {
    let why = "wrong key length, want 128 hex characters";
    assert_refused("enode://01010101", why, EIGHT_DIGITS);
}

#[test]
fn another_scheme_is_refused() {
    assert_refused("http://foobar", "wrong scheme", EnodeError::WrongScheme);
}

#[test]
fn an_empty_scheme_is_refused() {
    assert_refused("://foo", "wrong scheme", EnodeError::WrongScheme);
}
