//! Many subscriptions, and one who does not read.

#![cfg(all(target_os = "linux", feature = "ws"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use devp2p_rpc::client::{Client, Options};
use devp2p_rpc::http::{HttpServer, Rules};
use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::ws::WsRules;
use devp2p_rpc::{Limits, Module, Modules, Sink};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::time::{Duration, timeout};

/// Nothing takes longer.
const LONG: Duration = Duration::from_secs(100);
/// Subscriptions on one connection.
const SUBSCRIPTIONS: usize = 100_000;
/// Events for somebody who reads, while another one does not.
const EVENTS: u64 = 20_000;

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(LONG, what).await.unwrap_or_else(|_| panic!("nothing for 100 s"))
}

/// Each subscription has an event to tell before its answer can be written.
#[tokio::test]
async fn an_event_never_comes_before_the_answer_that_names_its_subscription() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.ipc");
    let module = Module::new("foo").subscription("one", |(n,): (usize,)| {
        Ok(move |mut sink: Sink| async move {
            sink.send(&n).await.unwrap();
        })
    });
    let _server = IpcServer::bind(&path, Modules::new([module]), Limits::default()).unwrap();
    let (reader, mut writer) = UnixStream::connect(&path).await.unwrap().into_split();
    let writing = tokio::spawn(async move {
        for n in 1..=SUBSCRIPTIONS {
            let call = format!(
                "{{\"jsonrpc\":\"2.0\",\"id\":{n},\"method\":\"foo_subscribe\",\"params\":[\"one\",{n}]}}"
            );
            writer.write_all(call.as_bytes()).await.unwrap();
        }
        writer
    });
    let mut lines = BufReader::new(reader).lines();
    let (mut answered, mut told) = (HashMap::new(), HashSet::new());
    while told.len() < SUBSCRIPTIONS {
        let line = soon(lines.next_line()).await.unwrap().unwrap();
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        if let Some(id) = value["id"].as_u64() {
            answered.insert(value["result"].as_str().unwrap().to_owned(), id);
        } else {
            let params = &value["params"];
            let id = answered.get(params["subscription"].as_str().unwrap());
            assert_eq!(
                params["result"].as_u64(),
                id.copied(),
                "an event before its answer: {line}"
            );
            assert!(told.insert(id.copied().unwrap()), "twice: {line}");
        }
    }
    soon(writing).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_who_does_not_read_holds_nobody_up_and_fills_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.ipc");
    let sent = Arc::new(AtomicU64::new(0));
    let counter = sent.clone();
    let module = Module::new("foo")
        .subscription("flood", move |()| {
            let counter = counter.clone();
            Ok(move |mut sink: Sink| async move {
                while sink.send(&"x".repeat(1000)).await.is_ok() {
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .subscription("count", |()| {
            Ok(move |mut sink: Sink| async move {
                for n in 0..EVENTS {
                    if sink.send(&n).await.is_err() {
                        return;
                    }
                }
            })
        });
    let rules = Rules { ws: Some(WsRules::default()), ..Rules::default() };
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let modules = Modules::new([module]);
    let web = HttpServer::bind(any, modules.clone(), Limits::default(), rules).await.unwrap();
    let _ipc = IpcServer::bind(&path, modules, Limits::default()).unwrap();
    // Nobody reads what it is told.
    let mut silent = UnixStream::connect(&path).await.unwrap();
    let flood =
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"foo_subscribe\",\"params\":[\"flood\"]}";
    silent.write_all(flood).await.unwrap();
    for place in [path.display().to_string(), format!("ws://{}", web.local_addr())] {
        let options = Options { queue: 20_000, ..Options::default() };
        let client = soon(Client::connect_with(&place, options)).await.unwrap();
        let mut events = soon(client.subscribe::<u64>("foo", ("count",))).await.unwrap();
        for n in 0..EVENTS {
            assert_eq!(soon(events.next()).await.unwrap().unwrap(), n, "{place}");
        }
    }
    // What waits: the queue, the socket, and one that is being written.
    let most = 256 + 400;
    let waiting = sent.load(Ordering::Relaxed);
    assert!((256..most).contains(&waiting), "{waiting} events of 1 kB wait");
    // It is there all the same.
    let mut first = [0; 40];
    soon(silent.read_exact(&mut first)).await.unwrap();
    assert!(first.starts_with(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x"));
}
