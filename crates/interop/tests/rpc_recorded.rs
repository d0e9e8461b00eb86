//! What has been recorded of go-ethereum's JSON-RPC server is what it answers: every case, accidents
//! included. The runner is the one with which devp2p-rpc is compared.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

#[path = "../../devp2p-rpc/tests/recorded/canonical.rs"]
mod canonical;
#[path = "../../devp2p-rpc/tests/recorded/cases.rs"]
mod cases;
#[path = "../../devp2p-rpc/tests/recorded/http.rs"]
mod http;
#[path = "../../devp2p-rpc/tests/recorded/run.rs"]
mod run;
#[path = "../../devp2p-rpc/tests/recorded/wire.rs"]
mod wire;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use cases::cases;
use interop::{Peer, geth_rpc};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::Duration;
use wire::Door;

/// As when devp2p-rpc is compared: on a busy machine, what is to be later is later.
const PACE: &str = "4";

/// Longer than it takes to start.
const SOON: Duration = Duration::from_secs(20);

/// go-ethereum's server, with the namespace `t`. Each test has its own: some cases count all that is alive.
struct Server {
    _peer: Peer,
    folder: TempDir,
    ports: HashMap<String, SocketAddr>,
}

impl Server {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ipc = folder.path().join("t.ipc");
        let arguments = ["table", "--pace", PACE, "--ipc", ipc.to_str().unwrap()];
        let mut peer = Peer::start(&geth_rpc().unwrap(), &arguments).unwrap();
        let ready = peer.expect(|line| line["event"] == "ready", SOON).await.unwrap();
        let urls = ready.as_object().unwrap().iter();
        let ports = urls.filter_map(|(profile, url)| {
            let address = url.as_str()?.strip_prefix("http://")?;
            Some((profile.clone(), address.parse().unwrap()))
        });
        Self { ports: ports.collect(), folder, _peer: peer }
    }

    fn ipc(&self) -> PathBuf {
        self.folder.path().join("t.ipc")
    }

    fn address(&self, case: &Value) -> SocketAddr {
        self.ports[case["profile"].as_str().unwrap_or("default")]
    }
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn go_ethereum_still_answers_by_ipc_as_it_was_recorded() {
    let server = Server::start().await;
    run::all(cases("ipc"), &[], |_| Door::Ipc(server.ipc())).await;
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn go_ethereum_still_answers_by_websocket_as_it_was_recorded() {
    let server = Server::start().await;
    run::all(cases("ws"), &[], |case| Door::Ws(server.address(case))).await;
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn go_ethereum_still_answers_over_http_as_it_was_recorded() {
    let server = Server::start().await;
    http::all(&cases("http"), &[], |case| server.address(case)).await;
}
