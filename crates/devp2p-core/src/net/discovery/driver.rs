//! The task that owns socket and service: it carries datagrams, time and questions to the service,
//! and what comes out of it to where it belongs.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;
use tracing::{debug, trace};

use super::super::clock::Clock;
use super::bootnodes::Bootnodes;
use super::{Datagram, DiscoveryStatus, Socket, Way};
use crate::discv4::Node;
use crate::discv4::packet::{MAX_PACKET, Pong};
use crate::discv4::service::{Output, RequestError, RequestNumber, Service};
use crate::enr::Enr;
use crate::policy::RateLimit;

/// Datagrams that may wait to be looked at; the newest are dropped.
const INBOX: usize = 256;
/// How many datagrams are read in a row at most, before anything else gets its turn.
const IN_A_ROW: usize = 1024;
/// How many datagrams are looked at before a tick: few, for each may cost a signature.
const LOOKED_AT_FIRST: usize = 16;
/// Room for one byte more than a packet has, which shows that it is too long.
const BUFFER: usize = MAX_PACKET + 1;

type Answer<T> = oneshot::Sender<Result<T, RequestError>>;

/// What a [`super::DiscoveryHandle`] asks for, and where the answer goes.
#[derive(Debug)]
pub(super) enum Order {
    Ping(Node, Answer<Pong>),
    RequestEnr(Node, Answer<Enr>),
    Lookup([u8; 64], Answer<Vec<Node>>),
    Status(Answer<DiscoveryStatus>),
    Search(mpsc::Sender<Node>),
    Watch(mpsc::Sender<Datagram>),
}

pub(super) struct Driver {
    socket: Socket,
    service: Service,
    bootnodes: Bootnodes,
    clock: Clock,
    rate_limit: RateLimit,
    inbox: VecDeque<(SocketAddr, Box<[u8]>)>,
    pings: BTreeMap<RequestNumber, Answer<Pong>>,
    enr_requests: BTreeMap<RequestNumber, Answer<Enr>>,
    lookups: BTreeMap<RequestNumber, Answer<Vec<Node>>>,
    /// Those who want nodes to dial.
    searchers: Vec<mpsc::Sender<Node>>,
    /// Those who want to see every datagram.
    watchers: Vec<mpsc::Sender<Datagram>>,
    record: watch::Sender<Enr>,
}

impl Driver {
    /// A driver that has done nothing yet; `record` is where our record will be.
    pub(super) fn new(
        socket: Socket,
        service: Service,
        bootnodes: Bootnodes,
        clock: Clock,
        record: watch::Sender<Enr>,
    ) -> Self {
        Self {
            socket,
            service,
            bootnodes,
            clock,
            rate_limit: RateLimit::default(),
            inbox: VecDeque::new(),
            pings: BTreeMap::new(),
            enr_requests: BTreeMap::new(),
            lookups: BTreeMap::new(),
            searchers: Vec::new(),
            watchers: Vec::new(),
            record,
        }
    }

    /// The same, with this limit for each address.
    pub(super) fn with_rate_limit(self, rate_limit: RateLimit) -> Self {
        Self { rate_limit, ..self }
    }

    /// Runs until `stop`. `hungry` tells that one of the searchers has room for nodes again.
    pub(super) async fn run(
        mut self,
        mut orders: mpsc::Receiver<Order>,
        hungry: Arc<Notify>,
        stop: CancellationToken,
    ) {
        loop {
            let all_is_read = self.read_socket();
            self.carry_out();
            self.search_if_wanted();
            let wake = self.clock.at(self.service.next_wake());
            let nothing_to_read = all_is_read && self.inbox.is_empty();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(order) = orders.recv() => self.obey(order),
                () = sleep_until(wake) => self.tick(),
                () = hungry.notified() => {}
                nodes = self.bootnodes.looked_up() => self.service.set_bootnodes(nodes),
                // Yielding, or a flood would leave other tasks of this thread no time.
                () = task::yield_now(), if !nothing_to_read => self.look_at_the_oldest(),
                () = self.socket.readable(), if nothing_to_read => {}
            }
        }
        self.service.close();
        self.carry_out();
    }

    /// Reads what is there, and looks at no more of it than the sender. Never waits; false if there
    /// may be more.
    ///
    /// It is done between any two datagrams that are looked at: a flood shall fill our inbox, which
    /// has a limit for each sender, and not the system's queue, which has none.
    fn read_socket(&mut self) -> bool {
        let now = self.clock.now().since_start;
        let mut buffer = [0; BUFFER];
        for _ in 0..IN_A_ROW {
            match self.socket.try_receive(&mut buffer) {
                Ok((length, from)) => {
                    let bytes = buffer.get(..length).unwrap_or_default();
                    if bytes.len() <= MAX_PACKET
                        && self.rate_limit.allow(from.ip(), now)
                        && self.inbox.len() < INBOX
                    {
                        self.inbox.push_back((from, bytes.into()));
                    } else {
                        trace!(%from, "a datagram is dropped: too long, or too many of them");
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                // Windows tells here that an earlier datagram could not be delivered.
                Err(error) => trace!(%error, "a datagram cannot be read"),
            }
        }
        false
    }

    /// Some of what has come is looked at first: an answer that is here is not late because we are.
    fn tick(&mut self) {
        for _ in 0..LOOKED_AT_FIRST.min(self.inbox.len()) {
            self.look_at_the_oldest();
        }
        self.service.tick(self.clock.now());
    }

    fn look_at_the_oldest(&mut self) {
        if let Some((from, bytes)) = self.inbox.pop_front() {
            self.service.receive(self.clock.now(), from, &bytes);
            self.show(Way::In, from, &bytes);
        }
    }

    fn obey(&mut self, order: Order) {
        let now = self.clock.now();
        match order {
            Order::Ping(node, answer) => {
                self.pings.insert(self.service.ping(now, node), answer);
            }
            Order::RequestEnr(node, answer) => {
                self.enr_requests.insert(self.service.request_enr(now, node), answer);
            }
            Order::Lookup(target, answer) => {
                self.lookups.insert(self.service.lookup(now, target), answer);
            }
            Order::Status(answer) => {
                let (bootnodes, nodes) =
                    (self.bootnodes.status(&self.service), self.service.table().len());
                reply(Some(answer), Ok(DiscoveryStatus { bootnodes, nodes }));
            }
            Order::Search(searcher) => self.searchers.push(searcher),
            Order::Watch(watcher) => self.watchers.push(watcher),
        }
    }

    /// Does what the service wants to be done.
    fn carry_out(&mut self) {
        while let Some(output) = self.service.next_output() {
            match output {
                Output::Send { to, datagram } => self.send(to, &datagram),
                Output::Found(node) => self.found(node),
                Output::PingDone { number, result } => reply(self.pings.remove(&number), result),
                Output::EnrDone { number, result } => {
                    reply(self.enr_requests.remove(&number), result);
                }
                Output::LookupDone { number, result } => {
                    reply(self.lookups.remove(&number), result);
                }
                Output::LookedAround { answered } => {
                    self.bootnodes.looked_around(answered, &self.service);
                }
                Output::Moved(endpoint) => {
                    debug!(ip = %endpoint.ip, udp = endpoint.udp, "others see us elsewhere");
                    self.record.send_replace(self.service.record().clone());
                }
            }
        }
    }

    fn send(&mut self, to: SocketAddr, datagram: &[u8]) {
        match self.socket.try_send(to, datagram) {
            Ok(()) => self.show(Way::Out, to, datagram),
            // As if it were lost on its way; that must be expected anyway where an answer is waited
            // for.
            Err(error) => {
                debug!(%to, %error, "a datagram cannot be sent");
                self.bootnodes.cannot_send(to, &error);
            }
        }
    }

    /// All searchers hear of it. One that has no room has enough for now.
    fn found(&self, node: Node) {
        for searcher in &self.searchers {
            let _ = searcher.try_send(node);
        }
    }

    /// As long as nobody takes what is found, there is no search.
    fn search_if_wanted(&mut self) {
        self.searchers.retain(|searcher| !searcher.is_closed());
        match self.searchers.iter().any(|searcher| searcher.capacity() > 0) {
            true => self.service.start_search(),
            false => self.service.stop_search(),
        }
    }

    fn show(&mut self, way: Way, remote: SocketAddr, bytes: &[u8]) {
        self.watchers.retain(|watcher| !watcher.is_closed());
        for watcher in &self.watchers {
            // Full: nothing waits for it.
            let _ = watcher.try_send(Datagram { way, remote, bytes: bytes.into() });
        }
    }
}

/// Answers, unless who asked has stopped waiting.
fn reply<T>(answer: Option<Answer<T>>, result: Result<T, RequestError>) {
    if let Some(answer) = answer {
        let _ = answer.send(result);
    }
}
