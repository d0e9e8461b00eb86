//! HTTP: one request is one value, and its answer.
//!
//! Who may ask is decided before anything is read: a page in a browser can send requests to any address
//! that its user reaches, so a server on this computer is reached by every page that is open on it. A
//! name in `Host` that is not ours (DNS rebinding) is refused, and a page from elsewhere cannot send
//! `application/json` unless [`Rules::cors`] lists it.

mod rules;

use std::convert::Infallible;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tracing::debug;

use crate::connection::{Connection, Limits};
use crate::error::{Error, PARSE_ERROR};
use crate::message::{parse, unreadable};
use crate::module::Modules;
use crate::stall::Impatient;
#[cfg(feature = "ws")]
use crate::ws;

pub use rules::Rules;
use rules::is_preflight;

/// How long a client may take for the head of a request.
const HEAD: Duration = Duration::from_secs(10);
/// How long a client may take for the body: as in go-ethereum.
const BODY: Duration = Duration::from_secs(30);

/// A server that speaks HTTP. When it is dropped, it ends.
#[derive(Debug)]
pub struct HttpServer {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl HttpServer {
    /// Listens; port 0 lets the system choose one.
    ///
    /// # Errors
    /// The operating system's.
    pub async fn bind(
        address: SocketAddr,
        modules: Modules,
        limits: Limits,
        rules: Rules,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let most = limits.connections;
        let site = Arc::new(Site::new(modules, &limits, rules));
        Ok(Self { address, accepting: tokio::spawn(accept(listener, site, most)) })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, site: Arc<Site>, most: usize) {
    let places = Arc::new(Semaphore::new(most));
    let mut connections = JoinSet::new();
    loop {
        // It is never closed.
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                // An answer is written at once.
                let _ = stream.set_nodelay(true);
                let site = site.clone();
                connections.spawn(async move {
                    serve(stream, &site).await;
                    drop(place);
                });
            }
            Err(error) => {
                debug!(%error, "cannot accept");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Serves one connection to its end.
async fn serve(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, site: &Arc<Site>) {
    let answer = service_fn(|request| {
        let site = site.clone();
        async move { Ok::<_, Infallible>(site.answer(request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).half_close(true);
    // A client that breaks off is none of our business.
    let stream = TokioIo::new(Impatient::new(stream));
    let _ = http.serve_connection(stream, answer).with_upgrades().await;
}

/// What is answered to whoever says this, and then no more.
#[cfg(any(test, fuzzing))]
pub(crate) async fn fuzz(modules: Modules, said: &[u8]) -> Vec<u8> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let rules = Rules { cors: vec!["http://a.example".to_owned()], ..Rules::default() };
    #[cfg(feature = "ws")]
    let rules = Rules { ws: Some(ws::WsRules::default()), ..rules };
    let site = Arc::new(Site::new(modules, &Limits::default(), rules));
    let (mut ours, theirs) = tokio::io::duplex(said.len().max(1));
    let mut answered = Vec::new();
    // Into memory, and as much as there is room for.
    let _ = ours.write_all(said).await;
    let _ = ours.shutdown().await;
    let reading = async { drop(ours.read_to_end(&mut answered).await) };
    tokio::join!(serve(theirs, &site), reading);
    answered
}

struct Site {
    connection: Connection,
    rules: Rules,
    #[cfg(feature = "ws")]
    modules: Arc<Modules>,
    #[cfg(feature = "ws")]
    limits: Arc<Limits>,
    #[cfg(feature = "ws")]
    sockets: ws::Sockets,
}

type Answer = Response<Full<Bytes>>;

impl Site {
    fn new(modules: Modules, limits: &Limits, rules: Rules) -> Self {
        let (modules, limits) = (Arc::new(modules), Arc::new(limits.clone()));
        Self {
            // Nobody can subscribe over HTTP.
            connection: Connection::new(modules.clone(), limits.clone(), None),
            rules,
            #[cfg(feature = "ws")]
            modules,
            #[cfg(feature = "ws")]
            limits,
            #[cfg(feature = "ws")]
            sockets: ws::Sockets::default(),
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let hosts = request.headers().get_all(header::HOST).iter().count();
        if hosts > 1 || hosts == 0 && request.version() == Version::HTTP_11 {
            return text(StatusCode::BAD_REQUEST, "a request has one Host header\n");
        }
        #[cfg(feature = "ws")]
        let mut request = request;
        #[cfg(feature = "ws")]
        if let Some(rules) = self.rules.ws.as_ref().filter(|_| ws::is_wanted(request.headers())) {
            if !is_path(&rules.prefix, request.uri().path()) {
                return text(StatusCode::NOT_FOUND, "not found\n");
            }
            let (modules, limits) = (self.modules.clone(), self.limits.clone());
            let answer = ws::answer(&mut request, rules, &self.sockets, modules, limits);
            return answer.unwrap_or_else(|(status, words)| text(status, words));
        }
        if !self.rules.http || !is_path(&self.rules.prefix, request.uri().path()) {
            return empty(StatusCode::NOT_FOUND);
        }
        if !self.rules.is_host(&request) {
            return text(StatusCode::FORBIDDEN, "invalid host specified\n");
        }
        let cors = self.rules.cors_headers(request.method(), request.headers());
        let is_preflight = is_preflight(request.method(), request.headers());
        let mut answer = match is_preflight && !self.rules.cors.is_empty() {
            true => empty(StatusCode::OK),
            false => self.look_at(request).await,
        };
        answer.headers_mut().extend(cors);
        answer
    }

    async fn look_at(&self, request: Request<Incoming>) -> Answer {
        let says_nothing = hyper::body::Body::is_end_stream(request.body());
        let length = hyper::body::Body::size_hint(request.body()).exact();
        let limit = self.rules.body;
        match *request.method() {
            Method::GET if says_nothing && request.uri().query().is_none() => {
                return empty(StatusCode::OK);
            }
            Method::OPTIONS if says_nothing => return json(String::new()),
            Method::POST | Method::GET => {}
            _ => return text(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n"),
        }
        if let Some(length) =
            length.filter(|length| u64::try_from(limit).is_ok_and(|it| *length > it))
        {
            let words = format!("content length too large ({length}>{limit})\n");
            return text(StatusCode::PAYLOAD_TOO_LARGE, words);
        }
        if *request.method() == Method::GET || !is_json(request.headers()) {
            let words = "invalid content type, only application/json is supported\n";
            return text(StatusCode::UNSUPPORTED_MEDIA_TYPE, words);
        }
        let may_be_gzip = takes_gzip(request.headers());
        let collected = timeout(BODY, Limited::new(request.into_body(), limit).collect()).await;
        let Ok(collected) = collected else {
            return text(StatusCode::REQUEST_TIMEOUT, "the body did not come in time\n");
        };
        let body = match collected {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                let words = format!("content length too large (more than {limit})\n");
                return text(StatusCode::PAYLOAD_TOO_LARGE, words);
            }
            Err(_) => return json(cannot_read()),
        };
        if body.iter().all(u8::is_ascii_whitespace) {
            return json(String::new());
        }
        match parse(body.into()) {
            Ok(value) => {
                let answer = self.connection.receive(&value).await.json.unwrap_or_default();
                if may_be_gzip { gzipped(answer) } else { json(answer) }
            }
            Err(_) => json(cannot_read()),
        }
    }
}

/// What no library has words for.
fn cannot_read() -> String {
    unreadable(&Error::new(PARSE_ERROR, "parse error"))
}

/// Whether a path is ours.
fn is_path(prefix: &str, path: &str) -> bool {
    match path.strip_prefix(prefix) {
        Some("/") => true,
        Some(rest) if prefix.is_empty() => rest.is_empty(),
        Some(rest) => rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

/// Whether it says that it is JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    ["application/json", "application/json-rpc", "application/jsonrequest"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(kind))
}

/// Whether the client takes gzip.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut codings = codings.filter_map(|value| value.to_str().ok()).flat_map(|it| it.split(','));
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().strip_prefix("q=").map(str::parse::<f32>);
        name.trim().eq_ignore_ascii_case("gzip")
            && !matches!(weight, Some(Ok(weight)) if weight <= 0.0)
    })
}

/// The same, smaller. Nothing stays nothing.
fn gzipped(answer: String) -> Answer {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    // Into memory, it cannot fail.
    let packed = packed.write_all(answer.as_bytes()).and_then(|()| packed.finish());
    match packed {
        Ok(packed) if !answer.is_empty() => {
            let mut answer = with_type("application/json", packed.into());
            let headers = answer.headers_mut();
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
            answer
        }
        _ => json(answer),
    }
}

fn empty(status: StatusCode) -> Answer {
    let mut answer = Answer::default();
    *answer.status_mut() = status;
    answer
}

fn text(status: StatusCode, words: impl Into<Bytes>) -> Answer {
    let mut answer = with_type("text/plain; charset=utf-8", words.into());
    *answer.status_mut() = status;
    let nosniff = HeaderValue::from_static("nosniff");
    answer.headers_mut().insert(HeaderName::from_static("x-content-type-options"), nosniff);
    answer
}

fn json(text: String) -> Answer {
    with_type("application/json", text.into())
}

fn with_type(kind: &'static str, body: Bytes) -> Answer {
    let mut answer = Answer::new(Full::new(body));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_waited_for_no_longer_than_thirty_seconds() {
        let site = Arc::new(Site::new(Modules::new([]), &Limits::default(), Rules::default()));
        let (mut ours, theirs) = duplex(1000);
        let serving = tokio::spawn(async move { serve(theirs, &site).await });
        let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                    Content-Length: 9\r\n\r\n{\"json";
        ours.write_all(head.as_bytes()).await.unwrap();
        let begin = Instant::now();
        let mut answer = String::new();
        ours.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
        assert_eq!(begin.elapsed().as_secs(), BODY.as_secs());
        serving.await.unwrap();
    }
}
