//! Handshakes and frames over TCP, a task for each end and no server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use devp2p_core::frame::MAX_FRAME_SIZE;
use devp2p_core::handshake::Session;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::transport::{self, Incoming, Outgoing};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::{new_key, noise};
use crate::Result;
use crate::case::Case;
use crate::samples::REST;

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

pub(super) async fn frames(case: Case, size: usize) -> Result<Vec<Duration>> {
    let [(near, ours), (far, theirs)] = Ends::new().await?.connect().await?;
    // The other halves keep the connection open.
    let (_near_reader, near) = near.into_split();
    let (far, _far_writer) = far.into_split();
    let mut outgoing = Outgoing::new(near, ours.writer);
    let mut incoming = Incoming::new(far, theirs.reader);
    let frame_data: Arc<[u8]> = noise(size).into();
    let mut took = Vec::new();
    for _ in 0..case.samples {
        sleep(REST).await;
        let begin = Instant::now();
        let frame_data = frame_data.clone();
        let written: JoinHandle<Result<_>> = tokio::spawn(async move {
            for _ in 0..case.count {
                outgoing.seal(&frame_data)?;
                outgoing.flush().await?;
            }
            Ok(outgoing)
        });
        for _ in 0..case.count {
            incoming.read(MAX_FRAME_SIZE).await?;
        }
        took.push(begin.elapsed());
        outgoing = written.await??;
    }
    Ok(took)
}

/// Two nodes, one of which listens.
struct Ends {
    listener: TcpListener,
    initiator: NodeKey,
    recipient: Arc<NodeKey>,
}

/// One end of a connection.
type End = (TcpStream, Session);

impl Ends {
    async fn new() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        Ok(Self { listener, initiator: new_key(), recipient: Arc::new(new_key()) })
    }

    /// Connects and shakes hands: the initiator's end, and the recipient's.
    async fn connect(&self) -> Result<[End; 2]> {
        let mut near = TcpStream::connect(self.listener.local_addr()?).await?;
        let (mut far, _) = self.listener.accept().await?;
        near.set_nodelay(true)?;
        far.set_nodelay(true)?;
        let key = self.recipient.clone();
        let responded: JoinHandle<Result<End>> = tokio::spawn(async move {
            let (mut reader, mut writer) = far.split();
            let session = transport::respond(&mut reader, &mut writer, &key).await?;
            Ok((far, session))
        });
        let (mut reader, mut writer) = near.split();
        let recipient = self.recipient.public_key();
        let session =
            transport::initiate(&mut reader, &mut writer, &self.initiator, recipient).await?;
        Ok([(near, session), responded.await??])
    }
}
