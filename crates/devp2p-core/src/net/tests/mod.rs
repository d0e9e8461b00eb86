//! One connection of a server against a hand-driven peer, in memory and on a paused clock: every
//! time limit passes in no time.

mod bootnodes;
mod buffers;
mod challenges;
mod comeback;
mod goodbyes;
mod handlers;
mod limits;
mod messages;
mod pressure;
mod replay;
mod setup;
mod whereabouts;

use std::sync::Arc;

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::io::{DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, timeout};

use super::connection::{Connection, Context, Newcomer, Standing, Word};
use super::link::{Link, Stream};
use super::orders::{OrderSender, orders};
use super::receive::Incoming;
use super::send::Outgoing;
use super::{EndReason, SETUP_TIMEOUT, TransportError};
use crate::events::{EventSender, Events};
use crate::keys::NodeKey;
use crate::p2p::{
    Capability, Codec, DISCONNECT, DisconnectReason, HELLO, Hello, PING, PONG, split_msg_id,
};
use crate::policy::ConnectionNumber;
use crate::protocol::tests::noise;
use crate::protocol::{Protocol, ProtocolError};

/// More than any time limit of the crate.
const LONG: Duration = Duration::from_secs(120);

fn key(n: u8) -> NodeKey {
    NodeKey::from_bytes([n; 32]).unwrap()
}

/// A protocol `foo/42` with one code, whose handler reads until the pipe closes.
fn listening() -> Protocol {
    Protocol::new("foo", 42, 1, |_, mut pipe| async move {
        loop {
            pipe.read().await?;
        }
    })
}

/// A server with one connection under way, as the main loop sees it.
struct Server {
    connection: JoinHandle<EndReason>,
    words: mpsc::Receiver<Word>,
    orders: OrderSender,
    /// Of messages only: add and drop are told by the main loop.
    events: Arc<EventSender>,
}

/// A connection over a stream in memory.
type InMemory = Link<ReadHalf<DuplexStream>, WriteHalf<DuplexStream>>;

/// The peer at the other end, moved by hand.
struct Peer {
    incoming: Incoming<ReadHalf<DuplexStream>>,
    outgoing: Outgoing<WriteHalf<DuplexStream>>,
    codec: Codec,
    hello: Hello,
}

/// A connection just after the handshake; each direction holds `buffer` bytes on its way. The peer
/// speaks foo/42 and whatever else we speak.
async fn connect(protocols: Vec<Protocol>, buffer: usize) -> (Server, Peer) {
    let (ours, theirs) = shake_hands(buffer).await;
    let foo = Capability::new("foo", 42);
    let mut capabilities: Vec<_> = protocols.iter().map(Protocol::capability).collect();
    if !capabilities.contains(&foo) {
        capabilities.push(foo);
    }
    let peer = Peer {
        incoming: theirs.incoming,
        outgoing: theirs.outgoing,
        codec: Codec::default(),
        hello: Hello::new(key(2).public_key(), "theirs", capabilities),
    };
    (Server::start(key(1), protocols, ours), peer)
}

/// Two ends of a stream in memory, after the handshake: the recipient's and the initiator's.
async fn shake_hands(buffer: usize) -> (InMemory, InMemory) {
    let (ours, theirs) = duplex(buffer.max(1024));
    let address = Some("127.0.0.1:30303".parse().unwrap());
    let stream = |(reader, writer)| Stream {
        local: address,
        remote: address,
        ..Stream::new(reader, writer)
    };
    let (ours, theirs) = (stream(split(ours)), stream(split(theirs)));
    let (key, their_key) = (key(1), key(2));
    let (recipient, initiator) = tokio::join!(
        Link::respond(ours, &key, StdRng::seed_from_u64(1)),
        Link::initiate(theirs, &their_key, key.public_key(), StdRng::seed_from_u64(2)),
    );
    let (recipient, initiator) = (recipient.unwrap(), initiator.unwrap());
    assert_eq!(recipient.remote_key, their_key.public_key());
    assert_eq!(initiator.remote_key, key.public_key());
    (recipient, initiator)
}

/// Two servers that are connected to each other, admitted and past both Hellos.
async fn connect_servers(one: Vec<Protocol>, two: Vec<Protocol>, buffer: usize) -> [Server; 2] {
    let (link_one, link_two) = shake_hands(buffer).await;
    let mut servers = [Server::start(key(1), one, link_one), Server::start(key(2), two, link_two)];
    for _question in 0..2 {
        for server in &mut servers {
            server.answer(Ok(())).await;
        }
    }
    servers
}

/// The same, admitted and past both Hellos.
async fn connect_peer(protocols: Vec<Protocol>, buffer: usize) -> (Server, Peer) {
    let (mut server, mut peer) = connect(protocols, buffer).await;
    server.answer(Ok(())).await;
    peer.exchange_hello().await;
    server.answer(Ok(())).await;
    (server, peer)
}

impl Server {
    fn start(key: NodeKey, protocols: Vec<Protocol>, link: InMemory) -> Self {
        let capabilities = protocols.iter().map(Protocol::capability).collect();
        let (words, heard) = mpsc::channel(1);
        let (sender, orders) = orders();
        let events = Arc::new(EventSender::new(true));
        let hello = Hello::new(key.public_key(), "ours", capabilities);
        let told = Some(Arc::downgrade(&events));
        let context =
            Context { key: Arc::new(key), hello, protocols, words, events: told, tap: None };
        let connection =
            Connection { context: Arc::new(context), number: ConnectionNumber(1), orders };
        let deadline = Instant::now() + SETUP_TIMEOUT;
        let connection = tokio::spawn(connection.proceed(Box::new(link), deadline));
        Self { connection, words: heard, orders: sender, events }
    }

    /// Answers the connection's next question.
    async fn answer(&mut self, answer: Result<(), DisconnectReason>) {
        self.answer_with(answer.map(|()| Standing::default())).await;
    }

    async fn answer_with(&mut self, answer: Result<Standing, DisconnectReason>) {
        match timeout(LONG, self.words.recv()).await.unwrap().unwrap() {
            Word::HandshakeDone(_, asker) | Word::HelloDone(Newcomer { answer: asker, .. }) => {
                asker.send(answer).unwrap();
            }
            Word::Alive(_) => panic!("nobody asked whether it lives"),
        }
    }

    fn subscribe(&self) -> Events {
        self.events.subscribe()
    }

    /// Waits for the end of the connection and its reason.
    async fn end(self) -> EndReason {
        timeout(LONG, self.connection).await.unwrap().unwrap()
    }
}

impl Peer {
    async fn send(&mut self, id: u64, payload: &[u8]) {
        self.outgoing.send(&self.codec, id, payload).await.unwrap();
    }

    /// Sends a frame without compressing or checking anything.
    async fn send_raw(&mut self, frame_data: &[u8]) {
        self.outgoing.seal(frame_data).unwrap();
        self.outgoing.flush().await.unwrap();
    }

    async fn read(&mut self) -> Result<(u64, Vec<u8>), TransportError> {
        let compressed = self.compresses();
        let frame_data = timeout(LONG, self.incoming.read(1 << 24)).await.unwrap()?;
        let (id, payload) = split_msg_id(frame_data).unwrap();
        Ok((id, if compressed { decompress(payload) } else { payload.to_vec() }))
    }

    /// Whether both have said Hello, and ours was not an old one.
    fn compresses(&self) -> bool {
        self.codec.encode(PING, &[0xC0], &mut Vec::new()).unwrap().len() > 2
    }

    /// Reads the next message that is neither ping nor pong.
    async fn read_message(&mut self) -> Result<(u64, Vec<u8>), TransportError> {
        loop {
            match self.read().await? {
                (PING | PONG, _) => {}
                message => return Ok(message),
            }
        }
    }

    async fn exchange_hello(&mut self) {
        self.send(HELLO, &self.hello.encode()).await;
        let (id, payload) = self.read().await.unwrap();
        assert_eq!((id, Hello::decode(&payload).unwrap().client_id.as_str()), (HELLO, "ours"));
        self.codec = Codec::new(self.hello.version, Vec::new());
    }

    /// The next message must be this Disconnect, and then the stream must end.
    async fn expect_goodbye(&mut self, reason: DisconnectReason) {
        let (id, payload) = self.read_message().await.unwrap();
        assert_eq!(id, DISCONNECT);
        assert_eq!(DisconnectReason::decode(&payload), reason);
        self.expect_closed().await;
    }

    /// The stream must end without another word.
    async fn expect_closed(&mut self) {
        let next = self.read_message().await;
        assert!(matches!(next, Err(TransportError::Closed)), "{next:?}");
    }
}

fn decompress(block: &[u8]) -> Vec<u8> {
    snap::raw::Decoder::new().decompress_vec(block).unwrap()
}

/// Waits until nobody can do anything any more: only then a paused clock moves.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// A handler's error of its own.
fn bad_day() -> ProtocolError {
    ProtocolError::other("a bad day")
}
