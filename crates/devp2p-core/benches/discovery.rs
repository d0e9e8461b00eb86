//! Discovery packets, signed and written, read and checked:
//! `cargo bench -p devp2p-core --bench discovery`.
//!
//! Nearly all of it is one signature, or one recovery of a key from it.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails has nothing to say")]

use std::net::Ipv4Addr;

use criterion::{BenchmarkId, Criterion};
use devp2p_core::discv4::packet::{
    Endpoint, MAX_NEIGHBORS, Neighbor, Neighbors, Packet, Ping, decode,
};
use devp2p_core::keys::NodeKey;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let key = NodeKey::generate(&mut rand::rng());
    let mut group = criterion.benchmark_group("discovery packet");
    for packet in packets(&key) {
        group.bench_function(BenchmarkId::new("encode", packet.name()), |bencher| {
            bencher.iter(|| packet.encode(&key).unwrap());
        });
        let datagram = packet.encode(&key).unwrap().datagram;
        group.bench_function(BenchmarkId::new("decode", packet.name()), |bencher| {
            bencher.iter(|| decode(&datagram).unwrap());
        });
    }
    group.finish();
    criterion.final_summary();
}

/// The smallest that are common, and the largest.
fn packets(key: &NodeKey) -> [Packet; 2] {
    let endpoint = Endpoint { ip: Ipv4Addr::LOCALHOST.into(), udp: 30303, tcp: 30303 };
    let expiration = u64::from(u32::MAX);
    let neighbor = Neighbor { endpoint, public_key: key.public_key().to_bytes() };
    [
        Packet::Ping(Ping { from: endpoint, to: endpoint, expiration, enr_seq: Some(1) }),
        Packet::Neighbors(Neighbors { nodes: vec![neighbor; MAX_NEIGHBORS], expiration }),
    ]
}
