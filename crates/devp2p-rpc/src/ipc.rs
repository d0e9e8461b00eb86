//! IPC: a socket in the file system. Values follow each other, and each answer ends with a line end.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream as Probe;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error as ThisError;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tracing::debug;

use crate::connection::Limits;
use crate::module::Modules;
use crate::stream::serve;

/// The longest path that Linux allows for a socket, in bytes.
pub const MAX_PATH: usize = 107;

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

/// Connects to a server.
///
/// # Errors
/// The operating system's.
pub async fn connect(path: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(path).await
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
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    loop {
        // It is never closed.
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let (modules, limits) = (modules.clone(), limits.clone());
                connections.spawn(async move {
                    let (reader, writer) = stream.into_split();
                    serve(reader, writer, modules, limits).await;
                    drop(place);
                });
            }
            Err(error) => {
                debug!(%error, "cannot accept");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}
