//! The connections of a server, found by their number, their task and their key. Finding one costs
//! the same however many there are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task;

use super::PeerInfo;
use super::connection::Origin;
use super::orders::OrderSender;
use crate::enode::Enode;
use crate::keys::PublicKey;
use crate::policy::{ConnectionNumber, Direction};

/// A connection, as the main loop knows it.
pub(super) struct Tracked {
    pub(super) direction: Direction,
    /// Whom we dialed, or who claims to be there.
    pub(super) key: Option<PublicKey>,
    /// Whom we dialed, and where.
    pub(super) dialed: Option<Box<Enode>>,
    /// We dialed it because it is a static node.
    pub(super) is_static: bool,
    /// Set when it was admitted, both times.
    pub(super) peer: Option<PeerInfo>,
    pub(super) orders: OrderSender,
    /// Callers that wait for its end: told by being dropped with it.
    pub(super) removals: Vec<Arc<oneshot::Sender<()>>>,
}

/// All connections, in the order in which they began.
#[derive(Default)]
pub(super) struct Connections {
    last: u64,
    /// In boxes: a map keeps room for about twice as many entries as it has.
    entries: BTreeMap<ConnectionNumber, Box<Tracked>>,
    by_task: HashMap<task::Id, ConnectionNumber>,
    by_key: BTreeSet<(PublicKey, ConnectionNumber)>,
}

impl Connections {
    /// A number that no connection has had.
    pub(super) fn new_number(&mut self) -> ConnectionNumber {
        self.last = self.last.saturating_add(1);
        ConnectionNumber(self.last)
    }

    /// A connection begins, in this task.
    pub(super) fn insert(&mut self, number: ConnectionNumber, task: task::Id, entry: Tracked) {
        self.by_task.insert(task, number);
        if let Some(key) = entry.key {
            self.by_key.insert((key, number));
        }
        self.entries.insert(number, Box::new(entry));
    }

    /// Notes who claims to be at the other end, if we have not dialed it ourselves.
    pub(super) fn set_key(&mut self, number: ConnectionNumber, key: PublicKey) {
        if let Some(entry) = self.entries.get_mut(&number).filter(|entry| entry.key.is_none()) {
            entry.key = Some(key);
            self.by_key.insert((key, number));
        }
    }

    /// Takes out the connection whose task has ended.
    pub(super) fn remove(&mut self, task: task::Id) -> Option<(ConnectionNumber, Tracked)> {
        let number = self.by_task.remove(&task)?;
        let entry = self.entries.remove(&number)?;
        if let Some(key) = entry.key {
            self.by_key.remove(&(key, number));
        }
        Some((number, *entry))
    }

    pub(super) fn get_mut(&mut self, number: ConnectionNumber) -> Option<&mut Tracked> {
        self.entries.get_mut(&number).map(Box::as_mut)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Tracked> {
        self.entries.values().map(Box::as_ref)
    }

    /// Calls `change` for every connection that leads to `key`, or wants to.
    pub(super) fn of_key(&mut self, key: &PublicKey, mut change: impl FnMut(&mut Tracked)) {
        let of_key = (*key, ConnectionNumber(0))..=(*key, ConnectionNumber(u64::MAX));
        for (_, number) in self.by_key.range(of_key) {
            if let Some(entry) = self.entries.get_mut(number) {
                change(entry);
            }
        }
    }
}

impl Tracked {
    /// A connection that begins. `is_static`: it leads to a static node, if we dial it.
    pub(super) fn new(
        origin: &Origin,
        is_static: impl FnOnce(&PublicKey) -> bool,
        orders: OrderSender,
    ) -> Self {
        let (direction, dialed) = match origin {
            Origin::Accept(_) => (Direction::Inbound, None),
            Origin::Dial(enode) => (Direction::Outbound, Some(Box::new(enode.clone()))),
        };
        let key = dialed.as_ref().map(|enode| enode.public_key);
        let is_static = key.is_some_and(|key| is_static(&key));
        let (peer, removals) = (None, Vec::new());
        Self { direction, key, dialed, is_static, peer, orders, removals }
    }
}
