//! Subscriptions of one connection: who tells what, and how it ends.

use std::collections::HashMap;
use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::Rng;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tracing::trace;

use crate::error::{Error, TOO_LARGE, TOO_SLOW};
use crate::message;
use crate::module::Start;

/// How long an event may wait for a reader who does not read. Then the subscription ends.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Where a subscription puts its events.
pub struct Sink {
    namespace: Arc<str>,
    id: Arc<str>,
    events: mpsc::Sender<String>,
    /// How many events of this connection have found room.
    put: Arc<AtomicU64>,
    /// Until the answer that names the subscription is on its way.
    told: Option<oneshot::Receiver<()>>,
}

/// Why nobody is told any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Ended {
    /// The connection is gone.
    #[error("the connection is gone")]
    Gone,
    /// Nobody has read for [`PATIENCE`]. When somebody reads again, the last thing that comes is an error
    /// that says so, where an event's result would be.
    #[error("nobody reads")]
    TooSlow,
    /// An event has no JSON form.
    #[error("an event has no JSON form")]
    NoJson,
}

impl Sink {
    /// Tells an event. Waits while the reader is slow, [`PATIENCE`] at most: only this subscription
    /// waits, and nobody else.
    ///
    /// # Errors
    /// [`Ended`]: the subscription is over.
    pub async fn send(&mut self, value: &impl Serialize) -> Result<(), Ended> {
        let result = serde_json::to_string(value).map_err(|_| Ended::NoJson)?;
        if let Some(told) = self.told.take() {
            told.await.map_err(|_| Ended::Gone)?;
        }
        let event = message::event(&self.namespace, &self.id, &result);
        trace!(target: message::WIRE, side = %"server", "-> {event}");
        match self.put(event).await {
            Some(true) => {
                self.put.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Some(false) => Err(Ended::Gone),
            None => {
                let error =
                    Error::new(TOO_SLOW, "the subscription has ended: nobody reads its events");
                let last = message::event_error(&self.namespace, &self.id, &error);
                let events = self.events.clone();
                // It waits as long as the connection lasts, and there is one for each subscription.
                tokio::spawn(async move { drop(events.send(last).await) });
                Err(Ended::TooSlow)
            }
        }
    }
}

impl Sink {
    /// Puts an event where it waits to be written; whether somebody is there who could write it. `None`:
    /// there was no room for too long, and for no other subscription of this connection.
    async fn put(&self, event: String) -> Option<bool> {
        let mut putting = pin!(self.events.send(event));
        let mut before = self.put.load(Ordering::Relaxed);
        loop {
            if let Ok(done) = timeout(PATIENCE, &mut putting).await {
                return Some(done.is_ok());
            }
            let now = self.put.load(Ordering::Relaxed);
            if now == before {
                return None;
            }
            before = now;
        }
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sink({}, {})", self.namespace, self.id)
    }
}

/// The subscriptions of a connection. All end with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Subscriptions {
    all: Arc<Mutex<HashMap<Arc<str>, Teller>>>,
    put: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Teller(AbortHandle);

impl Drop for Teller {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Lets the events of a subscription go, when the answer that names it is on its way.
#[derive(Debug)]
pub(crate) struct Gate(oneshot::Sender<()>);

impl Gate {
    pub(crate) fn open(self) {
        // The subscription has ended already.
        let _ = self.0.send(());
    }
}

impl Subscriptions {
    /// Begins one: its id, and the gate behind which its events wait.
    pub(crate) fn begin(
        &self,
        namespace: &str,
        start: Start,
        events: mpsc::Sender<String>,
        most: usize,
    ) -> Result<(Arc<str>, Gate), Error> {
        if self.with(|all| all.len()) >= most {
            return Err(Error::new(TOO_LARGE, format!("more than {most} subscriptions")));
        }
        let id: Arc<str> = fresh_id().into();
        let (open, told) = oneshot::channel();
        let (namespace, put) = (namespace.into(), self.put.clone());
        let sink = Sink { namespace, id: id.clone(), events, put, told: Some(told) };
        let teller = Teller(tokio::spawn(start(sink)).abort_handle());
        self.with(|all| all.insert(id.clone(), teller));
        Ok((id, Gate(open)))
    }

    /// Ends one; whether there was one.
    pub(crate) fn end(&self, id: &str) -> bool {
        self.with(|all| all.remove(id)).is_some()
    }

    fn with<T>(&self, with: impl FnOnce(&mut HashMap<Arc<str>, Teller>) -> T) -> T {
        with(&mut self.all.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// `0x` and up to 32 digits, the first of which is not 0.
fn fresh_id() -> String {
    let mut rng = rand::rng();
    let (high, low) = (u128::from(rng.next_u64()), u128::from(rng.next_u64()));
    format!("{:#x}", (high << 64) | low)
}
