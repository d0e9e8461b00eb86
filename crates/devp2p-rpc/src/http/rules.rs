//! Who may ask over HTTP, and what a page in a browser is told about it.

use std::net::IpAddr;

use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request};

#[cfg(feature = "ws")]
use crate::ws::WsRules;

/// How long a browser may remember what it may do, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Who may ask, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Names in `Host` that are ours, beside IP addresses, which always are. `*`: any.
    pub hosts: Vec<String>,
    /// Origins of pages that may ask, as `http://a.example`, with one `*` for anything.
    pub cors: Vec<String>,
    /// The path, as `/rpc`; empty: `/`.
    pub prefix: String,
    /// Bytes of a body: 5 MiB, as in go-ethereum.
    pub body: usize,
    /// Whether calls are answered over HTTP itself. If not, there is only WebSocket.
    pub http: bool,
    /// Who may come by WebSocket, on the same port. `None`: nobody.
    #[cfg(feature = "ws")]
    pub ws: Option<WsRules>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            hosts: vec!["localhost".to_owned()],
            cors: Vec::new(),
            prefix: String::new(),
            body: 5 * 1024 * 1024,
            http: true,
            #[cfg(feature = "ws")]
            ws: None,
        }
    }
}

impl Rules {
    /// Who gives no name, or an address, means us.
    pub(super) fn is_host(&self, request: &Request<impl Sized>) -> bool {
        let header = request.headers().get(header::HOST).map(HeaderValue::as_bytes);
        // What stands in the first line counts more.
        let host = request.uri().authority().map(|it| it.as_str().as_bytes()).or(header);
        let Some(host) = host else { return true };
        let Ok(host) = std::str::from_utf8(host) else { return false };
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
            _ => host,
        };
        let in_brackets = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let address = in_brackets.unwrap_or(name);
        let is_ours = |ours: &String| ours == "*" || ours.eq_ignore_ascii_case(name);
        name.is_empty() || address.parse::<IpAddr>().is_ok() || self.hosts.iter().any(is_ours)
    }

    /// What a page in a browser is told.
    pub(super) fn cors_headers(&self, method: &Method, asked: &HeaderMap) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if self.cors.is_empty() {
            return headers;
        }
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let preflight = is_preflight(method, asked);
        if preflight {
            let more = "Access-Control-Request-Method, Access-Control-Request-Headers";
            headers.append(header::VARY, HeaderValue::from_static(more));
        }
        let Some(origin) = asked.get(header::ORIGIN) else { return headers };
        let is_listed = |rule: &String| origin.to_str().is_ok_and(|origin| fits(rule, origin));
        let wanted = asked.get(header::ACCESS_CONTROL_REQUEST_METHOD).filter(|_| preflight);
        let is_allowed = wanted.is_none_or(|wanted| wanted == "POST" || wanted == "GET");
        if !is_allowed || !self.cors.iter().any(is_listed) {
            return headers;
        }
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        if let Some(wanted) = wanted {
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, wanted.clone());
            if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS).and_then(titles)
            {
                headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
            }
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        }
        headers
    }
}

/// A browser asks whether a page may ask.
pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Names of headers, each word with a capital letter.
fn titles(names: &HeaderValue) -> Option<HeaderValue> {
    let title = |word: &str| -> String {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_ascii_uppercase() + rest
    };
    let name = |name: &str| name.trim().split('-').map(title).collect::<Vec<_>>().join("-");
    let names = names.to_str().ok()?.split(',').map(name).collect::<Vec<_>>().join(", ");
    HeaderValue::from_str(&names).ok()
}

/// Whether an origin is what a rule says, in which one `*` stands for anything.
fn fits(rule: &str, origin: &str) -> bool {
    match rule.split_once('*') {
        None => rule.eq_ignore_ascii_case(origin),
        Some((begin, end)) => {
            origin.len() >= begin.len().saturating_add(end.len())
                && origin.starts_with(begin)
                && origin.ends_with(end)
        }
    }
}
