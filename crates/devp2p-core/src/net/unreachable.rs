//! Static nodes that cannot be reached: told when that begins and when there is another reason, then
//! in a summary now and then.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Duration;

use super::EndReason;
use crate::keys::PublicKey;

/// Between two summaries.
const SUMMARY: Duration = Duration::from_secs(10 * 60);
/// So many reasons are told of one node; what comes after them is no news.
const REASONS: usize = 4;

/// Who cannot be reached, and what was told about it.
#[derive(Debug, Default)]
pub(super) struct Unreachable {
    told: BTreeMap<PublicKey, BTreeSet<String>>,
    last_summary: Duration,
}

impl Unreachable {
    /// A dial of a static node has failed; whether that is news.
    pub(super) fn failed(&mut self, key: PublicKey, reason: &EndReason, now: Duration) -> bool {
        if self.told.is_empty() {
            self.last_summary = now;
        }
        let told = self.told.entry(key).or_default();
        told.len() < REASONS && told.insert(reason.to_string())
    }

    /// It is a peer, or nobody wants it any more.
    pub(super) fn forget(&mut self, key: &PublicKey) {
        self.told.remove(key);
    }

    /// How many cannot be reached, if it is time to say so.
    pub(super) fn summary(&mut self, now: Duration) -> Option<usize> {
        if now.saturating_sub(self.last_summary) < SUMMARY {
            return None;
        }
        self.last_summary = now;
        Some(self.told.len())
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;
    use crate::keys::NodeKey;

    #[test]
    fn a_hundred_dead_nodes_are_told_once_each_and_then_every_ten_minutes() {
        let keys: Vec<PublicKey> =
            (1..=100).map(|n| NodeKey::from_bytes([n; 32]).unwrap().public_key()).collect();
        let refused = EndReason::Connect(ErrorKind::ConnectionRefused);
        let mut unreachable = Unreachable::default();
        let (mut told, mut summaries) = (0, Vec::new());
        for minute in 0..60 {
            let now = Duration::from_secs(60 * minute);
            for key in &keys {
                told += usize::from(unreachable.failed(*key, &refused, now));
                summaries.extend(unreachable.summary(now));
            }
        }
        assert_eq!((told, summaries), (100, vec![100; 5]));
    }

    #[test]
    fn another_reason_is_news_and_so_is_the_same_one_after_it_was_a_peer() {
        let key = NodeKey::from_bytes([1; 32]).unwrap().public_key();
        let (refused, hung_up) =
            (EndReason::Connect(ErrorKind::ConnectionRefused), EndReason::HungUp);
        let mut unreachable = Unreachable::default();
        let mut failed = |reason| unreachable.failed(key, reason, Duration::ZERO);
        let news = [&refused, &refused, &hung_up, &refused, &hung_up].map(&mut failed);
        assert_eq!(news, [true, false, true, false, false]);
        unreachable.forget(&key);
        assert!(unreachable.failed(key, &refused, Duration::ZERO));
        assert_eq!(unreachable.summary(Duration::from_secs(599)), None);
        unreachable.forget(&key);
        assert_eq!(unreachable.summary(Duration::from_secs(600)), Some(0));
    }
}
