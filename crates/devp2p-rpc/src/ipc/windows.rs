//! A named pipe: it lies in no folder, and goes with its server. Who may open it says its access list,
//! which is the system's default: its owner, administrators and the system may write, and so ask.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{ReadHalf, WriteHalf, split};
use tokio::net::windows::named_pipe::{
    ClientOptions, NamedPipeClient, NamedPipeServer, ServerOptions,
};
use tokio::time::sleep;

use super::BindError;

/// The longest name of a pipe, in bytes.
pub const MAX_PATH: usize = 256;
/// What every name begins with.
const PREFIX: &str = r"\\.\pipe\";
/// What the system says when others are at the door, and the server has not opened it again yet.
const BUSY: i32 = 231;
/// Until the door is tried again.
const PAUSE: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(super) struct Listener {
    /// Where the next one comes in.
    next: NamedPipeServer,
    path: PathBuf,
}

impl Listener {
    pub(super) fn bind(path: &Path) -> Result<Self, BindError> {
        let opened = options().first_pipe_instance(true).create(path);
        let next = opened.map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => BindError::Taken(path.to_owned()),
            _ => BindError::Io { path: path.to_owned(), error },
        })?;
        Ok(Self { next, path: path.to_owned() })
    }

    /// Cancel-safe.
    pub(super) async fn accept(&mut self) -> io::Result<NamedPipeServer> {
        self.next.connect().await?;
        let next = options().create(&self.path)?;
        Ok(std::mem::replace(&mut self.next, next))
    }
}

/// For reading, and for writing.
pub(super) fn halves(
    stream: NamedPipeServer,
) -> (ReadHalf<NamedPipeServer>, WriteHalf<NamedPipeServer>) {
    split(stream)
}

/// A pipe goes with its server.
pub(super) fn remove(_path: &Path, _: Mark) {}

/// Nothing lies in a folder.
pub(super) type Mark = ();

pub(super) fn mark(_path: &Path) -> Mark {}

fn options() -> ServerOptions {
    let mut options = ServerOptions::new();
    options.reject_remote_clients(true);
    options
}

/// A name is enough: `node.ipc` is `\\.\pipe\node.ipc`, as in go-ethereum.
pub(super) fn path(path: &Path) -> PathBuf {
    let text = path.to_string_lossy();
    match text.starts_with(PREFIX) {
        true => path.to_owned(),
        // A pipe lies in no folder.
        false => format!("{PREFIX}{}", text.replace(['\\', '/', ':'], "-")).into(),
    }
}

pub(super) async fn connect(path: &Path) -> io::Result<NamedPipeClient> {
    loop {
        match ClientOptions::new().open(path) {
            Err(error) if error.raw_os_error() == Some(BUSY) => sleep(PAUSE).await,
            opened => return opened,
        }
    }
}
