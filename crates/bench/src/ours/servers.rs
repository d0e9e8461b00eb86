//! Two servers in this process, one protocol, one handler that writes and one that reads.

use std::sync::Arc;
use std::time::{Duration, Instant};

use devp2p_core::net::{Config, Server};
use devp2p_core::protocol::{MsgPipe, Protocol, ProtocolError};
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::{new_key, noise};
use crate::Result;
use crate::case::Case;
use crate::samples::REST;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Traffic {
    /// One side writes, the other reads.
    OneWay,
    /// Each message is sent back before the next one is written.
    RoundTrips,
}

/// Messages one way: from before the first is written until the last is read.
///
/// # Errors
/// If the servers do not start or do not connect.
pub(super) async fn messages(case: Case, size: usize) -> Result<Vec<Duration>> {
    exchange(case, size, Traffic::OneWay).await
}

/// Messages there and back.
///
/// # Errors
/// As [`messages`].
pub(super) async fn round_trips(case: Case, size: usize) -> Result<Vec<Duration>> {
    exchange(case, size, Traffic::RoundTrips).await
}

async fn exchange(case: Case, size: usize, traffic: Traffic) -> Result<Vec<Duration>> {
    let payload: Arc<[u8]> = noise(size).into();
    let (report, mut reported) = mpsc::unbounded_channel();
    let sender = protocol(move |pipe| send(case, traffic, pipe, payload.clone(), report.clone()));
    let receiver = protocol(move |pipe| receive(case, traffic, pipe));
    let (sender, receiver) = (start(1, sender).await?, start(1, receiver).await?);
    sender.add_peer(receiver.enode()).await?;
    let mut took = Vec::new();
    for _ in 0..case.samples {
        took.push(reported.recv().await.ok_or("the sending server has ended")?);
    }
    tokio::join!(sender.stop(), receiver.stop());
    Ok(took)
}

async fn send(
    case: Case,
    traffic: Traffic,
    mut pipe: MsgPipe,
    payload: Arc<[u8]>,
    report: mpsc::UnboundedSender<Duration>,
) -> std::result::Result<(), ProtocolError> {
    for _ in 0..case.samples {
        sleep(REST).await;
        let begin = Instant::now();
        for _ in 0..case.count {
            pipe.write(0, &payload).await?;
            if traffic == Traffic::RoundTrips {
                pipe.read().await?;
            }
        }
        if traffic == Traffic::OneWay {
            // The receiver says when it has read them all.
            pipe.read().await?;
        }
        // An error says that nobody waits any more.
        let _ = report.send(begin.elapsed());
    }
    Ok(())
}

async fn receive(
    case: Case,
    traffic: Traffic,
    mut pipe: MsgPipe,
) -> std::result::Result<(), ProtocolError> {
    loop {
        for _ in 0..case.count {
            let msg = pipe.read().await?;
            if traffic == Traffic::RoundTrips {
                pipe.write(0, &msg.payload).await?;
            }
        }
        if traffic == Traffic::OneWay {
            pipe.write(0, &[]).await?;
        }
    }
}

/// The only protocol of every server here.
pub(crate) fn protocol<R>(handle: impl Fn(MsgPipe) -> R + Send + Sync + 'static) -> Protocol
where
    R: Future<Output = std::result::Result<(), ProtocolError>> + Send + 'static,
{
    Protocol::new("bench", 1, 1, move |_, pipe| handle(pipe))
}

/// The handler of a peer that is only there.
pub(crate) async fn read_to_end(mut pipe: MsgPipe) -> std::result::Result<(), ProtocolError> {
    loop {
        pipe.read().await?;
    }
}

/// Starts a server that speaks only this protocol.
pub(crate) async fn start(max_peers: usize, protocol: Protocol) -> Result<Server> {
    let protocols = vec![protocol];
    let config =
        Config { max_peers, protocols, discovery: false, ..Config::new(new_key(), "bench") };
    Ok(Server::start(config).await?)
}
