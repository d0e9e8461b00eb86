//! What the tests of our server against foreign peers share. Every wait is bounded.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "each test file uses some of it, and stops where something is not as expected"
)]

pub(crate) mod log;
pub(crate) mod memory;
pub(crate) mod tools;

use std::future::Future;

use devp2p_core::enode::Enode;
use devp2p_core::events::{Events, PeerEvent};
use devp2p_core::keys::{NodeKey, PublicKey};
use devp2p_core::net::{Config, EndReason, Server, client_name};
use devp2p_core::p2p::DisconnectReason;
use devp2p_core::protocol::Protocol;
use interop::{Peer, Ready, ethereumjs_peer, geth_peer};
use serde_json::Value;
use tokio::time::{Duration, timeout};

/// Longer than anything here takes on a slow machine.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A secret key for who needs one that the test knows.
pub(crate) const SECRET: [u8; 32] = [0x11; 32];

/// Waits for `future`, but not for ever.
#[track_caller]
pub(crate) fn soon<T>(future: impl Future<Output = T>) -> impl Future<Output = T> {
    within(SOON, future)
}

/// Waits for `future`, but not longer than this.
#[track_caller]
pub(crate) fn within<T>(
    limit: Duration,
    future: impl Future<Output = T>,
) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    async move {
        match timeout(limit, future).await {
            Ok(value) => value,
            Err(_) => panic!("nothing happened within {limit:?} at {caller}"),
        }
    }
}

/// One of our servers, and what it tells.
pub(crate) struct Ours {
    pub(crate) server: Server,
    pub(crate) events: Events,
}

impl Ours {
    pub(crate) async fn start(config: Config) -> Self {
        let server = Server::start(config).await.unwrap();
        let events = server.subscribe();
        Self { server, events }
    }

    /// Speaks foo/42 with one message code, and has ten slots.
    pub(crate) async fn listening() -> Self {
        Self::start(config(vec![listening()])).await
    }

    pub(crate) fn url(&self) -> String {
        self.server.enode().to_string()
    }

    /// Who it is in foreign peers' lines: the keccak-256 of its public key.
    pub(crate) fn node_id(&self) -> String {
        self.server.node_info().node_id.to_string()
    }

    /// Makes it dial a foreign peer.
    pub(crate) async fn dial(&self, them: &Ready) {
        let enode: Enode = them.enode.parse().unwrap();
        self.server.add_peer(enode).await.unwrap();
    }

    /// The next event that is about a peer.
    async fn next(&mut self) -> Option<PeerEvent> {
        loop {
            match soon(self.events.next()).await {
                Some(PeerEvent::DialFailed { .. }) => {}
                event => return event,
            }
        }
    }

    /// The next event about a peer, which must be an add; whom it adds.
    pub(crate) async fn added(&mut self) -> PublicKey {
        match self.next().await {
            Some(PeerEvent::Add { peer }) => peer.id,
            other => panic!("{other:?} instead of an add"),
        }
    }

    /// The next event about a peer, which must be a drop; why.
    pub(crate) async fn dropped(&mut self) -> EndReason {
        match self.next().await {
            Some(PeerEvent::Drop { error, .. }) => error,
            other => panic!("{other:?} instead of a drop"),
        }
    }

    /// The next event, which must be a drop because the other side said goodbye; its reason.
    pub(crate) async fn told_goodbye(&mut self) -> DisconnectReason {
        match self.dropped().await {
            EndReason::Remote(reason) => reason,
            other => panic!("the drop says `{other}`, and that is not the other side's goodbye"),
        }
    }
}

/// A configuration with a fresh key and ten slots.
pub(crate) fn config(protocols: Vec<Protocol>) -> Config {
    let key = NodeKey::generate(&mut rand::rng());
    Config { max_peers: 10, protocols, ..Config::new(key, client_name("foo", "42")) }
}

/// foo/42, which reads until its pipe closes.
pub(crate) fn listening() -> Protocol {
    Protocol::new("foo", 42, 1, |_, mut pipe| async move {
        loop {
            pipe.read().await?;
        }
    })
}

/// foo/42, which sends everything back.
pub(crate) fn echoing() -> Protocol {
    Protocol::new("foo", 42, 1, |_, mut pipe| async move {
        loop {
            let msg = pipe.read().await?;
            pipe.write(msg.code, &msg.payload).await?;
        }
    })
}

/// The key of a foreign peer.
pub(crate) fn key_of(them: &Ready) -> PublicKey {
    them.public_key.parse().unwrap()
}

/// A go-ethereum node that speaks foo/42 with one message code.
pub(crate) async fn geth(more: &[&str]) -> (Peer, Ready) {
    geth_speaking(&["foo/42/1"], more).await
}

/// A go-ethereum node that speaks these, each NAME/VERSION/LENGTH.
pub(crate) async fn geth_speaking(protocols: &[&str], more: &[&str]) -> (Peer, Ready) {
    let protocols = protocols.iter().flat_map(|protocol| ["--protocol", protocol]);
    let arguments: Vec<&str> =
        ["node"].into_iter().chain(protocols).chain(more.iter().copied()).collect();
    ready(Peer::start(&geth_peer().unwrap(), &arguments).unwrap()).await
}

/// An EthereumJS node that speaks foo/42 with one message code.
pub(crate) async fn ethereumjs() -> (Peer, Ready) {
    ethereumjs_speaking(&["foo/42/1"], &[]).await
}

/// An EthereumJS node that speaks these, each NAME/VERSION/LENGTH.
pub(crate) async fn ethereumjs_speaking(protocols: &[&str], more: &[&str]) -> (Peer, Ready) {
    let protocols = protocols.iter().flat_map(|protocol| ["--cap", protocol]);
    let arguments: Vec<&str> =
        ["node"].into_iter().chain(protocols).chain(more.iter().copied()).collect();
    ready(Peer::start(&ethereumjs_peer().unwrap(), &arguments).unwrap()).await
}

/// A connection to our server over which a test says what it likes.
pub(crate) fn raw(ours: &Ours, flags: &[&str]) -> Peer {
    let url = ours.url();
    let arguments = [&["raw", url.as_str()], flags].concat();
    Peer::start(&geth_peer().unwrap(), &arguments).unwrap()
}

/// Waits for our server to dial; then a test says what it likes.
pub(crate) async fn raw_listen(flags: &[&str]) -> (Peer, Ready) {
    let arguments = [&["raw-listen"], flags].concat();
    ready(Peer::start(&geth_peer().unwrap(), &arguments).unwrap()).await
}

async fn ready(mut peer: Peer) -> (Peer, Ready) {
    let is = peer.ready().await.unwrap();
    (peer, is)
}

/// Lets a foreign node dial our server.
pub(crate) async fn dial_us(them: &mut Peer, ours: &Ours) {
    them.send_line(&format!("add {}", ours.url())).await.unwrap();
}

/// A line with this `event`.
pub(crate) fn event(name: &str) -> impl FnMut(&Value) -> bool {
    move |line| line["event"] == name
}

/// A foreign node's event, add or drop, about our server.
pub(crate) fn peer_event(kind: &'static str, ours: &Ours) -> impl FnMut(&Value) -> bool + use<> {
    let id = ours.node_id();
    move |line| line["event"] == "peer" && line["type"] == kind && line["peer"] == id
}

/// Waits for a line of a foreign peer.
#[track_caller]
pub(crate) fn said(
    them: &mut Peer,
    matches: impl FnMut(&Value) -> bool,
) -> impl Future<Output = Value> {
    let caller = std::panic::Location::caller();
    async move {
        match them.expect(matches, SOON).await {
            Ok(line) => line,
            Err(error) => panic!("at {caller}: {error}"),
        }
    }
}

/// Connects a foreign node to our server, which it dials; both sides have told.
pub(crate) async fn connect(them: &mut Peer, ours: &mut Ours) {
    dial_us(them, ours).await;
    said(them, peer_event("add", ours)).await;
    ours.added().await;
}

/// The payload that foreign peers call `noise:LEN`: bytes that do not compress.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 1u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(len).collect()
}
