//! The life of a connection, from the first byte to the last.
//!
//! Read [`Connection::run`], then [`Connection::introduce`]: they are the story.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::debug;

use super::transport::{self, Incoming, Outgoing, TransportError};
use super::{EndReason, GOODBYE_TIMEOUT, PeerInfo, SETUP_TIMEOUT, peer, tcp};
use crate::enode::Enode;
use crate::events::PeerEvent;
use crate::handshake::Session;
use crate::keys::{NodeKey, PublicKey};
use crate::p2p::capability::{self, Shared};
use crate::p2p::hello::MAX_HELLO;
use crate::p2p::message::{self, Compression, MessageError};
use crate::p2p::{Capability, DISCONNECT, DisconnectReason, HELLO, Hello};
use crate::policy::{Candidate, ConnectionId, Direction};
use crate::protocol::Protocol;

/// What all connections of a server share.
pub(super) struct Local {
    pub(super) key: Arc<NodeKey>,
    pub(super) hello: Hello,
    pub(super) protocols: Vec<Protocol>,
    pub(super) questions: mpsc::Sender<Question>,
    /// Where message events go, if they are wanted. Weak: a connection must not keep the stream
    /// of events open when the server is gone.
    pub(super) events: Option<broadcast::WeakSender<PeerEvent>>,
}

/// A connection asks the main loop whether it may stay.
pub(super) struct Question {
    pub(super) candidate: Candidate,
    pub(super) checkpoint: Checkpoint,
    pub(super) answer: oneshot::Sender<Result<(), DisconnectReason>>,
}

/// When it asks.
pub(super) enum Checkpoint {
    AfterHandshake,
    AfterHello(PeerInfo),
}

/// How a connection is told to end: it waits for a reason.
pub(super) type Closing = watch::Receiver<Option<DisconnectReason>>;

/// Where a connection comes from.
pub(super) enum Origin {
    Dial(Enode),
    Accept(tcp::Connected),
}

/// One connection of a server.
pub(super) struct Connection {
    pub(super) local: Arc<Local>,
    pub(super) id: ConnectionId,
    pub(super) closing: Closing,
}

/// An encrypted stream to a node whose key is proved.
pub(super) struct Link<R, W> {
    pub(super) remote: PublicKey,
    pub(super) direction: Direction,
    /// Our end and theirs.
    pub(super) addresses: (SocketAddr, SocketAddr),
    pub(super) incoming: Incoming<R>,
    pub(super) outgoing: Outgoing<W>,
    /// Off until both have said Hello.
    pub(super) compression: Compression,
}

impl Connection {
    /// Everything from connect or accept to goodbye; returns why it ended.
    pub(super) async fn run(mut self, origin: Origin) -> EndReason {
        let deadline = Instant::now() + SETUP_TIMEOUT;
        let local = self.local.clone();
        // In a box, as the next steps: a peer must not keep room for what it did in its youth.
        let step = Box::pin(shake_hands(&local.key, origin));
        match before(deadline, &mut self.closing, step).await {
            Ok(link) => self.proceed(link, deadline).await,
            Err(reason) => reason,
        }
    }

    /// What comes after the handshake: getting to know each other, being peers, goodbye.
    pub(super) async fn proceed<R, W>(
        mut self,
        mut link: Box<Link<R, W>>,
        deadline: Instant,
    ) -> EndReason
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        let mut closing = self.closing.clone();
        let step = Box::pin(self.introduce(&mut link));
        match before(deadline, &mut closing, step).await {
            Ok((peer, shared)) => {
                peer::run(&self.local, &mut self.closing, link, &peer, &shared).await
            }
            Err(reason) => {
                Box::pin(link.say_goodbye(&reason)).await;
                reason
            }
        }
    }

    // ANCHOR: introduce
    /// Handshake → *may it stay?* → Hello → identity → capabilities → *may it stay?*
    async fn introduce<R, W>(
        &self,
        link: &mut Link<R, W>,
    ) -> Result<(PeerInfo, Vec<Shared>), EndReason>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        self.ask(link, Checkpoint::AfterHandshake).await?;
        let hello = link.exchange_hello(&self.local.hello).await?;
        if hello.public_key != link.remote {
            return Err(EndReason::Local(DisconnectReason::UnexpectedIdentity));
        }
        let shared = capability::shared(&self.local.offers(), &hello.capabilities);
        // As in go-ethereum, a server without any subprotocol accepts everyone.
        if shared.is_empty() && !self.local.protocols.is_empty() {
            return Err(EndReason::Local(DisconnectReason::UselessPeer));
        }
        debug!(peer = %link.remote.short(), shared = shared.len(), "identity and capabilities are right");
        let (local, remote) = link.addresses;
        let peer = PeerInfo {
            id: link.remote,
            name: hello.client_id,
            capabilities: hello.capabilities,
            local,
            remote,
            direction: link.direction,
        };
        self.ask(link, Checkpoint::AfterHello(peer.clone())).await?;
        Ok((peer, shared))
    }
    // ANCHOR_END: introduce

    /// Asks the main loop, which alone knows all connections, whether this one may stay.
    async fn ask<R, W>(&self, link: &Link<R, W>, checkpoint: Checkpoint) -> Result<(), EndReason> {
        let candidate = Candidate { id: self.id, key: link.remote, direction: link.direction };
        let (answer, answered) = oneshot::channel();
        let quitting = EndReason::Local(DisconnectReason::Quitting);
        match self.local.questions.send(Question { candidate, checkpoint, answer }).await {
            Ok(()) => answered.await.map_err(|_| quitting)?.map_err(EndReason::Local),
            Err(_) => Err(quitting),
        }
    }
}

impl Local {
    /// Our capabilities with their lengths.
    fn offers(&self) -> Vec<(Capability, u64)> {
        self.protocols.iter().map(|protocol| (protocol.capability(), protocol.length())).collect()
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Link<R, W> {
    /// Sends our Hello and reads theirs, neither waiting for the other.
    async fn exchange_hello(&mut self, ours: &Hello) -> Result<Hello, EndReason> {
        self.outgoing.seal(&message::encode(HELLO, &ours.encode(), Compression::Off)?)?;
        let (sent, received) =
            tokio::join!(self.outgoing.flush(), receive_hello(&mut self.incoming));
        // What they said counts more than that they did not listen: it may be a Disconnect.
        let theirs = received?;
        sent?;
        debug!(peer = %self.remote.short(), name = theirs.client_id, version = theirs.version, "Hello exchanged");
        self.compression = Compression::for_version(theirs.version);
        Ok(theirs)
    }

    /// Says why we go, if there is something to say, and waits until it was heard: a connection
    /// that is closed with unread input is reset, and a reset destroys what was sent.
    async fn say_goodbye(mut self: Box<Self>, reason: &EndReason) {
        let Some(disconnect) = reason.disconnect() else {
            return;
        };
        debug!(peer = %self.remote.short(), reason = %disconnect, "saying goodbye");
        let farewell = async {
            self.outgoing.send(DISCONNECT, &disconnect.encode(), self.compression).await?;
            self.outgoing.shutdown().await
        };
        // The connection is at its end; that the goodbye did not arrive changes nothing.
        let _ = timeout(GOODBYE_TIMEOUT, farewell).await;
        let _ = timeout(GOODBYE_TIMEOUT, self.incoming.discard()).await;
    }
}

/// TCP and the RLPx handshake; whoever dials is the initiator.
async fn shake_hands(
    key: &NodeKey,
    origin: Origin,
) -> Result<Box<Link<tcp::Reader, tcp::Writer>>, EndReason> {
    match origin {
        Origin::Dial(enode) => {
            debug!(peer = %enode.public_key.short(), "dialing");
            let dialed = tcp::dial(&enode).await;
            let mut tcp = dialed.map_err(|error| EndReason::Connect(error.kind()))?;
            debug!(local = %tcp.local, remote = %tcp.remote, "TCP connected");
            let session =
                transport::initiate(&mut tcp.reader, &mut tcp.writer, key, enode.public_key).await;
            let session = session.map_err(|error| match error {
                TransportError::ClosedInHandshake => EndReason::HungUp,
                other => EndReason::Transport(other),
            })?;
            Ok(Link::new(tcp, session, Direction::Outbound))
        }
        Origin::Accept(mut tcp) => {
            debug!(local = %tcp.local, remote = %tcp.remote, "TCP accepted");
            let session = transport::respond(&mut tcp.reader, &mut tcp.writer, key).await?;
            Ok(Link::new(tcp, session, Direction::Inbound))
        }
    }
}

impl Link<tcp::Reader, tcp::Writer> {
    /// In a box, because it is handed on from step to step.
    fn new(tcp: tcp::Connected, session: Session, direction: Direction) -> Box<Self> {
        Box::new(Self {
            remote: session.remote,
            direction,
            addresses: (tcp.local, tcp.remote),
            incoming: Incoming::new(tcp.reader, session.reader),
            outgoing: Outgoing::new(tcp.writer, session.writer),
            compression: Compression::Off,
        })
    }
}

/// Reads the other side's first message: its Hello, or why it does not want us.
pub(crate) async fn receive_hello(
    incoming: &mut Incoming<impl AsyncRead + Unpin>,
) -> Result<Hello, EndReason> {
    // One byte for the msg-id. Strangers get no larger frame than a Hello needs.
    let frame_data = incoming.read(MAX_HELLO.saturating_add(1)).await?;
    match message::split_id(frame_data)? {
        (HELLO, payload) => Ok(Hello::decode(payload)?),
        (DISCONNECT, payload) => Err(EndReason::Remote(DisconnectReason::decode(payload))),
        (other, _) => Err(MessageError::NotHello(other).into()),
    }
}

/// Does `step` unless the deadline comes first, or the main loop tells us to close.
async fn before<T>(
    deadline: Instant,
    closing: &mut Closing,
    step: impl Future<Output = Result<T, EndReason>>,
) -> Result<T, EndReason> {
    tokio::select! {
        done = timeout_at(deadline, step) => done.unwrap_or(Err(EndReason::SetupTimeout)),
        reason = told_to_close(closing) => Err(EndReason::Local(reason)),
    }
}

/// Waits until the main loop tells this connection to close, or is gone itself.
pub(super) async fn told_to_close(closing: &mut Closing) -> DisconnectReason {
    let told = closing.wait_for(Option::is_some).await;
    told.ok().and_then(|reason| *reason).unwrap_or(DisconnectReason::Quitting)
}
