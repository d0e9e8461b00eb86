//! The main loop: the one task that knows all connections, and so needs no lock.
//!
//! It asks [`crate::policy`] what to do, does it, and tells about it. What it does in one turn costs
//! the same however many peers and static nodes there are.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::{self, JoinError, JoinSet, yield_now};
use tokio::time::{Duration, Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, warn};

use super::clock::Clock;
use super::connection::{Answer, Connection, Context, Newcomer, Origin, Standing, Word};
use super::connections::{Connections, Tracked};
use super::discovery::DiscoveryHandle;
use super::handle::Command;
use super::inputs::{self, Inputs};
use super::link::Stream;
use super::orders::{OrderSender, orders};
use super::replay::Chance;
use super::seek::Seeker;
use super::status::{Ledger, Status};
use super::unreachable::Unreachable;
use super::{EndReason, PeerInfo};
use crate::discv4::Node;
use crate::enode::Enode;
use crate::events::{EventSender, PeerEvent};
use crate::keys::PublicKey;
use crate::p2p::DisconnectReason;
use crate::policy::{Admission, Candidate, ConnectionNumber, DialState, Direction, Door, Verdict};

pub(super) struct MainLoop {
    context: Arc<Context>,
    admission: Admission,
    dials: DialState,
    door: Door,
    events: Arc<EventSender>,
    clock: Clock,
    chance: Chance,
    tasks: JoinSet<EndReason>,
    connections: Connections,
    /// Those who wait until another connection with their node is gone, or shows that it lives, by
    /// that one.
    waiting: BTreeMap<ConnectionNumber, Vec<Newcomer>>,
    unreachable: Unreachable,
    seeker: Seeker,
    ledger: Ledger,
}

impl MainLoop {
    pub(super) fn new(
        context: Context,
        admission: Admission,
        events: Arc<EventSender>,
        clock: Clock,
        chance: Chance,
    ) -> Self {
        Self {
            dials: DialState::new(context.key.public_key()),
            context: Arc::new(context),
            admission,
            door: Door::default(),
            events,
            clock,
            chance,
            tasks: JoinSet::new(),
            connections: Connections::default(),
            waiting: BTreeMap::new(),
            unreachable: Unreachable::default(),
            seeker: Seeker::default(),
            ledger: Ledger::default(),
        }
    }

    /// Lets discovery find out where static nodes are that cannot be reached. If it knows
    /// `bootnodes`, static nodes need no address.
    pub(super) fn let_seek(&mut self, discovery: DiscoveryHandle, bootnodes: bool) {
        self.seeker = Seeker::new(Some(discovery));
        if bootnodes {
            self.dials.can_seek();
        }
    }

    /// Runs until `stop`, and then until every connection has ended.
    pub(super) async fn run(mut self, mut inputs: Inputs, stop: CancellationToken) {
        loop {
            self.dial_what_is_due();
            let next_dial = self.next_dial();
            let wants_nodes = self.dials.wants_nodes(&self.admission);
            tokio::select! {
                // In this order: first what makes room, last what takes it.
                biased;
                () = stop.cancelled() => break,
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
                Some(word) = inputs.words.recv() => self.hear(word),
                Some(command) = inputs.commands.recv() => self.obey(command),
                // As long as nobody takes what is found, discovery does not search.
                Some(node) = inputs::find(inputs.found.as_mut()), if wants_nodes => self.found(&node),
                node = self.seeker.found() => self.found(&node),
                stream = inputs::accept(inputs.listener.as_mut()) => {
                    self.accepted(stream);
                    // Who was let in may speak, before the next one wants its place.
                    yield_now().await;
                }
                () = sleep_until(next_dial) => {}
            }
        }
        // No new connections, no answers to those that are being set up.
        drop(inputs);
        self.waiting.clear();
        self.seeker.stop().await;
        debug!("stopping");
        for entry in self.connections.all() {
            entry.orders.close(DisconnectReason::Quitting);
        }
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.ended(ended);
        }
        debug!("stopped");
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Peers(answer) => reply(answer, self.peers()),
            Command::Status(answer) => reply(answer, self.status()),
            Command::AddPeer(enode, answer) => {
                let (now, key) = (self.now(), enode.public_key);
                let added = self.dials.add(enode, now);
                let has_slot = self.admission.free_slots() > 0
                    || self.admission.contains(&key)
                    || self.admission.is_trusted(&key);
                if added.is_ok() && !has_slot {
                    warn!(
                        peer = %key.short(),
                        "all {} slots are taken, so it is not dialed until one is free: allow more \
                         peers (`max_peers`, `--max-peers`), or trust this node",
                        self.admission.max_peers()
                    );
                }
                reply(answer, added);
            }
            Command::RemovePeer(key, answer) => self.remove(&key, answer),
            Command::Trust(key, answer) => {
                self.admission.trust(key);
                self.tell_whether_trusted(&key);
                reply(answer, ());
            }
            Command::Distrust(key, answer) => {
                self.admission.distrust(&key);
                self.tell_whether_trusted(&key);
                reply(answer, ());
            }
        }
    }

    fn peers(&self) -> Vec<PeerInfo> {
        let mut peers: Vec<PeerInfo> =
            self.connections.all().filter_map(|entry| entry.peer.clone()).collect();
        peers.sort_by_key(|peer| peer.id);
        peers
    }

    fn status(&self) -> Status {
        Status {
            seconds: self.now().as_secs(),
            peers: self.connections.all().filter(|entry| entry.peer.is_some()).count(),
            max_peers: self.admission.max_peers(),
            static_nodes: self.dials.count(),
            dials: self.ledger.dials.clone(),
            inbound: self.ledger.inbound.clone(),
            discovery: None,
        }
    }

    fn remove(&mut self, key: &PublicKey, answer: oneshot::Sender<()>) {
        self.dials.remove(key);
        self.unreachable.forget(key);
        let gone = Arc::new(answer);
        self.connections.of_key(key, |entry| {
            entry.orders.close(DisconnectReason::Requested);
            entry.removals.push(gone.clone());
        });
    }

    fn tell_whether_trusted(&mut self, key: &PublicKey) {
        let trusted = self.admission.is_trusted(key);
        self.connections.of_key(key, |entry| {
            if let Some(peer) = &mut entry.peer {
                peer.trusted = trusted;
            }
        });
    }

    fn accepted(&mut self, stream: Stream) {
        let now = self.now();
        let Some(remote) = stream.remote else { return };
        let is_own = stream.local.is_some_and(|local| local.ip() == remote.ip());
        let number = self.connections.new_number();
        match self.door.enter(number, remote.ip(), is_own, now) {
            Ok(leaves) => {
                if let Some(slow) = leaves.and_then(|leaves| self.connections.get_mut(leaves)) {
                    slow.orders.end(EndReason::MadeRoom);
                }
                self.spawn(number, Origin::Accept(stream));
            }
            Err(why) => {
                debug!(%remote, "refused: {why}");
                self.ledger.begun(Direction::Inbound);
                self.ledger.failed(Direction::Inbound, &why);
            }
        }
    }

    /// Discovery has heard of a node.
    fn found(&mut self, node: &Node) {
        let now = self.now();
        self.dials.found(node.enode(), now, &self.admission);
    }

    fn dial_what_is_due(&mut self) {
        let now = self.now();
        for enode in self.dials.due(now, &mut self.admission) {
            let number = self.connections.new_number();
            self.spawn(number, Origin::Dial(enode));
        }
    }

    fn spawn(&mut self, number: ConnectionNumber, origin: Origin) {
        let (sender, orders) = orders();
        let entry = Tracked::new(&origin, |key| self.dials.contains(key), sender);
        self.ledger.begun(entry.direction);
        let connection = Connection { context: self.context.clone(), number, orders };
        let rng = Box::new(self.chance.rng());
        let task = self.tasks.spawn(connection.run(Box::new(origin), rng).in_current_span());
        self.connections.insert(number, task.id(), entry);
    }

    /// A connection has something to say.
    fn hear(&mut self, word: Word) {
        match word {
            Word::HandshakeDone(candidate, answer) => self.handshake_done(candidate, answer),
            Word::HelloDone(newcomer) => self.hello_done(newcomer),
            Word::Alive(number) => {
                for newcomer in self.waiting.remove(&number).into_iter().flatten() {
                    reply(newcomer.answer, Err(DisconnectReason::AlreadyConnected));
                }
            }
        }
    }

    /// May a connection go on? Its key is only a claim: nothing follows from it for anybody else.
    fn handshake_done(&mut self, candidate: Candidate, answer: Answer) {
        let Candidate { connection, key, .. } = candidate;
        let (now, trusted) = (self.now(), self.admission.is_trusted(&key));
        self.connections.set_key(connection, key);
        self.door.moves_on(connection, now);
        let Some(entry) = self.connections.get_mut(connection) else { return };
        let standing = Standing { trusted, is_static: entry.is_static };
        reply(answer, self.admission.after_handshake(candidate, now).map(|()| standing));
    }

    /// May a connection be a peer?
    fn hello_done(&mut self, newcomer: Newcomer) {
        if self.connections.get_mut(newcomer.candidate.connection).is_none() {
            return;
        }
        match self.admission.after_hello(newcomer.candidate, self.now()) {
            Verdict::Admit => self.admit(newcomer),
            Verdict::Refuse(reason) => reply(newcomer.answer, Err(reason)),
            Verdict::Replace(other) => self.wait_for(other, newcomer, |orders| {
                orders.close(DisconnectReason::AlreadyConnected);
            }),
            Verdict::Challenge(other) => self.wait_for(other, newcomer, OrderSender::show_life),
        }
    }

    /// Gives an order to another connection; the newcomer waits for what comes of it.
    fn wait_for(
        &mut self,
        other: ConnectionNumber,
        newcomer: Newcomer,
        order: impl FnOnce(&OrderSender),
    ) {
        if let Some(entry) = self.connections.get_mut(other) {
            order(&entry.orders);
        }
        self.waiting.entry(other).or_default().push(newcomer);
    }

    fn admit(&mut self, newcomer: Newcomer) {
        let Newcomer { candidate: Candidate { connection, key, .. }, info, answer } = newcomer;
        let Some(entry) = self.connections.get_mut(connection) else { return };
        self.door.leave(connection);
        if entry.direction == Direction::Outbound {
            self.dials.connected(&key);
        }
        debug!(peer = %key.short(), name = &*info.name, remote = info.remote.map(display), "peer added");
        let standing =
            Standing { trusted: self.admission.is_trusted(&key), is_static: entry.is_static };
        self.unreachable.forget(&key);
        let peer = PeerInfo { trusted: standing.trusted, ..info };
        entry.peer = Some(peer.clone());
        entry.dialed = None;
        self.ledger.peer(peer.direction);
        self.events.send(PeerEvent::Add { peer });
        reply(answer, Ok(standing));
    }

    /// A connection's task has ended.
    fn ended(&mut self, ended: Result<(task::Id, EndReason), JoinError>) {
        let (task, reason) = ended.unwrap_or_else(|error| (error.id(), EndReason::Panicked));
        let Some((number, mut entry)) = self.connections.remove(task) else { return };
        self.admission.ended(number);
        self.door.leave(number);
        // Whoever had to make room waits no more.
        for newcomers in self.waiting.values_mut() {
            newcomers.retain(|newcomer| newcomer.candidate.connection != number);
        }
        let peer = entry.peer.take();
        if peer.is_none() {
            self.ledger.failed(entry.direction, &reason.in_words());
        }
        match (peer, entry.dialed) {
            (Some(peer), _) => self.dropped(peer, reason),
            (None, Some(enode)) => self.dial_failed(enode, reason),
            _ => debug!(%reason, "an inbound connection ended before it was a peer"),
        }
        for newcomer in self.waiting.remove(&number).into_iter().flatten() {
            self.hello_done(newcomer);
        }
    }

    fn dropped(&mut self, peer: PeerInfo, error: EndReason) {
        debug!(peer = %peer.id.short(), reason = %error, "peer dropped");
        let now = self.now();
        self.dials.dropped(&peer.id, now);
        self.ledger.lost(peer.direction, &error.in_words());
        self.events.send(PeerEvent::Drop { peer, error });
    }

    fn dial_failed(&mut self, enode: Box<Enode>, reason: EndReason) {
        let (now, key) = (self.now(), enode.public_key);
        let goodbye = matches!(reason, EndReason::Local(_) | EndReason::Remote(_));
        let retry =
            if goodbye { self.dials.refused(&key, now) } else { self.dials.failed(&key, now) };
        let quitting = matches!(reason, EndReason::Local(DisconnectReason::Quitting));
        // After crossed dials the other connection is there.
        let failed = retry.filter(|_| !quitting && !self.admission.contains(&key));
        match failed {
            Some(wait) if self.unreachable.failed(key, &reason, now) => {
                warn!(peer = %key.short(), at = %Place(&enode), reason = %reason.in_words(), "dial failed; trying again in {wait:?}");
                self.events.send(PeerEvent::DialFailed { enode, error: reason });
            }
            Some(wait) => {
                debug!(peer = %key.short(), %reason, "a dial ended; trying again in {wait:?}");
            }
            None => debug!(peer = %key.short(), %reason, "a dial ended"),
        }
        if failed.is_some() {
            if let Some(count @ 2..) = self.unreachable.summary(now) {
                warn!(
                    "{count} static nodes still cannot be reached; they are tried again and again"
                );
            }
            if self.seeker.is_free() && self.dials.seek(&key, now) {
                self.seeker.look_for(key);
            }
        }
    }

    /// Time since the start.
    fn now(&self) -> Duration {
        self.clock.since_start()
    }

    /// When to look for due dials again; far away if there are none.
    fn next_dial(&mut self) -> Instant {
        self.clock.at(self.dials.next_wake(&mut self.admission))
    }
}

/// Where a node was dialed.
struct Place<'a>(&'a Enode);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.address {
            Some(address) => write!(f, "{}:{}", address.host, address.tcp),
            None => f.write_str("nowhere"),
        }
    }
}

/// Answers, unless who asked has stopped waiting.
fn reply<T>(answer: oneshot::Sender<T>, value: T) {
    let _ = answer.send(value);
}
