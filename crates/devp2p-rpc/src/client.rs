//! A client: calls, batches and subscriptions, over whatever leads to a node.
//!
//! ```text
//! call ─▶ dispatch: id 1 ─▶ bytes ─▶ link (IPC, WebSocket, this process) or HTTP
//! result ◀── whose id is this? ◀── values ◀─┘
//! ```
//!
//! A connection that is lost is told to everybody who waits: calls fail, subscriptions end. The next
//! call connects again; subscriptions do not come back by themselves, since nobody can say what they
//! have missed.

mod codec;
mod dispatch;
mod endpoint;
mod error;
#[cfg(feature = "http")]
mod http;
mod link;
mod subscription;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Mutex, oneshot};
use tokio::time::timeout;
use tracing::info;

use crate::connection::Limits;
use crate::module::Modules;
use codec::Form;
#[cfg(feature = "http")]
use dispatch::Dispatch;
use dispatch::{Awaited, Call, Result};
use endpoint::Endpoint;
pub use error::{ClientError, SubscriptionEnd};
use link::Link;
pub use subscription::Subscription;

/// How patient a client is, and how much it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How long a call may take: 30 s, as long as our own server works on one.
    pub time: Duration,
    /// Bytes of a value that comes in: 32 MiB.
    pub message: usize,
    /// Events of a subscription that may wait to be read: 1,024. One more ends it.
    pub queue: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { time: Duration::from_secs(30), message: 32 * 1024 * 1024, queue: 1024 }
    }
}

/// Asks a node. A clone uses the same connection; with the last one it ends.
///
/// ```no_run
/// # async fn example() -> Result<(), devp2p_rpc::client::ClientError> {
/// let client = devp2p_rpc::client::Client::connect("/tmp/node.ipc").await?;
/// let double: i64 = client.call("foo_double", (21,)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    endpoint: Endpoint,
    options: Options,
    link: Mutex<Option<Link>>,
    connections: AtomicU64,
}

/// Several calls that go together, and are answered together.
#[derive(Debug, Clone, Default)]
pub struct Batch(Vec<Call>);

impl Batch {
    /// Without a call.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a call. The parameters are a tuple or a list; `()`: none.
    ///
    /// # Errors
    /// [`ClientError::Params`].
    pub fn call(mut self, method: &str, params: impl Serialize) -> Result<Self> {
        self.0.push(Call::new(method, params)?);
        Ok(self)
    }
}

impl Call {
    fn new(method: &str, params: impl Serialize) -> Result<Self> {
        Ok(Self { method: method.to_owned(), params: array(params)? })
    }
}

/// A list of positions, or nothing.
fn array(params: impl Serialize) -> Result<Option<Box<RawValue>>> {
    let wrong = |why: String| ClientError::Params(why.into());
    let json =
        serde_json::value::to_raw_value(&params).map_err(|error| wrong(error.to_string()))?;
    match json.get() {
        "null" => Ok(None),
        array if array.starts_with('[') => Ok(Some(json)),
        _ => Err(wrong("they are no list: use a tuple, as (1,)".to_owned())),
    }
}

impl Client {
    /// Connects to `http://…`, `ws://…`, or the path of an IPC socket. Over HTTP, nothing is done until
    /// the first call.
    ///
    /// # Errors
    /// [`ClientError::Place`], [`ClientError::Connect`].
    pub async fn connect(place: &str) -> Result<Self> {
        Self::connect_with(place, Options::default()).await
    }

    /// The same with other limits.
    ///
    /// # Errors
    /// The same.
    pub async fn connect_with(place: &str, options: Options) -> Result<Self> {
        let client = Self::new(Endpoint::read(place)?, options);
        if client.has_link() {
            client.link().await?;
        }
        Ok(client)
    }

    /// A client of modules in the same process: what it says goes the whole way that it would go over
    /// a socket, but for the socket.
    #[must_use]
    pub fn in_process(modules: Modules, limits: Limits) -> Self {
        Self::new(Endpoint::InProcess(Arc::new(modules), Arc::new(limits)), Options::default())
    }

    /// A client on a stream that is there already, and is spoken as IPC is. When it has ended, nobody can
    /// connect again.
    pub fn over(
        reader: impl AsyncRead + Unpin + Send + 'static,
        writer: impl AsyncWrite + Unpin + Send + 'static,
    ) -> Self {
        let options = Options::default();
        let link = Link::start(reader, writer, Form::Values, &options);
        let (link, connections) = (Mutex::new(Some(link)), AtomicU64::new(1));
        Self(Arc::new(Inner { endpoint: Endpoint::Given, options, link, connections }))
    }

    fn new(endpoint: Endpoint, options: Options) -> Self {
        let (link, connections) = (Mutex::new(None), AtomicU64::new(0));
        Self(Arc::new(Inner { endpoint, options, link, connections }))
    }

    /// Calls a method: `foo_double`. The parameters are a tuple, or a list; `()`: none.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        params: impl Serialize,
    ) -> Result<T> {
        let result = self.raw_call(method, params).await?;
        serde_json::from_str(result.get()).map_err(unexpected)
    }

    /// The same, with the result as the JSON that came.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn raw_call(&self, method: &str, params: impl Serialize) -> Result<Box<RawValue>> {
        let call = Call::new(method, params)?;
        #[cfg(feature = "http")]
        if let Endpoint::Http(place) = &self.0.endpoint {
            let mut dispatch = Dispatch::new(0);
            let (text, _, answer) = dispatch.call(&call);
            self.ask(place, text, &mut dispatch).await?;
            return at_once(answer);
        }
        let link = self.link().await?;
        let (text, id, answer) = link.with(|dispatch| dispatch.call(&call));
        self.answered(&link, text, &[id], answer).await
    }

    /// Makes several calls in one message. Each has a result of its own, in the order of the calls.
    ///
    /// # Errors
    /// [`ClientError`], if it is none of a single call.
    pub async fn batch(&self, batch: Batch) -> Result<Vec<Result<Box<RawValue>>>> {
        let calls = batch.0;
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        #[cfg(feature = "http")]
        if let Endpoint::Http(place) = &self.0.endpoint {
            let mut dispatch = Dispatch::new(0);
            let (text, _, answers) = dispatch.batch(&calls);
            self.ask(place, text, &mut dispatch).await?;
            return Ok(answers.into_iter().map(at_once).collect());
        }
        let link = self.link().await?;
        let (text, ids, answers) = link.with(|dispatch| dispatch.batch(&calls));
        let (last, all) = oneshot::channel();
        let answers = async {
            let mut results = Vec::new();
            for answer in answers {
                results.push(answer.await.unwrap_or_else(|_| Err(link.lost())));
            }
            // It is waited for, below.
            let _ = last.send(Ok(results));
        };
        let (_, results) = tokio::join!(answers, self.answered(&link, text, &ids, all));
        results
    }

    /// Subscribes: `admin`, `("peerEvents",)`. Each event is read as a `T`.
    ///
    /// # Errors
    /// [`ClientError`]. Over HTTP nobody can subscribe.
    pub async fn subscribe<T: DeserializeOwned>(
        &self,
        namespace: &str,
        params: impl Serialize,
    ) -> Result<Subscription<T>> {
        let params = array(params)?;
        let params = params
            .ok_or_else(|| ClientError::Params("the name of the subscription is missing".into()))?;
        if !self.has_link() {
            let refused = self.raw_call(&format!("{namespace}_subscribe"), params).await;
            return Err(refused.err().unwrap_or(ClientError::NoResult));
        }
        let link = self.link().await?;
        let (text, id, answer) = link.with(|dispatch| dispatch.subscribe(namespace, params));
        let feed = self.answered(&link, text, &[id], answer).await?;
        Ok(Subscription::new(feed, link))
    }

    /// How often it has connected. One more than before: it was lost, and has connected again.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.0.connections.load(Ordering::Relaxed)
    }

    /// Whether there is a connection that stays.
    fn has_link(&self) -> bool {
        #[cfg(feature = "http")]
        return !matches!(self.0.endpoint, Endpoint::Http(_));
        #[cfg(not(feature = "http"))]
        true
    }

    /// The connection; a new one, if there is none.
    async fn link(&self) -> Result<Link> {
        let Inner { endpoint, options, link, connections } = &*self.0;
        let mut link = link.lock().await;
        if let Some(link) = link.as_ref().filter(|link| !link.is_gone()) {
            return Ok(link.clone());
        }
        let fresh = endpoint.dial(options).await?;
        if connections.fetch_add(1, Ordering::Relaxed) > 0 {
            info!(place = endpoint.name(), "connected again");
        }
        Ok(link.insert(fresh).clone())
    }

    /// Sends what was written, and waits for what comes of it, but not for ever.
    async fn answered<T>(
        &self,
        link: &Link,
        text: String,
        ids: &[u64],
        answer: Awaited<T>,
    ) -> Result<T> {
        // Whether it comes to an end or is dropped, nothing stays behind.
        let _forgotten = Forgotten { link, ids };
        let time = self.0.options.time;
        let answered = async {
            link.send(text).await?;
            answer.await.unwrap_or_else(|_| Err(link.lost()))
        };
        timeout(time, answered).await.unwrap_or(Err(ClientError::TimedOut(time)))
    }

    /// Sends what was written, and hands out what comes of it.
    #[cfg(feature = "http")]
    async fn ask(&self, place: &http::Place, text: String, dispatch: &mut Dispatch) -> Result<()> {
        let Options { time, message, .. } = self.0.options;
        tracing::trace!(target: crate::message::WIRE, side = %"client", "-> {text}");
        let body = timeout(time, place.ask(text, message)).await;
        let body = body.unwrap_or(Err(ClientError::TimedOut(time)))?;
        if body.is_empty() {
            return Err(ClientError::NoResult);
        }
        let value = crate::message::parse(body.into()).map_err(unexpected)?;
        tracing::trace!(target: crate::message::WIRE, side = %"client", "<- {value}");
        dispatch.incoming(&value).map(drop).map_err(ClientError::Unexpected)
    }
}

/// What has come of a call whose answer is here.
#[cfg(feature = "http")]
fn at_once<T>(mut answer: Awaited<T>) -> Result<T> {
    answer.try_recv().unwrap_or(Err(ClientError::NoResult))
}

fn unexpected(error: impl fmt::Display) -> ClientError {
    ClientError::Unexpected(error.to_string().into())
}

/// Calls that nobody waits for when this is dropped.
struct Forgotten<'a> {
    link: &'a Link,
    ids: &'a [u64],
}

impl Drop for Forgotten<'_> {
    fn drop(&mut self) {
        self.link.with(|dispatch| self.ids.iter().for_each(|id| dispatch.forget(*id)));
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.0.endpoint.name())
    }
}

/// See [`crate::fuzz::answers`].
#[cfg(any(test, fuzzing))]
pub(crate) fn fuzz(data: &[u8]) {
    dispatch::fuzz(data);
}
