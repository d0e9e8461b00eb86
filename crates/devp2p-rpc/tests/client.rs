//! Our client and our server, over everything that lies between them.

#![cfg(feature = "ws")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use devp2p_rpc::client::{Batch, Client, ClientError, Options, SubscriptionEnd};
use devp2p_rpc::http::{HttpServer, Rules};
use devp2p_rpc::ipc::{IpcListener, IpcServer};
use devp2p_rpc::ws::WsRules;
use devp2p_rpc::{Error, Limits, Module, Modules, Sink};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::{Duration, timeout};

/// Nothing takes longer.
const LONG: Duration = Duration::from_secs(20);

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(LONG, what).await.unwrap_or_else(|_| panic!("nothing for 20 s"))
}

/// Counts the subscriptions that are alive.
struct Alive(Arc<AtomicUsize>, Arc<Notify>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
        self.1.notify_waiters();
    }
}

/// The modules of all tests, and what they share with them.
#[derive(Clone, Default)]
struct Foo {
    /// `wait` answers when this is notified.
    go: Arc<Notify>,
    alive: Arc<AtomicUsize>,
    fewer: Arc<Notify>,
}

impl Foo {
    fn modules(&self) -> Modules {
        let (go, alive, fewer) = (self.go.clone(), self.alive.clone(), self.fewer.clone());
        let module = Module::new("foo")
            .method("double", |(n,): (i64,)| async move {
                n.checked_mul(2).ok_or_else(|| Error::new(7, "too much").with_data(&[n]))
            })
            .method("go", {
                let go = go.clone();
                move |()| {
                    go.notify_waiters();
                    async { Ok(()) }
                }
            })
            .method("wait", move |()| {
                let go = go.clone();
                // From now on, and not from when it is first asked.
                let waited = Box::pin(async move { go.notified().await });
                async move {
                    waited.await;
                    Ok("waited")
                }
            })
            .subscription("count", move |(n,): (u64,)| {
                alive.fetch_add(1, Ordering::SeqCst);
                let alive = Alive(alive.clone(), fewer.clone());
                Ok(move |mut sink: Sink| async move {
                    for number in 0..n {
                        if sink.send(&number).await.is_err() {
                            break;
                        }
                    }
                    std::future::pending::<()>().await;
                    drop(alive);
                })
            });
        Modules::new([module])
    }

    /// No subscription is alive any more.
    async fn nobody_is_subscribed(&self) {
        soon(async {
            loop {
                let fewer = self.fewer.notified();
                if self.alive.load(Ordering::SeqCst) == 0 {
                    return;
                }
                fewer.await;
            }
        })
        .await;
    }
}

/// Servers for every transport, and a client on each.
struct All {
    foo: Foo,
    clients: Vec<(&'static str, Client)>,
    _ipc: IpcServer,
    _http: HttpServer,
    _folder: tempfile::TempDir,
}

impl All {
    async fn start() -> Self {
        let node = Foo::default();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("foo.ipc");
        let ipc = IpcServer::bind(&path, node.modules(), Limits::default()).unwrap();
        let rules = Rules { ws: Some(WsRules::default()), ..Rules::default() };
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let http = HttpServer::bind(any, node.modules(), Limits::default(), rules).await.unwrap();
        let address = http.local_addr();
        let mut clients = vec![("process", Client::in_process(node.modules(), Limits::default()))];
        for (name, place) in [
            ("ipc", path.display().to_string()),
            ("http", format!("http://{address}")),
            ("ws", format!("ws://{address}")),
        ] {
            clients.push((name, soon(Client::connect(&place)).await.unwrap()));
        }
        Self { foo: node, clients, _ipc: ipc, _http: http, _folder: folder }
    }
}

#[tokio::test]
async fn a_call_has_a_result_or_an_error_on_every_transport() {
    let all = All::start().await;
    for (name, client) in &all.clients {
        let double: i64 = soon(client.call("foo_double", (21,))).await.unwrap();
        assert_eq!(double, 42, "{name}");
        let refused = soon(client.call::<i64>("foo_double", (i64::MAX,))).await.unwrap_err();
        let ClientError::Refused(error) = refused else { panic!("{name}: {refused}") };
        assert_eq!((error.code, error.message.as_str()), (7, "too much"), "{name}");
        assert_eq!(error.data.unwrap().get(), format!("[{}]", i64::MAX), "{name}");
        let unknown = soon(client.call::<i64>("foo_nothing", ())).await.unwrap_err();
        let told =
            "the node answers: the method foo_nothing does not exist/is not available (-32601)";
        assert_eq!(unknown.to_string(), told, "{name}");
        let other = soon(client.call::<String>("foo_double", (1,))).await.unwrap_err();
        assert!(matches!(other, ClientError::Unexpected(_)), "{name}: {other}");
        let params = client.call::<i64>("foo_double", 21).await.unwrap_err();
        assert!(matches!(params, ClientError::Params(_)), "{name}: {params}");
    }
}

#[tokio::test]
async fn calls_do_not_wait_for_each_other() {
    let all = All::start().await;
    for (name, client) in &all.clients {
        let waiting = client.call::<String>("foo_wait", ());
        let going = async {
            // Until the first one waits, nobody hears it.
            loop {
                client.call::<()>("foo_go", ()).await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        let waited = soon(async {
            tokio::select! {
                waited = waiting => waited,
                () = going => unreachable!(),
            }
        });
        assert_eq!(waited.await.unwrap(), "waited", "{name}");
    }
}

#[tokio::test]
async fn the_results_of_a_batch_come_in_its_order() {
    let all = All::start().await;
    for (name, client) in &all.clients {
        let batch = Batch::new().call("foo_double", (1,)).unwrap().call("foo_no", ()).unwrap();
        let batch = batch.call("foo_double", (2,)).unwrap();
        let results = soon(client.batch(batch)).await.unwrap();
        let told: Vec<_> = results
            .into_iter()
            .map(|result| result.map_or_else(|error| error.to_string(), |it| it.get().to_owned()))
            .collect();
        assert_eq!((told[0].as_str(), told[2].as_str(), told.len()), ("2", "4", 3), "{name}");
        assert!(told[1].contains("-32601"), "{name}: {}", told[1]);
        assert!(client.batch(Batch::new()).await.unwrap().is_empty(), "{name}");
        // Too many for the server, which says so once.
        let mut many = Batch::new();
        for _ in 0..1001 {
            many = many.call("foo_double", (1,)).unwrap();
        }
        let results = soon(client.batch(many)).await.unwrap();
        assert_eq!(results.len(), 1001, "{name}");
        let first = results[0].as_ref().unwrap_err().to_string();
        assert!(first.contains("batch too large"), "{name}: {first}");
        assert!(matches!(results[1000], Err(ClientError::NoResult)), "{name}");
    }
}

#[tokio::test]
async fn events_come_until_nobody_wants_them() {
    let all = All::start().await;
    for (name, client) in &all.clients {
        let subscribed = soon(client.subscribe::<u64>("foo", ("count", 100))).await;
        if *name == "http" {
            let refused = subscribed.unwrap_err().to_string();
            assert!(refused.contains("notifications not supported"), "{refused}");
            continue;
        }
        let mut events = subscribed.unwrap();
        for number in 0..100 {
            assert_eq!(soon(events.next()).await.unwrap().unwrap(), number, "{name}");
        }
        drop(events);
        all.foo.nobody_is_subscribed().await;
        let no_such = soon(client.subscribe::<u64>("foo", ("nosuch",))).await.unwrap_err();
        assert!(no_such.to_string().contains("no \"nosuch\" subscription in foo"), "{no_such}");
        assert_eq!(client.connections(), 1, "{name}");
    }
}

#[tokio::test]
async fn whoever_does_not_read_its_events_hears_that_some_are_lost() {
    let node = Foo::default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foo.ipc");
    let _server = IpcServer::bind(&path, node.modules(), Limits::default()).unwrap();
    let options = Options { queue: 10, ..Options::default() };
    let client = Client::connect_with(&path.display().to_string(), options).await.unwrap();
    let mut events = soon(client.subscribe::<u64>("foo", ("count", 1000))).await.unwrap();
    // It is ended on the server, too, though nobody has read anything.
    node.nobody_is_subscribed().await;
    for number in 0..10 {
        assert_eq!(soon(events.next()).await.unwrap().unwrap(), number);
    }
    let end = soon(events.next()).await.unwrap().unwrap_err();
    assert!(matches!(end, SubscriptionEnd::Overflow(10)), "{end}");
    assert!(soon(events.next()).await.is_none());
    // The connection is as good as before.
    assert_eq!(soon(client.call::<i64>("foo_double", (1,))).await.unwrap(), 2);
}

#[tokio::test]
async fn a_lost_connection_is_told_and_the_next_call_connects_again() {
    let node = Foo::default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foo.ipc");
    let server = IpcServer::bind(&path, node.modules(), Limits::default()).unwrap();
    let client = Client::connect(&path.display().to_string()).await.unwrap();
    let mut events = soon(client.subscribe::<u64>("foo", ("count", 0))).await.unwrap();
    drop(server);
    let end = soon(events.next()).await.unwrap().unwrap_err();
    assert!(matches!(end, SubscriptionEnd::Lost(_)), "{end}");
    assert!(soon(events.next()).await.is_none());
    let nobody = soon(client.call::<i64>("foo_double", (1,))).await.unwrap_err();
    assert!(matches!(nobody, ClientError::Connect { .. }), "{nobody}");
    let _server = IpcServer::bind(&path, node.modules(), Limits::default()).unwrap();
    assert_eq!(soon(client.call::<i64>("foo_double", (1,))).await.unwrap(), 2);
    assert_eq!(client.connections(), 2);
}

#[tokio::test]
async fn a_call_that_was_cut_off_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foo.ipc");
    let mut listener = IpcListener::bind(&path).unwrap();
    let client = Client::connect(&path.display().to_string()).await.unwrap();
    for (said, told) in [
        ("", "the node has closed it"),
        ("]", "what it says is no JSON"),
        ("\"hello\" ", "what it says is no answer"),
        (
            "{\"id\":null,\"error\":{\"code\":-32700,\"message\":\"what?\"}}",
            "it has not understood",
        ),
    ] {
        let serve = async {
            // After the first time, the call has connected again.
            let mut lines = BufReader::new(listener.accept().await.unwrap());
            lines.read_line(&mut String::new()).await.unwrap();
            lines.write_all(said.as_bytes()).await.unwrap();
            lines.shutdown().await.unwrap();
        };
        let call = client.call::<i64>("foo_a", ());
        let (error, ()) = soon(async { tokio::join!(call, serve) }).await;
        let error = error.unwrap_err();
        assert!(matches!(&error, ClientError::Lost(why) if why.contains(told)), "{said}: {error}");
    }
    assert_eq!(client.connections(), 4);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foo.ipc");
    let _listener = IpcListener::bind(&path).unwrap();
    let client = Client::connect(&path.display().to_string()).await.unwrap();
    let error = client.call::<i64>("foo_a", ()).await.unwrap_err();
    assert_eq!(error.to_string(), "no answer within 30 s");
}

#[tokio::test]
async fn a_place_that_is_none_is_told() {
    for (place, why) in [
        ("", "it is empty"),
        ("https://127.0.0.1:1", "no TLS"),
        ("wss://127.0.0.1:1", "no TLS"),
        ("ftp://127.0.0.1:1", "write http://"),
        ("http://", "no URL"),
        ("http://127.0.0.1:99999", "its port is no number up to 65535"),
        ("ws://[::1]:08545x", "its port is no number up to 65535"),
        ("http://localhost:", "its port is no number up to 65535"),
        ("ws://me:secret@127.0.0.1", "password"),
        ("/nowhere/foo.ipc", "cannot connect to /nowhere/foo.ipc: "),
        // No such file, as Unix and Windows count.
        ("/nowhere/foo.ipc", "(os error 2)"),
        ("ws://127.0.0.1:1", "cannot connect to ws://127.0.0.1:1"),
    ] {
        let error = soon(Client::connect(place)).await.unwrap_err().to_string();
        assert!(error.contains(why), "{place}: {error}");
    }
}

#[tokio::test]
async fn what_is_no_node_is_told() {
    let all = All::start().await;
    let http = all._http.local_addr();
    for (place, why) in [
        (format!("http://{http}/elsewhere"), "HTTP 404"),
        (format!("ws://{http}/elsewhere"), "HTTP 404: not found"),
    ] {
        let told = match soon(Client::connect(&place)).await {
            Ok(client) => soon(client.call::<i64>("foo_double", (1,))).await.unwrap_err(),
            Err(error) => error,
        };
        assert!(told.to_string().contains(why), "{place}: {told}");
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let place = format!("ws://{}", listener.local_addr().unwrap());
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"SSH-2.0-OpenSSH\r\n").await.unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    };
    let (error, ()) = soon(async { tokio::join!(Client::connect(&place), serve) }).await;
    assert!(matches!(error, Err(ClientError::Connect { .. })), "{error:?}");
}
