//! The two clocks of a server: one for what it waits for, one for what nodes tell each other.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::discv4::service::Now;

/// Both clocks, from the start on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    started: Instant,
    /// The time of day at the start, if it is not the system's.
    injected: Option<Duration>,
}

impl Clock {
    /// Starts now. An injected time of day, since 1970, goes on with tokio's clock, so that a clock
    /// that a test moves moves both.
    pub(super) fn start(injected: Option<Duration>) -> Self {
        Self { started: Instant::now(), injected }
    }

    /// This moment.
    pub(super) fn now(&self) -> Now {
        let since_start = self.since_start();
        let since_1970 = match self.injected {
            Some(start) => start.saturating_add(since_start),
            // Looked at each time: somebody may set the system's clock right.
            None => since_1970(),
        };
        Now { since_start, unix: since_1970.as_secs() }
    }

    /// Time since the start.
    pub(super) fn since_start(&self) -> Duration {
        self.started.elapsed()
    }

    /// The moment that long after the start; far away if there is none.
    pub(super) fn at(&self, since_start: Option<Duration>) -> Instant {
        const FAR_AWAY: Duration = Duration::from_secs(3600);
        since_start
            .and_then(|since_start| self.started.checked_add(since_start))
            .unwrap_or_else(|| Instant::now() + FAR_AWAY)
    }

    /// Milliseconds from 1970 to the start: grows with every start, as the sequence number of a
    /// record must.
    pub(super) fn unix_milliseconds(&self) -> u64 {
        let start = self.injected.unwrap_or_else(since_1970);
        u64::try_from(start.as_millis()).unwrap_or(u64::MAX)
    }
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
        let clock = Clock::start(Some(Duration::from_secs(1_700_000_000)));
        tokio::time::advance(Duration::from_secs(1000)).await;
        let now = clock.now();
        assert_eq!(now.since_start, Duration::from_secs(1000));
        assert_eq!(now.unix, 1_700_001_000);
        assert_eq!(clock.unix_milliseconds(), 1_700_000_000_000);
    }

    #[tokio::test(start_paused = true)]
    async fn without_an_injected_time_of_day_it_is_the_systems() {
        let clock = Clock::start(None);
        tokio::time::advance(Duration::from_secs(1_000_000)).await;
        assert!(clock.now().unix.abs_diff(since_1970().as_secs()) < 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wake_up_that_is_due_never_is_far_away() {
        let clock = Clock::start(None);
        assert_eq!(clock.at(Some(Duration::ZERO)), clock.started);
        for never in [None, Some(Duration::MAX)] {
            assert!(clock.at(never) > clock.started + Duration::from_secs(60));
        }
    }
}
