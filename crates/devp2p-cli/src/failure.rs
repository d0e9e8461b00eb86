//! What can go wrong after the command line was understood, in words for who typed it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use devp2p_core::keys::file::KeyFileError;
use devp2p_core::net::{AddPeerError, SocketKind, StartError};
use thiserror::Error;

use crate::discv4::Discv4Error;
use crate::ping::PingError;

/// Why a command failed.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// There is no key file.
    #[error(
        "there is no key file {path}: make one with `devp2p key new {path}`",
        path = .0.display()
    )]
    NoKeyFile(PathBuf),
    /// The key file cannot be read.
    #[error("cannot read the key file {}: {error}", path.display())]
    ReadKey {
        /// As it was given.
        path: PathBuf,
        /// What is wrong with it.
        error: KeyFileError,
    },
    /// The key file cannot be written.
    #[error("cannot write the key file {}: {error}", path.display())]
    WriteKey {
        /// As it was given.
        path: PathBuf,
        /// Why not.
        error: KeyFileError,
    },
    /// The port is taken.
    #[error(
        "{}, for example with `--listen {}`",
        StartError::PortTaken { kind: *kind, addr: *addr },
        SocketAddr::new(addr.ip(), 0)
    )]
    PortTaken {
        /// Which of the two.
        kind: SocketKind,
        /// The address that was asked for.
        addr: SocketAddr,
    },
    /// The node does not start for another reason.
    #[error(transparent)]
    Start(StartError),
    /// A node of `--connect` cannot be dialed.
    #[error("--connect: {0}")]
    Connect(#[from] AddPeerError),
    /// See [`PingError`].
    #[error(transparent)]
    Ping(#[from] PingError),
    /// See [`Discv4Error`].
    #[error(transparent)]
    Discv4(#[from] Discv4Error),
    /// The output cannot be written.
    #[error("cannot write to stdout: {0}")]
    Output(io::Error),
    /// The operating system gives no threads or signals.
    #[error("the operating system refuses what every program needs: {0}")]
    System(io::Error),
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::PortTaken { kind, addr } => Self::PortTaken { kind, addr },
            other => Self::Start(other),
        }
    }
}
