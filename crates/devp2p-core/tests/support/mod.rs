//! What the stories about servers share. Every wait is bounded.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test file uses some of it, and stops where something is not as expected"
)]

use std::future::Future;
use std::net::{SocketAddr, TcpListener, UdpSocket};

use devp2p_core::events::{Events, PeerEvent};
use devp2p_core::keys::{NodeKey, PublicKey};
use devp2p_core::net::{Config, EndReason, Server};
use devp2p_core::p2p::DisconnectReason;
use devp2p_core::protocol::Protocol;
use rand::RngExt;
use tokio::time::{Duration, timeout};

/// Longer than anything here takes on a slow machine.
pub(crate) const LONG: Duration = Duration::from_secs(180);

/// Waits for `future`, but not for ever.
#[track_caller]
pub(crate) fn soon<T>(future: impl Future<Output = T>) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    async move {
        match timeout(LONG, future).await {
            Ok(value) => value,
            Err(_) => panic!("nothing happened within {LONG:?} at {caller}"),
        }
    }
}

/// A loopback address whose TCP and UDP ports are free, and stay so: systems give out higher ones only
/// to whoever asks for any.
pub(crate) fn quiet_address() -> SocketAddr {
    loop {
        let addr = SocketAddr::from(([127, 0, 0, 1], rand::rng().random_range(10_000..30_000)));
        if TcpListener::bind(addr).is_ok() && UdpSocket::bind(addr).is_ok() {
            return addr;
        }
    }
}

/// A configuration with a fresh key and room for `max_peers`.
pub(crate) fn config(name: &str, max_peers: usize) -> Config {
    Config { max_peers, ..Config::new(NodeKey::generate(&mut rand::rng()), name) }
}

/// A running server with room for `max_peers`.
pub(crate) async fn server(name: &str, max_peers: usize) -> Server {
    Server::start(config(name, max_peers)).await.unwrap()
}

/// A protocol whose handler reads until the pipe closes.
pub(crate) fn listening(name: &str, version: u64) -> Protocol {
    Protocol::new(name, version, 1, |_, mut pipe| async move {
        loop {
            pipe.read().await?;
        }
    })
}

/// The next event that is about a peer, or none.
pub(crate) async fn next(events: &mut Events) -> Option<PeerEvent> {
    loop {
        match soon(events.next()).await {
            Some(PeerEvent::DialFailed { .. }) => {}
            event => return event,
        }
    }
}

/// The next event about a peer, which must be an add; whom it adds.
pub(crate) async fn added(events: &mut Events) -> PublicKey {
    match next(events).await {
        Some(PeerEvent::Add { peer }) => peer.id,
        other => panic!("{other:?} instead of an add"),
    }
}

/// The next event about a peer, which must be a drop; whom it drops and why.
pub(crate) async fn dropped(events: &mut Events) -> (PublicKey, EndReason) {
    match next(events).await {
        Some(PeerEvent::Drop { peer, error }) => (peer.id, error),
        other => panic!("{other:?} instead of a drop"),
    }
}

/// The reason with which the other side said goodbye.
pub(crate) fn said_by_peer(end: &EndReason) -> Option<DisconnectReason> {
    match end {
        EndReason::Remote(reason) => Some(*reason),
        _ => None,
    }
}
