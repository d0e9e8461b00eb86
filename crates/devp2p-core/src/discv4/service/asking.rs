//! What we ask others, and what becomes of it when nobody answers.
//!
//! This module must not ask a node for anything but a Pong before it has a proof of our address:
//! it would not answer. Nor must it ask a node that has just come to us before it is over with its
//! own questions.

use std::time::Duration;

use super::super::Node;
use super::super::bonds::Whereabouts;
use super::super::packet::{Endpoint, EnrRequest, FindNode, Packet, Ping};
use super::super::requests::{ANSWER_TIMEOUT, Goal, Request, Step};
use super::super::table::Source;
use super::incoming::expiration;
use super::{BootnodeState, Now, Output, RequestError, RequestNumber, Service};

/// How long a node has, after its Pong, to send its own Ping and to receive our Pong: 500 ms.
///
/// Only then it has its proof, and will answer questions.
const PAUSE_AFTER_PONG: Duration = ANSWER_TIMEOUT;

impl Service {
    /// Asks `node` for what `goal` needs: at first for a Pong, if it does not know us.
    pub(super) fn ask(
        &mut self,
        number: RequestNumber,
        goal: Goal,
        node: Node,
        now: Now,
    ) -> Result<(), RequestError> {
        let who = (node.node_id(), node.ip);
        if who.0 == self.own {
            return Err(RequestError::OwnNode);
        }
        if self.is_closed {
            return Err(RequestError::Closed);
        }
        if !self.requests.make_room(goal, node.ip) {
            return Err(RequestError::Busy);
        }
        let is_question = matches!(goal, Goal::Neighbors { .. } | Goal::Record | Goal::NewRecord);
        let quiet_until = self.bonds.quiet_until(who);
        let deadline = now.since_start.saturating_add(ANSWER_TIMEOUT);
        let (step, deadline) = if !is_question || !self.bonds.knows_us(who, now.since_start) {
            (self.send_ping(&node, who, now), deadline)
        } else if quiet_until > now.since_start {
            (Step::Pause, quiet_until)
        } else {
            (self.send_question(goal, &node, now), deadline)
        };
        let pinged_us = (goal == Goal::Proof).then_some(now.since_start);
        self.requests.insert(number, Request { goal, node, who, step, deadline, pinged_us });
        Ok(())
    }

    /// It has answered our Ping; now it may want to send us its own.
    pub(super) fn pause(&self, request: &mut Request, now: Now) {
        request.step = Step::Pause;
        request.deadline = now.since_start.saturating_add(PAUSE_AFTER_PONG);
    }

    /// Ends what has waited long enough.
    pub(super) fn end_waits(&mut self, now: Now) {
        while let Some((number, mut request)) = self.requests.take_due(now.since_start) {
            match request.step {
                Step::Pause => {
                    request.step = self.send_question(request.goal, &request.node, now);
                    request.deadline = now.since_start.saturating_add(ANSWER_TIMEOUT);
                    self.requests.insert(number, request);
                }
                // Fewer than 16 nodes: it has no more, or a packet was lost.
                Step::Neighbors { heard, packets: 1.., .. } => {
                    self.heard(request.goal, request.node, heard, now);
                }
                _ => self.give_up(number, &request, RequestError::Timeout, now),
            }
        }
    }

    /// Checks the entries of the table whose turn it is.
    pub(super) fn check_table(&mut self, now: Now) {
        while let Some(node) = self.table.due_check(now.since_start, &mut self.rng) {
            let (number, who) = (self.requests.new_number(), (node.node_id(), node.ip));
            let is_quiet = self.bonds.quiet_until(who) > now.since_start;
            if !is_quiet && !self.requests.is_checking(who.0) {
                // Without room for the request now, its turn will come again.
                let _ = self.ask(number, Goal::Check, node, now);
            }
        }
    }

    /// A node has told us nodes, so it is there, and it knows us.
    pub(super) fn heard(&mut self, goal: Goal, node: Node, heard: Vec<Node>, now: Now) {
        self.note_bootnode(&node, BootnodeState::Answered);
        let node_id = node.node_id();
        self.bonds.knows_us_since((node_id, node.ip), now.since_start);
        self.table.add(node, Source::Hearsay, now.since_start, &mut self.rng);
        self.table.answered(node_id);
        if let Goal::Neighbors { lookup } = goal {
            self.lookup_answered(lookup, node_id, heard, now);
        }
    }

    /// There will be no answer.
    pub(super) fn give_up(
        &mut self,
        number: RequestNumber,
        request: &Request,
        error: RequestError,
        now: Now,
    ) {
        let node = request.who.0;
        self.note_bootnode(&request.node, BootnodeState::of(error));
        if !matches!(request.step, Step::Pong { .. }) {
            self.bonds.has_forgotten_us(request.who);
        }
        match request.goal {
            Goal::Proof | Goal::Move | Goal::NewRecord => {}
            Goal::Check => self.table.check_failed(node, now.since_start, &mut self.rng),
            Goal::Ping => self.outputs.push_back(Output::PingDone { number, result: Err(error) }),
            Goal::Record => self.outputs.push_back(Output::EnrDone { number, result: Err(error) }),
            Goal::Neighbors { lookup } => {
                self.table.failed(node, now.since_start, &mut self.rng);
                self.lookup_failed(lookup, node, now);
            }
        }
    }

    fn send_ping(&mut self, node: &Node, who: Whereabouts, now: Now) -> Step {
        let ping = Ping {
            from: self.endpoint,
            to: Endpoint { ip: node.ip, udp: node.udp, tcp: 0 },
            expiration: self.requests.ping_expiration(who, now.unix),
            enr_seq: Some(self.record.seq()),
        };
        Step::Pong { ping_hash: self.send(node.udp_addr(), &Packet::Ping(ping)) }
    }

    fn send_question(&mut self, goal: Goal, node: &Node, now: Now) -> Step {
        let (to, expiration) = (node.udp_addr(), expiration(now));
        if let Goal::Neighbors { lookup } = goal {
            let target = self.lookup_target(lookup);
            self.send(to, &Packet::FindNode(FindNode { target, expiration }));
            Step::Neighbors { heard: Vec::new(), count: 0, packets: 0 }
        } else {
            let request_hash = self.send(to, &Packet::EnrRequest(EnrRequest { expiration }));
            Step::Record { request_hash }
        }
    }
}
