//! Our JSON-RPC server and the clients of others: go-ethereum's, alloy, viem, and the console of
//! go-ethereum. Each does all that it can do, and tells what it has seen.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "rpc/modules.rs"]
mod modules;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use common::tools::built;
use common::{said, soon};
use devp2p_rpc::Limits;
use devp2p_rpc::http::{HttpServer, Rules};
use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::ws::WsRules;
use interop::{Peer, Program, attach, geth, geth_peer, geth_rpc, our_devp2p, rpc_alloy, rpc_viem};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Our server, on every transport.
struct Ours {
    ipc: IpcServer,
    http: HttpServer,
    _folder: TempDir,
}

impl Ours {
    async fn start() -> Self {
        let modules = modules::modules();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ours.ipc");
        let ipc = IpcServer::bind(path, modules.clone(), Limits::default()).unwrap();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let rules = Rules { ws: Some(WsRules::default()), ..Rules::default() };
        let http = HttpServer::bind(any, modules, Limits::default(), rules).await.unwrap();
        Self { ipc, http, _folder: folder }
    }

    fn path(&self) -> &str {
        self.ipc.path().to_str().unwrap()
    }

    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.http.local_addr())
    }
}

/// Runs a client to its end; what it has seen.
async fn seen(client: &Program, arguments: &[&str]) -> Vec<Value> {
    let output = soon(Peer::run(client, arguments)).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {}:\n{said}{complaints}", output.status);
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn called(result: impl Into<Value>) -> Value {
    json!({ "event": "called", "result": result.into() })
}

fn failed_on_purpose() -> Value {
    let data = json!({ "why": "test" });
    json!({ "event": "failed", "code": 444, "message": "failed on purpose", "data": data })
}

fn told(number: u32) -> Value {
    json!({ "event": "told", "number": number })
}

fn unsubscribed() -> Value {
    json!({ "event": "unsubscribed" })
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn go_ethereums_client_calls_and_subscribes_on_every_transport() {
    let ours = Ours::start().await;
    let client = geth_peer().unwrap();
    let versions = json!({ "eth": "1.0", "foo": "1.0", "rpc": "1.0" });
    let missing = "the method foo_missing does not exist/is not available";
    let calls = [
        json!({ "event": "modules", "modules": versions }),
        called(42),
        called(Value::Null),
        failed_on_purpose(),
        json!({ "event": "batch", "results": [2, 4], "errors": [null, missing, null] }),
        json!({ "event": "answered", "call": "fast" }),
        json!({ "event": "answered", "call": "slow" }),
    ];
    let refused = |message: &str| json!({ "event": "failed", "code": -32601, "message": message });
    let nosuch = refused("no \"nosuch\" subscription in foo namespace");
    let subscription = [nosuch, told(3), told(2), told(1), told(0), unsubscribed()];
    for url in [ours.path().to_owned(), ours.url("ws")] {
        let all = [&calls[..], &subscription].concat();
        assert_eq!(seen(&client, &["rpc", &url]).await, all, "{url}");
    }
    let none = [refused("notifications not supported")];
    let all = [&calls[..], &none].concat();
    assert_eq!(seen(&client, &["rpc", &ours.url("http")]).await, all);
}

#[tokio::test]
#[ignore = "needs a newer Rust: just interop"]
async fn alloy_calls_and_subscribes_by_ipc_and_websocket() {
    let ours = Ours::start().await;
    let client = rpc_alloy().unwrap();
    let [first, last] = [called(42), failed_on_purpose()];
    let all = [first, last, told(3), told(2), told(1), told(0), unsubscribed()];
    for url in [ours.path().to_owned(), ours.url("ws")] {
        assert_eq!(seen(&client, &[&url]).await, all, "{url}");
    }
}

#[tokio::test]
#[ignore = "needs Node: just interop"]
async fn viem_calls_and_subscribes_by_http_and_websocket() {
    let ours = Ours::start().await;
    let client = rpc_viem().unwrap();
    let answers = json!({ "event": "called", "chainId": 4242, "number": 7, "doubled": 42 });
    let calls = [answers, failed_on_purpose()];
    assert_eq!(seen(&client, &[&ours.url("http")]).await, calls);
    let subscription = [told(1), told(2), told(3), unsubscribed()];
    let all = [calls.as_slice(), &subscription].concat();
    assert_eq!(seen(&client, &[&ours.url("ws")]).await, all);
}

/// Asks the node at an endpoint with the console: who it is, whom it has, and to dial somebody.
async fn attached(geth: &Path, endpoint: &str, enode: &str) {
    let console = async |script: &str| attach(geth, endpoint, script).await.unwrap();
    assert_eq!(console("admin.nodeInfo.enode").await, format!("{enode:?}"), "{endpoint}");
    let peers = "admin.peers.length + ' ' + typeof admin.peers";
    assert_eq!(console(peers).await, "\"0 object\"", "{endpoint}");
    let add = format!("admin.addPeer({enode:?})");
    assert_eq!(console(&add).await, "true", "{endpoint}");
    let wrong = console("admin.addPeer('nobody')").await;
    assert!(wrong.contains("invalid enode: missing 'enr:' prefix"), "{endpoint}: {wrong}");
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn geths_console_attaches_to_our_node_as_it_does_to_its_own() {
    let geth = built(geth).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs.ipc");
    let path = path.to_str().unwrap();
    let mut theirs = Peer::start(&geth_rpc().unwrap(), &["node", "--ipc", path]).unwrap();
    let is = theirs.ready().await.unwrap();
    attached(&geth, path, &is.enode).await;
    theirs.stop().await.unwrap();

    let path = folder.path().join("ours.ipc");
    let path = path.to_str().unwrap();
    let devp2p = Program::new(built(our_devp2p).await);
    let node = ["node", "--listen", "127.0.0.1:0", "--no-discovery", "--json"];
    let serving = ["--ipc", path, "--http", "127.0.0.1:0", "--ws", "127.0.0.1:0", "--api", "admin"];
    let mut ours = Peer::start(&devp2p, &[&node[..], &serving].concat()).unwrap();
    let is = said(&mut ours, |line| line["rpc"].is_array()).await;
    let endpoints = is["rpc"].as_array().unwrap();
    assert_eq!(endpoints.len(), 3, "{is}");
    for endpoint in endpoints {
        attached(&geth, endpoint.as_str().unwrap(), is["enode"].as_str().unwrap()).await;
    }
}
