//! What can go wrong after the command line was understood, in words for who typed it.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;

use devp2p_core::net::StartError;
use devp2p_core::p2p::printable;
use thiserror::Error;

use crate::explain::{self, Explained, Topic};

/// Why a command failed.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// What is wrong, and what to do about it.
    #[error("{words}")]
    Told {
        /// Printable lines.
        words: String,
        /// What explains it.
        topic: Option<&'static Topic>,
    },
    /// The output cannot be written.
    #[error("cannot write to stdout: {0}")]
    Output(io::Error),
}

impl Failure {
    /// A failure in these words, which may be somebody else's: a path, a name.
    pub(crate) fn told(words: impl Display) -> Self {
        Self::Told { words: lines(&words.to_string()), topic: None }
    }

    /// A failure in an error's own words.
    pub(crate) fn explained(error: impl Display + Explained) -> Self {
        let topic = error.topic();
        Self::told(error).about(topic)
    }

    /// The same, and this explains it.
    #[must_use]
    pub(crate) fn about(self, topic: &'static Topic) -> Self {
        match self {
            Self::Told { words, .. } => Self::Told { words, topic: Some(topic) },
            output @ Self::Output(_) => output,
        }
    }

    /// What explains it.
    pub(crate) fn topic(&self) -> Option<&'static Topic> {
        match self {
            Self::Told { topic, .. } => *topic,
            Self::Output(_) => Some(&explain::OPERATING_SYSTEM),
        }
    }

    /// A node did not start: why, and what to type instead.
    pub(crate) fn not_started(error: StartError) -> Self {
        match &error {
            StartError::PortTaken { addr, .. } => {
                let any = SocketAddr::new(addr.ip(), 0);
                Self::told(format_args!("{error}, for example with `--listen {any}`"))
                    .about(error.topic())
            }
            _ => Self::explained(error),
        }
    }

    /// The operating system gives no threads or signals.
    #[expect(clippy::needless_pass_by_value, reason = "an error is handed on with map_err")]
    pub(crate) fn system(error: io::Error) -> Self {
        Self::told(format_args!("the operating system refuses what every program needs: {error}"))
            .about(&explain::OPERATING_SYSTEM)
    }
}

/// Printable lines.
pub(crate) fn lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}
