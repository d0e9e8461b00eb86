//! The pages, over HTTP: a script that listens to server-sent events, and nothing from elsewhere.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::channel::Channel;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::debug;

use crate::board::View;
use crate::guests::Guests;
use crate::hall::Hall;

/// How long a browser may take to ask.
const ASK: Duration = Duration::from_secs(10);
/// Connections at the same time from one address that is not ours.
const FROM_ONE: usize = 32;
/// No more than one event in this time, however much happens.
const PAUSE: Duration = Duration::from_millis(200);
/// So often something is sent when nothing happens: who is gone is noticed then.
const ALIVE: Duration = Duration::from_secs(15);
/// Events that may wait for a browser that does not read.
const WAITING: usize = 2;

type Body = BoxBody<Bytes, Infallible>;

/// Serves the pages until it is dropped. `secret` opens the teacher's.
pub(crate) async fn serve(listener: TcpListener, hall: Arc<Hall>, secret: String) {
    let site = Arc::new(Site { hall, secret });
    let guests = Guests::default();
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                pause_after(&error).await;
                continue;
            }
        };
        let Some(guest) = guests.come(address.ip(), FROM_ONE) else {
            debug!(%address, "too many connections: this one is closed");
            continue;
        };
        let site = Arc::clone(&site);
        connections.spawn(async move {
            let answer = service_fn(|request| {
                let answer = site.answer(&request);
                async { Ok::<_, Infallible>(answer) }
            });
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(ASK).keep_alive(false);
            // A browser that breaks off is none of our business.
            let _ = http.serve_connection(TokioIo::new(stream), answer).await;
            drop(guest);
        });
    }
}

/// The system has no room for one more, for a while.
async fn pause_after(error: &io::Error) {
    debug!(%error, "cannot accept");
    sleep(Duration::from_millis(50)).await;
}

struct Site {
    hall: Arc<Hall>,
    secret: String,
}

/// What a path leads to.
enum Place {
    Page,
    Events(Whose),
    Help { token: String, wanted: bool },
    File(&'static str, &'static str),
    Nowhere,
}

/// The owner of a page.
enum Whose {
    Everybody,
    Teacher,
    Learner(String),
}

impl Site {
    fn answer(&self, request: &Request<Incoming>) -> Response<Body> {
        let get = request.method() == Method::GET;
        let mut response = match self.place(request.uri().path()) {
            Place::Page if get => {
                text(StatusCode::OK, "text/html", include_str!("page/index.html"))
            }
            Place::File(kind, content) if get => text(StatusCode::OK, kind, content),
            Place::Events(whose) if get => self.events(whose),
            Place::Help { token, wanted } if request.method() == Method::POST => {
                self.hall.change(|board, now| board.help(&token, wanted, now));
                text(StatusCode::OK, "text/plain", "")
            }
            Place::Nowhere => text(StatusCode::NOT_FOUND, "text/plain", NOWHERE),
            _ => text(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "not like this\n"),
        };
        let headers = response.headers_mut();
        for (name, value) in HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }

    fn place(&self, path: &str) -> Place {
        let words: Vec<&str> = path.split('/').skip(1).collect();
        let is_teacher = |word: &str| word == self.secret;
        let is_learner = |token: &str| self.hall.look(|board, _| board.knows(token));
        match *words.as_slice() {
            [""] => Place::Page,
            ["events"] => Place::Events(Whose::Everybody),
            ["hub.js"] => Place::File("text/javascript", include_str!("page/hub.js")),
            ["hub.css"] => Place::File("text/css", include_str!("page/hub.css")),
            ["teacher", word] if is_teacher(word) => Place::Page,
            ["teacher", word, "events"] if is_teacher(word) => Place::Events(Whose::Teacher),
            ["me", token] if is_learner(token) => Place::Page,
            ["me", token, "events"] if is_learner(token) => {
                Place::Events(Whose::Learner(token.to_owned()))
            }
            ["me", token, word @ ("help" | "fine")] if is_learner(token) => {
                Place::Help { token: token.to_owned(), wanted: word == "help" }
            }
            _ => Place::Nowhere,
        }
    }

    /// Server-sent events: all that a page shows, whenever something changes.
    fn events(&self, whose: Whose) -> Response<Body> {
        let (mut sender, body) = Channel::<Bytes, Infallible>::new(WAITING);
        let hall = Arc::clone(&self.hall);
        tokio::spawn(async move {
            let mut changes = hall.watch();
            loop {
                changes.mark_unchanged();
                let view = match &whose {
                    Whose::Everybody => View::Projector,
                    Whose::Teacher => View::Teacher,
                    Whose::Learner(token) => View::Learner(token),
                };
                let shown = hall.look(|board, now| board.show(view, now));
                let (pages, line) = hall.door();
                let told = json!({ "shown": shown, "pages": pages, "line": line });
                let event = format!("data: {told}\n\n");
                // It waits for a slow browser, and for nobody else.
                if sender.send_data(event.into()).await.is_err() {
                    return;
                }
                sleep(PAUSE).await;
                // When nothing has happened, the same once more.
                let _ = timeout(ALIVE, changes.changed()).await;
            }
        });
        let mut response = Response::new(body.boxed());
        let kind = HeaderValue::from_static("text/event-stream");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

const NOWHERE: &str = "\
There is no such page.

`cargo workshop hub` prints the address of the teacher's page, and `cargo exercise` that of a learner's.
";

/// Nothing from elsewhere is loaded, shown or told.
const HEADERS: [(header::HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CACHE_CONTROL, "no-store"),
];

fn text(status: StatusCode, kind: &'static str, content: &'static str) -> Response<Body> {
    let mut response = Response::new(Full::new(Bytes::from_static(content.as_bytes())).boxed());
    *response.status_mut() = status;
    let kind = HeaderValue::from_str(&format!("{kind}; charset=utf-8"));
    if let Ok(kind) = kind {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}
