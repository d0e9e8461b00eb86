//! The most that a peer can make us hold. One test a file, because it measures the memory of the
//! process.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Ours, config, event, peak, raw, resident, said, soon};
use devp2p_core::protocol::{Protocol, ProtocolError};
use tokio::sync::{mpsc, watch};
use tokio::time::{Duration, Instant, interval};

const MIB: usize = 1 << 20;

/// The longest payload that does not compress: its frame is the longest, too.
const LONGEST_NOISE: usize = 0xFF_FFFF - 1 - 4 - 3 * 256;

/// What the documentation says of three protocols and messages of 16 MiB: one in each inbox, one
/// that waits, and the frame that it came in. And what a process needs to work.
const BOUND: usize = (3 + 1 + 1) * 16 * MIB + 4 * MIB;

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn what_a_peer_makes_us_hold_is_bounded_as_the_documentation_says() {
    let (go_on, wait) = watch::channel(false);
    let (report, mut read) = mpsc::unbounded_channel();
    let protocols = ["bar", "foo", "qux"].map(|name| {
        let (wait, report) = (wait.clone(), report.clone());
        Protocol::new(name, 1, 1, move |_, mut pipe| {
            let (mut wait, report) = (wait.clone(), report.clone());
            async move {
                wait.wait_for(|go| *go).await.map_err(ProtocolError::other)?;
                loop {
                    report.send(pipe.read().await?.payload.len()).map_err(ProtocolError::other)?;
                }
            }
        })
    });
    let mut ours = Ours::start(config(protocols.to_vec())).await;
    let mut raw = raw(&ours, &["--cap", "bar/1", "--cap", "foo/1", "--cap", "qux/1"]);
    ours.added().await;
    said(&mut raw, event("hello")).await;
    let before = resident();
    // One for each inbox, one that waits for its place; and four that are not even read: more than
    // the buffers of the system hold.
    let ids = [16, 17, 18, 16, 17, 18, 16, 17];
    for id in ids {
        raw.send_line(&format!("send {id} noise:{LONGEST_NOISE}")).await.unwrap();
    }
    for _ in 0..4 {
        said(&mut raw, event("ok")).await;
    }
    settled().await;
    assert!(read.try_recv().is_err());
    go_on.send(true).unwrap();
    for _ in ids {
        assert_eq!(soon(read.recv()).await, Some(LONGEST_NOISE));
    }
    if let (Some(before), Some(peak)) = (before, peak()) {
        let grown = peak.saturating_sub(before);
        eprintln!("memory grew by {} KiB of {} allowed", grown / 1024, BOUND / 1024);
        assert!(grown > 4 * LONGEST_NOISE, "{grown} bytes are less than what waited");
        assert!(grown < BOUND, "memory grew by {grown} bytes");
    }
}

/// Waits until the memory of this process has not changed for a second.
async fn settled() {
    let mut ticks = interval(Duration::from_millis(100));
    let mut held = resident();
    let mut since = Instant::now();
    while since.elapsed() < Duration::from_secs(1) {
        ticks.tick().await;
        if resident() != held {
            held = resident();
            since = Instant::now();
        }
    }
}
