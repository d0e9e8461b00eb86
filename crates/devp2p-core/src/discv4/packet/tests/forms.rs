//! What is said, in forms that we do not write ourselves; and when it is void.

use std::net::Ipv4Addr;

use alloy_rlp::Encodable;
use sha3::{Digest, Keccak256};

use super::*;
use crate::rlp::list;

/// A datagram with any packet type and data, and hash and signature that fit.
pub(super) fn sealed(packet_type: u8, data: &[u8]) -> Vec<u8> {
    let content = [&[packet_type], data].concat();
    let signature = key().sign(Keccak256::digest(&content).into());
    with_hash(&[&signature, &content[..]].concat())
}

/// The hash that fits, and the rest.
pub(super) fn with_hash(rest: &[u8]) -> Vec<u8> {
    [&Keccak256::digest(rest)[..], rest].concat()
}

fn packet(packet_type: u8, data: &[u8]) -> Result<Packet, PacketError> {
    decode(&sealed(packet_type, data)).map(|received| received.packet)
}

/// Items, encoded one after the other.
fn items(all: &[&dyn Encodable]) -> Vec<u8> {
    let mut out = Vec::new();
    all.iter().for_each(|item| item.encode(&mut out));
    out
}

fn endpoint(ip: &[u8], udp: &[u8], tcp: &[u8]) -> Vec<u8> {
    list(&items(&[&ip, &udp, &tcp]))
}

fn ping(from: &[u8]) -> Result<Packet, PacketError> {
    let to = endpoint(&[127, 0, 0, 1], &[0x76, 0x5f], &[]);
    packet(1, &list(&[&items(&[&4u8]), from, &to, &items(&[&1u64])].concat()))
}

fn from(ping: Result<Packet, PacketError>) -> Endpoint {
    match ping {
        Ok(Packet::Ping(ping)) => ping.from,
        other => panic!("{other:?}"),
    }
}

fn at(ip: &str, udp: u16, tcp: u16) -> Endpoint {
    Endpoint { ip: ip.parse().unwrap(), udp, tcp }
}

#[test]
fn ports_may_have_zeros_in_front_as_those_of_ethereumjs() {
    let from = from(ping(&endpoint(&[1, 2, 3, 4], &[0, 80], &[0, 0])));
    assert_eq!(from, at("1.2.3.4", 80, 0));
}

#[test]
fn a_port_of_three_bytes_is_refused() {
    let refused = ping(&endpoint(&[1, 2, 3, 4], &[0, 0, 80], &[]));
    assert_eq!(refused, Err(PacketError::Malformed));
}

#[test]
fn an_address_has_4_or_16_bytes_or_is_left_out() {
    for length in 0..=20 {
        let ping = ping(&endpoint(&vec![1; length], &[1], &[1]));
        match length {
            0 => assert_eq!(from(ping).ip, Ipv4Addr::UNSPECIFIED),
            4 => assert_eq!(from(ping).ip, Ipv4Addr::from([1; 4])),
            16 => assert_eq!(from(ping).ip, IpAddr::from([1; 16])),
            _ => assert_eq!(ping, Err(PacketError::Malformed), "{length}"),
        }
    }
}

#[test]
fn an_ipv4_address_that_is_dressed_as_ipv6_is_undressed() {
    let dressed: std::net::Ipv6Addr = "::ffff:127.0.0.1".parse().unwrap();
    let read = from(ping(&endpoint(&dressed.octets(), &[1], &[1])));
    assert_eq!(read.ip, Ipv4Addr::LOCALHOST);

    let ping = |ip: IpAddr| {
        let endpoint = Endpoint { ip, udp: 1, tcp: 2 };
        Packet::Ping(Ping { from: endpoint, to: endpoint, expiration: 0, enr_seq: None })
    };
    let [dressed, undressed] = [dressed.into(), Ipv4Addr::LOCALHOST.into()].map(ping);
    assert_eq!(dressed.encode(&key()), undressed.encode(&key()));
}

#[test]
fn more_items_in_an_endpoint_are_ignored() {
    let longer = list(&items(&[&[1u8, 2, 3, 4], &1u16, &2u16, &"more"]));
    assert_eq!(from(ping(&longer)), at("1.2.3.4", 1, 2));
}

#[test]
fn a_ping_of_any_version_is_read() {
    let here = endpoint(&[127, 0, 0, 1], &[1], &[1]);
    for version in [items(&[&0u8]), items(&[&u64::MAX]), items(&[&"five"]), list(&[5])] {
        let data = list(&[&version[..], &here, &here, &items(&[&1u64])].concat());
        assert!(packet(1, &data).is_ok(), "{version:?}");
    }
}

#[test]
fn an_unknown_packet_type_is_named() {
    let data = list(&items(&[&1u64]));
    assert!(packet(5, &data).is_ok());
    for packet_type in [0, 7, 66, 255] {
        assert_eq!(packet(packet_type, &data), Err(PacketError::UnknownType(packet_type)));
    }
}

#[test]
fn data_that_are_no_list_or_have_too_few_items_are_refused() {
    for packet_type in 1..=6 {
        for data in [&[][..], &[0x80], &[0xc0], &[0xc1], &[0xff; 9]] {
            assert_eq!(packet(packet_type, data), Err(PacketError::Malformed), "{packet_type}");
        }
    }
}

#[test]
fn a_target_a_hash_and_a_key_have_exactly_their_length() {
    let at = endpoint(&[1, 2, 3, 4], &[1], &[1]);
    for (length, wrong) in [(64, [63, 65]), (32, [31, 33])] {
        let sized = |length: usize| match length {
            ..50 => packet(2, &list(&[&at[..], &items(&[&&vec![1; length][..], &1u64])].concat())),
            _ => packet(3, &list(&items(&[&&vec![1; length][..], &1u64]))),
        };
        assert!(sized(length).is_ok());
        for length in wrong {
            assert_eq!(sized(length), Err(PacketError::Malformed), "{length}");
        }
    }
    let neighbors = |length: usize| {
        let node = list(&items(&[&[1u8; 4], &1u16, &1u16, &&vec![1; length][..]]));
        packet(4, &list(&[list(&node), items(&[&1u64])].concat()))
    };
    assert!(neighbors(64).is_ok());
    assert_eq!(neighbors(63), Err(PacketError::Malformed));
}

#[test]
fn more_neighbors_than_we_would_send_are_read() {
    let node = list(&items(&[&[1u8; 4], &1u16, &1u16, &[1u8; 64]]));
    let data = list(&[list(&node.repeat(15)), items(&[&1u64])].concat());
    match packet(4, &data) {
        Ok(Packet::Neighbors(neighbors)) => assert_eq!(neighbors.nodes.len(), 15),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_record_that_was_changed_is_refused() {
    let record = Enr::builder(1).udp(1).tcp(2).sign(&key()).unwrap().to_rlp();
    let response = |record: &[u8]| packet(6, &list(&[&items(&[&[1u8; 32]]), record].concat()));
    assert!(response(&record).is_ok());
    let mut changed = record;
    *changed.last_mut().unwrap() ^= 1;
    let refused = PacketError::Record(crate::enr::EnrError::Signature);
    assert_eq!(response(&changed), Err(refused));
}

#[test]
fn twelve_of_the_longest_neighbors_fit_and_thirteen_are_refused() {
    let endpoint = Endpoint { ip: [0xff; 16].into(), udp: u16::MAX, tcp: u16::MAX };
    let neighbor = Neighbor { endpoint, public_key: [0xff; 64] };
    let neighbors = |count| {
        let nodes = vec![neighbor; count];
        Packet::Neighbors(Neighbors { nodes, expiration: u64::MAX }).encode(&key())
    };
    assert_eq!(neighbors(12).unwrap().datagram.len(), 1205);
    assert_eq!(neighbors(13), Err(PacketError::TooManyNodes(13)));
}

#[test]
fn a_packet_is_void_after_its_time_and_when_its_time_is_too_large() {
    const NOW: u64 = 1_700_000_000;
    const LARGEST: u64 = i64::MAX.unsigned_abs();
    for (expiration, expired) in [
        (0, true),
        (NOW - 1, true),
        (NOW, false),
        (NOW + 1, false),
        (LARGEST, false),
        (LARGEST + 1, true),
        (NOW.wrapping_neg(), true),
        (u64::MAX, true),
    ] {
        let packet = Packet::EnrRequest(EnrRequest { expiration });
        assert_eq!(packet.expiration(), Some(expiration));
        assert_eq!(packet.is_expired(NOW), expired, "{expiration}");
    }
}

#[test]
fn an_enr_response_is_never_void() {
    let record = Enr::builder(1).sign(&key()).unwrap();
    let packet = Packet::EnrResponse(EnrResponse { request_hash: [0; 32], record });
    assert_eq!(packet.expiration(), None);
    assert!(!packet.is_expired(u64::MAX));
}
