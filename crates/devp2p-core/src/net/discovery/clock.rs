//! The two clocks of discovery: one for what we wait for, one for what nodes tell each other.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::discv4::service::Now;

/// Both clocks, from the start on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    started: Instant,
    /// Since 1970.
    start: Duration,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { started: Instant::now(), start: since_1970() }
    }

    /// This moment.
    ///
    /// The time of day goes with tokio's clock, so that a clock that a test moves moves both; but
    /// it is never behind the system's, which goes on when a laptop sleeps and tokio's stands.
    pub(super) fn now(&self) -> Now {
        let since_start = self.started.elapsed();
        let time = self.start.saturating_add(since_start).max(since_1970());
        Now { since_start, unix: time.as_secs() }
    }

    /// The moment that long after the start; far away if there is none.
    pub(super) fn at(&self, since_start: Option<Duration>) -> Instant {
        const FAR_AWAY: Duration = Duration::from_secs(3600);
        since_start
            .and_then(|since_start| self.started.checked_add(since_start))
            .unwrap_or_else(|| Instant::now() + FAR_AWAY)
    }
}

/// Milliseconds since 1970: grows with every start, as the sequence number of a record must.
pub(in crate::net) fn unix_milliseconds() -> u64 {
    u64::try_from(since_1970().as_millis()).unwrap_or(u64::MAX)
}

/// By the system's clock. A clock that is set to before 1970 counts as 1970.
fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_a_test_moves_moves_both() {
        let clock = Clock::start();
        let before = clock.now();
        tokio::time::advance(Duration::from_secs(1000)).await;
        let after = clock.now();
        assert_eq!(after.since_start, before.since_start + Duration::from_secs(1000));
        // The system's clock moves on meanwhile.
        assert!((1000..1010).contains(&(after.unix - before.unix)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wake_up_that_is_due_never_is_far_away() {
        let clock = Clock::start();
        assert_eq!(clock.at(Some(Duration::ZERO)), clock.started);
        for never in [None, Some(Duration::MAX)] {
            assert!(clock.at(never) > clock.started + Duration::from_secs(60));
        }
    }
}
