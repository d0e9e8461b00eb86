//! A connection without a socket: a value comes in as bytes, and an answer goes out as bytes.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tracing::trace;

use crate::error::{
    Error, INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, TIMEOUT, TOO_LARGE,
};
use crate::message::{self, Message, WIRE};
use crate::module::{Modules, Running};
use crate::params::{self, Params};
use crate::subscription::{Gate, Subscriptions};

/// What nobody may exceed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Calls in a batch. go-ethereum has 1,000, and none on IPC.
    pub batch_items: usize,
    /// Bytes of all answers to a batch. The call that passes it is still answered, as in go-ethereum.
    pub batch_bytes: usize,
    /// Bytes of a method's name: 2,048, as in go-ethereum.
    pub name: usize,
    /// How long a call may take, or a whole batch.
    pub time: Duration,
    /// Bytes of a value that comes in: 32 MiB, as in go-ethereum.
    pub message: usize,
    /// Calls of one connection that are under way at the same time; more wait, unread.
    pub at_once: usize,
    /// Connections of a server at the same time; more wait to be accepted, and a WebSocket is refused.
    pub connections: usize,
    /// Subscriptions of one connection: each costs about 2 KiB.
    pub subscriptions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            batch_items: 1000,
            batch_bytes: 25_000_000,
            name: 2048,
            time: Duration::from_secs(30),
            message: 32 * 1024 * 1024,
            at_once: 64,
            connections: 1024,
            subscriptions: 100_000,
        }
    }
}

/// What one connection can do: call, and perhaps subscribe. A clone is the same connection; when the
/// last one is gone, its subscriptions end.
#[derive(Debug, Clone)]
pub struct Connection {
    modules: Arc<Modules>,
    limits: Arc<Limits>,
    subscriptions: Subscriptions,
    events: Option<mpsc::Sender<String>>,
}

/// An answer, ready to be written.
#[derive(Debug)]
pub struct Answer {
    /// JSON, without a line end. Nothing, if nobody waits for an answer.
    pub json: Option<String>,
    gates: Vec<Gate>,
}

impl Answer {
    /// The answer is on its way: the events of the subscriptions that it names may follow.
    pub fn sent(self) {
        self.gates.into_iter().for_each(Gate::open);
    }
}

/// What has been answered to one call.
struct Outcome {
    json: Result<String, Error>,
    gate: Option<Gate>,
}

impl From<Result<String, Error>> for Outcome {
    fn from(json: Result<String, Error>) -> Self {
        Self { json, gate: None }
    }
}

impl Connection {
    /// A connection that sees these modules. What its subscriptions tell goes into `events`; without
    /// it, nobody can subscribe.
    #[must_use]
    pub fn new(
        modules: Arc<Modules>,
        limits: Arc<Limits>,
        events: Option<mpsc::Sender<String>>,
    ) -> Self {
        Self { modules, limits, subscriptions: Subscriptions::default(), events }
    }

    /// Answers a value: a call, a notification or a batch.
    pub async fn receive(&self, value: &RawValue) -> Answer {
        trace!(target: WIRE, side = %"server", "<- {value}");
        let now = Instant::now();
        let deadline = now.checked_add(self.limits.time).unwrap_or(now);
        let answer = match message::batch(value, self.limits.batch_items) {
            Some(items) => self.batch(&items, deadline).await,
            None => {
                let (json, gate) = self.one(value, deadline).await;
                Answer { json, gates: gate.into_iter().collect() }
            }
        };
        if let Some(json) = &answer.json {
            trace!(target: WIRE, side = %"server", "-> {json}");
        }
        answer
    }

    async fn batch(&self, items: &[&RawValue], deadline: Instant) -> Answer {
        let mut gates = Vec::new();
        if items.is_empty() {
            let error = Error::new(INVALID_REQUEST, "empty batch");
            return Answer { json: Some(message::unreadable(&error)), gates };
        }
        if items.len() > self.limits.batch_items {
            return Answer { json: Some(too_many(items)), gates };
        }
        let (mut answers, mut bytes) = (Vec::new(), 0_usize);
        for item in items {
            let no_more = if bytes > self.limits.batch_bytes {
                Some(Error::new(TOO_LARGE, "response too large"))
            } else {
                (Instant::now() >= deadline).then(too_late)
            };
            let answer = match (Message::read(item), no_more) {
                (Message::Call { id, .. }, Some(error)) => Some(message::failure(id, &error)),
                (Message::Notification { .. }, Some(_)) => None,
                _ => {
                    let (answer, gate) = self.one(item, deadline).await;
                    gates.extend(gate);
                    answer
                }
            };
            if let Some(answer) = answer {
                bytes = bytes.saturating_add(answer.len());
                answers.push(answer);
            }
        }
        let json = (!answers.is_empty()).then(|| format!("[{}]", answers.join(",")));
        Answer { json, gates }
    }

    /// Answers what is no batch.
    async fn one(&self, value: &RawValue, deadline: Instant) -> (Option<String>, Option<Gate>) {
        match Message::read(value) {
            Message::Call { id, method, params } => {
                let Outcome { json, gate } = self.call(&method, params, deadline).await;
                let answer = match json {
                    Ok(result) => message::answer(id, &result),
                    Err(error) => message::failure(id, &error),
                };
                (Some(answer), gate)
            }
            Message::Notification { method, params } => {
                // It is done, and nobody wants to know how it went.
                let Outcome { gate, .. } = self.call(&method, params, deadline).await;
                (None, gate)
            }
            Message::Answer => (None, None),
            Message::Invalid { id } => {
                (Some(message::failure(id, &Error::invalid_request())), None)
            }
        }
    }

    async fn call(&self, name: &str, params: Option<&RawValue>, deadline: Instant) -> Outcome {
        let limit = self.limits.name;
        if name.len() > limit {
            let text = format!("method name too long: {} > {limit}", name.len());
            return Err(Error::new(INVALID_REQUEST, text)).into();
        }
        if let Some(namespace) = name.strip_suffix("_subscribe") {
            return self.subscribe(namespace, params);
        }
        if name.ends_with("_unsubscribe") {
            return self.unsubscribe(params).into();
        }
        let Some(method) = self.modules.method(name) else {
            return Err(Error::no_method(name)).into();
        };
        let running = params::elements(params).and_then(|values| {
            let begun = catch_unwind(AssertUnwindSafe(|| method(&values)));
            begun.unwrap_or_else(|_| Err(crashed()))
        });
        match running {
            Ok(running) => run(running, deadline).await.into(),
            Err(error) => Err(error).into(),
        }
    }

    fn subscribe(&self, namespace: &str, params: Option<&RawValue>) -> Outcome {
        let begin = || {
            let Some(events) = &self.events else {
                return Err(Error::new(METHOD_NOT_FOUND, "notifications not supported"));
            };
            let values = params::elements(params)?;
            let name = values.split_first().and_then(|(name, rest)| {
                Some((serde_json::from_str::<String>(name.get()).ok()?, rest))
            });
            let (name, rest) = name.ok_or_else(|| {
                Error::new(INVALID_PARAMS, "expected subscription name as first argument")
            })?;
            let subscription = self.modules.subscription(namespace, &name).ok_or_else(|| {
                let text = format!("no {name:?} subscription in {namespace} namespace");
                Error::new(METHOD_NOT_FOUND, text)
            })?;
            let begun = catch_unwind(AssertUnwindSafe(|| subscription(rest)));
            let start = begun.unwrap_or_else(|_| Err(crashed()))?;
            let most = self.limits.subscriptions;
            self.subscriptions.begin(namespace, start, events.clone(), most)
        };
        match begin() {
            Ok((id, gate)) => Outcome { json: Ok(format!("\"{id}\"")), gate: Some(gate) },
            Err(error) => Err(error).into(),
        }
    }

    /// Whatever namespace it is asked of: ids are the connection's.
    fn unsubscribe(&self, params: Option<&RawValue>) -> Result<String, Error> {
        let (id,) = <(String,)>::read(&params::elements(params)?, 0)?;
        match self.subscriptions.end(&id) {
            true => Ok("true".to_owned()),
            false => Err("subscription not found".into()),
        }
    }
}

/// Runs a method, and decides once: it has a result, or it took too long.
async fn run(running: Running, deadline: Instant) -> Result<String, Error> {
    let mut running = pin!(running);
    let guarded = poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(crashed())))
    });
    timeout_at(deadline, guarded).await.unwrap_or_else(|_| Err(too_late()))
}

fn too_late() -> Error {
    Error::new(TIMEOUT, "request timed out")
}

/// The one answer to a batch that is too long has the id of its first call.
fn too_many(items: &[&RawValue]) -> String {
    let id = items.iter().find_map(|item| match Message::read(item) {
        Message::Call { id, .. } => Some(id),
        _ => None,
    });
    let error = Error::new(INVALID_REQUEST, "batch too large");
    format!("[{}]", message::failure(id.unwrap_or("null"), &error))
}

fn crashed() -> Error {
    Error::new(INTERNAL_ERROR, "method handler crashed")
}
