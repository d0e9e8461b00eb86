//! A lookup: from the nodes we know to the nodes closest to a target, question by question.
//!
//! ```text
//!                 the K = 16 closest that we have heard of, the closest first
//!   ┌────────┬─────────┬────────┬─────┬─────────┬─────┐
//!   │answered│ waiting │answered│ new │ waiting │ new │ …   new: asked next, α = 3 at a time
//!   └────────┴─────────┴────────┴─────┴─────────┴─────┘
//!        each answer brings nodes in, which push the far ones out; a node that does not answer is
//!        asked again, and then is out; when all 16 have answered, they are the result
//! ```
//!
//! This module must not send anything: it says whom to ask, and is told what came of it.
//!
//! Where we differ from go-ethereum: there, nodes are asked once, and also those that did not
//! answer stay in the result. A question takes up to seven datagrams, if the two have not met; one
//! lost among them should not hide a node.
//!
//! Spec: [Node discovery v4, recursive lookup](https://github.com/ethereum/devp2p/blob/master/discv4.md#recursive-lookup)

use std::collections::{BTreeMap, BTreeSet};

use super::Node;
use super::distance::Distance;
use crate::keys::NodeId;

/// K: how many of the closest nodes a lookup finds, and a bucket of the table holds.
pub const K: usize = 16;

/// α: how many nodes a lookup asks at a time.
const ALPHA: usize = 3;

/// How many questions a lookup asks in all.
///
/// An honest network needs less than half of it. Dishonest nodes can invent ever closer ones, whose
/// keys cost them nothing, and keep a lookup busy for ever.
const MAX_ASKED: usize = 64;

/// How often a node is asked that does not answer.
const MAX_TRIES: u32 = 2;

/// The search for the nodes closest to one target.
///
/// Holds at most `K` nodes, plus 16 for each of the [`MAX_ASKED`] answers: less than 300 KiB.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    target: NodeId,
    /// All that we have heard of, also those that did not answer: they are not taken in again.
    seen: BTreeSet<NodeId>,
    candidates: BTreeMap<Distance, Candidate>,
    asked: usize,
    waiting: usize,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    node: Node,
    state: State,
    tries: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Waiting,
    Answered,
}

impl Lookup {
    /// A lookup that begins with the nodes `known`, and never asks `own`.
    #[must_use]
    pub(super) fn new(target: NodeId, own: NodeId, known: Vec<Node>) -> Self {
        let seen = BTreeSet::from([own]);
        let candidates = BTreeMap::new();
        let mut lookup = Self { target, seen, candidates, asked: 0, waiting: 0 };
        lookup.take_in(known);
        lookup
    }

    // ANCHOR: next_question
    /// Whom to ask now. Each must be reported once, as [`answered`](Self::answered) or
    /// [`failed`](Self::failed). `None`: nobody, before more is reported.
    pub(super) fn next_question(&mut self) -> Option<Node> {
        if self.waiting >= ALPHA || self.asked >= MAX_ASKED {
            return None;
        }
        let mut closest = self.candidates.values_mut().take(K);
        let candidate = closest.find(|candidate| candidate.state == State::New)?;
        candidate.state = State::Waiting;
        candidate.tries = candidate.tries.saturating_add(1);
        self.waiting = self.waiting.saturating_add(1);
        self.asked = self.asked.saturating_add(1);
        Some(candidate.node)
    }
    // ANCHOR_END: next_question

    /// A node that was asked has answered; returns the nodes that we had not heard of.
    ///
    /// Only the first `K` nodes of an answer count.
    pub(super) fn answered(&mut self, node_id: NodeId, nodes: Vec<Node>) -> Vec<Node> {
        let distance = Distance::between(self.target, node_id);
        if let Some(candidate) = self.candidates.get_mut(&distance) {
            if candidate.state != State::Waiting {
                return Vec::new();
            }
            candidate.state = State::Answered;
            self.waiting = self.waiting.saturating_sub(1);
        }
        self.take_in(nodes)
    }

    /// A node that was asked has not answered: it is asked once more.
    pub(super) fn failed(&mut self, node_id: NodeId) {
        let distance = Distance::between(self.target, node_id);
        let Some(candidate) = self.candidates.get_mut(&distance) else { return };
        if candidate.state != State::Waiting {
            return;
        }
        self.waiting = self.waiting.saturating_sub(1);
        candidate.state = State::New;
        if candidate.tries >= MAX_TRIES {
            self.candidates.remove(&distance);
        }
    }

    /// Whether nobody is left to be asked or waited for.
    #[must_use]
    pub(super) fn is_done(&self) -> bool {
        let is_new = |candidate: &Candidate| candidate.state == State::New;
        let is_left = self.asked < MAX_ASKED && self.candidates.values().take(K).any(is_new);
        self.waiting == 0 && !is_left
    }

    /// The closest nodes that answered, at most `K`, the closest first.
    #[must_use]
    pub(super) fn closest(&self) -> Vec<Node> {
        let answered = self.candidates.values().filter(|it| it.state == State::Answered);
        answered.take(K).map(|candidate| candidate.node).collect()
    }

    /// How many questions were asked so far.
    #[cfg(test)]
    pub(super) fn asked(&self) -> usize {
        self.asked
    }

    fn take_in(&mut self, nodes: Vec<Node>) -> Vec<Node> {
        let mut new = Vec::new();
        for node in nodes.into_iter().take(K) {
            let node_id = node.node_id();
            if self.seen.insert(node_id) {
                let distance = Distance::between(self.target, node_id);
                self.candidates.insert(distance, Candidate { node, state: State::New, tries: 0 });
                new.push(node);
            }
        }
        new
    }
}

#[cfg(test)]
mod tests;
