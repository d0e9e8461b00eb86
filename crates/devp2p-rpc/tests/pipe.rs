//! The named pipe: its names, and who gets one.

#![cfg(windows)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use devp2p_rpc::client::{Client, ClientError};
use devp2p_rpc::ipc::{BindError, IpcListener, IpcServer, MAX_PATH, connect};
use devp2p_rpc::{Limits, Module, Modules};
use tokio::io::AsyncReadExt;
use tokio::net::windows::named_pipe::ServerOptions;
use tokio::time::{Duration, timeout};

/// Nothing takes longer.
const LONG: Duration = Duration::from_secs(20);

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(LONG, what).await.unwrap_or_else(|_| panic!("nothing for 20 s"))
}

fn bind(name: &str) -> Result<IpcServer, BindError> {
    let module = Module::new("foo").method("echo", |(n,): (usize,)| async move { Ok(n) });
    IpcServer::bind(name, Modules::new([module]), Limits::default())
}

/// A name that no other test has.
fn name(test: &str) -> String {
    format!("devp2p-rpc-{test}-{}", std::process::id())
}

async fn echo(name: &str, n: usize) -> Result<usize, ClientError> {
    soon(Client::connect(name)).await?.call("foo_echo", (n,)).await
}

#[tokio::test]
async fn a_name_or_a_path_or_a_whole_name_leads_to_the_pipe() {
    let name = name("names");
    for (said, whole) in [
        (name.clone(), format!(r"\\.\pipe\{name}")),
        (format!(r"\\.\pipe\whole-{name}"), format!(r"\\.\pipe\whole-{name}")),
        (format!(r"C:\Temp\{name}"), format!(r"\\.\pipe\C--Temp-{name}")),
        (format!("/tmp/{name}"), format!(r"\\.\pipe\-tmp-{name}")),
    ] {
        let server = bind(&said).unwrap();
        assert_eq!(server.path(), Path::new(&whole));
        assert_eq!(echo(&said, 1).await.unwrap(), 1, "{said}");
        assert_eq!(echo(&whole, 2).await.unwrap(), 2, "{said}");
    }
    let error = bind(&"x".repeat(MAX_PATH)).unwrap_err();
    assert!(matches!(error, BindError::TooLong(_)), "{error}");
}

/// Wine 8 lets a second one in, whatever it is told.
#[tokio::test]
async fn a_name_has_one_server() {
    let name = name("one");
    let _server = bind(&name).unwrap();
    let error = bind(&name).unwrap_err();
    assert!(matches!(error, BindError::Taken(_)), "{error}");
    // The first one goes on.
    assert_eq!(echo(&name, 1).await.unwrap(), 1);
    assert!(matches!(bind(&name), Err(BindError::Taken(_))));
}

#[tokio::test]
async fn a_pipe_of_another_program_is_not_touched() {
    let name = name("other");
    let whole = format!(r"\\.\pipe\{name}");
    let other = ServerOptions::new().access_outbound(false).create(&whole).unwrap();
    let error = bind(&name).unwrap_err();
    assert!(matches!(error, BindError::Taken(_)), "{error}");
    assert!(error.to_string().contains("another program listens"), "{error}");
    drop(other);
    bind(&name).unwrap();
}

#[tokio::test]
async fn a_name_is_free_without_its_server_and_a_client_connects_again() {
    let name = name("free");
    let server = bind(&name).unwrap();
    let client = soon(Client::connect(&name)).await.unwrap();
    assert_eq!(soon(client.call::<usize>("foo_echo", (1,))).await.unwrap(), 1);
    drop(server);
    let gone = soon(async {
        loop {
            if let Err(error) = client.call::<usize>("foo_echo", (1,)).await {
                return error;
            }
        }
    });
    assert!(matches!(gone.await, ClientError::Connect { .. } | ClientError::Lost(_)));
    let error = soon(Client::connect(&name)).await.unwrap_err();
    assert!(error.to_string().contains("(os error 2)"), "{error}");
    let _server = bind(&name).unwrap();
    assert_eq!(soon(client.call::<usize>("foo_echo", (2,))).await.unwrap(), 2);
}

#[tokio::test]
async fn a_hundred_in_a_row_are_answered() {
    let name = name("row");
    let _server = bind(&name).unwrap();
    for n in 0..100 {
        assert_eq!(echo(&name, n).await.unwrap(), n);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_at_once_are_answered() {
    let name = name("once");
    let _server = bind(&name).unwrap();
    for _ in 0..10 {
        let name = &name;
        let calls = (0..10_usize).map(|n| {
            let name = name.clone();
            tokio::spawn(async move { (n, echo(&name, n).await) })
        });
        for call in calls.collect::<Vec<_>>() {
            let (n, answer) = soon(call).await.unwrap();
            assert_eq!(answer.unwrap(), n);
        }
    }
}

/// Who knocks and goes away is none of the next one's business.
#[tokio::test]
async fn one_who_breaks_off_at_once_stops_nobody() {
    let name = name("knock");
    let mut listener = IpcListener::bind(&name).unwrap();
    for _ in 0..10 {
        drop(connect(Path::new(&name)).await.unwrap());
        let mut stream = soon(listener.accept()).await.unwrap();
        // It has ended, however the system says so.
        assert!(matches!(soon(stream.read(&mut [0])).await, Ok(0) | Err(_)));
    }
    let name = format!("{name}-again");
    let _server = bind(&name).unwrap();
    for n in 0..10 {
        drop(connect(Path::new(&name)).await.unwrap());
        assert_eq!(echo(&name, n).await.unwrap(), n);
    }
}
