//! Frames, sealed and opened, each beside its floor: `cargo bench -p devp2p-core --bench frames`.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails has nothing to say")]
#![allow(clippy::arithmetic_side_effects, reason = "small numbers of its own")]

use std::time::{Duration, Instant};

use bytes::BytesMut;
use criterion::{BenchmarkId, Criterion, Throughput};
use devp2p_core::frame::{FrameReader, FrameWriter, HEADER_LEN};
use devp2p_core::handshake::{initiate, respond};
use devp2p_core::keys::NodeKey;
use floor::frame::Direction;

/// Bytes of frame-data, and their names.
const SIZES: [(&str, usize); 5] = [
    ("64 B", 64),
    ("1 KiB", 1 << 10),
    ("16 KiB", 1 << 14),
    ("1 MiB", 1 << 20),
    ("15 MiB", 15 << 20),
];

/// Bytes of frames that are sealed, untimed, before they are opened.
const READY: usize = 1 << 20;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (name, size) in SIZES {
        let mut group = criterion.benchmark_group("frame");
        group.throughput(Throughput::Bytes(size.try_into().unwrap()));
        if size >= 1 << 20 {
            group.sample_size(10);
        }
        group.bench_function(BenchmarkId::new("seal", name), |bencher| {
            let (mut writer, _) = direction();
            let (frame_data, mut out) = (vec![7; size], BytesMut::new());
            bencher.iter(|| {
                out.clear();
                writer.seal(&frame_data, &mut out).unwrap();
            });
        });
        group.bench_function(BenchmarkId::new("open", name), |bencher| {
            let (mut writer, mut reader) = direction();
            bencher.iter_custom(|times| time_to_open(&mut writer, &mut reader, size, times));
        });
        group.bench_function(BenchmarkId::new("seal and open", name), |bencher| {
            let (mut writer, mut reader) = direction();
            let (frame_data, mut wire) = (vec![7; size], BytesMut::new());
            bencher.iter(|| {
                wire.clear();
                writer.seal(&frame_data, &mut wire).unwrap();
                open(&mut reader, &mut wire);
            });
        });
        group.bench_function(BenchmarkId::new("seal or open, floor", name), |bencher| {
            let (mut direction, mut body) = (Direction::new(), vec![7; size]);
            bencher.iter(|| direction.frame(&mut body));
        });
        group.finish();
    }
}

/// Both ends of one direction of a new session.
fn direction() -> (FrameWriter, FrameReader) {
    let mut rng = rand::rng();
    let (a, b) = (NodeKey::generate(&mut rng), NodeKey::generate(&mut rng));
    let (waiting, auth) = initiate(&a, b.public_key(), &mut rng).unwrap();
    let (recipient, ack) = respond(&b, &auth, &mut rng).unwrap();
    (waiting.receive_ack(&ack).unwrap().writer, recipient.reader)
}

/// Opens the frame in `wire`.
fn open(reader: &mut FrameReader, wire: &mut [u8]) {
    let (header, body) = wire.split_first_chunk_mut::<HEADER_LEN>().unwrap();
    let header = reader.open_header(header, usize::MAX).unwrap();
    let len = header.body_len();
    reader.open_body(header, body.get_mut(..len).unwrap()).unwrap();
}

/// How long it takes to open `times` frames, the time in which they are sealed not counted.
fn time_to_open(
    writer: &mut FrameWriter,
    reader: &mut FrameReader,
    size: usize,
    times: u64,
) -> Duration {
    let frame_data = vec![7; size];
    let mut wire = BytesMut::new();
    let together = READY.div_ceil(size).try_into().unwrap();
    let mut left = times;
    let mut took = Duration::ZERO;
    while left > 0 {
        let now = left.min(together);
        wire.clear();
        for _ in 0..now {
            writer.seal(&frame_data, &mut wire).unwrap();
        }
        let frame = wire.len() / usize::try_from(now).unwrap();
        let begin = Instant::now();
        wire.chunks_exact_mut(frame).for_each(|wire| open(reader, wire));
        took += begin.elapsed();
        left -= now;
    }
    took
}
