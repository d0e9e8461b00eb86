//! WebSocket: after a request in HTTP, messages in both directions over the same connection.
//!
//! ```text
//! GET / HTTP/1.1, Upgrade: websocket ─▶ origin? ─▶ 101 ─▶ frames ─▶ messages, each one value
//! ```
//!
//! A browser lets every page open one, and says in `Origin` which page it was. So that is what is looked
//! at; other programs send no `Origin`.

pub(crate) mod frames;

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tungstenite::handshake::derive_accept_key;

use crate::calls::{Begun, Calls};
use crate::connection::{Answer, Connection, Limits};
use crate::message::{parse, unreadable};
use crate::module::Modules;
use crate::stream::{ENOUGH, WAITING, clear};
use frames::{Closing, Event, Frames, Kind, Role};

/// After so long a silence we ask whether somebody is there, and wait as long for the answer.
const SILENCE: Duration = Duration::from_secs(30);
/// How long the other side may take to hear why we close.
const GOODBYE: Duration = Duration::from_secs(2);

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

async fn serve(upgrade: OnUpgrade, modules: Arc<Modules>, limits: Arc<Limits>) {
    // A client that breaks off is none of our business.
    let Ok(upgraded) = upgrade.await else { return };
    // It is what HTTP was served on.
    let Ok(parts) = upgraded.downcast::<TokioIo<TcpStream>>() else { return };
    let (events, told) = mpsc::channel(WAITING);
    let connection = Connection::new(modules, limits.clone(), Some(events));
    let mut serving = Serving {
        incoming: Frames::new(Role::Server, limits.message),
        calls: Calls::new(connection, limits.at_once),
        told,
        outgoing: Vec::new(),
        has_ended: false,
    };
    serving.incoming.push(&parts.read_buf);
    drop(parts.read_buf);
    let (reader, writer) = parts.io.into_inner().into_split();
    // The same.
    let _ = serving.run(reader, writer).await;
}

/// One task reads and writes. As long as the other side does not take what is written, nothing more is
/// read.
struct Serving {
    incoming: Frames,
    calls: Calls,
    /// What its subscriptions tell.
    told: mpsc::Receiver<String>,
    outgoing: Vec<u8>,
    /// The other side has no more to ask.
    has_ended: bool,
}

impl Serving {
    /// Until the other side has gone; what has to be said last is said before this ends.
    async fn run(
        mut self,
        mut reader: impl AsyncRead + Unpin,
        mut writer: impl AsyncWrite + Unpin,
    ) -> io::Result<()> {
        let mut silence = Silence::begin();
        loop {
            let begun = self.begin_calls().await;
            self.gather();
            let begun = match begun {
                Ok(begun) => begun,
                Err(closing) => {
                    self.put(Kind::Close, &closing.payload());
                    return self.close(reader, writer).await;
                }
            };
            if !self.outgoing.is_empty() {
                self.write(&mut writer).await?;
            }
            if begun == Begun::Some {
                continue;
            }
            if self.has_ended && self.calls.is_empty() {
                self.put(Kind::Close, &normal().payload());
                return self.close(reader, writer).await;
            }
            let may_read = !self.has_ended && !self.calls.is_full();
            tokio::select! {
                biased;
                read = reader.read_buf(self.incoming.room()), if may_read => {
                    (silence.since, silence.was_asked) = (Instant::now(), false);
                    self.has_ended = read? == 0;
                }
                Some(answer) = self.calls.next() => self.answer(answer),
                Some(event) = self.told.recv() => self.put(Kind::Text, event.as_bytes()),
                () = &mut silence.alarm, if may_read => self.ask(&mut silence)?,
            }
        }
    }

    /// Asks whether the other side is there, if it has said nothing for so long.
    ///
    /// # Errors
    /// It was asked already.
    fn ask(&mut self, silence: &mut Silence) -> io::Result<()> {
        let now = Instant::now();
        if silence.since + SILENCE > now {
            silence.alarm.as_mut().reset(silence.since + SILENCE);
            return Ok(());
        }
        if silence.was_asked {
            return Err(io::ErrorKind::TimedOut.into());
        }
        silence.was_asked = true;
        silence.alarm.as_mut().reset(now + SILENCE);
        self.put(Kind::Ping, &[]);
        Ok(())
    }

    /// Begins what has come, as far as it may begin.
    ///
    /// # Errors
    /// The connection is to be closed.
    async fn begin_calls(&mut self) -> Result<Begun, Closing> {
        while !self.calls.is_full() {
            if self.outgoing.len() >= ENOUGH {
                return Ok(Begun::Some);
            }
            let Some(event) = self.incoming.next()? else { break };
            match event {
                Event::Message(value) => match parse(value) {
                    Ok(value) => {
                        if let Some(answer) = self.calls.begin(value).await {
                            self.answer(answer);
                        }
                    }
                    Err(error) => {
                        self.put(Kind::Text, unreadable(&error).as_bytes());
                        return Err(normal());
                    }
                },
                Event::Ping(payload) => self.put(Kind::Pong, &payload),
                Event::Pong => {}
                Event::Close(code) => return Err(Closing { code, reason: String::new() }),
            }
        }
        Ok(Begun::All)
    }

    /// What waits goes out with the rest, in one write.
    fn gather(&mut self) {
        while self.outgoing.len() < ENOUGH {
            if let Some(answer) = self.calls.try_next() {
                self.answer(answer);
            } else if let Ok(event) = self.told.try_recv() {
                self.put(Kind::Text, event.as_bytes());
            } else {
                return;
            }
        }
    }

    fn answer(&mut self, mut answer: Answer) {
        if let Some(json) = answer.json.take() {
            self.put(Kind::Text, json.as_bytes());
        }
        // Whatever a subscription tells comes behind it.
        answer.sent();
    }

    fn put(&mut self, kind: Kind, payload: &[u8]) {
        frames::put(&mut self.outgoing, Role::Server, kind, payload);
    }

    /// Writes, or gives up when nobody takes it.
    async fn write(&mut self, writer: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let writing = async {
            writer.write_all(&self.outgoing).await?;
            writer.flush().await
        };
        timeout(SILENCE, writing).await??;
        clear(&mut self.outgoing);
        Ok(())
    }

    /// Says the last, and reads what the other side has sent meanwhile: a connection that is closed with
    /// unread input is reset, and a reset destroys what was said.
    async fn close(
        mut self,
        mut reader: impl AsyncRead + Unpin,
        mut writer: impl AsyncWrite + Unpin,
    ) -> io::Result<()> {
        self.write(&mut writer).await?;
        writer.shutdown().await?;
        let mut rest = [0; 1024];
        let reading = async { while let Ok(1..) = reader.read(&mut rest).await {} };
        // Whoever goes on for ever is cut off.
        let _ = timeout(GOODBYE, reading).await;
        Ok(())
    }
}

/// How long nothing has come. The alarm is set again when it goes off, and not each time something comes.
struct Silence {
    alarm: Pin<Box<Sleep>>,
    since: Instant,
    was_asked: bool,
}

impl Silence {
    fn begin() -> Self {
        Self { alarm: Box::pin(sleep(SILENCE)), since: Instant::now(), was_asked: false }
    }
}

/// There is no more to say.
fn normal() -> Closing {
    Closing { code: Some(1000), reason: String::new() }
}
