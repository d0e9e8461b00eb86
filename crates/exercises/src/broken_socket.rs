//! Nodes that are asked over RPC, and have something wrong.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use devp2p_rpc::ipc::{self, IpcListener};
use devp2p_rpc::{Error, INTERNAL_ERROR, METHOD_NOT_FOUND, unreadable};
use tempfile::TempDir;
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, split,
};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::diagnosis::Fault;

/// What is called, as everybody calls it.
const CALL: &str = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"foo_getFoobar\"}\n";
/// How long our own look waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// A socket on which somebody misbehaves, or nobody listens.
#[derive(Debug)]
pub(crate) struct Socket {
    path: PathBuf,
    fault: Fault,
    /// None if nobody listens.
    listener: Option<Mutex<IpcListener>>,
    _folder: TempDir,
}

impl Socket {
    pub(crate) fn open(fault: Fault) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("node.ipc");
        let listener = match fault {
            Fault::DeadSocket => {
                leave_socket(&path)?;
                None
            }
            _ => Some(Mutex::new(IpcListener::bind(&path).map_err(io::Error::other)?)),
        };
        Ok(Self { path, fault, listener, _folder: folder })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Misbehaves, to everybody, for ever.
    pub(crate) async fn run(&self) {
        let Some(listener) = &self.listener else { return std::future::pending().await };
        let mut visits = JoinSet::new();
        let mut listener = listener.lock().await;
        while let Ok(stream) = listener.accept().await {
            let fault = self.fault;
            visits.spawn(async move {
                // Whatever went wrong between us, it was meant to.
                let _ = misbehave(stream, fault).await;
            });
        }
    }
}

/// A socket as a crash leaves it. On Windows a pipe goes with its program, so there is none.
fn leave_socket(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    std::os::unix::net::UnixListener::bind(path)?;
    #[cfg(windows)]
    let _ = path;
    Ok(())
}

/// How one can tell.
pub(crate) fn because(fault: Fault) -> &'static str {
    match fault {
        Fault::DeadSocket => {
            "The connection is refused, though there is a file: a program that crashed has left its \
                 socket. The next server on that path takes it over, because nobody answers there."
        }
        Fault::NoResult => {
            "An answer comes, with the id of the call, and says nothing. A method without a result has \
                 the result null; when the member is missing, go-ethereum's client takes it for no answer."
        }
        Fault::AnotherId => {
            "An answer comes, and it belongs to no call: its id is another one. So the caller goes on \
                 waiting. Answers may come in any order, and only the id says whose they are."
        }
        Fault::NotShown => {
            "The server is well, and says −32601: there is no such method, or it is not shown here. \
                 rpc_modules tells which modules are."
        }
        Fault::CutAnswer => {
            "Some bytes come, and then the connection is closed. What came is no whole value, so it is \
                 worth nothing. A node that is killed while it writes does that."
        }
        Fault::Crashes => {
            "The server answers −32603. It has caught the panic of a method, and lives. What it said \
                 when it panicked stands in its own log, and not in the answer."
        }
        Fault::NoAnswer => {
            "The connection stays, and nothing comes. A server gives a call a time, and then answers \
                 −32002; a client has a limit of its own, because it cannot know."
        }
        _ => "",
    }
}

async fn misbehave(stream: impl AsyncRead + AsyncWrite, fault: Fault) -> io::Result<()> {
    let (reader, mut writer) = split(stream);
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next_line().await? {
        let id = id_of(&line);
        let refused = |code, words: &str| {
            unreadable(&Error::new(code, words)).replace("\"id\":null", &format!("\"id\":{id}"))
        };
        let answer = match fault {
            Fault::NoResult => format!("{{\"jsonrpc\":\"2.0\",\"id\":{id}}}"),
            Fault::AnotherId => "{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":\"foobar\"}".to_owned(),
            Fault::NotShown if line.contains("rpc_modules") => {
                format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"rpc\":\"1.0\"}}}}")
            }
            Fault::NotShown => {
                let words = "the method foo_getFoobar does not exist/is not available";
                refused(METHOD_NOT_FOUND, words)
            }
            Fault::CutAnswer => {
                let begin = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"resu");
                writer.write_all(begin.as_bytes()).await?;
                return writer.shutdown().await;
            }
            Fault::Crashes => refused(INTERNAL_ERROR, "method handler crashed"),
            _ => continue,
        };
        writer.write_all(answer.as_bytes()).await?;
        writer.write_all(b"\n").await?;
    }
    Ok(())
}

/// The id of a call, as it is written; every tool writes a whole number.
fn id_of(call: &str) -> String {
    let after = call.split_once("\"id\":").map(|(_, after)| after.trim_start()).unwrap_or_default();
    after.chars().take_while(char::is_ascii_digit).collect()
}

/// What is seen of it from outside.
pub(crate) async fn look(path: &Path) -> String {
    let mut stream = match ipc::connect(path).await {
        Ok(stream) => stream,
        Err(error) => return format!("connect: {error}\n"),
    };
    let mut seen = format!("connect: done\nwe send:  {CALL}");
    if let Err(error) = stream.write_all(CALL.as_bytes()).await {
        return format!("{seen}sending: {error}\n");
    }
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    let reading = async {
        loop {
            let read = stream.read(&mut buffer).await.unwrap_or_default();
            answer.extend_from_slice(buffer.get(..read).unwrap_or_default());
            if read == 0 || answer.ends_with(b"\n") {
                return read > 0;
            }
        }
    };
    let whole = timeout(PATIENCE, reading).await;
    if !answer.is_empty() {
        seen += &format!("it sends: {}\n", String::from_utf8_lossy(&answer).trim_end());
    }
    match whole {
        Ok(true) => seen,
        Ok(false) => seen + "and it has closed the connection\n",
        Err(_) => format!("{seen}nothing more within {} seconds\n", PATIENCE.as_secs()),
    }
}
