//! The modes `rpc` and `rpc-floor`: a server in a process of its own, which speaks as the foreign peers
//! do. The floor sends the same bytes, and knows nothing of JSON.

#![allow(clippy::print_stdout, reason = "the other process reads it")]

use std::io::{self, BufRead};
use std::net::SocketAddr;
use std::path::Path;

use devp2p_rpc::http::{HttpServer, Rules};
use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::ws::WsRules;
use devp2p_rpc::{Limits, Module, Modules, Sink};
use memchr::memmem;
use serde::Serialize;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use super::case::{Case, Load, Transport};
use super::client::Client;
use super::wire::{self, END_OF_HEAD, EVENT};
use crate::Result;

/// Connections of a server: as many as are held to weigh them.
const CONNECTIONS: usize = 10_000;

#[derive(Serialize)]
struct Echo {
    text: String,
    number: i64,
}

/// Answers until standard input says `stop`, or ends.
///
/// # Errors
/// If the server cannot be started.
pub fn ours() -> Result<()> {
    let runtime = Runtime::new()?;
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("ours.ipc");
    let (ipc, http) = runtime.block_on(start(&path))?;
    say_ready(&path, Some(http.local_addr()));
    obey()?;
    drop(ipc);
    Ok(())
}

/// Our server, as a program starts it.
async fn start(path: &Path) -> Result<(IpcServer, HttpServer)> {
    let limits = Limits { connections: CONNECTIONS, ..Limits::default() };
    let rules = Rules { ws: Some(WsRules::default()), ..Rules::default() };
    let ipc = IpcServer::bind(path, Modules::new([module()]), limits.clone())?;
    let address = ([127, 0, 0, 1], 0).into();
    Ok((ipc, HttpServer::bind(address, Modules::new([module()]), limits, rules).await?))
}

/// Calls so often a server in this very process, which is for counting what that costs it.
///
/// # Errors
/// If the server cannot be started.
pub fn call_in_process(transport: Transport, calls: u32) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let directory = tempfile::tempdir()?;
    runtime.block_on(async {
        let path = directory.path().join("ours.ipc");
        let (_ipc, http) = start(&path).await?;
        let ready = json!({ "ipc": path, "http": http.local_addr() });
        Client::connect(transport, &ready).await?.call(usize::try_from(calls)?, 1).await
    })
}

fn module() -> Module {
    let echo = |(text, number): (String, i64)| async move { Ok(Echo { text, number }) };
    let stream = |(count,): (u32,)| {
        Ok(move |mut sink: Sink| async move {
            for _ in 0..count {
                if sink.send(&EVENT).await.is_err() {
                    return;
                }
            }
        })
    };
    Module::new("bench").method("echo", echo).subscription("stream", stream)
}

/// Says where it listens.
fn say_ready(ipc: &Path, tcp: Option<SocketAddr>) {
    let pid = std::process::id();
    let line = json!({ "event": "ready", "ipc": ipc, "http": tcp, "ws": tcp, "pid": pid });
    println!("{line}");
}

fn obey() -> Result<()> {
    for command in io::stdin().lock().lines() {
        let command = command?;
        // There is nothing to do for `settle`.
        println!("{}", json!({ "event": "ok", "command": command }));
        if command == "stop" {
            break;
        }
    }
    Ok(())
}

/// Answers one case, the `number`th, as [`ours`] would.
///
/// # Errors
/// As [`ours`].
pub fn floor(number: usize) -> Result<()> {
    let case = *Case::ALL.get(number).ok_or("there is no such case")?;
    let runtime = Runtime::new()?;
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("floor.ipc");
    let _inside = runtime.enter();
    if case.transport == Transport::Ipc {
        runtime.spawn(accept_unix(UnixListener::bind(&path)?, case));
        say_ready(&path, None);
    } else {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        say_ready(&path, Some(listener.local_addr()?));
        runtime.spawn(accept_tcp(listener, case));
    }
    obey()
}

async fn accept_unix(listener: UnixListener, case: Case) -> Result<()> {
    let mut all = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        all.spawn(repeat(stream, case));
    }
}

async fn accept_tcp(listener: TcpListener, case: Case) -> Result<()> {
    let mut all = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        all.spawn(repeat(stream, case));
    }
}

/// Says the same again and again: as many answers as there are requests, or all events.
async fn repeat(mut stream: impl AsyncRead + AsyncWrite + Unpin, case: Case) -> Result<()> {
    let transport = case.transport;
    let mut buffer = vec![0; 16 * 1024];
    if transport == Transport::Ws {
        let mut length = 0;
        while memmem::find(buffer.get(..length).unwrap_or_default(), END_OF_HEAD).is_none() {
            length = stream.read(&mut buffer).await?;
        }
        let key = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
        let upgraded =
            format!("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n{key}\r\n\r\n");
        stream.write_all(upgraded.as_bytes()).await?;
    }
    let (request, answer) = match case.load {
        Load::Calls { under_way, .. } => {
            let answers = wire::answer(transport, true).repeat(usize::try_from(under_way)?);
            (wire::call(transport).len(), answers)
        }
        Load::Events { .. } => {
            let events = wire::event(transport).repeat(usize::try_from(case.count())?);
            let first = wire::answer(transport, false);
            (wire::subscribe(transport, case.count()).len(), [first, events].concat())
        }
    };
    let each = match case.load {
        Load::Calls { .. } => wire::answer(transport, true).len(),
        Load::Events { .. } => answer.len(),
    };
    let mut read = 0_usize;
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            more => read = read.saturating_add(more),
        }
        let requests = read.checked_div(request).unwrap_or_default();
        read = read.checked_rem(request).unwrap_or_default();
        let length = requests.saturating_mul(each);
        stream.write_all(answer.get(..length).ok_or("more requests than may be")?).await?;
    }
}
