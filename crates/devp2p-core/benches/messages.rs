//! Messages: the codec with snappy, and finding out whose they are:
//! `cargo bench -p devp2p-core --bench messages`.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails has nothing to say")]

use criterion::{BenchmarkId, Criterion, Throughput};
use devp2p_core::p2p::Capability;
use devp2p_core::p2p::capability::{locate, shared};
use devp2p_core::p2p::message::{Compression, Encoder, MAX_PAYLOAD, split_id};
use rand::Rng;

/// Bytes of payload, and their names.
const SIZES: [(&str, usize); 3] = [("64 B", 64), ("16 KiB", 1 << 14), ("1 MiB", 1 << 20)];

/// A msg-id of a subprotocol.
const ID: u64 = 0x10;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    codec(&mut criterion);
    capabilities(&mut criterion);
    criterion.final_summary();
}

fn codec(criterion: &mut Criterion) {
    for (name, size) in SIZES {
        let mut random = vec![0; size];
        rand::rng().fill_bytes(&mut random);
        // Sixteen bytes again and again: no real message is that regular.
        let compressible: Vec<u8> =
            b"0123456789abcdef".iter().copied().cycle().take(size).collect();
        for (kind, payload) in [("random", random), ("compressible", compressible)] {
            let mut group = criterion.benchmark_group(format!("message, {kind}"));
            group.throughput(Throughput::Bytes(size.try_into().unwrap()));
            let mut encoder = Encoder::new(Compression::Snappy);
            group.bench_function(BenchmarkId::new("encode", name), |bencher| {
                bencher.iter(|| encoder.encode(ID, &payload).unwrap().len());
            });
            let frame_data = encoder.encode(ID, &payload).unwrap().to_vec();
            group.bench_function(BenchmarkId::new("decode", name), |bencher| {
                bencher.iter(|| {
                    let (_, payload) = split_id(&frame_data).unwrap();
                    Compression::Snappy.decompress(payload, MAX_PAYLOAD).unwrap()
                });
            });
            group.finish();
        }
    }
}

/// As many as a full node has.
fn capabilities(criterion: &mut Criterion) {
    let offer = |name: &str, version| Capability::new(name, version);
    let theirs =
        [offer("eth", 68), offer("eth", 69), offer("eth", 70), offer("snap", 1), offer("wit", 0)];
    let ours = [(offer("eth", 68), 17), (offer("eth", 69), 18), (offer("snap", 1), 8)];
    criterion
        .bench_function("capabilities, match", |bencher| bencher.iter(|| shared(&ours, &theirs)));
    let ranges = shared(&ours, &theirs);
    criterion.bench_function("capabilities, locate", |bencher| {
        bencher.iter(|| locate(&ranges, std::hint::black_box(0x10 + 18 + 7)).unwrap());
    });
}
