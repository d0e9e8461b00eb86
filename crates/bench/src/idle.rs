//! Peers that are held and do nothing, pings apart: memory for each, and what they cost the main
//! loop.
//!
//! A process of its own holds the peers (the mode `hold` of this program, and of go-ethereum's
//! half); the visitors of this one are their other ends. The difference of its resident memory
//! before and after is what counts. go-ethereum collects its garbage and gives back what it does
//! not need before each of the two; we do not. Sockets are the kernel's, and not in it.

use std::sync::Arc;
use std::time::Duration;

use devp2p_core::enode::Enode;
use interop::Program;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::Result;
use crate::holder::Holder;
use crate::ours::new_key;
use crate::ours::visitor::{AT_ONCE, Visitor};

/// Descriptors that a process needs besides those of its peers.
const OTHER_FILES: u64 = 200;
/// How long all peers may take to be connected, and then each to be pinged: pings come after 15 s.
const ALL_PINGED: Duration = Duration::from_secs(60);

/// Raises this process's limit of open files as far as it is allowed, and returns how many peers
/// can be held: `wanted`, or less.
///
/// # Errors
/// The operating system's.
pub fn raise_limit(wanted: usize) -> Result<usize> {
    let files = rlimit::increase_nofile_limit(u64::MAX)?;
    Ok(wanted.min(usize::try_from(files.saturating_sub(OTHER_FILES))?))
}

/// Bytes of resident memory for each of `peers` peers that `holder` holds.
///
/// # Errors
/// If it cannot be measured here (it is read in `/proc`, as Linux has it), or a peer is dropped.
pub async fn memory_per_peer(holder: &Program, arguments: &[&str], peers: usize) -> Result<usize> {
    let count = format!("--peers={peers}");
    let mut holder = Holder::start(holder, &[arguments, &["hold", &count]].concat()).await?;
    let before = holder.memory().await?;
    let crowd = Crowd::gather(holder.enode.clone(), peers).await?;
    let after = holder.memory().await?;
    crowd.disperse()?;
    holder.stop().await?;
    Ok(after.saturating_sub(before).checked_div(peers).unwrap_or_default())
}

/// Nanoseconds for a turn of the main loop of `holder`, which holds `peers` peers and as many static
/// nodes.
///
/// # Errors
/// If a peer is dropped.
pub async fn turns(holder: &Program, peers: usize) -> Result<Vec<f64>> {
    let count = format!("--peers={peers}");
    let mut holder = Holder::start(holder, &["hold", &count]).await?;
    let crowd = Crowd::gather(holder.enode.clone(), peers).await?;
    let samples = holder.turns(peers).await?;
    crowd.disperse()?;
    holder.stop().await?;
    Ok(samples)
}

/// Visitors that stay, and answer pings.
struct Crowd(JoinSet<Result<()>>);

impl Crowd {
    /// Returns when every visitor was pinged: then the server holds all of them.
    async fn gather(server: Enode, peers: usize) -> Result<Self> {
        let door = Arc::new(Semaphore::new(AT_ONCE));
        let (report, mut pinged) = mpsc::channel(AT_ONCE);
        let mut visitors = JoinSet::new();
        for _ in 0..peers {
            visitors.spawn(stay(server.clone(), door.clone(), report.clone()));
        }
        let all_pinged = async {
            for _ in 0..peers {
                tokio::select! {
                    _ = pinged.recv() => {}
                    ended = visitors.join_next() => return Err(why(ended)),
                }
            }
            Ok(())
        };
        timeout(ALL_PINGED, all_pinged).await??;
        Ok(Self(visitors))
    }

    /// Goes home; an error if somebody has left before.
    fn disperse(mut self) -> Result<()> {
        match self.0.try_join_next() {
            None => Ok(()),
            ended => Err(why(ended)),
        }
    }
}

/// Connects when there is room at the door, and tells when it was pinged for the first time.
async fn stay(server: Enode, door: Arc<Semaphore>, report: mpsc::Sender<()>) -> Result<()> {
    let key = new_key();
    let turn = door.acquire().await?;
    let mut visitor = Visitor::connect(&server, &key).await?;
    drop(turn);
    visitor.answer_ping().await?;
    report.send(()).await?;
    loop {
        visitor.answer_ping().await?;
    }
}

fn why(
    ended: Option<std::result::Result<Result<()>, tokio::task::JoinError>>,
) -> Box<dyn std::error::Error + Send + Sync> {
    match ended {
        Some(Ok(Err(error))) => error,
        Some(Err(error)) => error.into(),
        Some(Ok(Ok(()))) | None => "a visitor left".into(),
    }
}
