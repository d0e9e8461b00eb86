use std::str;

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::keys::NodeKey;

const KEY: &str = "1dd9d65c4552b5eb43d5ad55a2ee3f56c6cbc1c64a5c8d659f51fcd51bace24351232b8d7821617d2b29b54b81cdefb9b3e9c37d7fd5f63270bcc9e1a6f6a439";

/// What may follow the key in a valid URL.
const VALID: [&str; 7] = [
    "",
    "@127.0.0.1:52150",
    "@[::]:52150",
    "@[2001:db8:3c4d:15::abcd:ef12]:52150",
    "@127.0.0.1:52150?discport=22334",
    "@valid.:3",
    "@node_1.example-net.org:0?x=1&discport=65535",
];

/// Parses the URL of `KEY` with `tail` behind it.
fn parse(tail: &str) -> Result<Enode, EnodeError> {
    format!("{PREFIX}{KEY}{tail}").parse()
}

fn error(tail: &str) -> EnodeError {
    parse(tail).unwrap_err()
}

fn host(tail: &str) -> Host {
    parse(tail).unwrap().address.unwrap().host
}

fn ports(tail: &str) -> [u16; 2] {
    let Address { tcp, udp, .. } = parse(tail).unwrap().address.unwrap();
    [tcp, udp]
}

/// If `url` is valid, it must survive printing and parsing.
fn check_round_trip(url: &str) {
    if let Ok(enode) = url.parse::<Enode>() {
        assert_eq!(enode.to_string().parse(), Ok(enode), "{url}");
    }
}

#[test]
fn the_key_is_read_in_either_case_and_printed_in_lower_case() {
    let url = format!("{PREFIX}{}@1.2.3.4:5", KEY.to_uppercase());
    let enode: Enode = url.parse().unwrap();
    assert_eq!(enode.to_string(), format!("{PREFIX}{KEY}@1.2.3.4:5"));
}

#[test]
fn the_prefix_comes_first_and_in_lower_case() {
    let parse = |url: &str| url.parse::<Enode>().unwrap_err();
    assert_eq!(parse(&format!("ENODE://{KEY}")), EnodeError::WrongScheme);
    assert_eq!(parse(&format!("enr://{KEY}")), EnodeError::WrongScheme);
    assert_eq!(parse(&format!("enode:{KEY}")), EnodeError::MissingPrefix);
    assert_eq!(parse(&format!("enode:/{KEY}")), EnodeError::MissingPrefix);
    assert_eq!(parse(&format!("{KEY}@127.0.0.1:30303")), EnodeError::MissingPrefix);
}

#[test]
fn a_key_that_is_none_says_why() {
    let parse = |key: &str| format!("{PREFIX}{key}@1.2.3.4:5").parse::<Enode>().unwrap_err();
    let wrong_length = |found| EnodeError::Key(KeyError::PublicKeyLength { found });
    assert_eq!(parse(""), wrong_length(0));
    assert_eq!(parse(&format!("{KEY}0")), wrong_length(129));
    assert_eq!(parse(&format!("0x{KEY}")), wrong_length(130));
    assert_eq!(parse(&format!("{KEY}:password")), wrong_length(137));
    assert_eq!(parse(&KEY.replace('a', "g")), EnodeError::Key(KeyError::PublicKeyNotHex));
    assert_eq!(parse(&KEY.replace('a', "b")), EnodeError::Key(KeyError::NotOnCurve));
}

#[test]
fn hosts_are_addresses_or_names() {
    assert_eq!(host("@10.3.58.6:1"), Host::Ip(Ipv4Addr::new(10, 3, 58, 6).into()));
    assert_eq!(host("@[::1]:1"), Host::Ip(Ipv6Addr::LOCALHOST.into()));
    assert_eq!(host("@localhost:1"), Host::Dns("localhost".to_owned()));
    assert_eq!(host("@4.example.org:1"), Host::Dns("4.example.org".to_owned()));
}

#[test]
fn a_missing_host_is_an_error() {
    assert_eq!(error("@"), EnodeError::MissingHost);
    assert_eq!(error("@:30303"), EnodeError::MissingHost);
    assert_eq!(error("?discport=30303"), EnodeError::MissingHost);
}

#[test]
fn digits_and_dots_must_be_an_ipv4_address() {
    for host in ["1", "1.2.3", "1.2.3.256", "1.2.3.4.5", "1.2.3.4.", "01.2.3.4", "...", "."] {
        assert_eq!(error(&format!("@{host}:1")), EnodeError::BadIpv4, "{host}");
    }
}

#[test]
fn brackets_must_hold_an_ipv6_address() {
    for host in ["[]", "[1.2.3.4]", "[localhost]", "[::1%eth0]", "[::1%25eth0]", "[[::1]]", "[::1"]
    {
        assert_eq!(error(&format!("@{host}:1")), EnodeError::BadIpv6, "{host}");
    }
    assert_eq!(error("@[::1]x:1"), EnodeError::BadIpv6);
    assert_eq!(error("@[::1]1"), EnodeError::BadIpv6);
}

#[test]
fn an_ipv6_address_must_be_in_brackets() {
    assert_eq!(error("@::1:30303"), EnodeError::BadHost);
    assert_eq!(error("@::1"), EnodeError::BadHost);
}

#[test]
fn names_keep_the_limits_of_dns() {
    let label = "a".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}", "b".repeat(61));
    assert_eq!(longest.len(), 253);
    assert_eq!(host(&format!("@{longest}:1")), Host::Dns(longest.clone()));
    assert_eq!(host(&format!("@{longest}.:1")), Host::Dns(format!("{longest}.")));

    assert_eq!(error(&format!("@{longest}b:1")), EnodeError::BadHost);
    assert_eq!(error(&format!("@{label}a:1")), EnodeError::BadHost);
    for host in ["a..b", ".a", "a..", "münchen.de", "a%20b", "a*b", "a@b", "a:b", "a[b]"] {
        assert_eq!(error(&format!("@{host}:1")), EnodeError::BadHost, "{host}");
    }
}

#[test]
fn ports_are_plain_numbers_of_16_bits() {
    assert_eq!(ports("@localhost:0"), [0, 0]);
    assert_eq!(ports("@localhost:65535"), [65535, 65535]);
    assert_eq!(ports("@localhost:0030303"), [30303, 30303]);

    assert_eq!(error("@localhost"), EnodeError::MissingPort);
    assert_eq!(error("@[::1]"), EnodeError::MissingPort);
    assert_eq!(error("@localhost:"), EnodeError::MissingPort);
    assert_eq!(error("@[::1]:"), EnodeError::MissingPort);
    for port in ["65536", "+3", "-3", "0x10", "3a", "١", "99999999999999999999"] {
        assert_eq!(error(&format!("@localhost:{port}")), EnodeError::BadPort, "{port}");
        let query = format!("@localhost:1?discport={port}");
        assert_eq!(error(&query), EnodeError::BadDiscport, "{port}");
    }
}

#[test]
fn the_first_discport_counts_and_other_items_do_not() {
    assert_eq!(ports("@localhost:1?discport=2&discport=foo"), [1, 2]);
    assert_eq!(ports("@localhost:1?a=5&discport=2&b"), [1, 2]);
    assert_eq!(ports("@localhost:1?Discport=2&xdiscport=3&url=http://a/b"), [1, 1]);
    assert_eq!(ports("@localhost:1?"), [1, 1]);

    assert_eq!(error("@localhost:1?discport="), EnodeError::BadDiscport);
    assert_eq!(error("@localhost:1?discport"), EnodeError::BadDiscport);
    assert_eq!(error("@localhost:1?discport=1?discport=2"), EnodeError::BadDiscport);
}

#[test]
fn paths_fragments_and_white_space_are_errors() {
    assert_eq!(error("/"), EnodeError::Path);
    assert_eq!(error("@localhost:1/"), EnodeError::Path);
    assert_eq!(error("@localhost:1/?discport=2"), EnodeError::Path);
    assert_eq!(error("@localhost:1#x"), EnodeError::Fragment);
    assert_eq!(error("@localhost:1?discport=2#x"), EnodeError::Fragment);
    for tail in [" ", "\n", "@localhost:1\n", "@local host:1", "@localhost:1?a= ", "@a:\u{a0}1"] {
        assert_eq!(error(tail), EnodeError::Whitespace, "{tail:?}");
    }
    let with_space_before = format!(" {PREFIX}{KEY}");
    assert_eq!(with_space_before.parse::<Enode>(), Err(EnodeError::Whitespace));
}

#[test]
fn only_the_first_kibibyte_is_allowed() {
    let url = format!("{PREFIX}{KEY}@localhost:1?");
    let longest = format!("{url}{}", "x".repeat(1024 - url.len()));
    assert!(longest.parse::<Enode>().is_ok());
    assert_eq!(format!("{longest}x").parse::<Enode>(), Err(EnodeError::TooLong));
}

#[test]
fn discport_is_printed_only_if_it_differs() {
    let print = |tail: &str| parse(tail).unwrap().to_string();
    assert_eq!(print("@[::1]:5?discport=5"), format!("{PREFIX}{KEY}@[::1]:5"));
    assert_eq!(print("@[::1]:5?discport=0"), format!("{PREFIX}{KEY}@[::1]:5?discport=0"));
}

#[test]
fn a_socket_address_makes_an_enode_and_an_enode_makes_one() {
    let address: SocketAddr = "[2001:db8::1]:30303".parse().unwrap();
    let enode = Enode::new(KEY.parse().unwrap(), address);
    assert_eq!(enode.to_string(), format!("{PREFIX}{KEY}@[2001:db8::1]:30303"));
    assert_eq!(enode.tcp_addr(), Some(address));
}

#[test]
fn there_is_no_tcp_address_without_ip_and_port() {
    assert_eq!(parse("@1.2.3.4:5?discport=6").unwrap().tcp_addr(), "1.2.3.4:5".parse().ok());
    for tail in ["", "@localhost:5", "@1.2.3.4:0?discport=6"] {
        assert_eq!(parse(tail).unwrap().tcp_addr(), None, "{tail}");
    }
}

#[test]
fn every_prefix_of_a_valid_url_parses_stably_or_not_at_all() {
    for url in VALID.map(|tail| format!("{PREFIX}{KEY}{tail}")) {
        let key_end = PREFIX.len() + KEY.len();
        for length in 0..=url.len() {
            let prefix = &url[..length];
            check_round_trip(prefix);
            assert!(length >= key_end || prefix.parse::<Enode>().is_err(), "{prefix}");
        }
    }
}

#[test]
fn every_flip_of_a_byte_of_a_valid_url_parses_stably_or_not_at_all() {
    for url in VALID.map(|tail| format!("{PREFIX}{KEY}{tail}")) {
        for position in 0..url.len() {
            for flip in 1..=u8::MAX {
                let mut bytes = url.clone().into_bytes();
                bytes[position] ^= flip;
                if let Ok(flipped) = str::from_utf8(&bytes) {
                    check_round_trip(flipped);
                }
            }
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn an_enode_is_its_url_in_json() {
    let enode = parse("@[::1]:5?discport=6").unwrap();
    assert_eq!(serde_json::to_value(&enode).unwrap(), enode.to_string());
}

fn any_host() -> impl Strategy<Value = Host> {
    prop_oneof![
        any::<IpAddr>().prop_map(Host::Ip),
        "[a-zA-Z_-][a-zA-Z0-9_-]{0,62}(\\.[a-zA-Z0-9_-]{1,63}){0,2}\\.?".prop_map(Host::Dns),
    ]
}

fn any_enode() -> impl Strategy<Value = Enode> {
    let address = (any_host(), any::<u16>(), any::<u16>(), any::<bool>()).prop_map(
        |(host, tcp, udp, one_port)| Address { host, tcp, udp: if one_port { tcp } else { udp } },
    );
    (any::<u64>(), proptest::option::of(address)).prop_map(|(seed, address)| {
        let key = NodeKey::generate(&mut StdRng::seed_from_u64(seed));
        Enode { public_key: key.public_key(), address }
    })
}

proptest! {
    #[test]
    fn every_enode_survives_printing_and_parsing(enode in any_enode()) {
        prop_assert_eq!(enode.to_string().parse(), Ok(enode));
    }

    #[test]
    fn any_tail_parses_stably_or_not_at_all(tail in "[@:?/#.\\[\\]a-z0-9=&]{0,40}") {
        check_round_trip(&format!("{PREFIX}{KEY}@{tail}"));
    }

    #[test]
    fn any_text_parses_stably_or_not_at_all(text in any::<String>()) {
        check_round_trip(&text);
        check_round_trip(&format!("{PREFIX}{KEY}{text}"));
    }
}
