//! A place where a lesson can answer over IPC, and a conversation with it by hand.

use std::io;
use std::ops::Deref;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};

#[cfg(not(unix))]
use pipe::{open, unused};
#[cfg(unix)]
use socket::{open, unused};

/// A path that nobody else uses, and that no other user can open. What was made for it is removed when
/// it is dropped, so drop the server first.
#[derive(Debug)]
pub struct IpcPath(String);

impl IpcPath {
    /// Finds one.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn unused() -> io::Result<Self> {
        unused().map(Self)
    }
}

impl Deref for IpcPath {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Sends a line, and returns the line that is answered: what people do with `nc -U`.
///
/// # Errors
/// As the operating system says.
pub async fn by_hand(path: &str, line: &str) -> io::Result<String> {
    let mut stream = BufStream::new(open(path).await?);
    stream.write_all(line.as_bytes()).await?;
    stream.write_all(b"\n").await?;
    stream.flush().await?;
    let mut answer = String::new();
    stream.read_line(&mut answer).await?;
    Ok(answer.trim_end().to_owned())
}

/// A socket in the file system.
#[cfg(unix)]
mod socket {
    use std::fs::{self, DirBuilder};
    use std::io;
    use std::os::unix::fs::DirBuilderExt;
    use std::path::Path;

    use tokio::net::UnixStream;

    use super::IpcPath;

    /// In a folder of its own, which is open to this user alone.
    pub(super) fn unused() -> io::Result<String> {
        let (temp, process) = (std::env::temp_dir(), std::process::id());
        let mut number = 0_u32;
        loop {
            let folder = temp.join(format!("lesson-{process}-{number}"));
            match DirBuilder::new().mode(0o700).create(&folder) {
                Ok(()) => {
                    let path = folder.join("node.ipc").into_os_string().into_string();
                    return path.map_err(|_| io::Error::other("the temporary folder is no text"));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    number = number.checked_add(1).ok_or(error)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) async fn open(path: &str) -> io::Result<UnixStream> {
        UnixStream::connect(path).await
    }

    impl Drop for IpcPath {
        fn drop(&mut self) {
            if let Some(folder) = Path::new(&self.0).parent() {
                // If there is something else in it, somebody wants to keep that.
                let _ = fs::remove_dir(folder);
            }
        }
    }
}

/// A named pipe: it lies in no folder, and goes with its server.
#[cfg(not(unix))]
mod pipe {
    use std::io;
    use std::time::{SystemTime, UNIX_EPOCH};

    use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient};

    pub(super) fn unused() -> io::Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(format!(r"\\.\pipe\lesson-{}-{}", std::process::id(), now.as_nanos()))
    }

    /// What the system says when others are at the door, and the server has not opened it again yet.
    const PIPE_BUSY: i32 = 231;

    pub(super) async fn open(path: &str) -> io::Result<NamedPipeClient> {
        loop {
            match ClientOptions::new().open(path) {
                Err(error) if error.raw_os_error() == Some(PIPE_BUSY) => {
                    tokio::task::yield_now().await;
                }
                opened => return opened,
            }
        }
    }
}
