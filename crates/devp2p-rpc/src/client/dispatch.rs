//! Which answer belongs to which call, and which event to which subscription. No socket, no clock.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};

use super::error::{ClientError, SubscriptionEnd};
use crate::error::Error;
use crate::message;

/// What a call is answered with: the JSON of its result.
pub(super) type Result<T> = std::result::Result<T, ClientError>;

/// Where an answer comes.
pub(super) type Awaited<T> = oneshot::Receiver<Result<T>>;

/// A call that is to be sent. The parameters are a JSON array, or are left out.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: String,
    pub(super) params: Option<Box<RawValue>>,
}

/// What a subscription's owner reads.
pub(super) type Told = std::result::Result<Box<RawValue>, SubscriptionEnd>;

/// The events of a subscription, and its id.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) id: String,
    pub(super) events: mpsc::Receiver<Told>,
}

/// What somebody waits for.
#[derive(Debug)]
enum Waiting {
    Result { to: oneshot::Sender<Result<Box<RawValue>>>, batch: Answered },
    Subscription { to: oneshot::Sender<Result<Feed>>, unsubscribe: String },
}

/// The calls of one connection that are under way, and its subscriptions.
#[derive(Debug)]
pub(super) struct Dispatch {
    last_id: u64,
    waiting: HashMap<u64, Waiting>,
    subscriptions: HashMap<String, Queue>,
    queue: usize,
    lost: Option<Arc<str>>,
}

#[derive(Debug)]
struct Queue {
    events: mpsc::Sender<Told>,
    unsubscribe: String,
}

/// The ids of the batch to which an answer belongs, if it belongs to one.
type Answered = Option<Arc<[u64]>>;
/// What is to be sent because of something that came.
type Reply = Option<String>;

/// An answer or an event, as it comes. A member that is `null` is there.
#[derive(Deserialize)]
struct Incoming<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    error: Option<Error>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'a RawValue>,
}

/// An event.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    subscription: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    error: Option<Error>,
}

fn present<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl Dispatch {
    /// Nothing is under way. A subscription may have `queue` events that its owner has not read.
    pub(super) fn new(queue: usize) -> Self {
        Self {
            last_id: 0,
            waiting: HashMap::new(),
            subscriptions: HashMap::new(),
            queue,
            lost: None,
        }
    }

    /// A call: what to send, its id, and where its answer will come.
    pub(super) fn call(&mut self, call: &Call) -> (String, u64, Awaited<Box<RawValue>>) {
        let (to, answer) = oneshot::channel();
        let id = self.wait(Waiting::Result { to, batch: None });
        (written(id, call), id, answer)
    }

    /// The same for several calls in one message.
    pub(super) fn batch(
        &mut self,
        calls: &[Call],
    ) -> (String, Vec<u64>, Vec<Awaited<Box<RawValue>>>) {
        let first = self.last_id.saturating_add(1);
        let ids: Arc<[u64]> = (first..).take(calls.len()).collect();
        let (mut texts, mut answers) = (Vec::new(), Vec::new());
        for call in calls {
            let (to, answer) = oneshot::channel();
            let id = self.wait(Waiting::Result { to, batch: Some(ids.clone()) });
            texts.push(written(id, call));
            answers.push(answer);
        }
        (format!("[{}]", texts.join(",")), ids.to_vec(), answers)
    }

    /// A call that begins a subscription of `namespace`.
    pub(super) fn subscribe(
        &mut self,
        namespace: &str,
        params: Box<RawValue>,
    ) -> (String, u64, Awaited<Feed>) {
        let (to, answer) = oneshot::channel();
        let unsubscribe = format!("{namespace}_unsubscribe");
        let id = self.wait(Waiting::Subscription { to, unsubscribe });
        let call = Call { method: format!("{namespace}_subscribe"), params: Some(params) };
        (written(id, &call), id, answer)
    }

    /// Nobody wants this subscription any more. What to send, if it is not over yet.
    pub(super) fn unsubscribe(&mut self, id: &str) -> Option<String> {
        let Queue { unsubscribe, .. } = self.subscriptions.remove(id)?;
        Some(self.unsubscribing(unsubscribe, id))
    }

    /// Nobody waits for this answer any more.
    pub(super) fn forget(&mut self, id: u64) {
        self.waiting.remove(&id);
    }

    /// A value has come. Returns what to send because of it.
    ///
    /// # Errors
    /// It cannot be understood, or the other side says that it has not understood us.
    pub(super) fn incoming(
        &mut self,
        value: &RawValue,
    ) -> std::result::Result<Vec<String>, Arc<str>> {
        match message::batch(value, usize::MAX) {
            None => self.one(value).map(|(_, send)| send.into_iter().collect()),
            Some(items) => {
                let (mut answered, mut send) = (Vec::new(), Vec::new());
                for item in items {
                    let (more, reply) = self.one(item)?;
                    answered.extend(more);
                    send.extend(reply);
                }
                // What it leaves out of the answers to a batch will never be answered.
                for batch in answered {
                    for id in &*batch {
                        if let Some(Waiting::Result { to, .. }) = self.waiting.remove(id) {
                            let _ = to.send(Err(ClientError::NoResult));
                        }
                    }
                }
                Ok(send)
            }
        }
    }

    /// All that is under way has failed, and all subscriptions have ended.
    pub(super) fn lose(&mut self, why: &Arc<str>) {
        for (_, waiting) in self.waiting.drain() {
            let error = ClientError::Lost(why.clone());
            // Nobody waits any more, then.
            let _ = match waiting {
                Waiting::Result { to, .. } => to.send(Err(error)).is_ok(),
                Waiting::Subscription { to, .. } => to.send(Err(error)).is_ok(),
            };
        }
        // Their owners read what is in the queues, and then why there is no more.
        self.lost = Some(why.clone());
        self.subscriptions.clear();
    }

    /// Why there is no connection any more.
    pub(super) fn lost(&self) -> Option<Arc<str>> {
        self.lost.clone()
    }

    fn wait(&mut self, waiting: Waiting) -> u64 {
        self.last_id = self.last_id.saturating_add(1);
        self.waiting.insert(self.last_id, waiting);
        self.last_id
    }

    /// A call whose answer nobody waits for.
    fn unsubscribing(&mut self, method: String, id: &str) -> String {
        self.last_id = self.last_id.saturating_add(1);
        let params = serde_json::value::to_raw_value(&[id]).ok();
        written(self.last_id, &Call { method, params })
    }

    /// What is no batch: the batch that it belongs to, and what to send.
    fn one(&mut self, value: &RawValue) -> std::result::Result<(Answered, Reply), Arc<str>> {
        let incoming: Incoming<'_> = serde_json::from_str(value.get())
            .map_err(|error| Arc::from(format!("what it says is no answer: {error}")))?;
        if let (None, Some(method), Some(params)) = (incoming.id, &incoming.method, incoming.params)
        {
            let is_event = method.ends_with("_subscription");
            return Ok((None, if is_event { self.event(params) } else { None }));
        }
        let id = incoming.id.and_then(|id| id.get().parse().ok());
        let outcome = match (incoming.error, incoming.result) {
            (Some(error), _) if id.is_none() => {
                return Err(format!("it has not understood: {error}").into());
            }
            (Some(error), _) => Err(ClientError::Refused(error)),
            (None, Some(result)) => Ok(result.to_owned()),
            (None, None) => Err(ClientError::NoResult),
        };
        let batch = match id.and_then(|id| self.waiting.remove(&id)) {
            Some(Waiting::Result { to, batch }) => {
                // Nobody waits any more, then.
                let _ = to.send(outcome);
                batch
            }
            Some(Waiting::Subscription { to, unsubscribe }) => {
                return Ok((None, self.begin(outcome, to, unsubscribe)));
            }
            None => None,
        };
        Ok((batch, None))
    }

    /// A subscription begins, or does not.
    fn begin(
        &mut self,
        outcome: Result<Box<RawValue>>,
        to: oneshot::Sender<Result<Feed>>,
        unsubscribe: String,
    ) -> Option<String> {
        let id = outcome.and_then(|id| {
            let id = serde_json::from_str::<String>(id.get());
            id.map_err(|error| ClientError::Unexpected(error.to_string().into()))
        });
        let id = match id {
            Ok(id) => id,
            Err(error) => {
                let _ = to.send(Err(error));
                return None;
            }
        };
        let (sender, events) = mpsc::channel(self.queue.saturating_add(1));
        match to.send(Ok(Feed { id: id.clone(), events })) {
            Ok(()) => {
                self.subscriptions.insert(id, Queue { events: sender, unsubscribe });
                None
            }
            // Nobody waits for it any more.
            Err(_) => Some(self.unsubscribing(unsubscribe, &id)),
        }
    }

    /// An event. A subscription that nobody knows has ended already.
    fn event(&mut self, params: &RawValue) -> Option<String> {
        let event: Event<'_> = serde_json::from_str(params.get()).ok()?;
        let queue = self.subscriptions.get(&*event.subscription)?;
        let (told, is_end) = match (event.error, event.result) {
            (Some(error), _) => (Err(SubscriptionEnd::Told(error)), true),
            // One place is for the reason of the end.
            _ if queue.events.capacity() <= 1 => (Err(SubscriptionEnd::Overflow(self.queue)), true),
            (None, Some(result)) => (Ok(result.to_owned()), false),
            (None, None) => return None,
        };
        let is_overflow = matches!(told, Err(SubscriptionEnd::Overflow(_)));
        let is_wanted = queue.events.try_send(told).is_ok();
        if is_wanted && !is_end {
            return None;
        }
        let Queue { unsubscribe, .. } = self.subscriptions.remove(&*event.subscription)?;
        (is_overflow || !is_end).then(|| self.unsubscribing(unsubscribe, &event.subscription))
    }
}

/// A call, as it is sent: parameters that are not there are left out.
fn written(id: u64, Call { method, params }: &Call) -> String {
    // A text always has a JSON form.
    let method = serde_json::to_string(method).unwrap_or_default();
    match params {
        Some(params) => {
            format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":{method},\"params\":{params}}}")
        }
        None => format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":{method}}}"),
    }
}

/// Calls, a batch and a subscription are under way, and this is what comes.
#[cfg(any(test, fuzzing))]
pub(super) fn fuzz(data: &[u8]) {
    const QUEUE: usize = 2;
    let Ok(value) = message::parse(data.to_vec()) else { return };
    let call = Call { method: "t_echo".to_owned(), params: None };
    let mut dispatch = Dispatch::new(QUEUE);
    let (.., first) = dispatch.call(&call);
    let (.., batch) = dispatch.batch(&[call.clone(), call]);
    let name = serde_json::value::to_raw_value(&["count"]).unwrap_or_default();
    let (.., mut subscribed) = dispatch.subscribe("t", name);
    let mut feed = None;
    for _ in 0..QUEUE + 3 {
        let before = dispatch.waiting.len();
        if dispatch.incoming(&value).is_err() {
            break;
        }
        assert!(dispatch.waiting.len() <= before, "an answer makes nobody wait");
        feed = feed.or_else(|| subscribed.try_recv().ok());
    }
    if let Some(Ok(Feed { mut events, .. })) = feed {
        let told = std::iter::from_fn(|| events.try_recv().ok()).count();
        assert!(told <= QUEUE + 1, "{told} events have found room");
    }
    dispatch.lose(&"over".into());
    assert!(dispatch.waiting.is_empty() && dispatch.subscriptions.is_empty(), "nothing is left");
    drop((first, batch));
}

#[cfg(test)]
mod tests;
