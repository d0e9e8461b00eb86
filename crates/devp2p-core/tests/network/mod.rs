//! A network in memory: services joined by a post that takes its time and loses letters, with a
//! clock that jumps from one event to the next.
//!
//! Everything that happens follows from the seed, so what went wrong once goes wrong again.
//! The tests of the discovery use it, and the example `lookup_simulation`.

#![allow(dead_code, reason = "each who uses it needs another part of it")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may fail, and its numbers are small"
)]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use devp2p_core::discv4::Node;
use devp2p_core::discv4::packet::Endpoint;
use devp2p_core::discv4::service::{Now, Output, Service, ServiceConfig};
use devp2p_core::keys::NodeKey;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

/// Unix time at the start of each network.
pub(crate) const START: u64 = 1_700_000_000;

/// The place of a packet's type in its datagram.
const TYPE_AT: usize = 97;

/// A datagram on its way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Letter {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) datagram: Vec<u8>,
}

impl Letter {
    /// The packet's type, as in the specification: 1 is a Ping.
    pub(crate) fn kind(&self) -> u8 {
        self.datagram.get(TYPE_AT).copied().unwrap_or(0)
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrival(Letter),
    Wake(SocketAddr),
}

/// A service and what it has said to its user.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) service: Service,
    pub(crate) outputs: Vec<Output>,
    /// The one wake-up that counts.
    wake: Option<Duration>,
    /// Whether its own timers run. If not it only answers.
    is_awake: bool,
}

/// Services, and the post between them.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) members: BTreeMap<SocketAddr, Member>,
    /// How long a letter takes, at least and at most.
    pub(crate) latency: (Duration, Duration),
    /// Which share of the letters is lost.
    pub(crate) loss: f64,
    /// All letters that were sent, also those that were lost, if `keeps_letters`.
    pub(crate) letters: Vec<Letter>,
    pub(crate) keeps_letters: bool,
    /// How many letters were sent.
    pub(crate) sent: usize,
    now: Duration,
    events: BinaryHeap<Reverse<(Duration, u64, Event)>>,
    /// Numbers the events, so that of two at the same time the older comes first.
    count: u64,
    rng: StdRng,
}

impl Network {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            members: BTreeMap::new(),
            latency: (Duration::from_millis(10), Duration::from_millis(100)),
            loss: 0.0,
            letters: Vec::new(),
            keeps_letters: true,
            sent: 0,
            now: Duration::ZERO,
            events: BinaryHeap::new(),
            count: 0,
            rng: StdRng::seed_from_u64(seed),
        }
    }

    pub(crate) fn now(&self) -> Now {
        Now { since_start: self.now, unix: START + self.now.as_secs() }
    }

    /// A key that follows from the seed, as all else.
    pub(crate) fn draw_key(&mut self) -> Arc<NodeKey> {
        let mut secret = [0; 32];
        loop {
            self.rng.fill_bytes(&mut secret);
            if let Ok(key) = NodeKey::from_bytes(secret) {
                return Arc::new(key);
            }
        }
    }

    /// Starts a service that is where its endpoint says.
    pub(crate) fn join(&mut self, config: ServiceConfig) -> Node {
        let node = node(&config.key, config.endpoint);
        let mut seed = [0; 32];
        self.rng.fill_bytes(&mut seed);
        let service = Service::new(config, seed, self.now());
        let member = Member { service, outputs: Vec::new(), wake: None, is_awake: true };
        self.members.insert(node.udp_addr(), member);
        self.settle(node.udp_addr());
        node
    }

    /// Starts a service with a new key.
    pub(crate) fn join_at(&mut self, address: &str, bootnodes: &[Node]) -> Node {
        let config = config(self.draw_key(), address, bootnodes);
        self.join(config)
    }

    /// It is gone, without a word.
    pub(crate) fn leave(&mut self, node: Node) {
        self.members.remove(&node.udp_addr());
    }

    /// From now on it answers, but does nothing by itself.
    pub(crate) fn put_to_sleep(&mut self, node: Node) {
        let member = self.member(node);
        member.is_awake = false;
        member.wake = None;
    }

    pub(crate) fn wake_up(&mut self, node: Node) {
        self.member(node).is_awake = true;
        self.settle(node.udp_addr());
    }

    /// Uses a service, as its driver does.
    pub(crate) fn call<T>(&mut self, node: Node, call: impl FnOnce(&mut Service, Now) -> T) -> T {
        let now = self.now();
        let result = call(&mut self.member(node).service, now);
        self.settle(node.udp_addr());
        result
    }

    pub(crate) fn member(&mut self, node: Node) -> &mut Member {
        self.members.get_mut(&node.udp_addr()).expect("the node is in the network")
    }

    pub(crate) fn service(&self, node: Node) -> &Service {
        &self.members[&node.udp_addr()].service
    }

    /// What a service has said to its user since the last time.
    pub(crate) fn take_outputs(&mut self, node: Node) -> Vec<Output> {
        std::mem::take(&mut self.member(node).outputs)
    }

    /// Puts a letter into the post, whoever wrote it, whatever sender it names.
    pub(crate) fn post(&mut self, letter: Letter) {
        self.sent += 1;
        let (shortest, longest) = self.latency;
        let latency = self.rng.random_range(shortest..=longest);
        let is_lost = self.rng.random_bool(self.loss);
        if self.keeps_letters {
            self.letters.push(letter.clone());
        }
        if !is_lost {
            self.plan(self.now + latency, Event::Arrival(letter));
        }
    }

    /// Lets time pass.
    pub(crate) fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        while self.step(end).is_some() {}
        self.now = end;
    }

    /// Lets time pass until something is so; whether it was within `limit`.
    pub(crate) fn run_until(
        &mut self,
        limit: Duration,
        mut is_so: impl FnMut(&mut Self) -> bool,
    ) -> bool {
        let end = self.now + limit;
        loop {
            if is_so(self) {
                return true;
            }
            if self.step(end).is_none() {
                self.now = end;
                return is_so(self);
            }
        }
    }

    /// The next event, if it comes before `end`. Returns the letter, if it was one that arrived.
    pub(crate) fn step(&mut self, end: Duration) -> Option<Option<Letter>> {
        let Reverse((time, _, _)) = self.events.peek()?;
        if *time > end {
            return None;
        }
        let Reverse((time, _, event)) = self.events.pop()?;
        self.now = time;
        let now = self.now();
        let (address, letter) = match event {
            Event::Arrival(letter) => (letter.to, Some(letter)),
            Event::Wake(address) => (address, None),
        };
        let Some(member) = self.members.get_mut(&address) else { return Some(letter) };
        match &letter {
            Some(letter) => member.service.receive(now, letter.from, &letter.datagram),
            // The plan has changed since.
            None if member.wake != Some(time) => return Some(None),
            None => {
                member.wake = None;
                member.service.tick(now);
            }
        }
        self.settle(address);
        Some(letter)
    }

    /// Takes what a service has to say, and plans its next wake-up.
    fn settle(&mut self, address: SocketAddr) {
        let mut letters = Vec::new();
        let Some(member) = self.members.get_mut(&address) else { return };
        while let Some(output) = member.service.next_output() {
            match output {
                Output::Send { to, datagram } => {
                    letters.push(Letter { from: address, to, datagram });
                }
                output => member.outputs.push(output),
            }
        }
        let wake = member.service.next_wake().map(|time| time.max(self.now));
        let is_new = member.is_awake && wake != member.wake;
        if is_new {
            member.wake = wake;
        }
        for letter in letters {
            self.post(letter);
        }
        if let Some(time) = wake.filter(|_| is_new) {
            self.plan(time, Event::Wake(address));
        }
    }

    fn plan(&mut self, time: Duration, event: Event) {
        self.count += 1;
        self.events.push(Reverse((time, self.count, event)));
    }
}

/// A service that is at `address`, TCP and UDP, and knows the bootnodes.
pub(crate) fn config(key: Arc<NodeKey>, address: &str, bootnodes: &[Node]) -> ServiceConfig {
    let address: SocketAddr = address.parse().expect("an IP address and a port");
    ServiceConfig {
        key,
        endpoint: Endpoint { ip: address.ip(), udp: address.port(), tcp: address.port() },
        other: None,
        learn_endpoint: false,
        bootnodes: bootnodes.to_vec(),
        known: Vec::new(),
        enr_seq: START * 1000,
    }
}

/// The node with this key at this endpoint.
pub(crate) fn node(key: &NodeKey, endpoint: Endpoint) -> Node {
    let Endpoint { ip, udp, tcp } = endpoint;
    Node { public_key: key.public_key(), ip, udp, tcp }
}
