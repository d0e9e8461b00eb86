//! The main loop: the one task that knows all connections, and so needs no lock.
//!
//! It asks [`crate::policy`] what to do, does it, and tells about it. What it does in one turn costs
//! the same however many peers and static nodes there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::{Duration, Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::clock::Clock;
use super::connection::{Answer, Connection, Context, Newcomer, Origin, Standing, Word};
use super::connections::{Connections, Tracked};
use super::handle::Command;
use super::inputs::{self, Inputs};
use super::link::Stream;
use super::orders::{OrderSender, orders};
use super::replay::Chance;
use super::{EndReason, PeerInfo};
use crate::discv4::Node;
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
        }
    }

    /// Runs until `stop`, and then until every connection has ended.
    pub(super) async fn run(mut self, mut inputs: Inputs, stop: CancellationToken) {
        loop {
            self.dial_what_is_due();
            let (next_dial, has_room) = (self.next_dial(), self.door.has_room());
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
                stream = inputs::accept(inputs.listener.as_mut()), if has_room => self.accepted(stream),
                () = sleep_until(next_dial) => {}
            }
        }
        // No new connections, no answers to those that are being set up.
        drop(inputs);
        self.waiting.clear();
        for entry in self.connections.all() {
            entry.orders.close(DisconnectReason::Quitting);
        }
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.ended(ended);
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Peers(answer) => reply(answer, self.peers()),
            Command::AddPeer(enode, answer) => {
                let (now, key) = (self.now(), enode.public_key);
                let added = self.dials.add(enode, now);
                let has_slot = self.admission.free_slots() > 0
                    || self.admission.contains(&key)
                    || self.admission.is_trusted(&key);
                if added.is_ok() && !has_slot {
                    warn!(
                        peer = %key.short(),
                        "all {} slots are taken, so it is not dialed until one is free: raise \
                         `max_peers`, or trust this node",
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

    fn remove(&mut self, key: &PublicKey, answer: oneshot::Sender<()>) {
        self.dials.remove(key);
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
        match self.door.enter(remote.ip(), is_own, now) {
            Ok(()) => self.spawn(Origin::Accept(stream)),
            Err(why) => debug!(%remote, "refused: {why}"),
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
            self.spawn(Origin::Dial(enode));
        }
    }

    fn spawn(&mut self, origin: Origin) {
        let number = self.connections.new_number();
        let (sender, orders) = orders();
        let entry = Tracked::new(&origin, |key| self.dials.contains(key), sender);
        let connection = Connection { context: self.context.clone(), number, orders };
        let rng = Box::new(self.chance.rng());
        let task = self.tasks.spawn(connection.run(Box::new(origin), rng));
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
        match entry.at_door.take() {
            Some(ip) => self.door.leave(ip),
            None => self.dials.connected(&key),
        }
        debug!(peer = %key.short(), name = &*info.name, remote = ?info.remote, "peer added");
        let standing =
            Standing { trusted: self.admission.is_trusted(&key), is_static: entry.is_static };
        let peer = PeerInfo { trusted: standing.trusted, ..info };
        entry.peer = Some(peer.clone());
        self.events.send(PeerEvent::Add { peer });
        reply(answer, Ok(standing));
    }

    /// A connection's task has ended.
    fn ended(&mut self, ended: Result<(task::Id, EndReason), JoinError>) {
        let (task, reason) = ended.unwrap_or_else(|error| (error.id(), EndReason::Panicked));
        let Some((number, mut entry)) = self.connections.remove(task) else { return };
        self.admission.ended(number);
        if let Some(ip) = entry.at_door {
            self.door.leave(ip);
        }
        match (entry.peer.take(), entry.key) {
            (Some(peer), _) => self.dropped(peer, reason),
            (None, Some(key)) if entry.direction == Direction::Outbound => {
                self.dial_failed(key, &reason);
            }
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
        self.events.send(PeerEvent::Drop { peer, error });
    }

    fn dial_failed(&mut self, key: PublicKey, reason: &EndReason) {
        let now = self.now();
        let goodbye = matches!(reason, EndReason::Local(_) | EndReason::Remote(_));
        let retry =
            if goodbye { self.dials.refused(&key, now) } else { self.dials.failed(&key, now) };
        let quitting = matches!(reason, EndReason::Local(DisconnectReason::Quitting));
        match retry {
            // After crossed dials the other connection is there.
            Some(wait) if !quitting && !self.admission.contains(&key) => {
                warn!(peer = %key.short(), %reason, "dial failed; trying again in {wait:?}");
            }
            _ => debug!(peer = %key.short(), %reason, "a dial ended"),
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

/// Answers, unless who asked has stopped waiting.
fn reply<T>(answer: oneshot::Sender<T>, value: T) {
    let _ = answer.send(value);
}
