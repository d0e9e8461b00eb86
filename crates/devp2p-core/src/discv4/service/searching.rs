//! Lookups: those that somebody wants, those that keep the table full, and the search for nodes
//! to dial.
//!
//! ```text
//!   start ─▶ refresh: a lookup for our own key, three for random ones ─── 15–30 min ──▶ refresh …
//!                └▶ from then on strangers may enter the table
//!
//!   start_search ─▶ random lookup ── 1 s ──▶ random lookup ── 1 s ──▶ … until stop_search
//!                      └▶ Output::Found for each node that answers, and for those of the table
//! ```
//!
//! Without bootnodes and with an empty table there is nobody to ask: then nothing is sent at all.
//!
//! This module must not decide what a lookup asks next; [`Lookup`] does.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, RngExt};

use super::super::Node;
use super::super::lookup::{K, Lookup};
use super::super::requests::Goal;
use super::{Now, Output, RequestError, RequestNumber, Service};
use crate::keys::NodeId;

/// How many lookups may run at once: 16, one refresh and one search among them.
pub const MAX_LOOKUPS: usize = 16;

/// Between the starts of two lookups of a search: at least 1 s, as in go-ethereum.
const SEARCH_INTERVAL: Duration = Duration::from_secs(1);

/// When nobody answered, it is tried again after 10 s: the bootnode may be about to start.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Between two refreshes: a random time from 15 to 30 min, as in go-ethereum.
const REFRESH_AFTER: (Duration, Duration) =
    (Duration::from_secs(15 * 60), Duration::from_secs(30 * 60));

/// Lookups in a refresh: one for ourselves, then random ones.
const REFRESH_LOOKUPS: u8 = 4;

/// Whom a lookup is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The user.
    Caller,
    /// The table.
    Refresh,
    /// Whoever wants nodes to dial.
    Search,
}

/// A lookup under way.
#[derive(Debug)]
pub(super) struct RunningLookup {
    pub(super) purpose: Purpose,
    target: [u8; 64],
    lookup: Lookup,
}

/// When we look around.
#[derive(Debug)]
pub(super) struct Plans {
    refresh: Refresh,
    /// When the last refresh was done.
    refreshed: Option<Duration>,
    /// Whether somebody wants nodes to dial.
    is_searching: bool,
    /// The next lookup for them does not start before.
    next_search: Duration,
    /// Without bootnodes there is no first round to wait for.
    has_bootnodes: bool,
}

#[derive(Debug, Clone, Copy)]
enum Refresh {
    At(Duration),
    Running { lookups_left: u8 },
}

impl Plans {
    pub(super) fn new(has_bootnodes: bool, now: Now, rng: &mut StdRng) -> Self {
        let now = now.since_start;
        let first = if has_bootnodes { now } else { next_refresh(now, rng) };
        Self {
            refresh: Refresh::At(first),
            refreshed: None,
            is_searching: false,
            next_search: now,
            has_bootnodes,
        }
    }

    /// Whether the first round is over.
    pub(super) fn have_looked_around(&self) -> bool {
        self.refreshed.is_some() || !self.has_bootnodes
    }

    pub(super) fn start_search(&mut self) {
        self.is_searching = true;
    }

    pub(super) fn have_bootnodes(&mut self) {
        self.has_bootnodes = true;
    }

    pub(super) fn stop_search(&mut self) {
        self.is_searching = false;
    }
}

impl Service {
    /// Starts the lookups whose time has come.
    pub(super) fn seek(&mut self, now: Now) {
        if self.refresh_time().is_some_and(|time| time <= now.since_start) {
            self.plans.refresh = Refresh::Running { lookups_left: REFRESH_LOOKUPS };
            self.go_on_with_refresh(now);
        }
        if self.search_time().is_some_and(|time| time <= now.since_start) {
            self.plans.next_search = now.since_start.saturating_add(SEARCH_INTERVAL);
            let target = self.random_target();
            self.start_lookup(Purpose::Search, target, now);
        }
    }

    /// When [`seek`](Self::seek) has something to do.
    pub(super) fn next_seek(&self) -> Option<Duration> {
        self.refresh_time().into_iter().chain(self.search_time()).min()
    }

    fn has_somebody_to_ask(&self) -> bool {
        self.plans.has_bootnodes || !self.table.is_empty()
    }

    fn refresh_time(&self) -> Option<Duration> {
        match self.plans.refresh {
            Refresh::At(time) if self.has_somebody_to_ask() => match self.plans.refreshed {
                // All have gone away, or nobody was there: the bootnodes are asked again.
                Some(last) if self.table.is_empty() => {
                    Some(time.min(last.saturating_add(RETRY_AFTER)))
                }
                _ => Some(time),
            },
            _ => None,
        }
    }

    fn search_time(&self) -> Option<Duration> {
        let is_ready = self.plans.have_looked_around() && self.has_somebody_to_ask();
        let is_running = self.lookups.values().any(|it| it.purpose == Purpose::Search);
        let is_wanted = self.plans.is_searching && is_ready && !is_running;
        is_wanted.then_some(self.plans.next_search)
    }

    fn go_on_with_refresh(&mut self, now: Now) {
        let Refresh::Running { lookups_left } = self.plans.refresh else { return };
        if let Some(left) = lookups_left.checked_sub(1) {
            self.plans.refresh = Refresh::Running { lookups_left: left };
            let is_first = lookups_left == REFRESH_LOOKUPS;
            let own = self.key.public_key().to_bytes();
            let target = if is_first { own } else { self.random_target() };
            self.start_lookup(Purpose::Refresh, target, now);
        } else {
            self.plans.refreshed = Some(now.since_start);
            self.plans.refresh = Refresh::At(next_refresh(now.since_start, &mut self.rng));
        }
    }

    /// Starts a lookup from the closest nodes we know, the bootnodes among them if those are few.
    pub(super) fn start_lookup(
        &mut self,
        purpose: Purpose,
        target: [u8; 64],
        now: Now,
    ) -> RequestNumber {
        let number = self.requests.new_number();
        if let Some(error) = self.reason_to_refuse(purpose) {
            self.outputs.push_back(Output::LookupDone { number, result: Err(error) });
            return number;
        }
        let target_id = NodeId::of(&target);
        let mut known = self.table.closest(target_id, |_| true);
        let missing = K.saturating_sub(known.len());
        known.extend(self.bootnodes.iter().map(|(node, _)| node).take(missing));
        self.tell_found(&known);
        let lookup = Lookup::new(target_id, self.own, known);
        self.lookups.insert(number, RunningLookup { purpose, target, lookup });
        self.go_on_with_lookup(number, now);
        number
    }

    /// Our own two lookups always have room.
    fn reason_to_refuse(&self, purpose: Purpose) -> Option<RequestError> {
        if purpose != Purpose::Caller {
            None
        } else if self.is_closed {
            Some(RequestError::Closed)
        } else {
            (self.lookups.len() >= MAX_LOOKUPS - 2).then_some(RequestError::Busy)
        }
    }

    pub(super) fn lookup_target(&self, number: RequestNumber) -> [u8; 64] {
        self.lookups.get(&number).map_or([0; 64], |running| running.target)
    }

    pub(super) fn lookup_answered(
        &mut self,
        number: RequestNumber,
        node: NodeId,
        heard: Vec<Node>,
        now: Now,
    ) {
        let Some(running) = self.lookups.get_mut(&number) else { return };
        // Hearsay: found are only those of them that have answered us.
        let new = running.lookup.answered(node, heard);
        let known = new.iter().filter_map(|node| self.table.get(node.node_id()).copied());
        let known: Vec<Node> = known.collect();
        self.tell_found(&known);
        self.go_on_with_lookup(number, now);
    }

    pub(super) fn lookup_failed(&mut self, number: RequestNumber, node: NodeId, now: Now) {
        self.set_failed(number, node);
        self.go_on_with_lookup(number, now);
    }

    fn go_on_with_lookup(&mut self, number: RequestNumber, now: Now) {
        while let Some(node) = self.next_question(number) {
            let request = self.requests.new_number();
            if self.ask(request, Goal::Neighbors { lookup: number }, node, now).is_err() {
                self.set_failed(number, node.node_id());
            }
        }
        if self.lookups.get(&number).is_some_and(|running| running.lookup.is_done()) {
            self.end_lookup(number, now);
        }
    }

    fn set_failed(&mut self, number: RequestNumber, node: NodeId) {
        if let Some(running) = self.lookups.get_mut(&number) {
            running.lookup.failed(node);
        }
    }

    fn next_question(&mut self, number: RequestNumber) -> Option<Node> {
        self.lookups.get_mut(&number)?.lookup.next_question()
    }

    fn end_lookup(&mut self, number: RequestNumber, now: Now) {
        let Some(running) = self.lookups.remove(&number) else { return };
        let closest = running.lookup.closest();
        match running.purpose {
            Purpose::Caller => {
                self.outputs.push_back(Output::LookupDone { number, result: Ok(closest) });
            }
            Purpose::Refresh => {
                self.outputs.push_back(Output::LookedAround { answered: !closest.is_empty() });
                if closest.is_empty() {
                    self.plans.refresh = Refresh::Running { lookups_left: 0 };
                }
                self.go_on_with_refresh(now);
            }
            Purpose::Search => {
                if closest.is_empty() {
                    self.plans.next_search = now.since_start.saturating_add(RETRY_AFTER);
                }
            }
        }
    }

    /// Tells nodes that have answered us: what others say about a node's address proves nothing,
    /// and we would knock wherever they like.
    pub(super) fn tell_found(&mut self, nodes: &[Node]) {
        if self.plans.is_searching {
            self.outputs.extend(nodes.iter().copied().map(Output::Found));
        }
    }

    fn random_target(&mut self) -> [u8; 64] {
        let mut target = [0; 64];
        self.rng.fill_bytes(&mut target);
        target
    }
}

fn next_refresh(now: Duration, rng: &mut StdRng) -> Duration {
    let (earliest, latest) = REFRESH_AFTER;
    now.saturating_add(rng.random_range(earliest..latest))
}
