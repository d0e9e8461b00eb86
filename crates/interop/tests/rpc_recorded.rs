//! What has been recorded of go-ethereum's JSON-RPC server is what it answers: every case, accidents
//! included. The runner is the one with which devp2p-rpc is compared. And our client asks it.

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
use devp2p_rpc::client::{Batch, Client, ClientError};
use interop::{Peer, geth_rpc};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Duration, timeout};
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

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn our_client_calls_and_subscribes_on_every_transport_of_go_ethereum() {
    let server = Server::start().await;
    let (ipc, address) = (server.ipc().display().to_string(), server.ports["default"]);
    for place in [ipc, format!("http://{address}"), format!("ws://{address}")] {
        timeout(SOON, asked(&place)).await.unwrap_or_else(|_| panic!("{place} does not answer"));
    }
}

/// All that the client can do.
async fn asked(place: &str) {
    let client = Client::connect(place).await.unwrap();
    let echoed: Value = client.call("t_echo", ("ä\n", 7)).await.unwrap();
    assert_eq!(echoed, json!({"str": "ä\n", "int": 7, "opt": null}), "{place}");
    let big: String = client.call("t_big", (1_000_000,)).await.unwrap();
    assert_eq!(big.len(), 1_000_000, "{place}");
    let refused = client.call::<()>("t_fail", ()).await.unwrap_err();
    assert_eq!(refused.to_string(), "the node answers: failed on purpose (444)", "{place}");
    // The second one is answered first.
    let (slow, quick) =
        tokio::join!(client.call::<()>("t_sleep", (200,)), client.call::<()>("t_nothing", ()));
    slow.and(quick).unwrap();

    let batch = Batch::new().call("t_nope", ()).unwrap().call("t_len", ("four",)).unwrap();
    let [nope, len] = &client.batch(batch).await.unwrap()[..] else { panic!("two answers") };
    assert!(matches!(nope, Err(ClientError::Refused(error)) if error.code == -32601), "{nope:?}");
    assert_eq!(len.as_ref().unwrap().get(), "4", "{place}");

    let events = client.subscribe::<u32>("t", ("counter", 3, 0)).await;
    if place.starts_with("http") {
        let refused = events.unwrap_err().to_string();
        assert_eq!(refused, "the node answers: notifications not supported (-32601)");
        return;
    }
    let mut events = events.unwrap();
    for number in 0..3 {
        assert_eq!(events.next().await.unwrap().unwrap(), number, "{place}");
    }
    // It is unsubscribed from. There, that is done beside the next calls.
    drop(events);
    while client.call::<u32>("t_active", ()).await.unwrap() > 0 {}
}
