//! IPC: a socket in the file system. Values follow each other, and each answer ends with a line end.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream as Probe;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error as ThisError;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufWriter};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tracing::debug;

use crate::connection::{Answer, Connection, Limits};
use crate::error::{Error, INVALID_REQUEST, PARSE_ERROR};
use crate::message::{parse, unreadable};
use crate::module::Modules;
use crate::splitter::{Found, Splitter};

/// The longest path that Linux allows for a socket, in bytes.
pub const MAX_PATH: usize = 107;
/// Bytes that are read at once.
const READ: usize = 16 * 1024;
/// Answers and events that may wait for a reader who does not read.
const WAITING: usize = 256;

/// Why there is no socket.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum BindError {
    /// The path is too long for a socket.
    #[error("the path {0:?} has more than {MAX_PATH} bytes: choose a shorter one")]
    TooLong(PathBuf),
    /// Something else is there. It is not touched.
    #[error("{0:?} is there, and is no socket: choose another path, or remove it")]
    NoSocket(PathBuf),
    /// Another program listens there.
    #[error("another program listens on {0:?}: stop it, or choose another path")]
    Taken(PathBuf),
    /// As the operating system says.
    #[error("cannot listen on {path:?}: {error}")]
    Io {
        /// Where.
        path: PathBuf,
        /// What it says.
        error: io::Error,
    },
}

/// A server on a socket in the file system, which only this user can open. When it is dropped, it
/// ends, and the socket is removed.
#[derive(Debug)]
pub struct IpcServer {
    path: PathBuf,
    accepting: JoinHandle<()>,
}

impl IpcServer {
    /// Listens. A socket that a crash has left is taken over, if nobody answers there.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn bind(
        path: impl Into<PathBuf>,
        modules: Modules,
        limits: Limits,
    ) -> Result<Self, BindError> {
        let path = path.into();
        let failed = |error| BindError::Io { path: path.clone(), error };
        if path.as_os_str().len() > MAX_PATH {
            return Err(BindError::TooLong(path));
        }
        make_way(&path)?;
        let listener = listen(&path).map_err(failed)?;
        let (modules, limits) = (Arc::new(modules), Arc::new(limits));
        let accepting = tokio::spawn(accept(listener, modules, limits));
        Ok(Self { path, accepting })
    }

    /// Where it listens.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for IpcServer {
    fn drop(&mut self) {
        self.accepting.abort();
        // It may be gone already.
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes a socket on which nobody answers, and nothing else.
fn make_way(path: &Path) -> Result<(), BindError> {
    let failed = |error| BindError::Io { path: path.to_owned(), error };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(error)),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            Err(BindError::NoSocket(path.to_owned()))
        }
        Ok(_) if Probe::connect(path).is_ok() => Err(BindError::Taken(path.to_owned())),
        Ok(_) => fs::remove_file(path).map_err(failed),
    }
}

/// Listens where nobody else can come in, not even between two steps: the socket gets its permissions in
/// a folder of its own, and then its place.
fn listen(path: &Path) -> io::Result<UnixListener> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let folder = parent.join(format!(".{:x}", std::process::id()));
    let hidden = folder.join("s");
    if hidden.as_os_str().len() > MAX_PATH {
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        return Ok(listener);
    }
    DirBuilder::new().mode(0o700).create(&folder)?;
    let listening = UnixListener::bind(&hidden).and_then(|listener| {
        fs::set_permissions(&hidden, Permissions::from_mode(0o600))?;
        fs::rename(&hidden, path)?;
        Ok(listener)
    });
    // Whatever has failed, nothing is left behind.
    let _ = fs::remove_file(&hidden);
    fs::remove_dir(&folder)?;
    listening
}

async fn accept(listener: UnixListener, modules: Arc<Modules>, limits: Arc<Limits>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(serve(stream, modules.clone(), limits.clone()));
            }
            Err(error) => {
                debug!(%error, "cannot accept");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Serves one connection until its other end has nothing more to ask, and has been answered.
async fn serve(stream: UnixStream, modules: Arc<Modules>, limits: Arc<Limits>) {
    let (reader, writer) = stream.into_split();
    let (outgoing, waiting) = mpsc::channel(WAITING);
    let (events, told) = mpsc::channel(WAITING);
    let connection = Connection::new(modules, limits.clone(), Some(events));
    let reading = Reading { reader, connection, outgoing, limits };
    let reading = async {
        let mut calls = JoinSet::new();
        let last = reading.run(&mut calls).await;
        while calls.join_next().await.is_some() {}
        drop(last);
    };
    // Writing ends when nobody is left who could have more to write; a reader who is gone ends it sooner.
    tokio::join!(reading, write(writer, waiting, told));
}

/// What is to be written.
enum Outgoing {
    Answer(Answer),
    /// The last one: this cannot be read.
    Unreadable(String),
}

async fn write(
    writer: OwnedWriteHalf,
    mut waiting: mpsc::Receiver<Outgoing>,
    mut events: mpsc::Receiver<String>,
) {
    let mut writer = BufWriter::new(writer);
    let mut line = async |text: String| {
        writer.write_all(text.as_bytes()).await?;
        writer.write_all(b"\n").await?;
        writer.flush().await
    };
    loop {
        let written = tokio::select! {
            biased;
            next = waiting.recv() => match next {
                Some(Outgoing::Answer(mut answer)) => {
                    let written = match answer.json.take() {
                        Some(json) => line(json).await,
                        None => Ok(()),
                    };
                    answer.sent();
                    written
                }
                Some(Outgoing::Unreadable(text)) => line(text).await,
                None => return,
            },
            Some(event) = events.recv() => line(event).await,
        };
        if written.is_err() {
            return;
        }
    }
}

struct Reading {
    reader: OwnedReadHalf,
    connection: Connection,
    outgoing: mpsc::Sender<Outgoing>,
    limits: Arc<Limits>,
}

impl Reading {
    /// Reads until the stream ends or cannot be read any more. Returns what keeps the connection, and
    /// with it its subscriptions: when calls are done, it can go.
    async fn run(mut self, calls: &mut JoinSet<()>) -> Connection {
        let places = Arc::new(Semaphore::new(self.limits.at_once));
        let (mut splitter, mut value) = (Splitter::default(), Vec::new());
        let mut buffer = vec![0; READ];
        while let Ok(read @ 1..) = self.reader.read(&mut buffer).await {
            let mut bytes = buffer.get(..read).unwrap_or_default().iter().copied().peekable();
            while let Some(byte) = bytes.peek().copied() {
                let found = splitter.next(byte);
                match found {
                    Ok(Found::Blank) => {}
                    Ok(Found::More | Found::End) => value.push(byte),
                    Ok(Found::EndBefore) => {}
                    Err(error) => {
                        self.unreadable(&Error::new(PARSE_ERROR, error)).await;
                        return self.connection;
                    }
                }
                if value.len() > self.limits.message {
                    let text = format!("message of more than {} bytes", self.limits.message);
                    self.unreadable(&Error::new(INVALID_REQUEST, text)).await;
                    return self.connection;
                }
                if !matches!(found, Ok(Found::EndBefore)) {
                    bytes.next();
                }
                if matches!(found, Ok(Found::End | Found::EndBefore)) {
                    let value = std::mem::take(&mut value);
                    if !self.answer(value, calls, &places).await {
                        return self.connection;
                    }
                }
            }
        }
        self.connection
    }

    /// Answers a value beside all others; whether the stream goes on.
    async fn answer(
        &self,
        value: Vec<u8>,
        calls: &mut JoinSet<()>,
        places: &Arc<Semaphore>,
    ) -> bool {
        while calls.try_join_next().is_some() {}
        // It is never closed.
        let Ok(place) = places.clone().acquire_owned().await else { return false };
        let value = match parse(value) {
            Ok(value) => value,
            Err(error) => {
                self.unreadable(&error).await;
                return false;
            }
        };
        let (connection, outgoing) = (self.connection.clone(), self.outgoing.clone());
        calls.spawn(async move {
            let answer = connection.receive(&value).await;
            // An error says that nobody reads any more.
            let _ = outgoing.send(Outgoing::Answer(answer)).await;
            drop(place);
        });
        true
    }

    async fn unreadable(&self, error: &Error) {
        // The same.
        let _ = self.outgoing.send(Outgoing::Unreadable(unreadable(error))).await;
    }
}
