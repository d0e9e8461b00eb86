mod bytes;
mod forms;

use std::net::IpAddr;

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;

use super::*;
use crate::keys::NodeKey;

fn key() -> NodeKey {
    NodeKey::generate(&mut StdRng::seed_from_u64(1))
}

/// The datagrams of all vectors.
fn vectors() -> Vec<Vec<u8>> {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../../tests/vectors/discv4_packets.json"))
            .unwrap();
    let packets = vectors["packets"].as_array().unwrap();
    packets.iter().map(|vector| hex::decode(vector["packet"].as_str().unwrap()).unwrap()).collect()
}

prop_compose! {
    fn any_endpoint()(ip: IpAddr, udp: u16, tcp: u16) -> Endpoint {
        Endpoint { ip: ip.to_canonical(), udp, tcp }
    }
}

prop_compose! {
    fn any_neighbor()(endpoint in any_endpoint(), public_key: [u8; 64]) -> Neighbor {
        Neighbor { endpoint, public_key }
    }
}

proptest! {
    #[test]
    fn every_packet_arrives_as_it_was_sent(
        (from, to) in (any_endpoint(), any_endpoint()),
        nodes in prop::collection::vec(any_neighbor(), 0..=MAX_NEIGHBORS),
        (hash, target) in any::<([u8; 32], [u8; 64])>(),
        (expiration, enr_seq, ip) in any::<(u64, Option<u64>, Option<IpAddr>)>(),
    ) {
        let record = Enr::builder(expiration).udp(from.udp).tcp(from.tcp);
        let record = ip.map_or(record.clone(), |ip| record.ip(ip)).sign(&key()).unwrap();
        for packet in [
            Packet::Ping(Ping { from, to, expiration, enr_seq }),
            Packet::Pong(Pong { to, ping_hash: hash, expiration, enr_seq }),
            Packet::FindNode(FindNode { target, expiration }),
            Packet::Neighbors(Neighbors { nodes: nodes.clone(), expiration }),
            Packet::EnrRequest(EnrRequest { expiration }),
            Packet::EnrResponse(EnrResponse { request_hash: hash, record: record.clone() }),
        ] {
            let sealed = packet.encode(&key()).unwrap();
            prop_assert!((MIN_PACKET..=MAX_PACKET).contains(&sealed.datagram.len()));
            let received = decode(&sealed.datagram).unwrap();
            prop_assert_eq!(received.hash, sealed.hash);
            prop_assert_eq!(received.sender, key().public_key());
            prop_assert_eq!(received.packet, packet);
        }
    }
}
