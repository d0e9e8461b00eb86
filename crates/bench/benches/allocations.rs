//! Counts allocations for each message through two servers, both ends together:
//! `cargo bench -p bench --bench allocations`.

#![allow(clippy::print_stdout, reason = "a command line tool speaks on stdout")]
#![allow(clippy::arithmetic_side_effects, reason = "small numbers of its own")]

use std::alloc::System;

use bench::Result;
use bench::case::{Case, Cores, Work};
use bench::ours;
use serde_json::json;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes of payload, and how many messages are sent of it.
const MESSAGES: [(usize, u32); 3] = [(64, 20_000), (1024, 20_000), (64 * 1024, 2_000)];

fn main() -> Result<()> {
    let mut rows = Vec::new();
    for (size, count) in MESSAGES {
        // What starting and stopping allocates is in both, and goes away in the difference.
        let few = allocations(Case { work: Work::Message(Cores::One, size), count, samples: 1 })?;
        let many = allocations(Case { work: Work::Message(Cores::One, size), count, samples: 3 })?;
        let each = (many - few) / f64::from(count * 2);
        rows.push(json!({ "size": size, "allocations": each }));
    }
    println!("{}", json!(rows));
    Ok(())
}

/// How often memory was asked for during a case: new, or for more of it.
fn allocations(case: Case) -> Result<f64> {
    let region = Region::new(ALLOCATOR);
    ours::run(case)?;
    let change = region.change();
    Ok(f64::from(u32::try_from(change.allocations + change.reallocations)?))
}
