//! The packets of `vectors/discv4_packets.json`, and two more of EIP-8: one test each.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails may panic")]

use std::net::IpAddr;

use devp2p_core::discv4::packet::{
    Endpoint, FindNode, Neighbor, Neighbors, Packet, Ping, Pong, decode,
};
use devp2p_core::keys::NodeKey;
use serde_json::Value;

const TIME: u64 = 1_136_239_445;

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/discv4_packets.json")).unwrap()
}

fn endpoint(vector: &Value) -> Endpoint {
    let port = |index: usize| u16::try_from(vector[index].as_u64().unwrap()).unwrap();
    Endpoint { ip: vector[0].as_str().unwrap().parse().unwrap(), udp: port(1), tcp: port(2) }
}

fn key64(hex: &Value) -> [u8; 64] {
    hex::decode(hex.as_str().unwrap()).unwrap().try_into().unwrap()
}

/// Decodes a packet, and compares who sent it, and its hash, which is its beginning.
#[track_caller]
fn assert_decoded(datagram: &Value, expected: &Packet) {
    let datagram = hex::decode(datagram.as_str().unwrap()).unwrap();
    let received = decode(&datagram).unwrap();
    assert_eq!(received.packet, *expected);
    assert_eq!(received.sender.to_string(), vectors()["node_key_public"].as_str().unwrap());
    assert_eq!(received.hash, datagram[..32]);
}

fn ping(index: usize, enr_seq: Option<u64>) -> Packet {
    let vector = &vectors()["packets"][index];
    assert_eq!((&vector["type"], &vector["version"]), (&"ping".into(), &4.into()));
    assert_eq!(vector["enr_seq"].as_u64(), enr_seq);
    let expected = Packet::Ping(Ping {
        from: endpoint(&vector["from"]),
        to: endpoint(&vector["to"]),
        expiration: vector["expiration"].as_u64().unwrap(),
        enr_seq,
    });
    assert_decoded(&vector["packet"], &expected);
    expected
}

#[test]
fn every_vector_has_its_test() {
    assert_eq!(vectors()["packets"].as_array().unwrap().len(), 4);
}

#[test]
fn a_ping_is_decoded() {
    ping(0, None);
}

#[test]
fn a_ping_is_what_we_encode_but_for_the_signature() {
    let key = NodeKey::from_bytes([1; 32]).unwrap();
    let ours = ping(0, None).encode(&key).unwrap().datagram;
    let vector = hex::decode(vectors()["packets"][0]["packet"].as_str().unwrap()).unwrap();
    // A signature has a random number in it; go-ethereum's had another one than ours.
    assert_eq!(ours[97..], vector[97..]);
}

#[test]
fn a_ping_with_a_sequence_number_and_an_unknown_item_is_decoded() {
    ping(1, Some(1));
}

#[test]
fn a_find_node_with_unknown_items_and_bytes_behind_it_is_decoded() {
    let vector = &vectors()["packets"][2];
    let expected =
        Packet::FindNode(FindNode { target: key64(&vector["target"]), expiration: TIME });
    assert_decoded(&vector["packet"], &expected);
}

#[test]
fn neighbors_with_unknown_items_and_bytes_behind_them_are_decoded() {
    let vector = &vectors()["packets"][3];
    let nodes = vector["nodes"].as_array().unwrap();
    let neighbor =
        |node: &Value| Neighbor { endpoint: endpoint(node), public_key: key64(&node[3]) };
    let nodes: Vec<Neighbor> = nodes.iter().map(neighbor).collect();
    assert_eq!(nodes.len(), 4);
    assert_decoded(&vector["packet"], &Packet::Neighbors(Neighbors { nodes, expiration: TIME }));
}

fn eip_8(packet_type: &str) -> Value {
    let vectors = include_str!("vectors/discv4_eip8_packets.json");
    serde_json::from_str::<Value>(vectors).unwrap()[packet_type].clone()
}

fn at(ip: &str, udp: u16, tcp: u16) -> Endpoint {
    Endpoint { ip: ip.parse::<IpAddr>().unwrap(), udp, tcp }
}

#[test]
fn a_ping_of_version_555_with_a_list_where_the_sequence_number_was_put_is_decoded() {
    let expected = Packet::Ping(Ping {
        from: at("2001:db8:3c4d:15::abcd:ef12", 3322, 5544),
        to: at("2001:db8:85a3:8d3:1319:8a2e:370:7348", 2222, 33338),
        expiration: TIME,
        enr_seq: None,
    });
    assert_decoded(&eip_8("ping"), &expected);
}

#[test]
fn a_pong_with_a_list_where_the_sequence_number_was_put_is_decoded() {
    let hash = "fbc914b16819237dcd8801d7e53f69e9719adecb3cc0e790c57e91ca4461c954";
    let expected = Packet::Pong(Pong {
        to: at("2001:db8:85a3:8d3:1319:8a2e:370:7348", 2222, 33338),
        ping_hash: hex::decode(hash).unwrap().try_into().unwrap(),
        expiration: TIME,
        enr_seq: None,
    });
    assert_decoded(&eip_8("pong"), &expected);
}
