//! The socket in the file system, or the named pipe: who gets it, who does not, and what is left.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

#[cfg(unix)]
use std::fs::{self, Permissions};
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
#[cfg(unix)]
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::sync::{Arc, Mutex};

#[cfg(unix)]
use devp2p_rpc::ipc::MAX_PATH;
use devp2p_rpc::ipc::{self, BindError, IpcServer};
use devp2p_rpc::{Ended, Error, Limits, Module, Modules, Sink};
#[cfg(unix)]
use socket2::{Domain, SockAddr, Socket, Type};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::Notify;
use tokio::time::{Duration, timeout};

/// Nothing takes longer.
const LONG: Duration = Duration::from_secs(20);

fn modules() -> Modules {
    let module = Module::new("foo")
        .method("getFoobar", |()| async { Ok("foobar") })
        .method("echo", |(text,): (String,)| async move { Ok(text) })
        .subscription("count", |(n,): (u64,)| {
            Ok(move |mut sink: Sink| async move {
                for number in 0..n {
                    if sink.send(&number).await.is_err() {
                        return;
                    }
                }
            })
        });
    Modules::new([module])
}

fn bind(path: &Path) -> Result<IpcServer, BindError> {
    IpcServer::bind(path, modules(), Limits::default())
}

trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

struct Client(BufReader<Box<dyn Stream>>);

impl Client {
    async fn connect(path: &Path) -> Self {
        Self(BufReader::new(Box::new(ipc::connect(path).await.unwrap())))
    }

    async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// The next line; empty at the end.
    async fn line(&mut self) -> String {
        let mut line = String::new();
        timeout(LONG, self.0.read_line(&mut line)).await.unwrap().unwrap();
        line
    }

    async fn ask(&mut self, text: &str) -> String {
        self.say(text).await;
        self.line().await
    }
}

const FOOBAR: &str = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"foo_getFoobar\"}";

#[cfg(unix)]
#[tokio::test]
async fn the_socket_is_its_owners_alone_and_goes_with_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foo.ipc");
    let server = bind(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let answer = Client::connect(&path).await.ask(FOOBAR).await;
    assert_eq!(answer, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"foobar\"}\n");
    drop(server);
    // Not even the folder in which it was made.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_no_socket_or_somebody_elses_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foo.ipc");
    fs::write(&path, "my thesis").unwrap();
    assert!(matches!(bind(&path), Err(BindError::NoSocket(_))));
    assert_eq!(fs::read_to_string(&path).unwrap(), "my thesis");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(bind(&path), Err(BindError::NoSocket(_))));
    fs::remove_dir(&path).unwrap();

    let server = bind(&path).unwrap();
    let error = bind(&path).unwrap_err();
    assert!(matches!(error, BindError::Taken(_)), "{error}");
    assert!(error.to_string().contains("another program listens"), "{error}");
    // The first one goes on.
    assert!(Client::connect(&path).await.ask(FOOBAR).await.contains("foobar"));
    drop(server);

    // What a crash has left: nobody answers there.
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let server = bind(&path).unwrap();
    assert!(Client::connect(&path).await.ask(FOOBAR).await.contains("foobar"));
    drop(server);
}

#[cfg(unix)]
#[tokio::test]
async fn a_socket_of_which_nobody_knows_whether_it_is_used_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let _log = UnixDatagram::bind(&path).unwrap();
    assert!(matches!(bind(&path), Err(BindError::Io { .. })));
    assert!(path.exists());
}

#[cfg(unix)]
#[tokio::test]
async fn a_listener_with_too_many_who_wait_is_one_and_nobody_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.ipc");
    let _listener = UnixListener::bind(&path).unwrap();
    let mut waiting = Vec::new();
    // Nobody accepts them. As many as there is room for, and more.
    for _ in 0..10_000 {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        let is_full = socket.connect(&SockAddr::unix(&path).unwrap()).is_err();
        waiting.push(socket);
        if is_full {
            break;
        }
    }
    assert!(waiting.len() < 10_000);
    assert!(matches!(bind(&path), Err(BindError::Taken(_))));
    assert!(path.exists());
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_that_ends_leaves_the_socket_of_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.ipc");
    let first = bind(&path).unwrap();
    // Somebody makes room for a second one.
    fs::remove_file(&path).unwrap();
    let _second = bind(&path).unwrap();
    drop(first);
    let mut client = Client::connect(&path).await;
    client.say("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"foo_getFoobar\"}").await;
    assert!(client.line().await.contains("\"foobar\""));
}

#[cfg(unix)]
#[tokio::test]
async fn a_path_that_is_too_long_or_leads_nowhere_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let rest = MAX_PATH - folder.path().as_os_str().len() - 1;
    let longest = folder.path().join("x".repeat(rest));
    drop(bind(&longest).unwrap());
    let error = bind(&folder.path().join("x".repeat(rest + 1))).unwrap_err();
    assert!(matches!(error, BindError::TooLong(_)), "{error}");
    let error = bind(&folder.path().join("none/foo.ipc")).unwrap_err();
    assert!(matches!(error, BindError::Io { .. }), "{error}");
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o500)).unwrap();
    // Who is root can do it all the same.
    if let Err(error) = bind(&closed.join("foo.ipc")) {
        assert!(matches!(error, BindError::Io { .. }), "{error}");
    }
}

#[tokio::test]
async fn the_answer_always_comes_before_the_first_event() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foo.ipc");
    let _server = bind(&path).unwrap();
    let mut client = Client::connect(&path).await;
    for n in 0..1000 {
        let subscribe = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{n},\"method\":\"foo_subscribe\",\"params\":[\"count\",1]}}"
        );
        let answer = client.ask(&subscribe).await;
        let id = answer.split('"').nth(9).unwrap_or_default().to_owned();
        assert!(answer.contains(&format!("\"id\":{n},")) && id.starts_with("0x"), "{answer}");
        let event = client.line().await;
        assert!(event.contains(&format!("\"subscription\":\"{id}\",\"result\":0")), "{event}");
    }
}

#[tokio::test]
async fn a_reader_who_does_not_read_holds_up_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foo.ipc");
    let _server = bind(&path).unwrap();
    let mut lazy = Client::connect(&path).await;
    let subscribe = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"foo_subscribe\",\"params\":[\"count\",1000000]}";
    lazy.say(subscribe).await;
    assert!(lazy.line().await.contains("\"result\":\"0x"));
    let mut other = Client::connect(&path).await;
    for _ in 0..100 {
        assert!(other.ask(FOOBAR).await.contains("foobar"));
    }
    // In its own time it gets everything, in order.
    for number in 0..10_000 {
        let event = lazy.line().await;
        assert!(event.ends_with(&format!("\"result\":{number}}}}}\n")), "{number}: {event}");
    }
}

#[tokio::test]
async fn events_without_an_end_hold_up_no_call() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foo.ipc");
    let _server = bind(&path).unwrap();
    let mut client = Client::connect(&path).await;
    client
        .say("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"foo_subscribe\",\"params\":[\"count\",1000000000]}")
        .await;
    for _ in 0..10 {
        client.say(FOOBAR).await;
        let answered = async { while !client.line().await.contains("foobar") {} };
        timeout(LONG, answered).await.unwrap();
    }
}

/// One who has asked everything says so, which nobody can on a named pipe.
#[cfg(unix)]
#[tokio::test]
async fn what_may_not_begin_yet_begins_when_there_is_a_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foo.ipc");
    let module = Module::new("foo").method("getFoobar", |()| async { Ok("foobar") }).method(
        "slow",
        |()| async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok("slow")
        },
    );
    let limits = Limits { at_once: 1, ..Limits::default() };
    let _server = IpcServer::bind(&path, Modules::new([module]), limits).unwrap();
    let mut client = Client::connect(&path).await;
    let slow = FOOBAR.replace("getFoobar", "slow");
    client.say(&[&slow, FOOBAR].concat().repeat(3)).await;
    client.0.get_mut().shutdown().await.unwrap();
    for expected in ["slow", "foobar"].repeat(3) {
        assert!(client.line().await.contains(expected));
    }
    assert_eq!(client.line().await, "");
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_given_up_and_the_connection_lives() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foo.ipc");
    let never = Arc::new(Notify::new());
    let module = Module::new("foo").method("wait", move |()| {
        let never = never.clone();
        async move {
            never.notified().await;
            Ok::<_, Error>(())
        }
    });
    let limits = Limits { time: Duration::from_millis(50), ..Limits::default() };
    let _server = IpcServer::bind(&path, Modules::new([module]), limits).unwrap();
    let mut client = Client::connect(&path).await;
    let answer = client.ask("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"foo_wait\"}").await;
    assert!(answer.contains("-32002") && answer.contains("request timed out"), "{answer}");
    let answer = client.ask("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"rpc_modules\"}").await;
    assert!(answer.contains("\"foo\":\"1.0\",\"rpc\":\"1.0\""), "{answer}");
}

#[tokio::test]
async fn a_value_without_an_end_is_refused_when_it_is_too_long() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foo.ipc");
    let limits = Limits { message: 1000, ..Limits::default() };
    let _server = IpcServer::bind(&path, modules(), limits).unwrap();
    let mut client = Client::connect(&path).await;
    let answer = client.ask(&format!("\"{}", "x".repeat(1000))).await;
    assert!(answer.contains("message of more than 1000 bytes"), "{answer}");
    assert_eq!(client.line().await, "");
}

#[tokio::test]
async fn a_module_that_is_not_shown_is_not_there() {
    let both = Modules::new([
        Module::new("foo").method("one", |()| async { Ok(1) }),
        Module::new("bar").method("two", |()| async { Ok(2) }),
        // The same name again: one module, and the later method wins.
        Module::new("foo").method("one", |()| async { Ok(11) }),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foo.ipc");
    let _server = IpcServer::bind(&path, both.only(&["foo", "nope"]), Limits::default()).unwrap();
    let mut client = Client::connect(&path).await;
    let call = |name: &str| format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{name}\"}}");
    assert!(client.ask(&call("foo_one")).await.contains("\"result\":11"));
    assert!(client.ask(&call("bar_two")).await.contains("does not exist/is not available"));
    let modules = client.ask(&call("rpc_modules")).await;
    assert!(modules.contains("{\"foo\":\"1.0\",\"rpc\":\"1.0\"}"), "{modules}");
}

#[tokio::test]
async fn many_connections_are_served_at_once_and_all_end_with_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foo.ipc");
    let server = bind(&path).unwrap();
    let mut clients = Vec::new();
    for _ in 0..300 {
        clients.push(Client::connect(&path).await);
    }
    for client in &mut clients {
        client.say(FOOBAR).await;
    }
    for client in &mut clients {
        assert!(client.line().await.contains("foobar"));
    }
    drop(server);
    for client in &mut clients {
        assert_eq!(client.line().await, "", "it ends");
    }
}

/// A writer whose reader does not read waits; it must not outlive the server.
#[tokio::test]
async fn nothing_is_left_of_a_connection_whose_reader_does_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foo.ipc");
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let server = bind(&path).unwrap();
    let mut lazy = Client::connect(&path).await;
    let subscribe = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"foo_subscribe\",\"params\":[\"count\",1000000]}";
    lazy.say(subscribe).await;
    assert!(lazy.line().await.contains("\"result\":\"0x"));
    // Others are served meanwhile, until the lazy one's socket is full.
    let mut other = Client::connect(&path).await;
    for _ in 0..100 {
        assert!(other.ask(FOOBAR).await.contains("foobar"));
    }
    drop((server, other));
    let all_ended = async {
        while tasks() > before {
            tokio::task::yield_now().await;
        }
    };
    let ended = timeout(LONG, all_ended).await;
    assert!(ended.is_ok(), "{} tasks are left", tasks() - before);
    drop(lazy);
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_who_reads_nothing_for_ten_seconds_hears_that_it_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foo.ipc");
    let (over, is_over) = (Arc::new(Notify::new()), Arc::new(Mutex::new(None)));
    let (notify, end) = (over.clone(), is_over.clone());
    let module = Module::new("foo").subscription("flood", move |()| {
        let (notify, end) = (notify.clone(), end.clone());
        Ok(move |mut sink: Sink| async move {
            let why = loop {
                if let Err(why) = sink.send(&"x".repeat(1000)).await {
                    break why;
                }
            };
            *end.lock().unwrap() = Some(why);
            notify.notify_one();
        })
    });
    let _server = IpcServer::bind(&path, Modules::new([module]), Limits::default()).unwrap();
    let mut client = Client::connect(&path).await;
    client
        .say("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"foo_subscribe\",\"params\":[\"flood\"]}")
        .await;
    over.notified().await;
    assert_eq!(*is_over.lock().unwrap(), Some(Ended::TooSlow));
    // The answer, what fits into the queue and the socket, and why there is no more.
    let (mut lines, mut last) = (0, client.line().await);
    assert!(last.contains("\"id\":1"), "{last}");
    while !last.contains("error") {
        lines += 1;
        last = client.line().await;
    }
    assert!(last.contains("\"error\":{\"code\":-32005,"), "{last}");
    assert!((256..1000).contains(&lines), "{lines} events");
    let answer = client.ask(FOOBAR).await;
    assert!(answer.contains("foo_getFoobar does not exist"), "{answer:.200}");
}
