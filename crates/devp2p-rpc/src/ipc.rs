//! IPC: a socket in the file system, or a named pipe on Windows. Values follow each other, and each
//! answer ends with a line end.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error as ThisError;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tracing::debug;

use crate::connection::Limits;
use crate::module::Modules;
use crate::stall::Impatient;
use crate::stream::serve;
#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

pub use system::MAX_PATH;

/// How long the server waits when no connection can be taken.
const PAUSE: Duration = Duration::from_millis(50);

/// Why there is no socket.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum BindError {
    /// The path is too long for a socket.
    #[error("the path \"{}\" has more than {MAX_PATH} bytes: choose a shorter one", .0.display())]
    TooLong(PathBuf),
    /// Something else is there. It is not touched.
    #[error("\"{}\" is there, and is no socket: choose another path, or remove it", .0.display())]
    NoSocket(PathBuf),
    /// Another program listens there.
    #[error("another program listens on \"{}\": stop it, or choose another path", .0.display())]
    Taken(PathBuf),
    /// As the operating system says.
    #[error("cannot listen on \"{}\": {error}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What it says.
        error: io::Error,
    },
}

/// Takes connections, and says nothing by itself. When it is dropped, nobody listens any more.
#[derive(Debug)]
pub struct IpcListener {
    listener: system::Listener,
    door: Door,
}

/// What stands in the file system. It goes when this is dropped, and only once: another server may have
/// come to its place by then.
#[derive(Debug)]
struct Door(PathBuf, system::Mark);

impl Drop for Door {
    fn drop(&mut self) {
        system::remove(&self.0, self.1);
    }
}

impl IpcListener {
    /// Listens where only this user can connect. A socket that a crash has left is taken over, if
    /// nobody answers there. On Windows, the name of a pipe is enough.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn bind(path: impl Into<PathBuf>) -> Result<Self, BindError> {
        let path = system::path(&path.into());
        if path.as_os_str().len() > MAX_PATH {
            return Err(BindError::TooLong(path));
        }
        let listener = system::Listener::bind(&path)?;
        let mark = system::mark(&path);
        Ok(Self { listener, door: Door(path, mark) })
    }

    /// Where it listens.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.door.0
    }

    /// Waits for the next connection. Cancel-safe.
    ///
    /// # Errors
    /// The operating system's.
    pub async fn accept(
        &mut self,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        self.listener.accept().await
    }
}

/// A server that only this user can ask. When it is dropped, it ends, and so does its socket. A pipe's
/// name is free a moment later, once nobody holds on to what it has not read.
#[derive(Debug)]
pub struct IpcServer {
    accepting: JoinHandle<()>,
    door: Door,
}

impl IpcServer {
    /// Listens, as [`IpcListener::bind`], and answers.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn bind(
        path: impl Into<PathBuf>,
        modules: Modules,
        limits: Limits,
    ) -> Result<Self, BindError> {
        let IpcListener { listener, door } = IpcListener::bind(path)?;
        let (modules, limits) = (Arc::new(modules), Arc::new(limits));
        let accepting = tokio::spawn(accept(listener, modules, limits));
        Ok(Self { accepting, door })
    }

    /// Where it listens.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.door.0
    }
}

impl Drop for IpcServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Connects to a server.
///
/// # Errors
/// The operating system's.
pub async fn connect(
    path: &Path,
) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
    system::connect(&system::path(path)).await
}

async fn accept(mut listener: system::Listener, modules: Arc<Modules>, limits: Arc<Limits>) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    loop {
        // It is never closed.
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok(stream) => {
                let (modules, limits) = (modules.clone(), limits.clone());
                connections.spawn(async move {
                    let (reader, writer) = system::halves(stream);
                    serve(reader, Impatient::new(writer), modules, limits).await;
                    drop(place);
                });
            }
            Err(error) => {
                debug!(%error, "cannot accept");
                tokio::time::sleep(PAUSE).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}
