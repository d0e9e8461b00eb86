//! What comes in, and what we do about it.
//!
//! | Packet | from whom | what happens |
//! |---|---|---|
//! | Ping | anybody | a Pong, and a Ping, if there is no proof of its address |
//! | `FindNode`, `EnrRequest` | who has proved its address | the answer |
//! | | anybody else | nothing at all, not even a Ping |
//! | Pong, Neighbors, `EnrResponse` | who was asked | what the question was for |
//! | | anybody else | nothing |
//!
//! This module must not send to a stranger more than one Pong and one Ping for a Ping: an
//! attacker may have written somebody else's address on the envelope.

use std::net::SocketAddr;

use super::super::Node;
use super::super::address::{MAX_SYSTEM_PORT, may_tell};
use super::super::bonds::Whereabouts;
use super::super::lookup::K;
use super::super::packet::{
    self, Endpoint, EnrResponse, FindNode, MAX_NEIGHBORS, Neighbor, Neighbors, Packet, Ping, Pong,
};
use super::super::requests::{Goal, Request, Step};
use super::super::table::Source;
use super::{BootnodeState, EXPIRES_AFTER, Now, Output, RequestError, Service};
use crate::enr::Enr;
use crate::keys::{NodeId, PublicKey};

/// Who sent a packet, from where: the one is proved by the signature, the other is not.
#[derive(Debug, Clone, Copy)]
struct Envelope {
    sender: PublicKey,
    from: SocketAddr,
    who: Whereabouts,
    hash: [u8; 32],
}

impl Service {
    pub(super) fn take_in(&mut self, now: Now, from: SocketAddr, datagram: &[u8]) {
        let Ok(received) = packet::decode(datagram) else { return };
        let sender = received.sender;
        let node_id = sender.node_id();
        if node_id == self.own || from.port() == 0 {
            return;
        }
        // A socket for IPv6 shows IPv4 senders as ::ffff:1.2.3.4.
        let ip = from.ip().to_canonical();
        let from = SocketAddr::new(ip, from.port());
        let envelope = Envelope { sender, from, who: (node_id, ip), hash: received.hash };
        if let Some(seconds) = received.packet.expired_for(now.unix) {
            if let Packet::Pong(pong) = received.packet {
                self.on_late_pong(envelope, &pong, seconds, now);
            }
            return;
        }
        match received.packet {
            Packet::Ping(ping) => self.on_ping(envelope, &ping, now),
            Packet::Pong(pong) => self.on_pong(envelope, pong, now),
            Packet::FindNode(find_node) => self.on_find_node(envelope, &find_node, now),
            Packet::Neighbors(neighbors) => self.on_neighbors(envelope, &neighbors, now),
            Packet::EnrRequest(_) => self.on_enr_request(envelope, now),
            Packet::EnrResponse(response) => self.on_enr_response(envelope, response, now),
        }
    }

    fn on_ping(&mut self, envelope: Envelope, ping: &Ping, now: Now) {
        let Envelope { sender, from, who, hash } = envelope;
        let (ip, udp, tcp) = (from.ip(), from.port(), ping.from.tcp);
        let pong = Pong {
            to: Endpoint { ip, udp, tcp },
            ping_hash: hash,
            expiration: expiration(now),
            enr_seq: Some(self.record.seq()),
        };
        self.send(from, &Packet::Pong(pong));

        let node = Node { public_key: sender, ip, udp, tcp };
        if self.bonds.is_proved(who, now.since_start) {
            self.bonds.knows_us_since(who, now.since_start);
            self.meet(node, now);
        } else if !self.requests.note_ping(who, now.since_start) {
            let number = self.requests.new_number();
            // If there are too many strangers just now, it has to come again.
            let _ = self.ask(number, Goal::Proof, node, now);
        }
    }

    fn on_pong(&mut self, envelope: Envelope, pong: Pong, now: Now) {
        let Envelope { from, who, .. } = envelope;
        let Some((number, mut request)) = self.requests.take_ping(who, pong.ping_hash) else {
            return;
        };
        self.note_bootnode(&request.node, BootnodeState::Answered);
        self.bonds.proved(who, now.since_start);
        if let Some(since) = request.pinged_us {
            self.bonds.knows_us_since(who, since);
        }
        self.hear_own_endpoint(from, pong.to, now);

        match request.goal {
            Goal::Proof => {
                self.bonds.let_speak(who, now.since_start);
                self.meet(request.node, now);
            }
            Goal::Check => {
                self.table.check_passed(who.0, now.since_start, &mut self.rng);
                self.want_record(request.node, pong.enr_seq, now);
            }
            Goal::Move => {
                self.table.add(request.node, Source::Itself, now.since_start, &mut self.rng);
            }
            Goal::Ping => self.outputs.push_back(Output::PingDone { number, result: Ok(pong) }),
            Goal::Neighbors { .. } | Goal::Record | Goal::NewRecord => {
                if matches!(request.goal, Goal::Neighbors { .. }) {
                    self.tell_found(&[request.node]);
                }
                self.pause(&mut request, now);
                self.requests.insert(number, request);
            }
        }
    }

    /// The answer to a Ping of ours, and void already: a clock is wrong, here or there. It counts as
    /// none, but for what it says about the clocks.
    fn on_late_pong(&mut self, envelope: Envelope, pong: &Pong, seconds: u64, now: Now) {
        if seconds == u64::MAX {
            // No clock is so wrong.
            return;
        }
        if let Some((number, request)) = self.requests.take_ping(envelope.who, pong.ping_hash) {
            self.give_up(number, &request, RequestError::Expired(seconds), now);
        }
    }

    // ANCHOR: find_node
    fn on_find_node(&mut self, envelope: Envelope, find_node: &FindNode, now: Now) {
        let Envelope { sender, from, who, .. } = envelope;
        if !self.bonds.is_proved(who, now.since_start) {
            return;
        }
        let is_for_it = |node: &Node| node.public_key != sender && may_tell(from.ip(), node.ip);
        let closest = self.table.closest(NodeId::of(&find_node.target), is_for_it);
        let mut neighbors = closest.iter().map(to_neighbor);
        // At least one packet, even an empty one: we are here, we just know nobody.
        loop {
            let nodes: Vec<Neighbor> = neighbors.by_ref().take(MAX_NEIGHBORS).collect();
            let packet = Packet::Neighbors(Neighbors { nodes, expiration: expiration(now) });
            self.send(from, &packet);
            if neighbors.len() == 0 {
                return;
            }
        }
    }
    // ANCHOR_END: find_node

    fn on_neighbors(&mut self, envelope: Envelope, neighbors: &Neighbors, now: Now) {
        let Envelope { from, who, .. } = envelope;
        let count = neighbors.nodes.len();
        let told = |neighbor| to_node(neighbor, from);
        let nodes: Vec<Node> = neighbors.nodes.iter().filter_map(told).collect();
        for (_, request) in self.requests.hear(who, &nodes, count, K) {
            if let Step::Neighbors { heard, .. } = request.step {
                self.heard(request.goal, request.node, heard, now);
            }
        }
    }

    fn on_enr_request(&mut self, envelope: Envelope, now: Now) {
        let Envelope { from, who, hash, .. } = envelope;
        if !self.bonds.is_proved(who, now.since_start) {
            return;
        }
        let record = self.record.clone();
        self.send(from, &Packet::EnrResponse(EnrResponse { request_hash: hash, record }));
    }

    fn on_enr_response(&mut self, envelope: Envelope, response: EnrResponse, now: Now) {
        let EnrResponse { request_hash, record } = response;
        let Some((number, request)) = self.requests.take_record(envelope.who, request_hash) else {
            return;
        };
        self.bonds.knows_us_since(envelope.who, now.since_start);
        if record.public_key() != envelope.sender {
            self.give_up(number, &request, RequestError::WrongRecord, now);
        } else if request.goal == Goal::Record {
            self.outputs.push_back(Output::EnrDone { number, result: Ok(record) });
        } else {
            self.learn_from_record(&request, &record, now);
        }
    }

    /// A node of the table says that its record is a newer one than we have seen.
    fn want_record(&mut self, node: Node, enr_seq: Option<u64>, now: Now) {
        let seen = self.table.record_seq(node.node_id());
        if seen.is_some_and(|seen| enr_seq.is_some_and(|seq| seq > seen)) {
            let number = self.requests.new_number();
            // Without room for the request now, the next check brings us here again.
            let _ = self.ask(number, Goal::NewRecord, node, now);
        }
    }

    /// A node of the table has sent its newest record. A new address must answer first.
    fn learn_from_record(&mut self, request: &Request, record: &Enr, now: Now) {
        let Node { ip, .. } = request.node;
        if self.table.record_seq(request.who.0).is_none_or(|seen| record.seq() <= seen) {
            return;
        }
        self.table.set_record_seq(request.who.0, record.seq());
        let Some(said) = Node::from_enode(&record.enode()) else { return };
        if said.udp_addr() == request.node.udp_addr() {
            self.table.add(said, Source::Itself, now.since_start, &mut self.rng);
        } else if said.udp > MAX_SYSTEM_PORT && may_tell(ip, said.ip) {
            let number = self.requests.new_number();
            // Without room for the request we stay with the address that has answered.
            let _ = self.ask(number, Goal::Move, said, now);
        }
    }

    /// A node has come to us by itself, and has proved its address.
    ///
    /// Not before our own first round is over. Otherwise the nodes that come first after our start
    /// could be all that we know.
    fn meet(&mut self, node: Node, now: Now) {
        if self.plans.have_looked_around() {
            self.table.add(node, Source::Itself, now.since_start, &mut self.rng);
        }
    }

    fn hear_own_endpoint(&mut self, from: SocketAddr, seen: Endpoint, now: Now) {
        if !self.learn_endpoint || seen.udp == 0 || !may_tell(from.ip(), seen.ip) {
            return;
        }
        let seen_at = SocketAddr::new(seen.ip, seen.udp);
        if let Some(endpoint) = self.statements.add(from.ip(), seen_at, now.since_start) {
            self.move_to(endpoint);
        }
    }
}

/// When what we send now is void.
pub(super) fn expiration(now: Now) -> u64 {
    now.unix.saturating_add(EXPIRES_AFTER)
}

fn to_neighbor(node: &Node) -> Neighbor {
    let endpoint = Endpoint { ip: node.ip, udp: node.udp, tcp: node.tcp };
    Neighbor { endpoint, public_key: node.public_key.to_bytes() }
}

/// A node, as the one at `teller` has told us; none if it cannot be or should not be asked.
fn to_node(neighbor: &Neighbor, teller: SocketAddr) -> Option<Node> {
    let Endpoint { ip, udp, tcp } = neighbor.endpoint;
    let ip = ip.to_canonical();
    if udp <= MAX_SYSTEM_PORT || !may_tell(teller.ip(), ip) {
        return None;
    }
    let public_key = PublicKey::from_bytes(neighbor.public_key).ok()?;
    Some(Node { public_key, ip, udp, tcp })
}
