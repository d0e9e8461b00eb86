//! Counts allocations for each message through two servers, both ends together:
//! `cargo bench -p bench --bench allocations`. With `-- rpc` behind it: for each call of JSON-RPC, the
//! server alone.

#![allow(clippy::print_stdout, reason = "a command line tool speaks on stdout")]
#![allow(clippy::arithmetic_side_effects, reason = "small numbers of its own")]

use std::alloc::System;

use bench::Result;
use bench::case::{Case, Cores, Work};
use bench::ours;
#[cfg(unix)]
use bench::rpc::case::Transport;
#[cfg(unix)]
use bench::rpc::serve::call_in_process;
use serde_json::json;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes of payload, and how many messages are sent of it.
const MESSAGES: [(usize, u32); 3] = [(64, 20_000), (1024, 20_000), (64 * 1024, 2_000)];
/// How often is called.
#[cfg(unix)]
const CALLS: u32 = 5000;

fn main() -> Result<()> {
    #[cfg(unix)]
    if std::env::args().any(|word| word == "rpc") {
        return calls();
    }
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

#[cfg(unix)]
fn calls() -> Result<()> {
    let mut rows = Vec::new();
    for transport in [Transport::Ipc, Transport::Http, Transport::Ws] {
        let few = count(|| call_in_process(transport, CALLS))?;
        let many = count(|| call_in_process(transport, CALLS * 3))?;
        let each = (many - few) / f64::from(CALLS * 2);
        rows.push(json!({ "transport": transport.to_string(), "allocations": each }));
    }
    println!("{}", json!(rows));
    Ok(())
}

fn allocations(case: Case) -> Result<f64> {
    count(|| ours::run(case).map(drop))
}

/// How often memory is asked for during some work: new, or for more of it.
fn count(work: impl Fn() -> Result<()>) -> Result<f64> {
    let region = Region::new(ALLOCATOR);
    work()?;
    let change = region.change();
    Ok(f64::from(u32::try_from(change.allocations + change.reallocations)?))
}
