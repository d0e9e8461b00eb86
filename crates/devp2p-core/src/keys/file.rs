//! The key file: a node keeps its identity over restarts.
//!
//! ```text
//!  b71c71a6…cda3f291      64 hex digits, no newline; mode 0600 on Unix
//! ```
//!
//! The format is go-ethereum's `nodekey` file, so that either can read the other's. We differ in
//! one thing: go-ethereum overwrites an existing file, [`NodeKey::save`] never does, because a key
//! that is gone is an identity that is gone.
//!
//! This module must not choose where the file is, nor make a key when there is none; the caller
//! does. The errors do not name the path; the caller who prints one knows it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use hex::FromHexError;
use thiserror::Error;
use zeroize::Zeroizing;

use super::{KeyError, NodeKey};

/// A key in hex.
const DIGITS: usize = 64;

/// The most that is read: the digits, two line ends and one more, which shows that it is too much.
const READ_LIMIT: u64 = 67;

/// Why a key file could not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyFileError {
    /// There is no such file, or no such directory to write it in.
    #[error("no such file or directory: check the path of the key file")]
    NotFound,
    /// The path is that of a directory.
    #[error("this is a directory: name a file in it for the key")]
    IsDirectory,
    /// The system does not let us.
    #[error("no permission: the key file and its directory must belong to the user running this")]
    PermissionDenied,
    /// There is a file already; it is left as it was.
    #[error("the file exists and is not overwritten: move it away or choose another name")]
    AlreadyExists,
    /// There are 32 bytes that are no text.
    #[error("a key file holds 64 hex digits, this one 32 raw bytes: write them as hex, without 0x")]
    RawBytes,
    /// There are fewer than 64 characters, not counting the line ends.
    #[error("a key file holds 64 hex digits, this one {found} characters: some of the key is lost")]
    TooShort {
        /// How many characters there are.
        found: usize,
    },
    /// There is more than 64 digits and two line ends.
    #[error("a key file holds 64 hex digits without 0x and at most two line ends: remove the rest")]
    TooLong,
    /// There is a character that is no hex digit.
    #[error("a key file holds hex digits only, without 0x: character {position} is none")]
    NotHex {
        /// Where it is, counted from 1.
        position: usize,
    },
    /// The digits are no secret key: zero, or not below the order of the curve.
    #[error("the digits in the key file are no secret key: {0}")]
    Key(#[from] KeyError),
    /// The system failed in another way.
    #[error("reading or writing the key file failed: {0}")]
    Io(ErrorKind),
}

impl NodeKey {
    /// Reads a key from the file at `path`: 64 hex digits, then at most two `\n` or `\r`.
    ///
    /// # Errors
    ///
    /// Any [`KeyFileError`] but `AlreadyExists`. At most 67 bytes are read.
    pub fn load(path: impl AsRef<Path>) -> Result<NodeKey, KeyFileError> {
        let path = path.as_ref();
        // Room to spare: a buffer that grows leaves a copy of the secret behind.
        let mut text = Zeroizing::new(Vec::with_capacity(256));
        File::open(path)
            .and_then(|file| file.take(READ_LIMIT).read_to_end(&mut text))
            .map_err(|error| cause(path, &error))?;
        parse(&text)
    }

    /// Writes the key to a new file at `path`, readable by its owner only.
    ///
    /// On Windows the file takes its permissions from the directory. If writing fails, no file is
    /// left behind.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` for an existing file, which is never overwritten; `NotFound` if its
    /// directory does not exist; `IsDirectory`, `PermissionDenied` or `Io` as the system says.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), KeyFileError> {
        let path = path.as_ref();
        let file = create(path).map_err(|error| cause(path, &error))?;
        self.write_or_remove(file, path).map_err(|error| cause(path, &error))
    }

    fn write_or_remove(&self, mut file: File, path: &Path) -> io::Result<()> {
        let bytes = Zeroizing::new(self.secret.0.secret_bytes());
        let text = Zeroizing::new(hex::encode(bytes.as_slice()));
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        if written.is_err() {
            // Windows removes no open file.
            drop(file);
            // The first error is the one to report, whether this works or not.
            let _ = fs::remove_file(path);
        }
        written
    }
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn parse(text: &[u8]) -> Result<NodeKey, KeyFileError> {
    let digits = match text {
        [digits @ .., b'\n' | b'\r', b'\n' | b'\r'] | [digits @ .., b'\n' | b'\r'] | digits => {
            digits
        }
    };
    let mut bytes = Zeroizing::new([0; 32]);
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    if text.len() == bytes.len() && !text.iter().all(is_text) {
        return Err(KeyFileError::RawBytes);
    }
    match hex::decode_to_slice(digits, bytes.as_mut_slice()) {
        Ok(()) => Ok(NodeKey::from_bytes(*bytes)?),
        Err(FromHexError::InvalidHexCharacter { index, .. }) => {
            Err(KeyFileError::NotHex { position: index.saturating_add(1) })
        }
        Err(_) if digits.len() < DIGITS => Err(KeyFileError::TooShort { found: digits.len() }),
        Err(_) => Err(KeyFileError::TooLong),
    }
}

fn cause(path: &Path, error: &io::Error) -> KeyFileError {
    // Systems disagree on the error that opening or reading a directory gives.
    if path.is_dir() {
        return KeyFileError::IsDirectory;
    }
    match error.kind() {
        ErrorKind::NotFound => KeyFileError::NotFound,
        ErrorKind::PermissionDenied => KeyFileError::PermissionDenied,
        ErrorKind::AlreadyExists => KeyFileError::AlreadyExists,
        kind => KeyFileError::Io(kind),
    }
}

#[cfg(test)]
mod tests;
