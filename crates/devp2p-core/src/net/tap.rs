//! A tap: a function that is shown what crosses the connections of a server.
//!
//! ```text
//! link ── bytes, in both directions; secrets ──▶ Tap ──▶ trace, key log, …
//! ```
//!
//! Without one nothing is told, and nothing kept. It is called by the connection itself, in the middle
//! of its work: it must be quick, and must not wait.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;
use tracing::warn;

use crate::p2p::Offer;
use crate::trace::{Dissector, SecretName, Secrets, Side, Step, keylog};

/// Sees what crosses connections. A clone sees the same.
///
/// ```
/// use std::sync::mpsc;
///
/// use devp2p_core::keys::NodeKey;
/// use devp2p_core::net::{Config, Crossed, Server, Tap};
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let (sender, seen) = mpsc::channel();
/// let tap = Tap::new(move |connection, crossed| {
///     if let Crossed::Bytes { from, bytes } = crossed {
///         let _ = sender.send(format!("connection {connection}: {} bytes of the {from}", bytes.len()));
///     }
/// });
/// let new_key = || NodeKey::generate(&mut rand::rng());
/// let one = Server::start(Config { tap: Some(tap), ..Config::new(new_key(), "one") }).await?;
/// let two = Server::start(Config::new(new_key(), "two")).await?;
/// two.stop().await;
/// one.stop().await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Tap(Arc<See>);

type See = dyn Fn(u64, Crossed<'_>) + Send + Sync;

/// What a tap sees.
#[derive(Clone, Copy)]
pub enum Crossed<'a> {
    /// A secret of the handshake; told before the packet that it opens.
    Secret(SecretName, &'a [u8; 32]),
    /// Bytes that travelled, in their order, and who sent them.
    Bytes {
        /// Who sent them.
        from: Side,
        /// Any number of them.
        bytes: &'a [u8],
    },
    /// The connection is over.
    End,
}

/// Shows no secrets.
impl fmt::Debug for Crossed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(name, _) => write!(f, "Secret({name:?})"),
            Self::Bytes { from, bytes } => write!(f, "Bytes({from}, {})", bytes.len()),
            Self::End => f.write_str("End"),
        }
    }
}

impl Tap {
    /// Calls `see` with the number of the connection, from 1 on, and what crossed it.
    pub fn new(see: impl Fn(u64, Crossed<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(see))
    }

    /// Both see everything.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::new(move |connection, crossed| {
            self.see(connection, crossed);
            other.see(connection, crossed);
        })
    }

    /// Sees nothing more of a connection for which `wanted` says no, but that it is over. `wanted` is
    /// asked with its number, each time that something crosses it.
    #[must_use]
    pub fn only(self, wanted: impl Fn(u64) -> bool + Send + Sync + 'static) -> Self {
        Self::new(move |connection, crossed| {
            if matches!(crossed, Crossed::End) || wanted(connection) {
                self.see(connection, crossed);
            }
        })
    }

    /// Writes a [key log](keylog): whoever has it can read the connections that were recorded.
    ///
    /// When it cannot be written any more, the log says so once; the connections do not notice.
    pub fn key_log(writer: impl Write + Send + 'static) -> Self {
        let log = Mutex::new(KeyLog { writer: Some(writer), connections: BTreeMap::new() });
        Self::new(move |connection, crossed| {
            log.lock().unwrap_or_else(PoisonError::into_inner).see(connection, crossed);
        })
    }

    /// Calls `see` with each [`Step`] of each connection, when it is whole. `offers` says how many
    /// messages the protocols have that may be spoken.
    ///
    /// Reading everything once more takes the time of the connection that is seen, and of no other: it
    /// is for watching, not for measuring.
    pub fn steps(offers: Vec<Offer>, see: impl Fn(Step) + Send + Sync + 'static) -> Self {
        let all = Mutex::new(BTreeMap::new());
        Self::new(move |connection, crossed| {
            let watched: Arc<Mutex<(Instant, Dissector)>> = {
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                let watched = all.entry(connection).or_insert_with(|| {
                    let dissector = Dissector::new(Secrets::default()).with_offers(offers.clone());
                    Arc::new(Mutex::new((Instant::now(), dissector)))
                });
                let watched = watched.clone();
                if matches!(crossed, Crossed::End) {
                    all.remove(&connection);
                }
                watched
            };
            let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
            let (begin, dissector) = &mut *watched;
            dissector.at(begin.elapsed());
            match crossed {
                Crossed::Secret(name, secret) => dissector.know(name, *secret),
                Crossed::Bytes { from, bytes } => dissector.push(from, bytes),
                Crossed::End => {
                    dissector.end(Side::Initiator);
                    dissector.end(Side::Recipient);
                }
            }
            for step in dissector.steps() {
                see(Step { connection: Some(connection), ..step });
            }
        })
    }

    /// Sees what crosses one connection.
    #[must_use]
    pub fn connection(&self, number: u64) -> TappedConnection {
        TappedConnection(Arc::new(Ear { tap: self.clone(), number }))
    }

    fn see(&self, connection: u64, crossed: Crossed<'_>) {
        (self.0)(connection, crossed);
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tap")
    }
}

/// A tap of one connection. When the last clone is dropped, the connection is over.
#[derive(Debug, Clone)]
pub struct TappedConnection(Arc<Ear>);

#[derive(Debug)]
struct Ear {
    tap: Tap,
    number: u64,
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.tap.see(self.number, Crossed::End);
    }
}

impl TappedConnection {
    pub(super) fn bytes(&self, from: Side, bytes: &[u8]) {
        self.0.tap.see(self.0.number, Crossed::Bytes { from, bytes });
    }

    pub(super) fn secret(&self, name: SecretName, secret: &[u8; 32]) {
        self.0.tap.see(self.0.number, Crossed::Secret(name, secret));
    }
}

/// A handshake packet that is being read: a tap sees also those that never become whole.
pub(super) struct Arriving {
    pub(super) packet: Vec<u8>,
    pub(super) from: Side,
    pub(super) tap: Option<TappedConnection>,
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if let Some(tap) = &self.tap {
            tap.bytes(self.from, &self.packet);
        }
    }
}

/// Lines wait until it is known which connection they are of: that is in auth.
struct KeyLog<W> {
    /// None when it has failed.
    writer: Option<W>,
    connections: BTreeMap<u64, Named>,
}

#[derive(Default)]
struct Named {
    id: Option<keylog::ConnectionId>,
    waiting: Vec<(SecretName, [u8; 32])>,
}

impl<W: Write> KeyLog<W> {
    fn see(&mut self, connection: u64, crossed: Crossed<'_>) {
        match crossed {
            Crossed::End => {
                self.connections.remove(&connection);
                return;
            }
            Crossed::Secret(name, secret) => {
                let named = self.connections.entry(connection).or_default();
                named.waiting.push((name, *secret));
            }
            Crossed::Bytes { from: Side::Initiator, bytes } => {
                let named = self.connections.entry(connection).or_default();
                // The first bytes of the initiator are its auth, in one piece.
                named.id = named.id.or_else(|| keylog::connection_id(bytes));
            }
            Crossed::Bytes { .. } => return,
        }
        let Some(named) = self.connections.get_mut(&connection) else { return };
        let Some(id) = named.id else { return };
        for (name, secret) in named.waiting.drain(..) {
            let (Some(line), Some(writer)) = (keylog::line(&id, name, &secret), &mut self.writer)
            else {
                continue;
            };
            if let Err(error) = writer.write_all(line.as_bytes()).and_then(|()| writer.flush()) {
                warn!("the key log ends here, it cannot be written: {error}");
                self.writer = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_wanted_is_not_shown_but_every_end_is() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shown = Arc::clone(&seen);
        let tap = Tap::new(move |connection, crossed| {
            shown.lock().unwrap().push((connection, matches!(crossed, Crossed::End)));
        });
        let tap = tap.only(|connection| connection != 2);
        for number in 1..=3 {
            tap.connection(number).bytes(Side::Initiator, b"foo");
        }
        let wanted = [(1, false), (1, true), (2, true), (3, false), (3, true)];
        assert_eq!(*seen.lock().unwrap(), wanted);
    }
}
