//! Our half: two servers, one protocol, one handler that writes and one that reads.

use std::sync::Arc;
use std::time::{Duration, Instant};

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server};
use devp2p_core::protocol::{MsgPipe, Protocol, ProtocolError};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{BenchError, Case, Traffic};

/// How long one message (or round trip) took, from before the first was written until the last was
/// read (or answered), in nanoseconds.
pub(crate) async fn run(case: Case) -> Result<f64, BenchError> {
    let (report, mut reported) = mpsc::unbounded_channel();
    let payload: Arc<[u8]> = noise(case.size).into();
    let sender = Protocol::new("bench", 1, 1, move |_, pipe| {
        let (report, payload) = (report.clone(), payload.clone());
        async move {
            // An error says that the time was up.
            let _ = report.send(send(case, pipe, &payload).await?);
            Ok(())
        }
    });
    let receiver = Protocol::new("bench", 1, 1, move |_, pipe| receive(case, pipe));
    let (sender, receiver) = (start(sender).await?, start(receiver).await?);
    sender.add_peer(receiver.enode().clone()).await?;
    let took = timeout(Duration::from_secs(60), reported.recv()).await;
    let took = took.ok().flatten().ok_or(BenchError::NotDone)?;
    tokio::join!(sender.stop(), receiver.stop());
    Ok(super::table::nanoseconds_each(took, case.count))
}

async fn start(protocol: Protocol) -> Result<Server, BenchError> {
    let key = NodeKey::generate(&mut rand::rng());
    let config = Config { max_peers: 1, protocols: vec![protocol], ..Config::new(key, "bench") };
    Ok(Server::start(config).await?)
}

async fn send(case: Case, mut pipe: MsgPipe, payload: &[u8]) -> Result<Duration, ProtocolError> {
    let begin = Instant::now();
    for _ in 0..case.count {
        pipe.write(0, payload).await?;
        if case.traffic == Traffic::RoundTrips {
            pipe.read().await?;
        }
    }
    if case.traffic == Traffic::OneWay {
        // The receiver says when it has read them all.
        pipe.read().await?;
    }
    Ok(begin.elapsed())
}

async fn receive(case: Case, mut pipe: MsgPipe) -> Result<(), ProtocolError> {
    if case.traffic == Traffic::OneWay {
        for _ in 0..case.count {
            pipe.read().await?;
        }
        pipe.write(0, &[]).await?;
    }
    loop {
        let msg = pipe.read().await?;
        pipe.write(0, &msg.payload).await?;
    }
}

/// The same bytes as in go-ethereum's half: they do not compress.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 1u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let [lowest, ..] = state.to_le_bytes();
        lowest
    };
    std::iter::repeat_with(next).take(size).collect()
}
