//! What may go wrong when a node is asked.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error as ThisError;

use crate::error::Error;

/// Why a call has no result.
#[derive(Debug, Clone, ThisError)]
#[non_exhaustive]
pub enum ClientError {
    /// The node has answered: no.
    #[error("the node answers: {0}")]
    Refused(Error),
    /// There is nobody, or nobody who can be understood.
    #[error("cannot connect to {place}: {why}")]
    Connect {
        /// Where.
        place: String,
        /// What the operating system says, or the other side.
        why: Arc<str>,
    },
    /// The connection has ended while the call was under way: nobody knows whether it was done. The next
    /// call connects again.
    #[error("the connection is lost ({0}): whether the call was done is not known")]
    Lost(Arc<str>),
    /// No answer came in time. Nobody knows whether the call was done.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// A web server answers, and not as a node does.
    #[error("HTTP {status}: {text}")]
    Http {
        /// The status code, as 404.
        status: u16,
        /// The beginning of what it says.
        text: String,
    },
    /// An answer came that says neither a result nor an error, or was left out of a batch's answers.
    #[error("the answer has no result")]
    NoResult,
    /// The result is something else than the caller wants.
    #[error("the result is not what was expected: {0}")]
    Unexpected(Arc<str>),
    /// The parameters have no JSON form, or are no list of positions.
    #[error("the parameters cannot be sent: {0}")]
    Params(Arc<str>),
    /// This is no place where a node can be.
    #[error("{place:?} is no place of a node: {why}")]
    Place {
        /// As it was written.
        place: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// Why a subscription has ended, other than by its owner.
#[derive(Debug, Clone, ThisError)]
#[non_exhaustive]
pub enum SubscriptionEnd {
    /// Its owner was too slow: so many events waited, and there was room for no more. Those are lost
    /// that came later.
    #[error("{0} events waited to be read, and there is room for no more: some are lost")]
    Overflow(usize),
    /// The node has ended it, and says why.
    #[error("the node has ended the subscription: {0}")]
    Told(Error),
    /// The connection has ended, and with it all its subscriptions.
    #[error("the connection is lost ({0}): subscribe again")]
    Lost(Arc<str>),
    /// An event is something else than the owner wants.
    #[error("an event is not what was expected: {0}")]
    Unexpected(Arc<str>),
}
