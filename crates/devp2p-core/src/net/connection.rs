//! The life of a connection, from the first byte to the last.
//!
//! Read [`Connection::run`], then [`Connection::introduce`]: they are the story.

use std::sync::{Arc, Weak};

use rand::rngs::StdRng;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tracing::debug;

use super::link::{Link, Stream, connect};
use super::orders::Orders;
use super::peer::Peer;
use super::signals::Signals;
use super::tap::Tap;
use super::{EndReason, PeerInfo, SETUP_TIMEOUT, SetupStep};
use crate::enode::Enode;
use crate::events::EventSender;
use crate::info::MAX_CAPABILITIES;
use crate::keys::NodeKey;
use crate::p2p::{DisconnectReason, Hello, Offer, shared};
use crate::policy::{Candidate, ConnectionNumber};
use crate::protocol::Protocol;

/// What all connections of a server share.
pub(super) struct Context {
    pub(super) key: Arc<NodeKey>,
    pub(super) hello: Hello,
    pub(super) protocols: Vec<Protocol>,
    pub(super) words: mpsc::Sender<Word>,
    /// Where message events go, if they are wanted. Weak: a connection must not keep the stream
    /// of events open when the server is gone.
    pub(super) events: Option<Weak<EventSender>>,
    /// Who sees what crosses connections, if anybody does.
    pub(super) tap: Option<Tap>,
}

/// What a connection tells the main loop.
pub(super) enum Word {
    /// The handshake is done. May it go on?
    HandshakeDone(Candidate, Answer),
    /// Both Hellos were exchanged. May it be a peer?
    HelloDone(Newcomer),
    /// It was asked for a sign of life, and there is one.
    Alive(ConnectionNumber),
}

/// A connection that would be a peer.
pub(super) struct Newcomer {
    pub(super) candidate: Candidate,
    pub(super) info: PeerInfo,
    pub(super) answer: Answer,
}

/// Where the main loop answers: it may, or the reason why not.
pub(super) type Answer = oneshot::Sender<Result<Standing, DisconnectReason>>;

/// What the main loop knows about a node that may stay.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Standing {
    pub(super) trusted: bool,
    pub(super) is_static: bool,
}

/// Where a connection comes from.
pub(super) enum Origin {
    Dial(Enode),
    Accept(Stream),
}

/// One connection of a server.
pub(super) struct Connection {
    pub(super) context: Arc<Context>,
    pub(super) number: ConnectionNumber,
    pub(super) orders: Orders,
}

impl Connection {
    /// Everything from connect or accept to goodbye; returns why it ended. What only the handshake
    /// needs comes in boxes, which it drops.
    pub(super) async fn run(mut self, origin: Box<Origin>, rng: Box<StdRng>) -> EndReason {
        let deadline = Instant::now() + SETUP_TIMEOUT;
        // In a box, as the next steps: a peer must not keep room for what it did in its youth.
        match Box::pin(self.shake_hands(origin, rng, deadline)).await {
            Ok(link) => self.proceed(link, deadline).await,
            Err(reason) => reason,
        }
    }

    /// TCP and the RLPx handshake; whoever dials is the initiator.
    async fn shake_hands(
        &mut self,
        origin: Box<Origin>,
        rng: Box<StdRng>,
        deadline: Instant,
    ) -> Result<Box<Link>, EndReason> {
        let Context { key, tap, .. } = &*self.context;
        let tap = tap.as_ref().map(|tap| tap.connection(self.number.0));
        let link = match *origin {
            Origin::Dial(enode) => {
                let stream = before(deadline, SetupStep::Connect, &mut self.orders, dial(&enode));
                let stream = Stream { tap, ..stream.await? };
                let link = Link::initiate(stream, key, enode.public_key, rng);
                let link = before(deadline, SetupStep::Handshake, &mut self.orders, link).await?;
                Link { udp: enode.address.map(|address| address.udp), ..link }
            }
            Origin::Accept(stream) => {
                tell_stream(&stream, "TCP accepted");
                let stream = Stream { tap, ..stream };
                let link = Link::respond(stream, key, rng);
                before(deadline, SetupStep::Handshake, &mut self.orders, link).await?
            }
        };
        Ok(Box::new(link))
    }

    /// What comes after the handshake: getting to know each other, being peers, goodbye.
    pub(super) async fn proceed<R, W>(
        self,
        mut link: Box<Link<R, W>>,
        deadline: Instant,
    ) -> EndReason
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        let mut orders = self.orders.clone();
        let step = Box::pin(self.introduce(&mut link));
        match before(deadline, SetupStep::Hello, &mut orders, step).await {
            Ok(info) => {
                let Context { protocols, events, .. } = &*self.context;
                let (events, signals) = (events.as_ref(), Arc::new(Signals::default()));
                let peer = Peer { info: &info, protocols, events, signals: signals.clone() };
                peer.run(link, told_to_end(&self.context, self.number, orders, &signals)).await
            }
            Err(reason) => {
                Box::pin(link.say_goodbye(reason.disconnect())).await;
                reason
            }
        }
    }

    // ANCHOR: introduce
    /// Handshake → *may it stay?* → Hello → identity → capabilities → *may it stay?*
    async fn introduce<R, W>(&self, link: &mut Link<R, W>) -> Result<PeerInfo, EndReason>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let standing = self.ask(link, Word::HandshakeDone).await?;
        let hello = link.exchange_hello(&self.context.hello).await?;
        link.check_identity(&hello)?;
        let shared = shared(&self.context.offers(), &hello.capabilities);
        // As in go-ethereum, a server without any protocol accepts everyone.
        if shared.is_empty() && !self.context.protocols.is_empty() {
            return Err(EndReason::Local(DisconnectReason::UselessPeer));
        }
        debug!(peer = %link.remote_key.short(), shared = shared.len(), "identity and capabilities are right");
        link.share(shared);
        let info = peer_info(link, hello, standing);
        let told = info.clone();
        let hello_done =
            |candidate, answer| Word::HelloDone(Newcomer { candidate, info: told, answer });
        let standing = self.ask(link, hello_done).await?;
        Ok(PeerInfo { trusted: standing.trusted, is_static: standing.is_static, ..info })
    }
    // ANCHOR_END: introduce

    /// Asks the main loop, which alone knows all connections, whether this one may stay.
    async fn ask<R, W>(
        &self,
        link: &Link<R, W>,
        word: impl FnOnce(Candidate, Answer) -> Word,
    ) -> Result<Standing, EndReason> {
        let (connection, key, direction) = (self.number, link.remote_key, link.direction);
        let candidate = Candidate { connection, key, direction };
        let (answer, answered) = oneshot::channel();
        let quitting = EndReason::Local(DisconnectReason::Quitting);
        match self.context.words.send(word(candidate, answer)).await {
            Ok(()) => answered.await.map_err(|_| quitting)?.map_err(EndReason::Local),
            Err(_) => Err(quitting),
        }
    }
}

impl Context {
    /// What we offer.
    fn offers(&self) -> Vec<Offer> {
        self.protocols.iter().map(Protocol::offer).collect()
    }
}

/// What is known about a peer.
fn peer_info<R, W>(link: &Link<R, W>, hello: Hello, standing: Standing) -> PeerInfo {
    let offered = hello.capabilities.len();
    if offered > MAX_CAPABILITIES {
        debug!(peer = %link.remote_key.short(), offered, "only the first {MAX_CAPABILITIES} capabilities are kept");
    }
    let shared = link.codec.shared().iter().map(|shared| shared.capability.clone());
    PeerInfo {
        shared: shared.collect(),
        local: link.local,
        remote: link.remote,
        udp: link.udp,
        trusted: standing.trusted,
        is_static: standing.is_static,
        ..PeerInfo::from_hello(hello, link.direction)
    }
}

/// Both ends of a stream, in the log.
fn tell_stream(stream: &Stream, what: &str) {
    let Stream { local, remote, .. } = stream;
    debug!(local = local.map(display), remote = remote.map(display), "{what}");
}

/// Connects over TCP.
async fn dial(enode: &Enode) -> Result<Stream, EndReason> {
    let Some(address) = &enode.address else { return Err(EndReason::NoAddress) };
    debug!(peer = %enode.public_key.short(), host = %address.host, port = address.tcp, "dialing");
    let stream = connect(enode).await.map_err(|error| EndReason::Connect(error.kind()))?;
    tell_stream(&stream, "TCP connected");
    Ok(stream)
}

/// Does `step` unless the deadline comes first, or the main loop tells us to close.
async fn before<T>(
    deadline: Instant,
    name: SetupStep,
    orders: &mut Orders,
    step: impl Future<Output = Result<T, EndReason>>,
) -> Result<T, EndReason> {
    tokio::select! {
        biased;
        done = timeout_at(deadline, step) => done.unwrap_or(Err(EndReason::SetupTimeout(name))),
        reason = orders.closing() => Err(reason),
    }
}

/// Waits until the main loop wants a peer to end: it says so, or asks for a sign of life and there is
/// none.
async fn told_to_end(
    context: &Context,
    number: ConnectionNumber,
    mut orders: Orders,
    signals: &Signals,
) -> EndReason {
    let mut challenges = orders.clone();
    let is_dead = async {
        loop {
            challenges.challenged().await;
            // In a box: for most peers it never happens.
            if !Box::pin(signals.is_alive()).await {
                return;
            }
            // An error says that the main loop is gone, which `orders` notices.
            let _ = context.words.send(Word::Alive(number)).await;
        }
    };
    tokio::select! {
        biased;
        reason = orders.closing() => reason,
        () = is_dead => EndReason::Superseded,
    }
}
