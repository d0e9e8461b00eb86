//! A link: an encrypted stream to the owner of a key. From the first byte to Hello, and the goodbye.
//!
//! A server's connections are links, and what a server does with them is in `connection`. For a
//! single connection without a server, take a link by itself:
//!
//! ```
//! use devp2p_core::keys::NodeKey;
//! use devp2p_core::net::{Config, Link, Server};
//! use devp2p_core::p2p::{DisconnectReason, Hello};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let new_key = || NodeKey::generate(&mut rand::rng());
//! let server = Server::start(Config { max_peers: 1, ..Config::new(new_key(), "foo") }).await?;
//!
//! let key = new_key();
//! let mut link = Link::dial(&key, &server.enode()).await?;
//! let theirs = link.exchange_hello(&Hello::new(key.public_key(), "bar", Vec::new())).await?;
//! assert_eq!(theirs.client_id, "foo");
//! link.say_goodbye(Some(DisconnectReason::Requested)).await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::net::SocketAddr;
use std::{fmt, io};

use rand::rngs::StdRng;
use rand::{CryptoRng, SeedableRng};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tracing::debug;

use super::receive::Incoming;
use super::send::Outgoing;
use super::system::{OwnedReadHalf, OwnedWriteHalf, TcpStream, lookup_host};
use super::tap::{Arriving, TappedConnection};
use super::{EndReason, GOODBYE_TIMEOUT};
use crate::end::TransportError;
use crate::enode::{Enode, Host};
use crate::frame::MAX_FRAME_SIZE;
use crate::handshake::{self, Session, packet_len};
use crate::keys::{NodeKey, PublicKey};
use crate::p2p::{
    Codec, DISCONNECT, DisconnectReason, HELLO, Hello, MAX_HELLO, MessageError, Received, Shared,
    split_msg_id,
};
use crate::policy::Direction;
use crate::trace::{SecretName, Side};

/// Two halves of a byte stream whose other side has not said yet who it is. It is TCP, from
/// [`connect`], if nothing else is said.
#[derive(Debug)]
pub struct Stream<R = OwnedReadHalf, W = OwnedWriteHalf> {
    /// What comes from the other side.
    pub reader: R,
    /// What goes there.
    pub writer: W,
    /// The address of our end, if there is one.
    pub local: Option<SocketAddr>,
    /// The address of the other end, if there is one.
    pub remote: Option<SocketAddr>,
    /// Who sees what crosses it, if anybody does.
    pub tap: Option<TappedConnection>,
}

impl<R, W> Stream<R, W> {
    /// A stream between nobody knows where.
    pub fn new(reader: R, writer: W) -> Self {
        Self { reader, writer, local: None, remote: None, tap: None }
    }
}

/// An encrypted stream to the owner of a key. The handshake says whose; the first frame that comes,
/// which is Hello, proves it.
pub struct Link<R = OwnedReadHalf, W = OwnedWriteHalf> {
    pub(super) remote_key: PublicKey,
    pub(super) direction: Direction,
    pub(super) local: Option<SocketAddr>,
    pub(super) remote: Option<SocketAddr>,
    /// The UDP port of the enode that was dialed.
    pub(super) udp: Option<u16>,
    pub(super) incoming: Incoming<R>,
    pub(super) outgoing: Outgoing<W>,
    pub(super) codec: Codec,
}

/// Says who is there, and nothing of what was said.
impl<R, W> fmt::Debug for Link<R, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut link = f.debug_struct("Link");
        link.field("remote_key", &self.remote_key).field("direction", &self.direction);
        link.finish_non_exhaustive()
    }
}

impl Link {
    /// Connects to a node over TCP and does the handshake.
    ///
    /// There is no time limit in it, and random numbers are the system's.
    ///
    /// # Errors
    /// [`EndReason::Connect`], and all of [`Link::initiate`].
    pub async fn dial(key: &NodeKey, enode: &Enode) -> Result<Self, EndReason> {
        let rng = StdRng::from_rng(&mut rand::rng());
        let stream = connect(enode).await;
        let stream = stream.map_err(|error| EndReason::Connect(error.kind()))?;
        Self::initiate(stream, key, enode.public_key, rng).await
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Link<R, W> {
    /// Does the initiator's half of the handshake: auth out, ack in.
    ///
    /// # Errors
    /// [`EndReason::HungUp`] is what a wrong `recipient` key looks like: the other side could not
    /// read auth, and hung up without a word. [`EndReason::Transport`] otherwise.
    pub async fn initiate(
        mut stream: Stream<R, W>,
        key: &NodeKey,
        recipient: PublicKey,
        mut rng: impl CryptoRng,
    ) -> Result<Self, EndReason> {
        let tap = stream.tap.clone();
        let mut tell = told_to(tap.as_ref());
        let (waiting, auth) = handshake::initiate_telling(key, recipient, &mut rng, &mut tell);
        drop(rng);
        stream.writer.write_all(&auth).await.map_err(TransportError::from)?;
        if let Some(tap) = &tap {
            tap.bytes(Side::Initiator, &auth);
        }
        debug!(bytes = auth.len(), "auth sent: our signature, key and nonce");
        let ack = read_packet(&mut stream, Side::Recipient).await.map_err(|error| match error {
            TransportError::ClosedInHandshake => EndReason::HungUp,
            other => other.into(),
        })?;
        let session = waiting.receive_ack_telling(&ack.packet, &mut tell);
        let session = session.map_err(TransportError::from)?;
        debug!(bytes = ack.packet.len(), "ack received: both sides have the session's secrets");
        drop(ack);
        Ok(Self::new(stream, session, Direction::Outbound))
    }

    /// Does the recipient's half of the handshake: auth in, ack out.
    ///
    /// # Errors
    /// [`EndReason::Transport`], as the network fails or the initiator misbehaves.
    pub async fn respond(
        mut stream: Stream<R, W>,
        key: &NodeKey,
        mut rng: impl CryptoRng,
    ) -> Result<Self, EndReason> {
        let auth = read_packet(&mut stream, Side::Initiator).await?;
        let tap = stream.tap.clone();
        let mut tell = told_to(tap.as_ref());
        let answer = handshake::respond_telling(key, &auth.packet, &mut rng, &mut tell);
        drop(rng);
        debug!(bytes = auth.packet.len(), "auth received: the initiator says who it is");
        drop(auth);
        let (session, ack) = answer.map_err(TransportError::from)?;
        stream.writer.write_all(&ack).await.map_err(TransportError::from)?;
        if let Some(tap) = &tap {
            tap.bytes(Side::Recipient, &ack);
        }
        debug!(bytes = ack.len(), "ack sent: both sides have the session's secrets");
        Ok(Self::new(stream, session, Direction::Inbound))
    }

    fn new(stream: Stream<R, W>, session: Session, direction: Direction) -> Self {
        let ours = match direction {
            Direction::Outbound => Side::Initiator,
            Direction::Inbound => Side::Recipient,
        };
        Self {
            remote_key: session.remote_key,
            direction,
            local: stream.local,
            remote: stream.remote,
            udp: None,
            incoming: Incoming::new(stream.reader, session.reader)
                .tapped(stream.tap.clone().map(|tap| (tap, ours.other()))),
            outgoing: Outgoing::new(stream.writer, session.writer)
                .tapped(stream.tap.map(|tap| (tap, ours))),
            codec: Codec::default(),
        }
    }

    /// Who is there: the key that was named in the handshake. It is proved when a message has come.
    pub const fn remote_key(&self) -> PublicKey {
        self.remote_key
    }

    /// Sends our Hello and reads theirs, neither waiting for the other. After that, payloads are
    /// compressed if theirs says so. Whether it is [`theirs`](Self::check_identity) is not checked.
    ///
    /// # Errors
    /// [`EndReason::Remote`] if they say goodbye instead, [`EndReason::Transport`] otherwise.
    pub async fn exchange_hello(&mut self, ours: &Hello) -> Result<Hello, EndReason> {
        let mut buffer = Vec::new();
        let frame_data = self.codec.encode(HELLO, &ours.encode(), &mut buffer);
        tell_hello(&self.remote_key, ours, "Hello sent");
        let sealed = self.outgoing.seal(frame_data.map_err(TransportError::from)?);
        sealed.map_err(TransportError::from)?;
        let (sent, received) =
            tokio::join!(self.outgoing.flush(), receive_hello(&mut self.incoming));
        // What they said counts more than that they did not listen: it may be a Disconnect.
        let theirs = received?;
        sent?;
        tell_hello(&self.remote_key, &theirs, "Hello received");
        self.codec = Codec::new(theirs.version, Vec::new());
        Ok(theirs)
    }

    /// Checks that their Hello has the key of the handshake.
    ///
    /// # Errors
    /// [`EndReason::Local`], unexpected identity.
    pub fn check_identity(&self, theirs: &Hello) -> Result<(), EndReason> {
        match theirs.public_key == self.remote_key {
            true => Ok(()),
            false => Err(EndReason::Local(DisconnectReason::UnexpectedIdentity)),
        }
    }

    /// From now on these capabilities are spoken.
    pub fn share(&mut self, shared: Vec<Shared>) {
        self.codec = self.codec.with_shared(shared);
    }

    /// Sends one message: any msg-id, any payload. A future that is dropped halfway may have sent a
    /// part of it; the rest goes with the next message.
    ///
    /// # Errors
    /// [`EndReason::Transport`].
    pub async fn send(&mut self, msg_id: u64, payload: &[u8]) -> Result<(), EndReason> {
        Ok(self.outgoing.send(&self.codec, msg_id, payload).await?)
    }

    /// Waits for the next message. Not cancel-safe: a future that is dropped halfway takes a part
    /// of the stream with it.
    ///
    /// # Errors
    /// [`EndReason::Transport`].
    pub async fn receive(&mut self) -> Result<Received<'_>, EndReason> {
        let frame_data = self.incoming.read(MAX_FRAME_SIZE).await?;
        Ok(self.codec.decode(frame_data).map_err(TransportError::from)?)
    }

    /// Says why we go, if there is something to say, and waits until it was heard, at most two
    /// seconds: a connection that is closed with unread input is reset, and a reset destroys what
    /// was sent.
    pub async fn say_goodbye(mut self, reason: Option<DisconnectReason>) {
        let Some(reason) = reason else { return };
        let farewell = self.outgoing.close(&self.codec, Some(reason));
        // The connection is at its end; that the goodbye did not arrive changes nothing.
        let _ = timeout(GOODBYE_TIMEOUT, farewell).await;
        let _ = timeout(GOODBYE_TIMEOUT, self.incoming.discard()).await;
    }
}

/// What a Hello says, in the log.
fn tell_hello(peer: &PublicKey, hello: &Hello, what: &str) {
    let Hello { client_id: name, version, capabilities, .. } = hello;
    let listed = || match &capabilities[..] {
        [] => "none".to_owned(),
        all => all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    };
    debug!(peer = %peer.short(), name, version, capabilities = %listed(), "{what}");
}

/// Connects to where an enode says its node is; a DNS name is looked up now, and its addresses are
/// tried in turn.
///
/// # Errors
/// The operating system's; `AddrNotAvailable` if the enode says no address, `NotFound` if the name
/// leads nowhere.
pub async fn connect(enode: &Enode) -> io::Result<Stream> {
    connect_to_one(&tcp_addresses(enode).await?).await
}

/// The addresses at which an enode's node takes connections: one, or those that its name leads to
/// now.
///
/// # Errors
/// `AddrNotAvailable` if the enode says no address, `NotFound` if the name leads nowhere.
pub async fn tcp_addresses(enode: &Enode) -> io::Result<Vec<SocketAddr>> {
    let address = enode.address.as_ref().ok_or(io::ErrorKind::AddrNotAvailable)?;
    match &address.host {
        Host::Ip(ip) => Ok(vec![SocketAddr::new(*ip, address.tcp)]),
        Host::Dns(name) => {
            // Operating systems have a dozen errors for it; all mean that there is no such name.
            let found = lookup_host((name.as_str(), address.tcp)).await;
            Ok(found.map_err(|_| io::ErrorKind::NotFound)?.collect())
        }
    }
}

/// Connects to one of several addresses, which are tried in turn.
///
/// # Errors
/// The operating system's, for the last one; `NotFound` if there is none.
pub async fn connect_to_one(addresses: &[SocketAddr]) -> io::Result<Stream> {
    let mut failure = io::ErrorKind::NotFound.into();
    for address in addresses {
        match connect_to(*address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

async fn connect_to(address: SocketAddr) -> io::Result<Stream> {
    split(TcpStream::connect(address).await?, address)
}

/// The two halves of a connection with `remote`, which is not asked for: a connection that was reset
/// meanwhile does not know it any more.
pub(super) fn split(stream: TcpStream, remote: SocketAddr) -> io::Result<Stream> {
    // Frames are small and answers are waited for: Nagle's algorithm would only delay them.
    stream.set_nodelay(true)?;
    let local = stream.local_addr().ok().map(canonical);
    let (reader, writer) = stream.into_split();
    Ok(Stream { local, remote: Some(canonical(remote)), ..Stream::new(reader, writer) })
}

/// An IPv4 address that a dual-stack socket shows as IPv6, made IPv4 again.
fn canonical(addr: SocketAddr) -> SocketAddr {
    SocketAddr::new(addr.ip().to_canonical(), addr.port())
}

/// Tells a tap the secrets of a handshake, if there is one.
fn told_to(tap: Option<&TappedConnection>) -> impl FnMut(SecretName, &[u8; 32]) {
    move |name, secret| {
        if let Some(tap) = tap {
            tap.secret(name, secret);
        }
    }
}

/// Reads one handshake packet, size prefix included; the size is checked before it is believed.
async fn read_packet<R: AsyncRead + Unpin, W>(
    stream: &mut Stream<R, W>,
    from: Side,
) -> Result<Arriving, TransportError> {
    let mut arriving = Arriving { packet: Vec::new(), from, tap: stream.tap.clone() };
    read_up_to(&mut stream.reader, &mut arriving.packet, 2).await?;
    let prefix = *arriving.packet.first_chunk().ok_or(TransportError::ClosedInHandshake)?;
    let len = packet_len(prefix)?.saturating_add(2);
    read_up_to(&mut stream.reader, &mut arriving.packet, len).await?;
    Ok(arriving)
}

/// Reads until `packet` has `len` bytes.
async fn read_up_to(
    reader: &mut (impl AsyncRead + Unpin),
    packet: &mut Vec<u8>,
    len: usize,
) -> Result<(), TransportError> {
    packet.reserve_exact(len.saturating_sub(packet.len()));
    while packet.len() < len {
        let more = u64::try_from(len.saturating_sub(packet.len())).unwrap_or(u64::MAX);
        let read =
            reader.take(more).read_buf(packet).await.map_err(|error| match error.kind() {
                io::ErrorKind::ConnectionReset => TransportError::ClosedInHandshake,
                kind => TransportError::Io(kind),
            })?;
        if read == 0 {
            return Err(TransportError::ClosedInHandshake);
        }
    }
    Ok(())
}

/// Reads the other side's first message: its Hello, or why it does not want us.
async fn receive_hello(
    incoming: &mut Incoming<impl AsyncRead + Unpin>,
) -> Result<Hello, EndReason> {
    // One byte for the msg-id. Strangers get no larger frame than a Hello needs.
    let frame_data = incoming.read(MAX_HELLO.saturating_add(1)).await?;
    let hello = match split_msg_id(frame_data) {
        Ok((HELLO, payload)) => Hello::decode(payload),
        Ok((DISCONNECT, payload)) => {
            let reason = DisconnectReason::decode(payload);
            debug!(%reason, code = reason.code(), "Disconnect received");
            return Err(EndReason::Remote(reason));
        }
        Ok((other, _)) => Err(MessageError::NotHello(other)),
        Err(error) => Err(error),
    };
    Ok(hello.map_err(TransportError::from)?)
}
