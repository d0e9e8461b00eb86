//! How much memory this process holds. Who measures it must be alone: one test a file, or one after
//! the other.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::time::{Duration, Instant, interval};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes that are allocated now.
pub(crate) fn held() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// The same when it has not changed by more than a page for a second: so nobody is at work.
pub(crate) async fn held_in_the_end() -> usize {
    let mut ticks = interval(Duration::from_millis(100));
    let (mut last, mut since) = (held(), Instant::now());
    while since.elapsed() < Duration::from_secs(1) {
        ticks.tick().await;
        let now = held();
        if now.abs_diff(last) > 4096 {
            (last, since) = (now, Instant::now());
        }
    }
    last
}
