//! A handler that pauses: what it costs us, its peer, and everybody else. One test a file, because
//! it measures the memory of the process.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use common::memory::held;
use common::{Ours, config, connect, event, geth, noise, said, soon};
use devp2p_core::protocol::{MsgPipe, Protocol, ProtocolError};
use interop::InteropError;
use tokio::sync::{mpsc, watch};
use tokio::time::{Duration, Instant, interval, sleep};

/// How long the handler pauses: less than the 20 s after which go-ethereum gives up.
const PAUSE: Duration = Duration::from_secs(10);
/// 80 MiB in all: much more than an inbox and all buffers of the system hold.
const MESSAGES: u64 = 20_000;
const SIZE: usize = 4096;
/// What a peer may cost that sends such messages: its inbox, and as much for everything else that
/// this process does meanwhile.
const BOUND: usize = 2 << 20;

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn a_handler_that_pauses_for_ten_seconds_holds_up_its_own_peer_only() {
    let (go_on, wait) = watch::channel(false);
    let (report_read, mut all_read) = mpsc::unbounded_channel();
    let (report_trip, mut trips) = mpsc::unbounded_channel();
    let protocol = Protocol::new("foo", 42, 1, move |peer, pipe| {
        let (wait, all_read, trips) = (wait.clone(), report_read.clone(), report_trip.clone());
        async move {
            match &*peer.name {
                "flood" => pause_and_read(wait, pipe, all_read).await,
                _ => ask_and_wait(pipe, trips).await,
            }
        }
    });
    let mut ours = Ours::start(config(vec![protocol])).await;
    let (mut calm, _) = geth(&["--name", "calm", "--echo", "--quiet"]).await;
    let (mut flood, _) = geth(&["--name", "flood", "--quiet"]).await;
    connect(&mut calm, &mut ours).await;
    connect(&mut flood, &mut ours).await;
    said(&mut flood, event("started")).await;
    soon(trips.recv()).await.unwrap();

    let before = held();
    flood.send_line(&format!("flood foo 0 {SIZE} {MESSAGES}")).await.unwrap();
    sleep(PAUSE).await;
    let grown = held().saturating_sub(before);
    let flooded = flood.expect(event("flooded"), Duration::ZERO).await;
    assert!(matches!(flooded, Err(InteropError::Timeout { .. })), "nothing held it up");
    let mut during = Vec::new();
    while let Ok(trip) = trips.try_recv() {
        during.push(trip);
    }

    go_on.send(true).unwrap();
    soon(all_read.recv()).await.unwrap();
    let flooded = said(&mut flood, event("flooded")).await;
    assert_eq!((&flooded["count"], flooded.get("error")), (&MESSAGES.into(), None));
    assert_eq!(ours.server.peers().await.len(), 2);
    let slowest = during.iter().max().unwrap();
    eprintln!("{} round trips of the other peer meanwhile, {slowest:?} at most", during.len());
    assert!(during.len() > 100 && *slowest < Duration::from_secs(1));
    eprintln!("memory grew by {} KiB", grown / 1024);
    assert!((900 << 10..BOUND).contains(&grown), "memory grew by {grown} bytes");
}

/// Waits, and then reads all messages: each must be there, whole and in its place.
async fn pause_and_read(
    mut wait: watch::Receiver<bool>,
    mut pipe: MsgPipe,
    all_read: mpsc::UnboundedSender<()>,
) -> Result<(), ProtocolError> {
    wait.wait_for(|go| *go).await.map_err(ProtocolError::other)?;
    let noise = noise(SIZE);
    for number in 0..MESSAGES {
        let msg = pipe.read().await?;
        let expected = [&number.to_be_bytes()[..], &noise[8..]].concat();
        assert!(msg.payload == expected, "message {number}");
    }
    all_read.send(()).map_err(ProtocolError::other)?;
    std::future::pending().await
}

/// Asks the peer 50 times a second, and reports how long each answer took.
async fn ask_and_wait(
    mut pipe: MsgPipe,
    trips: mpsc::UnboundedSender<Duration>,
) -> Result<(), ProtocolError> {
    let mut ticks = interval(Duration::from_millis(20));
    loop {
        ticks.tick().await;
        let asked = Instant::now();
        pipe.write(0, b"still there?").await?;
        pipe.read().await?;
        trips.send(asked.elapsed()).map_err(ProtocolError::other)?;
    }
}
