//! A socket in the file system.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};

use super::BindError;

/// The longest path that Linux allows for a socket, in bytes.
pub const MAX_PATH: usize = 107;

#[derive(Debug)]
pub(super) struct Listener(UnixListener);

impl Listener {
    pub(super) fn bind(path: &Path) -> Result<Self, BindError> {
        make_way(path)?;
        let failed = |error| BindError::Io { path: path.to_owned(), error };
        listen(path).map(Self).map_err(failed)
    }

    /// Cancel-safe.
    pub(super) async fn accept(&mut self) -> io::Result<UnixStream> {
        self.0.accept().await.map(|(stream, _)| stream)
    }
}

/// Which of all files a socket is: device and number.
pub(super) type Mark = Option<(u64, u64)>;

pub(super) fn mark(path: &Path) -> Mark {
    fs::symlink_metadata(path).ok().map(|it| (it.dev(), it.ino()))
}

/// Removes a socket. It may be gone already, and another one be in its place.
pub(super) fn remove(path: &Path, ours: Mark) {
    if mark(path) == ours {
        let _ = fs::remove_file(path);
    }
}

/// For reading, and for writing.
pub(super) fn halves(stream: UnixStream) -> (OwnedReadHalf, OwnedWriteHalf) {
    stream.into_split()
}

/// The same path.
pub(super) fn path(path: &Path) -> PathBuf {
    path.to_owned()
}

pub(super) async fn connect(path: &Path) -> io::Result<UnixStream> {
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
        Ok(_) => match probe(path) {
            // It listens; so it does when there are too many who wait.
            Ok(()) => Err(BindError::Taken(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err(BindError::Taken(path.to_owned()))
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                fs::remove_file(path).map_err(failed)
            }
            // Of another user, or of another kind: whether somebody listens cannot be known.
            Err(error) => Err(failed(error)),
        },
    }
}

/// Connects, and does not wait.
fn probe(path: &Path) -> io::Result<()> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.connect(&SockAddr::unix(path)?)
}

/// Listens where nobody else can come in, not even between two steps: the socket gets its permissions in
/// a folder of its own, and then its place.
fn listen(path: &Path) -> io::Result<UnixListener> {
    let parent = path.parent().unwrap_or(Path::new("."));
    // Random, so that nobody else has made it before.
    let folder = parent.join(format!(".{:x}", rand::random::<u32>()));
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
