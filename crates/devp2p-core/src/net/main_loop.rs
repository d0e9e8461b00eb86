//! The main loop: the one task that knows all connections, and so needs no lock.
//!
//! It asks [`crate::policy`] what to do, does it, and tells about it.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::{broadcast, oneshot, watch};
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::{Duration, Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::connection::{Checkpoint, Connection, Local, Origin, Question};
use super::inputs::{self, Command, Inputs};
use super::{EndReason, PeerInfo, tcp};
use crate::discv4::Node;
use crate::events::PeerEvent;
use crate::keys::PublicKey;
use crate::p2p::DisconnectReason;
use crate::policy::{
    Admission, Candidate, ConnectionId, DialState, Direction, MAX_PENDING, MAX_PENDING_OF_ONE,
    Throttle, Verdict,
};

/// A connection, as the main loop knows it.
struct Entry {
    id: ConnectionId,
    direction: Direction,
    /// Where it comes from, if it is inbound.
    from: Option<IpAddr>,
    /// Whom we dialed, or who proved to be there.
    key: Option<PublicKey>,
    /// Set when it has passed both checkpoints.
    peer: Option<PeerInfo>,
    close: watch::Sender<Option<DisconnectReason>>,
}

pub(super) struct MainLoop {
    local: Arc<Local>,
    admission: Admission,
    dials: DialState,
    throttle: Throttle,
    events: broadcast::Sender<PeerEvent>,
    started: Instant,
    last_id: u64,
    tasks: JoinSet<EndReason>,
    connections: HashMap<task::Id, Entry>,
    /// Crossed dials that wait until the other connection is gone.
    waiting: Vec<Question>,
    /// Who waits for the end of which connections.
    removals: Vec<(HashSet<task::Id>, oneshot::Sender<()>)>,
}

impl MainLoop {
    pub(super) fn new(
        local: Local,
        admission: Admission,
        events: broadcast::Sender<PeerEvent>,
    ) -> Self {
        Self {
            dials: DialState::new(local.key.public_key()),
            local: Arc::new(local),
            admission,
            throttle: Throttle::new(),
            events,
            started: Instant::now(),
            last_id: 0,
            tasks: JoinSet::new(),
            connections: HashMap::new(),
            waiting: Vec::new(),
            removals: Vec::new(),
        }
    }

    /// Runs until `stop`, and then until every connection has ended.
    pub(super) async fn run(mut self, mut inputs: Inputs, stop: CancellationToken) {
        loop {
            self.dial_what_is_due();
            let (next_dial, has_room) = (self.next_dial(), self.has_room_for_strangers());
            let wants_nodes = self.dials.wants_nodes(&self.admission);
            tokio::select! {
                () = stop.cancelled() => break,
                Some(command) = inputs.commands.recv() => self.obey(command),
                Some(question) = inputs.questions.recv() => self.answer(question),
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
                tcp = inputs::accept(inputs.listener.as_ref()), if has_room => self.accepted(tcp),
                // As long as nobody takes what is found, discovery does not search.
                Some(node) = inputs::find(inputs.found.as_mut()), if wants_nodes => self.found(&node),
                () = sleep_until(next_dial) => {}
            }
        }
        // No new connections, no answers to those that are being set up.
        drop(inputs);
        self.waiting.clear();
        for entry in self.connections.values() {
            entry.close.send_replace(Some(DisconnectReason::Quitting));
        }
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.ended(ended);
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Peers(answer) => reply(answer, self.peers()),
            Command::AddPeer(enode, answer) => {
                let now = self.now();
                reply(answer, self.dials.add(enode, now));
            }
            Command::RemovePeer(key, answer) => self.remove(key, answer),
            Command::Trust(key, answer) => {
                self.admission.trust(key);
                reply(answer, ());
            }
            Command::Distrust(key, answer) => {
                self.admission.distrust(&key);
                reply(answer, ());
            }
        }
    }

    fn peers(&self) -> Vec<PeerInfo> {
        let mut peers: Vec<PeerInfo> =
            self.connections.values().filter_map(|entry| entry.peer.clone()).collect();
        peers.sort_by_key(|peer| peer.id);
        peers
    }

    fn remove(&mut self, key: PublicKey, answer: oneshot::Sender<()>) {
        self.dials.remove(&key);
        let mut ending = HashSet::new();
        for (task, entry) in &self.connections {
            if entry.key == Some(key) {
                entry.close.send_replace(Some(DisconnectReason::Requested));
                ending.insert(*task);
            }
        }
        self.removals.push((ending, answer));
        self.answer_removals();
    }

    /// Answers those who wait for connections that have all ended.
    fn answer_removals(&mut self) {
        let removals = std::mem::take(&mut self.removals);
        for (mut ending, answer) in removals {
            ending.retain(|task| self.connections.contains_key(task));
            match ending.is_empty() {
                true => reply(answer, ()),
                false => self.removals.push((ending, answer)),
            }
        }
    }

    fn accepted(&mut self, tcp: tcp::Connected) {
        let now = self.now();
        let ip = tcp.remote.ip();
        // This machine may call itself as often as it likes, whatever its address is.
        let is_own = ip == tcp.local.ip();
        let pending = self.in_set_up().filter(|entry| entry.from == Some(ip)).count();
        if !is_own && pending >= MAX_PENDING_OF_ONE {
            debug!(remote = %tcp.remote, "refused: so many from this address are in set-up already");
        } else if !is_own && !self.throttle.allow(ip, now) {
            debug!(remote = %tcp.remote, "refused: this address connected less than 30 s ago");
        } else {
            self.spawn(Origin::Accept(tcp));
        }
    }

    /// Discovery has heard of a node.
    fn found(&mut self, node: &Node) {
        let now = self.now();
        self.dials.found(node.enode(), now, &self.admission);
    }

    fn dial_what_is_due(&mut self) {
        let now = self.now();
        for enode in self.dials.due(now, &self.admission) {
            self.spawn(Origin::Dial(enode));
        }
    }

    fn spawn(&mut self, origin: Origin) {
        self.last_id = self.last_id.saturating_add(1);
        let id = ConnectionId(self.last_id);
        let (direction, from, key) = match &origin {
            Origin::Accept(tcp) => (Direction::Inbound, Some(tcp.remote.ip()), None),
            Origin::Dial(enode) => (Direction::Outbound, None, Some(enode.public_key)),
        };
        let (close, closing) = watch::channel(None);
        let connection = Connection { local: self.local.clone(), id, closing };
        let task = self.tasks.spawn(connection.run(origin));
        self.connections.insert(task.id(), Entry { id, direction, from, key, peer: None, close });
    }

    /// A connection asks whether it may stay.
    fn answer(&mut self, question: Question) {
        let Candidate { id, key, .. } = question.candidate;
        let Some(entry) = self.connections.values_mut().find(|entry| entry.id == id) else {
            return;
        };
        entry.key = Some(key);
        let verdict = match &question.checkpoint {
            Checkpoint::AfterHandshake => self.admission.after_handshake(question.candidate),
            Checkpoint::AfterHello(_) => self.admission.after_hello(question.candidate),
        };
        match verdict {
            Verdict::Admit => self.admit(question),
            Verdict::Refuse(reason) => reply(question.answer, Err(reason)),
            Verdict::Replace(other) => self.replace(other, question),
        }
    }

    fn admit(&mut self, question: Question) {
        let Candidate { id, key, .. } = question.candidate;
        let entry = self.connections.values_mut().find(|entry| entry.id == id);
        if let (Some(entry), Checkpoint::AfterHello(peer)) = (entry, question.checkpoint) {
            if entry.direction == Direction::Outbound {
                self.dials.connected(&key);
            }
            let (local, remote) = (peer.local, peer.remote);
            debug!(peer = %key.short(), name = peer.name, %remote, "peer added");
            entry.peer = Some(peer);
            // An error only says that nobody listens.
            let _ = self.events.send(PeerEvent::Add { peer: key, local, remote });
        }
        reply(question.answer, Ok(()));
    }

    /// Crossed dials: ends `other`; the question is asked again when it is gone.
    fn replace(&mut self, other: ConnectionId, question: Question) {
        if let Some(entry) = self.connections.values().find(|entry| entry.id == other) {
            entry.close.send_replace(Some(DisconnectReason::AlreadyConnected));
        }
        self.waiting.push(question);
    }

    /// A connection's task has ended.
    fn ended(&mut self, ended: Result<(task::Id, EndReason), JoinError>) {
        let (task, reason) = ended.unwrap_or_else(|error| (error.id(), EndReason::Panicked));
        let Some(entry) = self.connections.remove(&task) else {
            return;
        };
        self.admission.ended(entry.id);
        match (entry.peer, entry.key) {
            (Some(peer), _) => self.dropped(&peer, reason),
            (None, Some(key)) if entry.direction == Direction::Outbound => {
                self.dial_failed(key, &reason);
            }
            _ => debug!(%reason, "an inbound connection ended before it was a peer"),
        }
        self.answer_removals();
        for question in std::mem::take(&mut self.waiting) {
            self.answer(question);
        }
    }

    fn dropped(&mut self, peer: &PeerInfo, error: EndReason) {
        let &PeerInfo { id, local, remote, .. } = peer;
        debug!(peer = %id.short(), reason = %error, "peer dropped");
        self.dials.dropped(&id, self.now());
        // An error only says that nobody listens.
        let _ = self.events.send(PeerEvent::Drop { peer: id, error, local, remote });
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

    fn has_room_for_strangers(&self) -> bool {
        self.in_set_up().count() < MAX_PENDING
    }

    /// The inbound connections that are no peers yet.
    fn in_set_up(&self) -> impl Iterator<Item = &Entry> {
        self.connections.values().filter(|entry| entry.from.is_some() && entry.peer.is_none())
    }

    /// Time since the start.
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// When to look for due dials again; far away if there are none.
    fn next_dial(&self) -> Instant {
        const FAR_AWAY: Duration = Duration::from_secs(3600);
        let wake = self.dials.next_wake(&self.admission);
        wake.and_then(|since_start| self.started.checked_add(since_start))
            .unwrap_or_else(|| Instant::now() + FAR_AWAY)
    }
}

/// Answers, unless who asked has stopped waiting.
fn reply<T>(answer: oneshot::Sender<T>, value: T) {
    let _ = answer.send(value);
}
