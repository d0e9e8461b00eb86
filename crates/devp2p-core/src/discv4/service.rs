//! The service: a whole node of the discovery network, without its socket.
//!
//! ```text
//!   a datagram, or the time ──▶ ┌─────────┐ ──▶ Output: datagrams to send, nodes found,
//!   ping, lookup, search …  ──▶ │ Service │           answers to what was asked
//!                               └─────────┘ ──▶ next_wake: when to call again at the latest
//! ```
//!
//! Whoever drives it calls [`receive`](Service::receive) for each datagram, [`tick`](Service::tick)
//! when [`next_wake`](Service::next_wake) says so, and after each call takes what
//! [`next_output`](Service::next_output) has, until it has nothing more.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use devp2p_core::discv4::packet::{Endpoint, Packet, decode};
//! use devp2p_core::discv4::service::{Now, Output, Service, ServiceConfig};
//! use devp2p_core::discv4::Node;
//! use devp2p_core::keys::NodeKey;
//!
//! let key = |n| Arc::new(NodeKey::from_bytes([n; 32]).expect("a number from 1 on is a key"));
//! let endpoint = Endpoint { ip: [127, 0, 0, 1].into(), udp: 30303, tcp: 0 };
//! let bootnode =
//!     Node { public_key: key(2).public_key(), ip: [127, 0, 0, 2].into(), udp: 30303, tcp: 0 };
//! let config = ServiceConfig { bootnodes: vec![bootnode], ..ServiceConfig::new(key(1), endpoint) };
//! let now = Now { since_start: Duration::ZERO, unix: 1_700_000_000 };
//!
//! // It knows one node, and asks it; but first it finds out whether that node is there.
//! let mut service = Service::new(config, [7; 32], now);
//! service.tick(now);
//! let Some(Output::Send { to, datagram }) = service.next_output() else {
//!     panic!("there is a bootnode to be pinged");
//! };
//! assert_eq!(to, bootnode.udp_addr());
//! assert!(matches!(decode(&datagram)?.packet, Packet::Ping(_)));
//! # Ok::<(), devp2p_core::discv4::packet::PacketError>(())
//! ```

mod asking;
mod bootnodes;
mod incoming;
mod output;
mod searching;

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::Node;
use super::bonds::Bonds;
use super::own_endpoint::Statements;
use super::packet::{Endpoint, Packet, Sealed};
use super::requests::{Goal, Requests};
use super::table::{Source, Table};
use crate::enr::Enr;
use crate::keys::{NodeId, NodeKey};
use searching::{Plans, Purpose, RunningLookup};

pub use super::requests::{EXPIRES_AFTER, RequestNumber};
pub use bootnodes::BootnodeState;
pub use output::{Output, RequestError};
pub use searching::MAX_LOOKUPS;

/// A moment, by two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Since the service's start: for everything that we wait for. It never goes back.
    pub since_start: Duration,
    /// Seconds since 1970: for what nodes tell each other.
    pub unix: u64,
}

/// What a service is started with.
#[derive(Debug, Clone)]
pub struct ServiceConfig {
    /// Who we are.
    pub key: Arc<NodeKey>,
    /// Where we are, as our packets and our record say.
    pub endpoint: Endpoint,
    /// Where we are in the other of the two worlds, IPv4 and IPv6, for the record.
    pub other: Option<Endpoint>,
    /// Whether ten hosts that agree on another address of ours are believed.
    pub learn_endpoint: bool,
    /// Nodes to begin with.
    pub bootnodes: Vec<Node>,
    /// Nodes that answered in an earlier run: they are in the table from the start.
    pub known: Vec<Node>,
    /// The record's first sequence number: higher than that of any earlier run. Unix milliseconds
    /// are a good choice.
    pub enr_seq: u64,
}

impl ServiceConfig {
    /// The least that a service needs: it knows nobody, and does not move.
    pub fn new(key: Arc<NodeKey>, endpoint: Endpoint) -> Self {
        let (bootnodes, known) = (Vec::new(), Vec::new());
        Self { key, endpoint, other: None, learn_endpoint: false, bootnodes, known, enr_seq: 0 }
    }
}

/// A node of the discovery network, without its socket.
///
/// Strangers can make none of its parts grow without bounds:
///
/// | it remembers | at most | when there are more |
/// |---|---|---|
/// | nodes in the [`Table`] | 442, with 10 replacements for each bucket | full buckets stay as they are |
/// | nodes that have proved their address | 10,000; 256 at one IP address | the oldest are forgotten |
/// | questions that wait for an answer | 1,024; 512 to strangers, 64 to one IP address | no new ones; of the 512 the oldest gives way |
/// | lookups | 16, of up to 1,040 nodes | the user is told so |
/// | hosts that tell us our address | 128 | others are not heard for 5 min |
///
/// In all that is less than 12 MiB at the very worst, and some 100 KiB in a quiet network. The
/// outputs are the driver's to take: each call adds a few.
#[derive(Debug)]
pub struct Service {
    key: Arc<NodeKey>,
    own: NodeId,
    endpoint: Endpoint,
    other: Option<Endpoint>,
    learn_endpoint: bool,
    statements: Statements,
    record: Enr,
    bootnodes: Vec<(Node, BootnodeState)>,
    rng: StdRng,
    table: Table,
    bonds: Bonds,
    requests: Requests,
    lookups: BTreeMap<RequestNumber, RunningLookup>,
    plans: Plans,
    outputs: VecDeque<Output>,
    is_closed: bool,
}

impl Service {
    /// A service that knows its bootnodes. Nothing is sent before the first [`tick`](Self::tick).
    ///
    /// All its random numbers come from `seed`: the same calls have the same results.
    #[must_use]
    pub fn new(config: ServiceConfig, seed: [u8; 32], now: Now) -> Self {
        let ServiceConfig { key, endpoint, other, learn_endpoint, bootnodes, known, enr_seq } =
            config;
        let own = key.node_id();
        let mut rng = StdRng::from_seed(seed);
        let mut table = Table::new(own);
        for node in known {
            table.add(node, Source::Hearsay, now.since_start, &mut rng);
        }
        let has_bootnodes = bootnodes.iter().any(|node| node.node_id() != own);
        let mut service = Self {
            own,
            record: local_record(&key, enr_seq, endpoint, other),
            key,
            endpoint,
            other,
            learn_endpoint,
            statements: Statements::default(),
            plans: Plans::new(has_bootnodes, now, &mut rng),
            bootnodes: Vec::new(),
            rng,
            table,
            bonds: Bonds::default(),
            requests: Requests::default(),
            lookups: BTreeMap::new(),
            outputs: VecDeque::new(),
            is_closed: false,
        };
        service.set_bootnodes(bootnodes);
        service
    }

    /// Takes in a datagram that came from `from`.
    ///
    /// Whatever it is, what is sent because of it is no more than the rules of this module's
    /// documentation allow; for most of what can be wrong with it, that is nothing.
    pub fn receive(&mut self, now: Now, from: SocketAddr, datagram: &[u8]) {
        if !self.is_closed {
            self.take_in(now, from, datagram);
        }
    }

    /// Does what is due: timeouts, checks of the table, lookups.
    pub fn tick(&mut self, now: Now) {
        if !self.is_closed {
            self.end_waits(now);
            self.check_table(now);
            self.seek(now);
        }
    }

    /// When to call [`tick`](Self::tick) at the latest, as a time since the start; `None`: not
    /// before something else happens. It changes with every call of another method.
    #[must_use]
    pub fn next_wake(&self) -> Option<Duration> {
        if self.is_closed {
            return None;
        }
        let times = [self.requests.next_deadline(), self.table.next_check(), self.next_seek()];
        times.into_iter().flatten().min()
    }

    /// What is to be done outside, in order; `None`: nothing more for now.
    pub fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Asks whether a node is there; the answer is an [`Output::PingDone`].
    pub fn ping(&mut self, now: Now, node: Node) -> RequestNumber {
        let number = self.requests.new_number();
        if let Err(error) = self.ask(number, Goal::Ping, node, now) {
            self.outputs.push_back(Output::PingDone { number, result: Err(error) });
        }
        number
    }

    /// Asks a node for its record; the answer is an [`Output::EnrDone`].
    pub fn request_enr(&mut self, now: Now, node: Node) -> RequestNumber {
        let number = self.requests.new_number();
        if let Err(error) = self.ask(number, Goal::Record, node, now) {
            self.outputs.push_back(Output::EnrDone { number, result: Err(error) });
        }
        number
    }

    /// Looks for the nodes closest to the hash of `target`; the answer is an
    /// [`Output::LookupDone`].
    ///
    /// To find a certain node, the target is its public key.
    pub fn lookup(&mut self, now: Now, target: [u8; 64]) -> RequestNumber {
        self.start_lookup(Purpose::Caller, target, now)
    }

    /// Somebody wants nodes to dial: random lookups, at least 1 s apart, until
    /// [`stop_search`](Self::stop_search).
    pub fn start_search(&mut self) {
        self.plans.start_search();
    }

    /// Nobody wants nodes to dial any more.
    pub fn stop_search(&mut self) {
        self.plans.stop_search();
    }

    /// What we say about ourselves, signed.
    #[must_use]
    pub fn record(&self) -> &Enr {
        &self.record
    }

    /// Where we are, as far as we know.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    /// The nodes that we know.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Ends all requests with [`RequestError::Closed`]. After that nothing is sent any more.
    pub fn close(&mut self) {
        self.is_closed = true;
        let closed = RequestError::Closed;
        for (number, request) in self.requests.take_all() {
            match request.goal {
                Goal::Ping => {
                    self.outputs.push_back(Output::PingDone { number, result: Err(closed) });
                }
                Goal::Record => {
                    self.outputs.push_back(Output::EnrDone { number, result: Err(closed) });
                }
                _ => {}
            }
        }
        for (number, running) in std::mem::take(&mut self.lookups) {
            if running.purpose == Purpose::Caller {
                self.outputs.push_back(Output::LookupDone { number, result: Err(closed) });
            }
        }
    }

    /// Signs the packet and lets it be sent; returns its hash, by which answers name it.
    fn send(&mut self, to: SocketAddr, packet: &Packet) -> [u8; 32] {
        // Only too many neighbors do not fit, and we never take more than do.
        let Ok(Sealed { datagram, hash }) = packet.encode(&self.key) else { return [0; 32] };
        self.outputs.push_back(Output::Send { to, datagram });
        hash
    }

    /// Ten hosts say that we are somewhere else: from now on, so do we.
    fn move_to(&mut self, seen_at: SocketAddr) {
        let endpoint = Endpoint { ip: seen_at.ip(), udp: seen_at.port(), tcp: self.endpoint.tcp };
        if endpoint != self.endpoint {
            self.endpoint = endpoint;
            let seq = self.record.seq().saturating_add(1);
            self.record = local_record(&self.key, seq, endpoint, self.other);
            self.outputs.push_back(Output::Moved(endpoint));
        }
    }
}

/// A node's own record: where it is, and where it is in the `other` of the two worlds, IPv4 and
/// IPv6. With everything that it says, it may have [`MAX_RECORD`](crate::enr::MAX_RECORD) bytes.
pub(crate) fn local_record(
    key: &NodeKey,
    seq: u64,
    endpoint: Endpoint,
    other: Option<Endpoint>,
) -> Enr {
    let mut record = Enr::builder(seq);
    let other = other.filter(|other| other.ip.is_ipv4() != endpoint.ip.is_ipv4());
    if let Some(Endpoint { ip, udp, tcp }) = other {
        record = record.ip(ip);
        record = match ip {
            IpAddr::V4(_) => record.udp(udp).tcp(tcp),
            IpAddr::V6(_) => record.udp6(udp).tcp6(tcp),
        };
    }
    let Endpoint { ip, udp, tcp } = endpoint;
    if !ip.is_unspecified() {
        record = record.ip(ip);
    }
    // Without an IPv4 address beside it, an IPv6 address has the ports that have no number.
    record = match (ip, other) {
        (IpAddr::V6(_), Some(_)) => record.udp6(udp).tcp6(tcp),
        _ => record.udp(udp).tcp(tcp),
    };
    record.sign_short(key)
}

#[cfg(test)]
mod tests;
