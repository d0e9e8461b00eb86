//! What a subscription's owner reads.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::dispatch::Feed;
use super::error::{ClientError, SubscriptionEnd};
use super::link::Link;

/// Events, one after the other. When it is dropped, the node is told that nobody reads any more.
pub struct Subscription<T> {
    feed: Feed,
    link: Link,
    has_ended: bool,
    of: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Subscription<T> {
    pub(super) fn new(feed: Feed, link: Link) -> Self {
        Self { feed, link, has_ended: false, of: PhantomData }
    }

    /// As the node calls it: `0x…`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.feed.id
    }

    /// The next event; waits for it. After a reason why there is no more, there is nothing.
    ///
    /// Nothing is lost when this is dropped before it is done.
    pub async fn next(&mut self) -> Option<Result<T, SubscriptionEnd>> {
        if self.has_ended {
            return None;
        }
        let event = match self.feed.events.recv().await {
            Some(Ok(event)) => serde_json::from_str(event.get())
                .map_err(|error| SubscriptionEnd::Unexpected(error.to_string().into())),
            Some(Err(end)) => Err(end),
            None => match self.link.lost() {
                ClientError::Lost(why) => Err(SubscriptionEnd::Lost(why)),
                _ => return None,
            },
        };
        self.has_ended = event.is_err();
        Some(event)
    }
}

impl<T> Drop for Subscription<T> {
    fn drop(&mut self) {
        let over = self.link.with(|dispatch| dispatch.unsubscribe(&self.feed.id));
        if let Some(unsubscribe) = over {
            self.link.try_send(unsubscribe);
        }
    }
}

impl<T> fmt::Debug for Subscription<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subscription({})", self.feed.id)
    }
}
