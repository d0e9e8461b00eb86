//! Where is this node? Discovery is asked about static nodes that cannot be reached.

use tokio::task::JoinSet;
use tracing::{Instrument, debug};

use super::discovery::DiscoveryHandle;
use crate::discv4::Node;
use crate::keys::PublicKey;

/// How many nodes are looked for at once.
const MAX_SEEKING: usize = 4;

/// Who is being looked for.
#[derive(Default)]
pub(super) struct Seeker {
    /// Whom to ask; nobody without discovery.
    discovery: Option<DiscoveryHandle>,
    lookups: JoinSet<Option<Node>>,
}

impl Seeker {
    pub(super) fn new(discovery: Option<DiscoveryHandle>) -> Self {
        Self { discovery, lookups: JoinSet::new() }
    }

    /// Whether there is somebody to ask, and time for one more question.
    pub(super) fn is_free(&self) -> bool {
        self.discovery.is_some() && self.lookups.len() < MAX_SEEKING
    }

    /// Begins to look for a node; [`found`](Self::found) tells where it is.
    pub(super) fn look_for(&mut self, key: PublicKey) {
        let Some(discovery) = self.discovery.clone() else { return };
        let look = async move {
            let closest = discovery.lookup(key.to_bytes()).await.ok()?;
            closest.into_iter().find(|node| node.public_key == key)
        };
        self.lookups.spawn(look.in_current_span());
    }

    /// Waits for the next one that is found. Cancel-safe.
    pub(super) async fn found(&mut self) -> Node {
        loop {
            match self.lookups.join_next().await {
                Some(Ok(Some(node))) => {
                    let key = node.public_key.short();
                    debug!(peer = %key, ip = %node.ip, tcp = node.tcp, "discovery knows where it is");
                    return node;
                }
                // Not found, or a defect of the lookup.
                Some(_) => {}
                None => return std::future::pending().await,
            }
        }
    }

    /// Looks for nobody any more; no task is left then.
    pub(super) async fn stop(&mut self) {
        self.lookups.shutdown().await;
    }
}
