//! The most that a peer can make us hold, and that our own handlers can for a peer that takes
//! nothing.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod common;

use std::sync::Arc;

use common::memory::{held, held_in_the_end};
use common::{Ours, config, event, noise, raw, said, soon};
use devp2p_core::protocol::{MsgPipe, Protocol, ProtocolError};
use tokio::sync::{Mutex, mpsc, watch};

/// One of these tests at a time: they measure the memory of the process.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Three protocols.
const NAMES: [&str; 3] = ["bar", "foo", "qux"];

/// The longest payload that does not compress: its frame is the longest, too. 16 MiB.
const LONGEST_NOISE: usize = 0xFF_FFFF - 1 - 4 - 3 * 256;

/// What everything else may take: buffers that are not full, and this test.
const SLACK: usize = 1 << 20;

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn what_a_peer_makes_us_hold_is_bounded_as_the_documentation_says() {
    let _alone = ALONE.lock().await;
    let (go_on, wait) = watch::channel(false);
    let (report, mut read) = mpsc::unbounded_channel();
    let protocols = NAMES.map(|name| {
        let (wait, report) = (wait.clone(), report.clone());
        Protocol::new(name, 1, 1, move |_, pipe| pause_and_read(wait.clone(), pipe, report.clone()))
    });
    let mut ours = Ours::start(config(protocols.to_vec())).await;
    let mut raw = raw(&ours, &["--cap", "bar/1", "--cap", "foo/1", "--cap", "qux/1"]);
    ours.added().await;
    said(&mut raw, event("hello")).await;
    let before = held();
    // One for each inbox, one that waits for its place; and four that are not even read: more than
    // the buffers of the system hold.
    let ids = [16, 17, 18, 16, 17, 18, 16, 17];
    for id in ids {
        raw.send_line(&format!("send {id} noise:{LONGEST_NOISE}")).await.unwrap();
    }
    for _ in 0..4 {
        said(&mut raw, event("ok")).await;
    }
    let grown = held_in_the_end().await - before;
    eprintln!("the peer makes us hold {} KiB", grown / 1024);
    // One in each inbox, one that waits, and the frame that it came in.
    let expected = (3 + 1 + 1) * LONGEST_NOISE;
    assert!((expected..expected + SLACK).contains(&grown), "{grown} bytes");

    assert!(read.try_recv().is_err());
    go_on.send(true).unwrap();
    for _ in ids {
        assert_eq!(soon(read.recv()).await, Some(LONGEST_NOISE));
    }
}

async fn pause_and_read(
    mut wait: watch::Receiver<bool>,
    mut pipe: MsgPipe,
    report: mpsc::UnboundedSender<usize>,
) -> Result<(), ProtocolError> {
    wait.wait_for(|go| *go).await.map_err(ProtocolError::other)?;
    loop {
        report.send(pipe.read().await?.payload.len()).map_err(ProtocolError::other)?;
    }
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn what_our_handlers_make_us_hold_is_bounded_as_the_documentation_says() {
    let _alone = ALONE.lock().await;
    let payload: Arc<[u8]> = noise(LONGEST_NOISE).into();
    let protocols = NAMES.map(|name| {
        let payload = payload.clone();
        Protocol::new(name, 1, 1, move |_, mut pipe| {
            let payload = payload.clone();
            async move {
                loop {
                    pipe.write(0, &payload).await?;
                }
            }
        })
    });
    let mut ours = Ours::start(config(protocols.to_vec())).await;
    let before = held();
    let mut deaf = raw(&ours, &["--deaf", "--cap", "bar/1", "--cap", "foo/1", "--cap", "qux/1"]);
    ours.added().await;
    said(&mut deaf, event("hello")).await;
    let grown = held_in_the_end().await - before;
    eprintln!("our handlers make us hold {} KiB", grown / 1024);
    assert_eq!(ours.server.peers().await.len(), 1, "20 s are not over yet");
    // One in the outbox, one that the writer has taken and one that is sealed; and in each handler
    // one that waits, in the room that snappy may need: a sixth more.
    let expected = 3 * LONGEST_NOISE + 3 * (LONGEST_NOISE + LONGEST_NOISE / 6);
    assert!((expected..expected + SLACK).contains(&grown), "{grown} bytes");
    soon(ours.server.stop()).await;
}
