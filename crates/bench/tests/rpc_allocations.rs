//! What a call of JSON-RPC costs a server of ours in allocations. It is written down here, so that
//! nobody makes it more without seeing it.

#![cfg(unix)]
#![allow(clippy::arithmetic_side_effects, reason = "small numbers of its own")]

use std::alloc::System;

use bench::Result;
use bench::rpc::case::Transport;
use bench::rpc::serve::call_in_process;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How often is called.
const CALLS: u32 = 500;

/// What starting and stopping allocates is in both, and goes away in the difference.
fn allocations(transport: Transport) -> Result<usize> {
    let count = |calls| -> Result<usize> {
        let region = Region::new(ALLOCATOR);
        call_in_process(transport, calls)?;
        let change = region.change();
        Ok(change.allocations + change.reallocations)
    };
    let few = count(CALLS)?;
    Ok((count(CALLS * 3)? - few) / usize::try_from(CALLS * 2)?)
}

#[test]
fn a_call_takes_no_more_allocations_than_written_here() -> Result<()> {
    for (transport, most) in [(Transport::Ipc, 8), (Transport::Http, 12), (Transport::Ws, 8)] {
        let counted = allocations(transport)?;
        assert!(counted <= most, "{counted} allocations for a call over {transport}");
    }
    Ok(())
}
