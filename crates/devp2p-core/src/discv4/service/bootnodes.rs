//! The bootnodes: whom a node begins with, and what has become of them.

use super::super::Node;
use super::{RequestError, Service};

/// What has become of a bootnode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub enum BootnodeState {
    /// It was not asked yet, or has had no time to answer.
    #[default]
    Unknown,
    /// It has answered.
    Answered,
    /// It was asked, and did not answer.
    Silent,
    /// It has answered, but by our clock its answer was void, since so many seconds: a clock is
    /// wrong, here or there.
    Expired(u64),
}

impl BootnodeState {
    /// What follows from a request that has failed.
    pub(super) fn of(error: RequestError) -> Self {
        match error {
            RequestError::Timeout => Self::Silent,
            RequestError::Expired(seconds) => Self::Expired(seconds),
            RequestError::WrongRecord
            | RequestError::OwnNode
            | RequestError::Busy
            | RequestError::Closed => Self::Unknown,
        }
    }
}

impl Service {
    /// The bootnodes, and what has become of each.
    pub fn bootnodes(&self) -> impl Iterator<Item = (&Node, BootnodeState)> {
        self.bootnodes.iter().map(|(node, state)| (node, *state))
    }

    /// From now on, these are the bootnodes. What is known about those that stay is kept.
    pub fn set_bootnodes(&mut self, nodes: Vec<Node>) {
        let own = self.own;
        let others = nodes.into_iter().filter(|node| node.node_id() != own);
        let state = |node: &Node| self.bootnodes().find(|(old, _)| *old == node);
        let known =
            others.map(|node| (node, state(&node).map_or_else(Default::default, |it| it.1)));
        self.bootnodes = known.collect();
        if !self.bootnodes.is_empty() {
            self.plans.have_bootnodes();
        }
    }

    /// Notes what has become of `node`, if it is a bootnode.
    pub(super) fn note_bootnode(&mut self, node: &Node, now: BootnodeState) {
        let same = |it: &&mut (Node, BootnodeState)| {
            it.0.public_key == node.public_key && it.0.udp_addr() == node.udp_addr()
        };
        if let Some((_, state)) = self.bootnodes.iter_mut().find(same) {
            if now != BootnodeState::Unknown {
                *state = now;
            }
        }
    }
}
