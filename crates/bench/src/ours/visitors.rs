//! One server and many peers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use devp2p_core::enode::Enode;
use devp2p_core::events::{Events, PeerEvent};
use devp2p_core::keys::NodeKey;
use devp2p_core::protocol::{MsgPipe, ProtocolError};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::servers::{protocol, read_to_end, start};
use super::visitor::{AT_ONCE, Visitor};
use super::{new_key, noise};
use crate::Result;
use crate::case::{Case, FAN_OUT};
use crate::samples::REST;

/// From the first connect until the server has told of the last drop.
pub(super) async fn connections(case: Case) -> Result<Vec<Duration>> {
    let server = start(FAN_OUT, protocol(read_to_end)).await?;
    let keys: Arc<[NodeKey]> = (0..case.count).map(|_| new_key()).collect();
    let mut events = server.subscribe();
    let mut took = Vec::new();
    for _ in 0..case.samples {
        sleep(REST).await;
        let begin = Instant::now();
        let mut visits = JoinSet::new();
        for first in 0..AT_ONCE {
            visits.spawn(come_and_go(server.enode(), keys.clone(), first));
        }
        tokio::try_join!(all(visits), drops(&mut events, case.count))?;
        took.push(begin.elapsed());
    }
    server.stop().await;
    Ok(took)
}

/// Connects and hangs up, with every [`AT_ONCE`]th of the keys.
async fn come_and_go(server: Enode, keys: Arc<[NodeKey]>, first: usize) -> Result<()> {
    for key in keys.iter().skip(first).step_by(AT_ONCE) {
        Visitor::connect(&server, key).await?;
    }
    Ok(())
}

async fn drops(events: &mut Events, count: u32) -> Result<()> {
    let mut left = count;
    while left > 0 {
        match events.next().await {
            Some(PeerEvent::Drop { .. }) => left = left.saturating_sub(1),
            Some(PeerEvent::Missed(_)) | None => return Err("events were lost".into()),
            Some(_) => {}
        }
    }
    Ok(())
}

/// From the word to begin until the last peer has read its last message.
pub(super) async fn fan_out(case: Case, size: usize) -> Result<Vec<Duration>> {
    let payload: Arc<[u8]> = noise(size).into();
    let (begin, begun) = watch::channel(());
    let (arrive, mut arrived) = mpsc::unbounded_channel();
    let write = protocol(move |pipe| {
        // An error says that nobody waits any more.
        let _ = arrive.send(());
        write_when_told(case, pipe, payload.clone(), begun.clone())
    });
    let server = start(FAN_OUT, write).await?;
    let mut visitors = Vec::new();
    for _ in 0..FAN_OUT {
        visitors.push(Visitor::connect(&server.enode(), &new_key()).await?);
        arrived.recv().await;
    }
    let mut took = Vec::new();
    for _ in 0..case.samples {
        sleep(REST).await;
        let since = Instant::now();
        begin.send_replace(());
        let mut readers = JoinSet::new();
        for visitor in visitors {
            readers.spawn(read_messages(visitor, case.count));
        }
        visitors = all(readers).await?;
        took.push(since.elapsed());
    }
    server.stop().await;
    Ok(took)
}

async fn write_when_told(
    case: Case,
    mut pipe: MsgPipe,
    payload: Arc<[u8]>,
    mut begun: watch::Receiver<()>,
) -> std::result::Result<(), ProtocolError> {
    while begun.changed().await.is_ok() {
        for _ in 0..case.count {
            pipe.write(0, &payload).await?;
        }
    }
    Ok(())
}

async fn read_messages(mut visitor: Visitor, count: u32) -> Result<Visitor> {
    for _ in 0..count {
        visitor.read().await?;
    }
    Ok(visitor)
}

/// What all these tasks return, or the first error.
async fn all<T: 'static>(mut tasks: JoinSet<Result<T>>) -> Result<Vec<T>> {
    let mut returned = Vec::new();
    while let Some(task) = tasks.join_next().await {
        returned.push(task??);
    }
    Ok(returned)
}
