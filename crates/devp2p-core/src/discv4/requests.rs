//! Requests: what we asked, whom, and how long we wait for the answer.
//!
//! ```text
//!                 does it know us?
//!                    │ no                            yes │
//!                    ▼                                   ▼
//!              Step::Pong ── it answers ─▶ Step::Pause ──┬─▶ Step::Neighbors  ──▶ done
//!              we sent a Ping            it wants a      └─▶ Step::Record     ──▶ done
//!                    │                   proof, too            │
//!                    └───────────── 500 ms, no answer ─────────┘  failed
//! ```
//!
//! An answer counts if it comes from the same key and IP address, and names the hash of what we
//! sent. Neighbors packets name nothing: they count for all who asked that node.
//!
//! This module must not send anything, nor decide what follows from an answer.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::Node;
use super::bonds::Whereabouts;

use crate::keys::NodeId;

/// How long we wait for an answer: 500 ms, as go-ethereum does. Light needs 70 ms to the other
/// side of the earth.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);

/// How many requests may wait at once: 1,024, less than 1 MiB in all with the answers so far.
pub(super) const MAX_REQUESTS: usize = 1024;

/// How many of them may be Pings to strangers, who can make us send as many as they like.
pub(super) const MAX_PROOFS: usize = 512;

/// How many of those may go to one IP address. The others have to knock again.
///
/// Fifty nodes that are started on one machine at once are no attack.
pub(super) const MAX_PROOFS_OF_ONE_IP: usize = 64;

/// How long what we send is good for, in seconds: 20, as in go-ethereum.
///
/// A packet that somebody has kept and sends again later is void.
pub const EXPIRES_AFTER: u64 = 20;

/// The number of a request, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestNumber(pub u64);

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// A stranger came to us: can it prove its address?
    Proof,
    /// Is an entry of the table still there?
    Check,
    /// Is an entry of the table at the new address that its record says?
    Move,
    /// The user wants to know whether it is there.
    Ping,
    /// A lookup wants to know which nodes it knows.
    Neighbors { lookup: RequestNumber },
    /// The user wants its record.
    Record,
    /// The table does: there is a newer one.
    NewRecord,
}

/// What a request waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The answer to a Ping.
    Pong { ping_hash: [u8; 32] },
    /// Some time to pass before we ask.
    Pause,
    /// Neighbors packets: one, or several.
    Neighbors { heard: Vec<Node>, count: usize, packets: usize },
    /// The answer to an `EnrRequest`.
    Record { request_hash: [u8; 32] },
}

/// A request to a node.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) goal: Goal,
    pub(super) node: Node,
    pub(super) who: Whereabouts,
    pub(super) step: Step,
    /// When the step has failed, or, if it is a pause, is over.
    pub(super) deadline: Duration,
    /// When, since we sent it a Ping, it has sent us one.
    pub(super) pinged_us: Option<Duration>,
}

/// All requests that wait for something.
#[derive(Debug, Default)]
pub(super) struct Requests {
    waiting: BTreeMap<RequestNumber, Request>,
    last_number: u64,
    /// The expirations of the Pings of one second, no more than can be signed in it.
    pings: BTreeMap<Whereabouts, u64>,
    pings_since: u64,
}

impl Requests {
    /// A number for a new request or lookup.
    pub(super) fn new_number(&mut self) -> RequestNumber {
        self.last_number = self.last_number.saturating_add(1);
        RequestNumber(self.last_number)
    }

    /// Makes room for a request with this goal to this address; whether there is.
    ///
    /// Among strangers the oldest gives way: an honest one answers within a round trip, while those
    /// whose address was made up never do, and would keep all others out.
    pub(super) fn make_room(&mut self, goal: Goal, ip: IpAddr) -> bool {
        if goal == Goal::Proof {
            let of_one_ip = self.proofs().filter(|(_, request)| request.who.1 == ip).count();
            if of_one_ip >= MAX_PROOFS_OF_ONE_IP {
                return false;
            }
            if self.proofs().count() >= MAX_PROOFS {
                let oldest = self.proofs().next().map(|(number, _)| *number);
                oldest.map(|number| self.waiting.remove(&number));
            }
        }
        self.waiting.len() < MAX_REQUESTS
    }

    /// The Pings to strangers, the oldest first.
    fn proofs(&self) -> impl Iterator<Item = (&RequestNumber, &Request)> {
        self.waiting.iter().filter(|(_, request)| request.goal == Goal::Proof)
    }

    /// Waits from now on.
    pub(super) fn insert(&mut self, number: RequestNumber, request: Request) {
        self.waiting.insert(number, request);
    }

    /// The Ping that this is the answer to; it does not wait any more.
    pub(super) fn take_ping(
        &mut self,
        who: Whereabouts,
        ping_hash: [u8; 32],
    ) -> Option<(RequestNumber, Request)> {
        self.take(|request| request.who == who && request.step == Step::Pong { ping_hash })
    }

    /// The question for a record that this is the answer to; it does not wait any more.
    pub(super) fn take_record(
        &mut self,
        who: Whereabouts,
        request_hash: [u8; 32],
    ) -> Option<(RequestNumber, Request)> {
        self.take(|request| request.who == who && request.step == Step::Record { request_hash })
    }

    /// A request whose time is over; it does not wait any more.
    pub(super) fn take_due(&mut self, now: Duration) -> Option<(RequestNumber, Request)> {
        self.take(|request| request.deadline <= now)
    }

    /// When the next request's time is over.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.waiting.values().map(|request| request.deadline).min()
    }

    /// A node has told us nodes, as far as we believe it, out of `count`. Returns those requests
    /// that have heard enough and do not wait any more.
    pub(super) fn hear(
        &mut self,
        who: Whereabouts,
        nodes: &[Node],
        count: usize,
        enough: usize,
    ) -> Vec<(RequestNumber, Request)> {
        for request in self.waiting.values_mut().filter(|request| request.who == who) {
            if let Step::Neighbors { heard, count: total, packets } = &mut request.step {
                let room = enough.saturating_sub(*total);
                heard.extend(nodes.iter().take(room));
                *total = total.saturating_add(count);
                *packets = packets.saturating_add(1);
            }
        }
        let has_enough = |request: &Request| matches!(request.step, Step::Neighbors { count, .. } if count >= enough);
        std::iter::from_fn(|| self.take(has_enough)).collect()
    }

    /// Whether we wait for a Pong of this node; if so, it is noted that it sent us a Ping.
    pub(super) fn note_ping(&mut self, who: Whereabouts, now: Duration) -> bool {
        let mut waits = false;
        for request in self.waiting.values_mut().filter(|request| request.who == who) {
            if matches!(request.step, Step::Pong { .. }) {
                request.pinged_us = Some(now);
                waits = true;
            }
        }
        waits
    }

    /// Whether this entry of the table is being checked.
    pub(super) fn is_checking(&self, node_id: NodeId) -> bool {
        let is_check = |request: &Request| request.goal == Goal::Check && request.who.0 == node_id;
        self.waiting.values().any(is_check)
    }

    /// How many requests wait.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.waiting.len()
    }

    /// Nothing waits any more.
    pub(super) fn take_all(&mut self) -> BTreeMap<RequestNumber, Request> {
        std::mem::take(&mut self.waiting)
    }

    /// The expiration for a new Ping, later than that of the last one to the same node.
    ///
    /// Two Pings within a second would be the same packet otherwise, and some clients, such as
    /// reth, ignore a packet that they have seen.
    pub(super) fn ping_expiration(&mut self, who: Whereabouts, unix: u64) -> u64 {
        let usual = unix.saturating_add(EXPIRES_AFTER);
        if unix < self.pings_since {
            // Somebody has set the clock back: nothing is left of a time that has not come yet.
            self.pings.clear();
        }
        if self.pings_since != unix {
            self.pings.retain(|_, last| *last >= usual);
            self.pings_since = unix;
        }
        let last = self.pings.get(&who).copied().unwrap_or(0);
        let expiration = usual.max(last.saturating_add(1));
        self.pings.insert(who, expiration);
        expiration
    }

    fn take(&mut self, is_it: impl Fn(&Request) -> bool) -> Option<(RequestNumber, Request)> {
        let number =
            self.waiting.iter().find(|(_, request)| is_it(request)).map(|(number, _)| *number)?;
        self.waiting.remove_entry(&number)
    }
}
