//! Handshakes and frames over TCP, a task for each end and no server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use devp2p_core::enode::Enode;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Link, Stream};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::{new_key, noise};
use crate::Result;
use crate::case::Case;
use crate::samples::REST;

/// A msg-id that nobody uses: its messages are frames, and nothing else.
const RESERVED: u64 = 0x0f;

/// Connect, handshake, close.
pub(super) async fn handshakes(case: Case) -> Result<Vec<Duration>> {
    let ends = Ends::new().await?;
    let mut took = Vec::new();
    for _ in 0..case.samples {
        sleep(REST).await;
        let begin = Instant::now();
        for _ in 0..case.count {
            ends.connect().await?;
        }
        took.push(begin.elapsed());
    }
    Ok(took)
}

/// frame-data of `size` bytes: the msg-id is one of them.
pub(super) async fn frames(case: Case, size: usize) -> Result<Vec<Duration>> {
    let [mut near, mut far] = Ends::new().await?.connect().await?;
    let payload: Arc<[u8]> = noise(size.saturating_sub(1)).into();
    let mut took = Vec::new();
    for _ in 0..case.samples {
        sleep(REST).await;
        let begin = Instant::now();
        let payload = payload.clone();
        let written: JoinHandle<Result<_>> = tokio::spawn(async move {
            for _ in 0..case.count {
                near.send(RESERVED, &payload).await?;
            }
            Ok(near)
        });
        for _ in 0..case.count {
            far.receive().await?;
        }
        took.push(begin.elapsed());
        near = written.await??;
    }
    Ok(took)
}

/// Two nodes, one of which listens.
struct Ends {
    listener: TcpListener,
    initiator: NodeKey,
    recipient: Arc<NodeKey>,
}

impl Ends {
    async fn new() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        Ok(Self { listener, initiator: new_key(), recipient: Arc::new(new_key()) })
    }

    /// Connects and shakes hands: the initiator's end, and the recipient's.
    async fn connect(&self) -> Result<[Link; 2]> {
        let enode = Enode::new(self.recipient.public_key(), self.listener.local_addr()?);
        let dialed = Link::dial(&self.initiator, &enode);
        let accepted = async {
            let (stream, _) = self.listener.accept().await?;
            stream.set_nodelay(true)?;
            let (reader, writer) = stream.into_split();
            let stream = Stream::new(reader, writer);
            let (key, rng) = (self.recipient.clone(), StdRng::from_rng(&mut rand::rng()));
            let responded: JoinHandle<Result<Link>> =
                tokio::spawn(async move { Ok(Link::respond(stream, &key, rng).await?) });
            responded.await?
        };
        let (near, far) = tokio::join!(dialed, accepted);
        Ok([near?, far?])
    }
}
