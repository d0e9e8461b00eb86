//! One connection of a server against a hand-driven peer, in memory and on a paused clock: every
//! time limit passes in no time.

mod goodbyes;
mod handlers;
mod limits;
mod setup;

use std::sync::Arc;

use tokio::io::{DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, timeout};

use super::connection::{Connection, Link, Local, Question};
use super::transport::{self, Incoming, Outgoing, TransportError};
use super::{EndReason, SETUP_TIMEOUT};
use crate::keys::NodeKey;
use crate::p2p::message::{self, Compression};
use crate::p2p::{Capability, DISCONNECT, DisconnectReason, HELLO, Hello, PING, PONG};
use crate::policy::{ConnectionId, Direction};
use crate::protocol::{Protocol, ProtocolError};

/// More than any time limit of the crate.
const LONG: Duration = Duration::from_secs(120);

fn key(n: u8) -> NodeKey {
    NodeKey::from_bytes([n; 32]).unwrap()
}

/// A subprotocol `foo/42` with one code, whose handler reads until the pipe closes.
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
    questions: mpsc::Receiver<Question>,
    close: watch::Sender<Option<DisconnectReason>>,
}

/// The peer at the other end, moved by hand.
struct Peer {
    incoming: Incoming<ReadHalf<DuplexStream>>,
    outgoing: Outgoing<WriteHalf<DuplexStream>>,
    compression: Compression,
    hello: Hello,
}

/// A connection just after the handshake; each direction holds `buffer` bytes on its way.
async fn connect(protocols: Vec<Protocol>, buffer: usize) -> (Server, Peer) {
    let (ours, theirs) = duplex(buffer.max(1024));
    let (mut reader, mut writer) = split(ours);
    let (mut their_reader, mut their_writer) = split(theirs);
    let (key, their_key) = (key(1), key(2));
    let (session, their_session) = tokio::join!(
        transport::respond(&mut reader, &mut writer, &key),
        transport::initiate(&mut their_reader, &mut their_writer, &their_key, key.public_key()),
    );
    let (session, their_session) = (session.unwrap(), their_session.unwrap());
    assert_eq!(session.remote, their_key.public_key());

    let capabilities = protocols.iter().map(Protocol::capability).collect();
    let (questions, asked) = mpsc::channel(1);
    let (close, closing) = watch::channel(None);
    let hello = Hello::new(key.public_key(), "ours", capabilities);
    let local = Local { key, hello, protocols, questions, events: None };
    let addr = "127.0.0.1:30303".parse().unwrap();
    let link = Box::new(Link {
        remote: session.remote,
        direction: Direction::Inbound,
        addresses: (addr, addr),
        incoming: Incoming::new(reader, session.reader),
        outgoing: Outgoing::new(writer, session.writer),
        compression: Compression::Off,
    });
    let connection = Connection { local: Arc::new(local), id: ConnectionId(1), closing };
    let deadline = Instant::now() + SETUP_TIMEOUT;
    let connection = tokio::spawn(connection.proceed(link, deadline));
    let hello = Hello::new(their_key.public_key(), "theirs", vec![Capability::new("foo", 42)]);
    let peer = Peer {
        incoming: Incoming::new(their_reader, their_session.reader),
        outgoing: Outgoing::new(their_writer, their_session.writer),
        compression: Compression::Off,
        hello,
    };
    (Server { connection, questions: asked, close }, peer)
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
    /// Answers the connection's next question.
    async fn answer(&mut self, answer: Result<(), DisconnectReason>) {
        let question = timeout(LONG, self.questions.recv()).await.unwrap().unwrap();
        question.answer.send(answer).unwrap();
    }

    /// Waits for the end of the connection and its reason.
    async fn end(self) -> EndReason {
        timeout(LONG, self.connection).await.unwrap().unwrap()
    }
}

impl Peer {
    async fn send(&mut self, id: u64, payload: &[u8]) {
        self.outgoing.send(id, payload, self.compression).await.unwrap();
    }

    /// Sends a frame without compressing or checking anything.
    async fn send_raw(&mut self, frame_data: &[u8]) {
        self.outgoing.seal(frame_data).unwrap();
        self.outgoing.flush().await.unwrap();
    }

    async fn read(&mut self) -> Result<(u64, Vec<u8>), TransportError> {
        let frame_data = timeout(LONG, self.incoming.read(1 << 24)).await.unwrap()?;
        let (id, payload) = message::split_id(frame_data).unwrap();
        Ok((id, self.compression.decompress(payload, 1 << 24).unwrap()))
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
        self.compression = Compression::for_version(self.hello.version);
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

/// A handler's error of its own.
fn bad_day() -> ProtocolError {
    ProtocolError::other("a bad day")
}
