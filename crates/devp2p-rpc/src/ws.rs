//! WebSocket: after a request in HTTP, messages in both directions over the same connection.
//!
//! ```text
//! GET / HTTP/1.1, Upgrade: websocket ─▶ origin? ─▶ 101 ─▶ frames ─▶ messages, each one value
//! ```
//!
//! A browser lets every page open one, and says in `Origin` which page it was. So that is what is looked
//! at; other programs send no `Origin`.

pub(crate) mod frames;

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tungstenite::handshake::derive_accept_key;

use crate::connection::{Answer, Connection, Limits};
use crate::message::{parse, unreadable};
use crate::module::Modules;
use frames::{Closing, Event, Frames, Kind, Role};

/// After so long a silence we ask whether somebody is there, and wait as long for the answer.
const SILENCE: Duration = Duration::from_secs(30);
/// How long the other side may take to hear why we close.
const GOODBYE: Duration = Duration::from_secs(2);
/// Bytes that are read at once.
const READ: usize = 16 * 1024;
/// Answers and events that may wait for a reader who does not read.
const WAITING: usize = 256;

/// Which pages may come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WsRules {
    /// Where pages may be from: `http://a.example:81`, and less of it says less: `a.example`. `*`: from
    /// anywhere. None: `http://localhost`.
    pub origins: Vec<String>,
    /// The path, as `/ws`; empty: `/`.
    pub prefix: String,
}

impl WsRules {
    /// Whether such a page may come. Who is no page may.
    fn lets_in(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        let Ok(origin) = origin.to_str() else { return false };
        if self.origins.iter().any(|rule| rule == "*") {
            return true;
        }
        let origin = Origin::read(origin);
        let is_from = |rule: &str| Origin::read(rule).covers(&origin);
        match self.origins.is_empty() {
            true => is_from("http://localhost"),
            false => self.origins.iter().any(|rule| is_from(rule)),
        }
    }
}

/// Where a page is from, or may be from.
#[derive(Debug)]
struct Origin {
    scheme: Option<String>,
    host: String,
    port: Option<String>,
}

impl Origin {
    fn read(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_owned()), rest),
            None => (None, text.as_str()),
        };
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.to_owned())),
            _ => (rest, None),
        };
        Self { scheme, host: host.to_owned(), port }
    }

    /// Only what a rule says is compared.
    fn covers(&self, origin: &Self) -> bool {
        let is_same = |rule: &Option<String>, it: &Option<String>| rule.is_none() || rule == it;
        // `null`, `file://` and nothing at all are no places.
        origin.scheme.is_some()
            && !origin.host.is_empty()
            && self.host == origin.host
            && is_same(&self.scheme, &origin.scheme)
            && is_same(&self.port, &origin.port)
    }
}

/// Whether a request asks for WebSocket.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    let has = |name, word: &str| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|it| it.split(',')).any(|it| it.trim().eq_ignore_ascii_case(word))
    };
    has(header::CONNECTION, "upgrade") && has(header::UPGRADE, "websocket")
}

/// Connections that were granted. They end with this.
#[derive(Debug, Default)]
pub(crate) struct Sockets(Mutex<JoinSet<()>>);

impl Sockets {
    fn serve(&self, serving: impl Future<Output = ()> + Send + 'static) {
        let mut sockets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while sockets.try_join_next().is_some() {}
        sockets.spawn(serving);
    }
}

/// Answers such a request. If it is granted, the connection is served as long as it and `sockets` last.
///
/// # Errors
/// Status and text, if it is not.
pub(crate) fn answer<B, A: Default>(
    request: &mut Request<B>,
    rules: &WsRules,
    sockets: &Sockets,
    modules: Arc<Modules>,
    limits: Arc<Limits>,
) -> Result<Response<A>, (StatusCode, &'static str)> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed\n"));
    }
    let is_version = headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|it| it == "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| is_version);
    let Some(key) = key.filter(|key| !key.is_empty()) else {
        return Err((StatusCode::BAD_REQUEST, "Bad Request\n"));
    };
    if !rules.lets_in(headers) {
        return Err((StatusCode::FORBIDDEN, "Forbidden\n"));
    }
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes()));
    let accept = accept.map_err(|_| (StatusCode::BAD_REQUEST, "Bad Request\n"))?;
    let upgrade = hyper::upgrade::on(request);
    sockets.serve(serve(upgrade, modules, limits));
    let mut answer = Response::new(A::default());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok(answer)
}

/// What is to be written.
enum Outgoing {
    Answer(Answer),
    Text(String),
    Frame(Kind, Vec<u8>),
    /// The last one.
    Close(Closing),
}

async fn serve(upgrade: OnUpgrade, modules: Arc<Modules>, limits: Arc<Limits>) {
    // A client that breaks off is none of our business.
    let Ok(upgraded) = upgrade.await else { return };
    let (reader, writer) = split(TokioIo::new(upgraded));
    let (outgoing, waiting) = mpsc::channel(WAITING);
    let (events, told) = mpsc::channel(WAITING);
    let connection = Connection::new(modules, limits.clone(), Some(events));
    let reading = Reading {
        frames: Frames::new(Role::Server, limits.message),
        connection,
        outgoing,
        places: Arc::new(Semaphore::new(limits.at_once)),
        calls: JoinSet::new(),
    };
    let mut reading = pin!(reading.run(reader));
    let mut writing = pin!(write(writer, waiting, told));
    tokio::select! {
        // With it goes all that could have more to write.
        () = &mut reading => writing.await,
        // A connection that is closed with unread input is reset, and a reset destroys what was said.
        () = &mut writing => drop(timeout(GOODBYE, reading).await),
    }
}

/// A frame of a server.
fn frame(kind: Kind, payload: &[u8]) -> Vec<u8> {
    frames::frame(Role::Server, kind, payload)
}

/// Writes until the last one is written, or nobody takes it.
async fn write(
    mut writer: impl AsyncWrite + Unpin,
    mut waiting: mpsc::Receiver<Outgoing>,
    mut events: mpsc::Receiver<String>,
) {
    loop {
        let (bytes, answer, is_last) = tokio::select! {
            next = waiting.recv() => match next {
                Some(Outgoing::Answer(mut answer)) => {
                    let json = answer.json.take();
                    let bytes = json.map(|json| frame(Kind::Text, json.as_bytes()));
                    (bytes.unwrap_or_default(), Some(answer), false)
                }
                Some(Outgoing::Text(text)) => (frame(Kind::Text, text.as_bytes()), None, false),
                Some(Outgoing::Frame(kind, payload)) => (frame(kind, &payload), None, false),
                Some(Outgoing::Close(closing)) => (frame(Kind::Close, &closing.payload()), None, true),
                None => return,
            },
            Some(event) = events.recv() => (frame(Kind::Text, event.as_bytes()), None, false),
        };
        let writing = async {
            writer.write_all(&bytes).await?;
            writer.flush().await
        };
        if !matches!(timeout(SILENCE, writing).await, Ok(Ok(()))) {
            return;
        }
        if let Some(answer) = answer {
            answer.sent();
        }
        if is_last {
            // It is gone already, or hears that there is no more.
            let _ = writer.shutdown().await;
            return;
        }
    }
}

struct Reading {
    frames: Frames,
    connection: Connection,
    outgoing: mpsc::Sender<Outgoing>,
    places: Arc<Semaphore>,
    /// They end with the connection.
    calls: JoinSet<()>,
}

impl Reading {
    /// Reads until the other side has gone; what has to be said last is said before this ends.
    async fn run(mut self, mut reader: impl AsyncRead + Unpin) {
        let mut buffer = vec![0; READ];
        let mut was_asked = false;
        loop {
            let read = match timeout(SILENCE, reader.read(&mut buffer)).await {
                Ok(Ok(read @ 1..)) => read,
                Ok(Ok(0)) => return self.end_when_answered().await,
                Ok(Err(_)) => return,
                Err(_) if was_asked => return,
                Err(_) => {
                    was_asked = true;
                    self.send(Outgoing::Frame(Kind::Ping, Vec::new())).await;
                    continue;
                }
            };
            was_asked = false;
            self.frames.push(buffer.get(..read).unwrap_or_default());
            loop {
                let closing = match self.frames.next() {
                    Ok(None) => break,
                    Ok(Some(Event::Message(value))) => match self.answer(value).await {
                        Ok(()) => continue,
                        Err(closing) => closing,
                    },
                    Ok(Some(Event::Ping(payload))) => {
                        self.send(Outgoing::Frame(Kind::Pong, payload)).await;
                        continue;
                    }
                    Ok(Some(Event::Pong)) => continue,
                    Ok(Some(Event::Close(code))) => Closing { code, reason: String::new() },
                    Err(closing) => closing,
                };
                return self.close(closing, reader, &mut buffer).await;
            }
        }
    }

    /// Answers a value beside all others.
    async fn answer(&mut self, value: Vec<u8>) -> Result<(), Closing> {
        while self.calls.try_join_next().is_some() {}
        let value = match parse(value) {
            Ok(value) => value,
            Err(error) => {
                self.send(Outgoing::Text(unreadable(&error))).await;
                return Err(Closing { code: Some(1000), reason: String::new() });
            }
        };
        // It is never closed.
        let place = self.places.clone().acquire_owned().await;
        let (connection, outgoing) = (self.connection.clone(), self.outgoing.clone());
        self.calls.spawn(async move {
            let answer = connection.receive(&value).await;
            // An error says that nobody reads any more.
            let _ = outgoing.send(Outgoing::Answer(answer)).await;
            drop(place);
        });
        Ok(())
    }

    async fn send(&self, outgoing: Outgoing) {
        // The same.
        let _ = self.outgoing.send(outgoing).await;
    }

    /// The other side has no more to ask.
    async fn end_when_answered(mut self) {
        while self.calls.join_next().await.is_some() {}
        self.send(Outgoing::Close(Closing { code: Some(1000), reason: String::new() })).await;
    }

    /// Says why, and reads what the other side has sent meanwhile.
    async fn close(self, closing: Closing, mut reader: impl AsyncRead + Unpin, buffer: &mut [u8]) {
        self.send(Outgoing::Close(closing)).await;
        let rest = async { while let Ok(1..) = reader.read(buffer).await {} };
        // Whoever goes on for ever is cut off.
        let _ = timeout(GOODBYE, rest).await;
    }
}
