//! The handshake, both ends and the recipient's alone, each beside its floor:
//! `cargo bench -p devp2p-core --bench handshake`.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails has nothing to say")]

use criterion::Criterion;
use devp2p_core::handshake::{initiate, respond};
use devp2p_core::keys::NodeKey;
use floor::handshake::Nodes;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    ours(&mut criterion);
    floor(&mut criterion);
    criterion.final_summary();
}

fn ours(criterion: &mut Criterion) {
    let mut rng = rand::rng();
    let (a, b) = (NodeKey::generate(&mut rng), NodeKey::generate(&mut rng));
    criterion.bench_function("handshake pair", |bencher| {
        bencher.iter(|| {
            let (waiting, auth) = initiate(&a, b.public_key(), &mut rng).unwrap();
            let (recipient, ack) = respond(&b, &auth, &mut rng).unwrap();
            (waiting.receive_ack(&ack).unwrap(), recipient)
        });
    });
    let (_, auth) = initiate(&a, b.public_key(), &mut rng).unwrap();
    criterion.bench_function("handshake, recipient", |bencher| {
        bencher.iter(|| respond(&b, &auth, &mut rng).unwrap());
    });
}

fn floor(criterion: &mut Criterion) {
    let mut rng = rand::rng();
    let nodes = Nodes::new(&mut rng).unwrap();
    criterion.bench_function("handshake pair, floor", |bencher| {
        bencher.iter(|| nodes.pair(&mut rng).unwrap());
    });
    let auth = nodes.initiate(&mut rng).unwrap();
    criterion.bench_function("handshake, recipient, floor", |bencher| {
        bencher.iter(|| nodes.respond(&auth, &mut rng).unwrap());
    });
}
