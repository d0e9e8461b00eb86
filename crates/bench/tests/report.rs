//! The tables, from figures that are known.

use std::time::Duration;

use bench::case::{Case, Cores, Place, Work};
use bench::known::Known;
use bench::report::{Idle, Report, Turns};
use bench::samples::{Row, Samples};
use serde_json::{Value, json};

/// Samples of these many microseconds for each step, of two steps.
fn samples(work: Work, each: &[u64]) -> Samples {
    let mut samples = Samples::default();
    let case = Case { work, count: 2, samples: 1 };
    samples.add(case, each.iter().map(|each| Duration::from_micros(each.saturating_mul(2))));
    samples
}

fn report() -> Report {
    let (frame, message) = (Work::Frame(Place::Memory, 64), Work::Message(Cores::One, 64));
    let mut first = Row::new(frame);
    first.ours = samples(frame, &[30, 10, 20]);
    first.geth = samples(frame, &[25, 4000]);
    first.floor = samples(frame, &[8]);
    first.share = samples(frame, &[7]);
    let mut second = Row::new(message);
    second.ours = samples(message, &[12]);
    second.geth = samples(message, &[36]);
    let idle = Some(Idle { peers: 50, ours: 10 * 1024, geth: 30 * 1024 });
    let turns = vec![Turns { peers: 1000, took: Samples::from_nanoseconds(vec![7e3, 6e3, 8e3]) }];
    Report {
        turns,
        origin: "Somewhere.".into(),
        rows: vec![first, second],
        idle,
        known: Some(Known { nodes: 200, cores: 0.0025, memory: 4 << 20 }),
        allocations: vec![(64, 1.0)],
    }
}

#[test]
fn the_fastest_counts_and_the_median_is_shown() {
    let text = report().to_string();
    for line in [
        "| seal + open, 64 B | 10.00 µs (20.00 µs) | 25.00 µs (25.00 µs) | 8.00 µs (8.00 µs) | 2.50 | 0.80 |",
        "| message, 64 B, one core | 12.00 µs (12.00 µs) | 36.00 µs (36.00 µs) |  | 3.00 |  |",
        "On one core, a message of 64 B in a stream of them costs 1.20 times",
        "| Keccak of seal + open, 64 B | 70 % |",
        "### A turn of the main loop",
        "| 1000 | 6.00 µs (7.00 µs) |",
        "### 50 idle peers, pings on",
        "| memory for each peer | 10.0 KiB | 30.0 KiB | 3.00 |",
        "### A node that knows 200 others, and nobody asks it for them",
        "| of one core | 0.25 % |",
        "| memory of the process | 4.0 MiB |",
        "| message, 64 B | 1.00 |",
    ] {
        assert!(text.lines().any(|found| found == line), "no line {line:?} in\n{text}");
    }
}

#[test]
fn json_has_the_fastest_in_nanoseconds_and_null_for_what_is_not_measured() {
    let rows: Value = serde_json::from_str(&report().json()).unwrap();
    let expected = json!([
        { "name": "seal + open, 64 B", "ours_ns": 10e3, "geth_ns": 25e3, "floor_ns": 8e3 },
        { "name": "message, 64 B, one core", "ours_ns": 12e3, "geth_ns": 36e3, "floor_ns": null },
        { "name": "turn of the main loop, 1000 peers and static nodes", "ours_ns": 6e3 },
    ]);
    assert_eq!(rows, expected);
}
