//! Nobody takes the output, as after Ctrl-S: neither the network nor a signal waits for that.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server};
use devp2p_core::protocol::{Protocol, ProtocolError};
use tokio::sync::mpsc;
use tokio::time::timeout;

const A_WHILE: Duration = Duration::from_secs(60);

/// So many messages, each told twice, are far more than a pipe holds.
const MESSAGES: usize = 5_000;

/// Sends messages, one by one, and waits for each to come back.
#[tokio::main(flavor = "current_thread")]
async fn chat(enode: &str) {
    let (done, mut ended) = mpsc::channel(1);
    let chat = Protocol::new("foo", 42, 1, move |_, mut pipe| {
        let done = done.clone();
        async move {
            for _ in 0..MESSAGES {
                pipe.send(0, "foobar").await?;
                pipe.read().await?;
            }
            done.send(()).await.map_err(ProtocolError::other)
        }
    });
    let key = NodeKey::generate(&mut rand::rng());
    let config = Config { max_peers: 1, protocols: vec![chat], ..Config::new(key, "chat") };
    let server = Server::start(config).await.unwrap();
    server.add_peer(enode.parse().unwrap()).await.unwrap();
    timeout(A_WHILE, ended.recv()).await.unwrap().unwrap();
    server.stop().await;
}

/// Waits until it has ended; its exit code.
fn exit_code(mut child: Child) -> Option<i32> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if began.elapsed() > A_WHILE {
            child.kill().unwrap();
            return None;
        }
        thread::yield_now();
    }
}

/// Something to write to that is full, and its other end, which nobody reads.
fn full() -> (UnixStream, UnixStream) {
    let (reader, mut writer) = UnixStream::pair().unwrap();
    writer.set_nonblocking(true).unwrap();
    while writer.write(&[b'\n'; 4096]).is_ok() {}
    writer.set_nonblocking(false).unwrap();
    (reader, writer)
}

#[test]
fn a_failure_that_nobody_reads_is_still_the_end() {
    let (_reader, stderr) = full();
    for args in [
        &["diagnose", "--listen", "127.0.0.1:0", "--for", "0"][..],
        &["discv4", "listen", "--listen", "192.0.2.1:5"],
    ] {
        let mut devp2p = Command::new(env!("CARGO_BIN_EXE_devp2p"));
        devp2p.args(args).stdin(Stdio::null()).stdout(Stdio::null());
        let stderr = OwnedFd::from(stderr.try_clone().unwrap());
        let child = devp2p.stderr(stderr).spawn().unwrap();
        assert_eq!(exit_code(child), Some(1), "{args:?}");
    }
}

#[test]
fn output_that_nobody_takes_holds_up_neither_peers_nor_signals() {
    for (signal, verbose) in [("-INT", "-v"), ("-TERM", "-vv")] {
        let mut node = Command::new(env!("CARGO_BIN_EXE_devp2p"))
            .args(["node", "--listen", "127.0.0.1:0", "--echo", "foo/42/1", verbose])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Both stay open, and nobody reads on.
        let (mut stdout, _stderr) =
            (BufReader::new(node.stdout.take().unwrap()), node.stderr.take());
        let mut line = String::new();
        while !line.starts_with("  enode://") {
            line.clear();
            stdout.read_line(&mut line).unwrap();
        }
        chat(line.trim());
        let id = node.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        assert_eq!(exit_code(node), Some(0), "{signal}");
    }
}
