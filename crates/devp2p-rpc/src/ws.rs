//! WebSocket: after a request in HTTP, messages in both directions over the same connection.
//!
//! ```text
//! GET / HTTP/1.1, Upgrade: websocket ─▶ origin? ─▶ 101 ─▶ frames ─▶ messages, each one value
//! ```
//!
//! A browser lets every page open one, and says in `Origin` which page it was. So that is what is looked
//! at; other programs send no `Origin`.

pub(crate) mod frames;
mod serving;

use std::sync::{Arc, Mutex, PoisonError};

use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::task::JoinSet;
use tungstenite::handshake::derive_accept_key;

use crate::connection::Limits;
use crate::module::Modules;
use serving::serve;

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
    /// Whether there was a place for it.
    fn serve(&self, serving: impl Future<Output = ()> + Send + 'static, most: usize) -> bool {
        let mut sockets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while sockets.try_join_next().is_some() {}
        let has_place = sockets.len() < most;
        if has_place {
            sockets.spawn(serving);
        }
        has_place
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
    let most = limits.connections;
    if !sockets.serve(serve(upgrade, modules, limits), most) {
        return Err((StatusCode::SERVICE_UNAVAILABLE, "too many connections\n"));
    }
    let mut answer = Response::new(A::default());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok(answer)
}
