//! What go-ethereum has answered, case by case, and what is answered here.

#![cfg(feature = "ws")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

#[path = "recorded/canonical.rs"]
mod canonical;
#[path = "recorded/cases.rs"]
mod cases;
#[path = "recorded/run.rs"]
mod run;
#[path = "../examples/conformance/t.rs"]
mod t;
#[path = "recorded/wire.rs"]
mod wire;

use std::net::{Ipv4Addr, SocketAddr};

use cases::cases;
use devp2p_rpc::http::{HttpServer, Rules};
use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::ws::WsRules;
use devp2p_rpc::{Limits, Modules};
use run::all;
use serde_json::Value;
use tokio::time::Duration;
use wire::Door;

/// See [`t::module`].
const PACE: u32 = 4;

/// Accidents of Go that are not copied; the book says why.
const NOT_COPIED: [&str; 8] = [
    "batch/1001-ipc",
    "envelope/string-without-newline",
    "envelope/upper-case-keys",
    "params/echo-null-first",
    "params/echo-null-second",
    "sub/name-is-cut-at-first-underscore",
    "syntax/invalid-utf8-string",
    "unsub/null",
];

/// The same for WebSocket.
const NOT_COPIED_ON_WS: [&str; 4] =
    ["syntax/trailing-garbage-ws", "syntax/two-values-ws", "ws/empty-message", "ws/invalid-utf8"];

#[tokio::test]
async fn ipc_answers_as_go_ethereum_does_but_for_its_accidents() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.ipc");
    let server =
        IpcServer::bind(&path, Modules::new([t::module(PACE)]), Limits::default()).unwrap();
    let mut cases = cases("ipc");
    assert_eq!(cases.len(), 195);
    if cfg!(windows) {
        // Nobody ends one direction of a named pipe alone.
        cases.retain(|case| !case["steps"].to_string().contains("half_close"));
    }
    all(cases, &NOT_COPIED, |_| Door::Ipc(path.clone())).await;
    drop(server);
    assert!(!path.exists());
}

async fn server(time: Duration, origins: &[&str], prefix: &str) -> HttpServer {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
    let rules =
        Rules { ws: Some(WsRules { origins, prefix: prefix.to_owned() }), ..Rules::default() };
    let limits = Limits { time, ..Limits::default() };
    HttpServer::bind(any, Modules::new([t::module(PACE)]), limits, rules).await.unwrap()
}

#[tokio::test]
async fn websocket_answers_as_go_ethereum_does_but_for_its_accidents() {
    let long = Limits::default().time;
    let rules = ["http://a.example", "https://c.example:8443", "d.example"];
    let servers = [
        ("default", server(long, &[], "").await),
        ("rules", server(long, &rules, "").await),
        ("special", server(Duration::from_millis(900) * PACE, &[], "/ws").await),
    ];
    let cases = cases("ws");
    assert_eq!(cases.len(), 81);
    let door = |case: &Value| {
        let profile = case["profile"].as_str().unwrap_or("default");
        let (_, server) = servers.iter().find(|(name, _)| *name == profile).unwrap();
        Door::Ws(server.local_addr())
    };
    all(cases, &NOT_COPIED_ON_WS, door).await;
}
