//! HTTP, and how it becomes a WebSocket.

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
#[cfg(feature = "ws")]
use hyper::Response;
use hyper::body::Bytes;
#[cfg(feature = "ws")]
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;

use super::error::ClientError;

/// The longest text of a web server that is told, in characters.
const WORDS: usize = 200;
/// Connections that are kept for later.
const KEPT: usize = 16;

/// Where a server speaks HTTP, and the connections to it that nobody uses now.
#[derive(Debug, Clone)]
pub(super) struct Place {
    url: Arc<str>,
    uri: Uri,
    idle: Arc<Mutex<Vec<SendRequest<Full<Bytes>>>>>,
}

impl Place {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(url: &str) -> Result<Self, &'static str> {
        let uri: Uri = url.parse().map_err(|_| "it is no URL")?;
        match uri.authority() {
            None => Err("it has no address"),
            Some(it) if it.as_str().contains('@') => Err("a user and a password cannot be sent"),
            // What the library cannot read it passes over.
            Some(it) if it.port_u16().is_none() && it.as_str() != it.host() => {
                Err("its port is no number up to 65535")
            }
            Some(_) => Ok(Self { url: url.into(), uri, idle: Arc::default() }),
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Sends a value, and returns what is answered: nothing, if nobody waits for an answer.
    ///
    /// # Errors
    /// [`ClientError::Connect`], [`ClientError::Lost`], [`ClientError::Http`].
    pub(super) async fn ask(&self, value: String, limit: usize) -> Result<Bytes, ClientError> {
        let lost = |error: hyper::Error| ClientError::Lost(error.to_string().into());
        let value = Bytes::from(value);
        let (mut connection, answer) = loop {
            let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let is_kept = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                None => self.connect().await.map_err(|why| ClientError::Connect {
                    place: self.url.to_string(),
                    why: why.into(),
                })?,
            };
            match connection.send_request(self.request(value.clone())).await {
                Ok(answer) => break (connection, answer),
                // The server has closed it meanwhile, before anything was sent.
                Err(error) if is_kept && (error.is_canceled() || error.is_closed()) => {}
                Err(error) => return Err(lost(error)),
            }
        };
        let status = answer.status();
        let body = match Limited::new(answer.into_body(), limit).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return Err(ClientError::Lost(format!("more than {limit} bytes came").into()));
            }
            Err(error) => return Err(ClientError::Lost(error.to_string().into())),
        };
        if status != StatusCode::OK {
            let text = String::from_utf8_lossy(&body);
            let text = text.trim().chars().take(WORDS).collect::<String>();
            let known = status.canonical_reason().unwrap_or("no reason is given");
            let text = if text.is_empty() { known.to_owned() } else { text };
            return Err(ClientError::Http { status: status.as_u16(), text });
        }
        if connection.ready().await.is_ok() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < KEPT {
                idle.push(connection);
            }
        }
        Ok(body)
    }

    fn request(&self, value: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(value));
        *request.method_mut() = Method::POST;
        self.address(&mut request);
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::CONTENT_TYPE, json);
        request
    }

    /// Says to whom and for what it is.
    fn address<B>(&self, request: &mut Request<B>) {
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        // They are parts of a URL that has been read.
        *request.uri_mut() = path.parse().unwrap_or_default();
        if let Some(host) = self.uri.authority().and_then(|it| it.as_str().parse().ok()) {
            request.headers_mut().insert(header::HOST, host);
        }
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        let host = self.uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = self.uri.port_u16().unwrap_or(80);
        let stream = TcpStream::connect((host, port)).await.map_err(|error| error.to_string())?;
        // A call is sent at once.
        let _ = stream.set_nodelay(true);
        let (connection, serving) =
            handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        // It ends with the connection.
        tokio::spawn(serving.with_upgrades());
        Ok(connection)
    }

    /// Connects, and makes a WebSocket of it.
    ///
    /// # Errors
    /// Why there is none.
    #[cfg(feature = "ws")]
    pub(super) async fn websocket(&self) -> Result<TokioIo<hyper::upgrade::Upgraded>, String> {
        use tungstenite::handshake::client::generate_key;
        use tungstenite::handshake::derive_accept_key;

        let mut connection = self.connect().await?;
        let key = generate_key();
        let mut request = Request::new(Full::default());
        self.address(&mut request);
        let headers = request.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        let value = key.parse().map_err(|_| "a key that cannot be sent")?;
        headers.insert(header::SEC_WEBSOCKET_KEY, value);
        let answer = connection.send_request(request).await.map_err(|error| error.to_string())?;
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(refusal(answer).await);
        }
        let accepted = answer.headers().get(header::SEC_WEBSOCKET_ACCEPT);
        if accepted.is_none_or(|it| it != &derive_accept_key(key.as_bytes())) {
            return Err("what answers there is no WebSocket".to_owned());
        }
        let upgraded = hyper::upgrade::on(answer).await.map_err(|error| error.to_string())?;
        Ok(TokioIo::new(upgraded))
    }
}

/// Why a server does not want a WebSocket.
#[cfg(feature = "ws")]
async fn refusal(answer: Response<Incoming>) -> String {
    let status = answer.status();
    let text = Limited::new(answer.into_body(), 4096).collect().await;
    let text = text.map(|text| text.to_bytes()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let text: String = text.trim().chars().take(WORDS).collect();
    match status {
        StatusCode::OK => "it speaks HTTP there, and no WebSocket".to_owned(),
        _ => format!("HTTP {}: {text}", status.as_u16()),
    }
}
