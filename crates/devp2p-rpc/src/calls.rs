//! The calls of one connection, beside each other.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use serde_json::value::RawValue;
use tokio::task::JoinSet;

use crate::connection::{Answer, Connection};

/// Calls that are under way. They end with this.
pub(crate) struct Calls {
    connection: Arc<Connection>,
    under_way: JoinSet<Answer>,
    at_once: usize,
}

/// How much was begun of what has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begun {
    /// All that may begin now.
    All,
    /// Enough is to be written first.
    Some,
}

impl Calls {
    /// So many may be under way at once.
    pub(crate) fn new(connection: Connection, at_once: usize) -> Self {
        Self { connection: Arc::new(connection), under_way: JoinSet::new(), at_once }
    }

    /// Begins to answer a value. What is ready at once needs no task; all else gets one, and holds up
    /// nobody: then there is no answer yet.
    pub(crate) async fn begin(&mut self, value: Box<RawValue>) -> Option<Answer> {
        let connection = self.connection.clone();
        let mut call = Box::pin(async move { connection.receive(&value).await });
        match once(call.as_mut()).await {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => {
                self.under_way.spawn(call);
                None
            }
        }
    }

    /// Whether so many are under way that no other one may begin.
    pub(crate) fn is_full(&self) -> bool {
        self.under_way.len() >= self.at_once
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    /// The next answer to what was under way; none if nothing is.
    pub(crate) async fn next(&mut self) -> Option<Answer> {
        loop {
            // What has panicked has no answer.
            if let Ok(answer) = self.under_way.join_next().await? {
                return Some(answer);
            }
        }
    }

    /// The same, if it is there.
    pub(crate) fn try_next(&mut self) -> Option<Answer> {
        self.under_way.try_join_next()?.ok()
    }
}

/// Looks once whether something is ready.
async fn once<F: Future>(mut work: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await
}
