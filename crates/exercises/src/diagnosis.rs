//! Nodes with something wrong, on purpose: `cargo exercise a2 --break 1`. The learner looks at one, from
//! outside, and says what is wrong with it.
//!
//! ```text
//! Broken: listens, and misbehaves ◀── devp2p ping --trace, the learner's own program, or look()
//! ```

use std::fmt::Write;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use devp2p_core::enode::{Address, Enode, Host};
use devp2p_core::handshake::{self, Session, packet_len};
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{EndReason, Link, client_name};
use devp2p_core::p2p::{
    Codec, DISCONNECT, DisconnectReason, EMPTY_LIST, HELLO, Hello, PING, PONG, Received,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::broken_socket::{self, Socket};

/// How long our own look waits for each step.
const PATIENCE: Duration = Duration::from_secs(2);
/// What snappy calls a block that will be 64 MiB.
const SIXTY_FOUR_MIB: [u8; 4] = [0x80, 0x80, 0x80, 0x20];

/// What may be wrong with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nobody listens.
    Nobody,
    /// It takes the connection, and says nothing.
    Silence,
    /// It has another key than its enode says.
    WrongKey,
    /// Its ack was made for somebody else.
    OldAck,
    /// It has no room.
    TooManyPeers,
    /// Its Hello names another key than the handshake.
    AnotherIdentity,
    /// A byte of its Hello was changed on the way.
    ChangedFrame,
    /// After Hello it says that we are useless.
    Useless,
    /// After Hello it closes, without a word.
    HangsUp,
    /// After Hello it never answers.
    NoPong,
    /// Its message says that it will be 64 MiB when it is decompressed.
    TooBig,
    /// There is a socket, and nobody listens.
    DeadSocket,
    /// It answers with neither a result nor an error.
    NoResult,
    /// It answers with another id than the call's.
    AnotherId,
    /// It does not show the method.
    NotShown,
    /// Its answer ends in the middle.
    CutAnswer,
    /// Its method crashes.
    Crashes,
    /// It never answers a call.
    NoAnswer,
}

/// All faults, in the order in which they are offered, with the lesson that has them.
pub const FAULTS: [(Fault, &str); 18] = [
    (Fault::Nobody, "a1"),
    (Fault::Silence, "a1"),
    (Fault::WrongKey, "a1"),
    (Fault::OldAck, "a2"),
    (Fault::TooManyPeers, "a2"),
    (Fault::AnotherIdentity, "a2"),
    (Fault::Useless, "a3"),
    (Fault::HangsUp, "a3"),
    (Fault::ChangedFrame, "a4"),
    (Fault::TooBig, "a4"),
    (Fault::NoPong, "a5"),
    (Fault::DeadSocket, "b1"),
    (Fault::NoResult, "b1"),
    (Fault::AnotherId, "b1"),
    (Fault::NotShown, "b2"),
    (Fault::CutAnswer, "b2"),
    (Fault::Crashes, "b3"),
    (Fault::NoAnswer, "b3"),
];

impl Fault {
    /// The faults of a lesson, in an order that says nothing.
    #[must_use]
    pub fn of(lesson: &str) -> Vec<Self> {
        let mut faults: Vec<Self> =
            FAULTS.iter().filter(|(_, its)| *its == lesson).map(|(fault, _)| *fault).collect();
        faults.reverse();
        faults
    }

    /// Whether it is one of a node that is asked over RPC.
    #[must_use]
    pub fn is_rpc(self) -> bool {
        FAULTS.iter().any(|(fault, lesson)| *fault == self && lesson.starts_with('b'))
    }

    /// What is wrong, as it is offered.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Nobody => "nobody listens at its address",
            Self::Silence => "it takes the connection, and says nothing",
            Self::WrongKey => "it has another key than its enode says",
            Self::OldAck => "its ack was made for somebody else",
            Self::TooManyPeers => "it has no room for us",
            Self::AnotherIdentity => "its Hello names another key than its handshake",
            Self::Useless => "it finds us useless",
            Self::HangsUp => "after Hello it closes, without a word",
            Self::ChangedFrame => "its first frame was changed on the way",
            Self::TooBig => "it sends a message that would be far too big",
            Self::NoPong => "after Hello it says nothing any more",
            Self::DeadSocket => "its socket is there, and nobody listens",
            Self::NoResult => "its answer has neither a result nor an error",
            Self::AnotherId => "its answer has another id than the call",
            Self::NotShown => "it does not show the method",
            Self::CutAnswer => "its answer ends in the middle",
            Self::Crashes => "its method crashes",
            Self::NoAnswer => "it takes the call, and never answers",
        }
    }

    /// How one can tell.
    #[must_use]
    pub fn because(self) -> &'static str {
        match self {
            Self::Nobody => {
                "The system refused the connection: there is a machine, and no program at that port. A \
                 firewall that drops packets looks different: nothing comes back at all."
            }
            Self::Silence => {
                "TCP connects, because that is done by the system. Then auth goes out, and no ack comes \
                 back. Whatever listens there, it has not hung up, so it has not found auth wrong."
            }
            Self::WrongKey => {
                "It hung up on auth: it could not decrypt it, because we wrote to the key in the enode. \
                 A node that cannot read auth does not know whom to tell, so it says nothing."
            }
            Self::OldAck => {
                "It could read our auth, or it pretends to: an ack came. But that ack was written to \
                 another key than ours, so nobody who has only recorded an old ack gets any further."
            }
            Self::TooManyPeers => {
                "The handshake succeeds, and in place of Hello comes a Disconnect with 0x04. A node asks \
                 itself twice whether there is room: after the handshake, and again after Hello."
            }
            Self::AnotherIdentity => {
                "The handshake proves one key, and Hello names another. Only the first counts. We \
                 hang up with 0x09, \"unexpected identity\"; in a log it stands on our side."
            }
            Self::Useless => {
                "Both Hellos are there, and then comes 0x03. It says that the two of us share no \
                 protocol: a ping has none to offer."
            }
            Self::HangsUp => {
                "Both Hellos are there, and then the connection is closed. There was no Disconnect, so \
                 nobody knows why: perhaps the program has crashed."
            }
            Self::ChangedFrame => {
                "The handshake succeeds, so both have the same secrets, and still the MAC of the first \
                 frame does not fit. Something has changed bytes between the two; or it has made a \
                 mistake when it computed the MAC."
            }
            Self::TooBig => {
                "A few bytes of snappy can claim to be 64 MiB. The claim is read before anything is \
                 decompressed, so the message costs us nothing."
            }
            Self::NoPong => {
                "Everything succeeds up to Hello. Then our Ping stays without an answer. A server gives \
                 such a peer up after 30 seconds."
            }
            rpc => broken_socket::because(rpc),
        }
    }
}

/// A node with something wrong.
#[derive(Debug)]
pub struct Broken {
    key: Arc<NodeKey>,
    fault: Fault,
    /// None if nobody listens.
    listener: Option<TcpListener>,
    address: SocketAddr,
    /// Of a node that is asked over RPC.
    socket: Option<Socket>,
}

impl Broken {
    /// Takes a free port.
    ///
    /// # Errors
    /// The operating system's.
    pub async fn open(fault: Fault) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let listener = Some(listener).filter(|_| fault != Fault::Nobody);
        let key = Arc::new(NodeKey::generate(&mut rand::rng()));
        let socket = if fault.is_rpc() { Some(Socket::open(fault)?) } else { None };
        Ok(Self { key, fault, listener, address, socket })
    }

    /// Where its socket is, if it is asked over RPC.
    #[must_use]
    pub fn socket(&self) -> Option<&Path> {
        self.socket.as_ref().map(Socket::path)
    }

    /// What it says about itself.
    #[must_use]
    pub fn enode(&self) -> Enode {
        let (host, tcp) = (Host::Ip(self.address.ip()), self.address.port());
        let public_key = match self.fault {
            Fault::WrongKey => NodeKey::generate(&mut rand::rng()).public_key(),
            _ => self.key.public_key(),
        };
        Enode { public_key, address: Some(Address { host, tcp, udp: 0 }) }
    }

    /// Misbehaves, to everybody, for ever.
    pub async fn run(&self) {
        if let Some(socket) = &self.socket {
            return socket.run().await;
        }
        let Some(listener) = &self.listener else { return std::future::pending().await };
        let mut visits = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let (key, fault) = (Arc::clone(&self.key), self.fault);
            visits.spawn(async move {
                // Whatever went wrong between us, it was meant to.
                let _ = misbehave(stream, &key, fault).await;
            });
        }
    }
}

async fn misbehave(mut stream: TcpStream, key: &NodeKey, fault: Fault) -> io::Result<()> {
    if fault == Fault::Silence {
        return until_closed(&mut stream).await;
    }
    let auth = read_packet(&mut stream).await?;
    let mut rng = StdRng::from_rng(&mut rand::rng());
    let answer = handshake::respond(key, &auth, &mut rng);
    let (mut session, mut ack) = answer.map_err(io::Error::other)?;
    if fault == Fault::OldAck {
        let somebody = NodeKey::generate(&mut rng);
        let (_, auth) = handshake::initiate(&somebody, key.public_key(), &mut rng);
        (_, ack) = handshake::respond(key, &auth, &mut rng).map_err(io::Error::other)?;
    }
    stream.write_all(&ack).await?;

    if fault == Fault::TooManyPeers {
        let reason = DisconnectReason::TooManyPeers.encode();
        stream.write_all(&sealed(&mut session, DISCONNECT, &reason)).await?;
        return until_closed(&mut stream).await;
    }
    let named = match fault {
        Fault::AnotherIdentity => NodeKey::generate(&mut rng).public_key(),
        _ => key.public_key(),
    };
    let hello = Hello::new(named, &client_name("broken", "1"), Vec::new()).encode();
    let mut frame = sealed(&mut session, HELLO, &hello);
    if let (Fault::ChangedFrame, Some(byte)) = (fault, frame.get_mut(40)) {
        *byte ^= 1;
    }
    stream.write_all(&frame).await?;
    let last = match fault {
        Fault::HangsUp => {
            stream.shutdown().await?;
            return until_closed(&mut stream).await;
        }
        Fault::Useless => sealed(&mut session, DISCONNECT, &DisconnectReason::UselessPeer.encode()),
        Fault::TooBig => sealed(&mut session, PING, &SIXTY_FOUR_MIB),
        _ => BytesMut::new(),
    };
    stream.write_all(&last).await?;
    until_closed(&mut stream).await
}

/// A frame. Nothing in it is compressed: who writes it has done that, or not.
fn sealed(session: &mut Session, msg_id: u64, payload: &[u8]) -> BytesMut {
    let (mut buffer, mut frame) = (Vec::new(), BytesMut::new());
    if let Ok(frame_data) = Codec::default().encode(msg_id, payload, &mut buffer) {
        // Short, so it has room in a frame.
        let _ = session.writer.seal(frame_data, &mut frame);
    }
    frame
}

async fn read_packet(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut prefix = [0; 2];
    stream.read_exact(&mut prefix).await?;
    let len = packet_len(prefix).map_err(io::Error::other)?;
    let mut packet = vec![0; len.saturating_add(2)];
    let (head, body) = packet.split_at_mut(2);
    head.copy_from_slice(&prefix);
    stream.read_exact(body).await?;
    Ok(packet)
}

/// Reads and says nothing, until the other side has gone.
async fn until_closed(stream: &mut TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

/// What is seen of a node from outside, step by step: who has no second terminal reads this.
pub async fn look(broken: &Broken) -> String {
    match broken.socket() {
        Some(path) => broken_socket::look(path).await,
        None => look_at(&broken.enode()).await,
    }
}

async fn look_at(enode: &Enode) -> String {
    let mut seen = String::new();
    if let Err(end) = steps(enode, &mut seen).await {
        let _ = writeln!(seen, "{end}");
    }
    seen
}

async fn steps(enode: &Enode, seen: &mut String) -> Result<(), String> {
    let late = |what: &str| format!("{what}: not within {} seconds", PATIENCE.as_secs());
    let ended = |what: &str, end: EndReason| format!("{what}: {}", end.in_words());
    let key = NodeKey::generate(&mut rand::rng());
    let rng = StdRng::from_rng(&mut rand::rng());

    let stream = devp2p_core::net::connect(enode).await;
    let stream = stream.map_err(|error| ended("TCP", EndReason::Connect(error.kind())))?;
    *seen += "TCP: connected\n";
    let shaking = Link::initiate(stream, &key, enode.public_key, rng);
    let link = timeout(PATIENCE, shaking).await.map_err(|_| late("auth sent, ack"))?;
    let mut link = link.map_err(|end| ended("auth sent, ack", end))?;
    *seen += "auth sent, ack received\n";
    let ours = Hello::new(key.public_key(), &client_name("look", "1"), Vec::new());
    let hello = timeout(PATIENCE, link.exchange_hello(&ours)).await.map_err(|_| late("Hello"))?;
    let hello = hello.map_err(|end| ended("Hello", end))?;
    let _ = writeln!(seen, "Hello: {}", hello.client_id);
    link.check_identity(&hello).map_err(|end| ended("Hello", end))?;
    // What they have to say counts more than that they do not listen.
    let _ = link.send(PING, EMPTY_LIST).await;
    let heard = timeout(PATIENCE, link.receive()).await.map_err(|_| late("Ping sent, Pong"))?;
    match heard.map_err(|end| ended("Ping sent, Pong", end))? {
        Received::Other(PONG) => *seen += "Pong received\n",
        Received::Disconnect(payload) => {
            let reason = DisconnectReason::decode(payload);
            return Err(ended("Ping sent, Pong", EndReason::Remote(reason)));
        }
        other => {
            let _ = writeln!(seen, "Ping sent, and something else came: {other:?}");
        }
    }
    Ok(())
}
