//! What go-ethereum has answered over HTTP, case by case, and what is answered here.

#![cfg(feature = "http")]
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
#[path = "recorded/http.rs"]
mod http;
#[path = "../examples/conformance/t.rs"]
mod t;

use std::net::{Ipv4Addr, SocketAddr};

use cases::cases;
use devp2p_rpc::http::{HttpServer, Rules};
use devp2p_rpc::{Limits, Modules};
use http::all;
use serde_json::Value;
use tokio::time::Duration;

/// See [`t::module`].
const PACE: u32 = 4;

/// Accidents of Go that are not copied; the book says why.
const NOT_COPIED: [&str; 13] = [
    "http/foo",
    "http/gzip-415",
    "http/gzip-q0",
    "http/head",
    "http/host-ip6-bare",
    "http/options",
    "http/patch",
    "http/prefix_rpcx",
    "http/short-body",
    "http/trace",
    "http/type-bad-parameter",
    "syntax/trailing-garbage-http",
    "syntax/two-values-http",
];

async fn server(limits: Limits, rules: Rules) -> HttpServer {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    HttpServer::bind(any, Modules::new([t::module(PACE)]), limits, rules).await.unwrap()
}

#[tokio::test]
async fn http_answers_as_go_ethereum_does_but_for_its_accidents() {
    let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let cors = list(&["http://a.example", "http://*.b.example"]);
    let rules = Rules { hosts: list(&["box.example"]), cors, ..Rules::default() };
    let short = Limits { time: Duration::from_millis(900) * PACE, ..Limits::default() };
    let special = Rules { prefix: "/rpc".to_owned(), ..Rules::default() };
    let servers = [
        ("default", server(Limits::default(), Rules::default()).await),
        ("rules", server(Limits::default(), rules).await),
        ("special", server(short, special).await),
    ];
    let cases = cases("http");
    assert_eq!(cases.len(), 115);
    let address = |case: &Value| {
        let profile = case["profile"].as_str().unwrap_or("default");
        let (_, server) = servers.iter().find(|(name, _)| *name == profile).unwrap();
        server.local_addr()
    };
    all(&cases, &NOT_COPIED, address).await;
}
