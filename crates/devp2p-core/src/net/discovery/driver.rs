//! The task that owns socket and service: it carries datagrams, time and questions to the service,
//! and what comes out of it to where it belongs.

use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::io;
use std::net::SocketAddr;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;
use tracing::{debug, trace};

use super::clock::Clock;
use super::{Datagram, Socket, Way};
use crate::discv4::Node;
use crate::discv4::packet::{MAX_PACKET, Pong};
use crate::discv4::service::{Output, RequestError, RequestId, Service, ServiceConfig};
use crate::enr::Enr;
use crate::policy::RateLimit;

/// Datagrams that may wait to be looked at; the newest are dropped.
const INBOX: usize = 256;
/// How many datagrams are read in a row at most, before anything else gets its turn.
const IN_A_ROW: usize = 1024;
/// Room for one byte more than a packet has, which shows that it is too long.
const BUFFER: usize = MAX_PACKET + 1;

type Answer<T> = oneshot::Sender<Result<T, RequestError>>;

/// What the [`super::Discovery`] handle asks for, and where the answer goes.
#[derive(Debug)]
pub(super) enum Command {
    Ping(Node, Answer<Pong>),
    RequestEnr(Node, Answer<Enr>),
    Lookup([u8; 64], Answer<Vec<Node>>),
    Search(mpsc::Sender<Node>),
    Watch(mpsc::Sender<Datagram>),
}

pub(super) struct Driver {
    socket: Socket,
    service: Service,
    clock: Clock,
    rate_limit: RateLimit,
    inbox: VecDeque<(SocketAddr, Box<[u8]>)>,
    pings: HashMap<RequestId, Answer<Pong>>,
    enr_requests: HashMap<RequestId, Answer<Enr>>,
    lookups: HashMap<RequestId, Answer<Vec<Node>>>,
    /// Who wants nodes to dial.
    searcher: Option<mpsc::Sender<Node>>,
    is_searching: bool,
    watcher: Option<mpsc::Sender<Datagram>>,
    record: watch::Sender<Enr>,
}

impl Driver {
    /// A driver that has done nothing yet, and where our record will be.
    pub(super) fn new(
        socket: Socket,
        service: ServiceConfig,
        rate_limit: RateLimit,
    ) -> (Self, watch::Receiver<Enr>) {
        let clock = Clock::start();
        let service = Service::new(service, rand::random(), clock.now());
        let (record, record_of_now) = watch::channel(service.record().clone());
        let driver = Self {
            socket,
            service,
            clock,
            rate_limit,
            inbox: VecDeque::new(),
            pings: HashMap::new(),
            enr_requests: HashMap::new(),
            lookups: HashMap::new(),
            searcher: None,
            is_searching: false,
            watcher: None,
            record,
        };
        (driver, record_of_now)
    }

    /// Runs until `stop`.
    pub(super) async fn run(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        stop: CancellationToken,
    ) {
        loop {
            self.read_socket();
            self.carry_out();
            let wake = self.clock.at(self.service.next_wake());
            let nothing_to_read = self.inbox.is_empty();
            tokio::select! {
                () = stop.cancelled() => break,
                Some(command) = commands.recv() => self.obey(command),
                () = sleep_until(wake) => self.service.tick(self.clock.now()),
                // Yielding, or a flood would leave other tasks of this thread no time.
                () = task::yield_now(), if !nothing_to_read => self.look_at_the_oldest(),
                () = self.socket.readable(), if nothing_to_read => {}
                () = wants_nodes(self.searcher.as_ref()), if !self.is_searching => self.search(),
                () = is_gone(self.searcher.as_ref()) => self.end_search(),
            }
        }
    }

    /// Reads what is there, and looks at no more of it than the sender. Never waits.
    ///
    /// It is done between any two datagrams that are looked at: a flood shall fill our inbox, which
    /// has a limit for each sender, and not the system's queue, which has none.
    fn read_socket(&mut self) {
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
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // Windows tells here that an earlier datagram could not be delivered.
                Err(error) => trace!(%error, "a datagram cannot be read"),
            }
        }
    }

    fn look_at_the_oldest(&mut self) {
        if let Some((from, bytes)) = self.inbox.pop_front() {
            self.service.receive(self.clock.now(), from, &bytes);
            self.show(Way::In, from, bytes);
        }
    }

    fn obey(&mut self, command: Command) {
        let now = self.clock.now();
        match command {
            Command::Ping(node, answer) => {
                self.pings.insert(self.service.ping(now, node), answer);
            }
            Command::RequestEnr(node, answer) => {
                self.enr_requests.insert(self.service.request_enr(now, node), answer);
            }
            Command::Lookup(target, answer) => {
                self.lookups.insert(self.service.lookup(now, target), answer);
            }
            Command::Search(searcher) => {
                self.end_search();
                self.searcher = Some(searcher);
            }
            Command::Watch(watcher) => self.watcher = Some(watcher),
        }
    }

    /// Does what the service wants to be done.
    fn carry_out(&mut self) {
        while let Some(output) = self.service.next_output() {
            match output {
                Output::Send { to, datagram } => self.send(to, datagram),
                Output::Found(node) => self.found(node),
                Output::PingDone { id, result } => reply(self.pings.remove(&id), result),
                Output::EnrDone { id, result } => reply(self.enr_requests.remove(&id), result),
                Output::LookupDone { id, result } => reply(self.lookups.remove(&id), result),
                Output::Moved(endpoint) => {
                    debug!(ip = %endpoint.ip, udp = endpoint.udp, "others see us elsewhere");
                    self.record.send_replace(self.service.record().clone());
                }
            }
        }
    }

    fn send(&mut self, to: SocketAddr, datagram: Vec<u8>) {
        match self.socket.try_send(to, &datagram) {
            Ok(()) => self.show(Way::Out, to, datagram.into()),
            // As if it were lost on its way, which who waits for an answer must expect anyway.
            Err(error) => debug!(%to, %error, "a datagram cannot be sent"),
        }
    }

    fn found(&mut self, node: Node) {
        let Some(searcher) = &self.searcher else { return };
        if searcher.try_send(node).is_err() {
            // Full: it has enough for now.
            self.service.stop_search();
            self.is_searching = false;
        }
    }

    fn search(&mut self) {
        self.service.start_search();
        self.is_searching = true;
    }

    fn end_search(&mut self) {
        self.service.stop_search();
        self.is_searching = false;
        self.searcher = None;
    }

    fn show(&self, way: Way, remote: SocketAddr, bytes: Box<[u8]>) {
        if let Some(watcher) = &self.watcher {
            // Full, or nobody watches any more: nothing waits for it.
            let _ = watcher.try_send(Datagram { way, remote, bytes });
        }
    }
}

/// Answers, unless who asked has stopped waiting.
fn reply<T>(answer: Option<Answer<T>>, result: Result<T, RequestError>) {
    if let Some(answer) = answer {
        let _ = answer.send(result);
    }
}

/// Waits until who searches can take a node; for ever if nobody does.
async fn wants_nodes(searcher: Option<&mpsc::Sender<Node>>) {
    match searcher {
        Some(searcher) if searcher.reserve().await.is_ok() => {}
        _ => pending().await,
    }
}

/// Waits until who searched has stopped; for ever if nobody did.
async fn is_gone(searcher: Option<&mpsc::Sender<Node>>) {
    match searcher {
        Some(searcher) => searcher.closed().await,
        None => pending().await,
    }
}
