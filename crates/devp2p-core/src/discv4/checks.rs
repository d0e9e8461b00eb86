//! Checks: when to see whether the nodes in the table are still there.
//!
//! ```text
//!            ┌────────── answered ──────────┐
//!            │                              ▼
//!   new ─▶ fast: one at random           slow: one at random
//!          each 0–3 s                    each 0–9 s
//!            ▲                              │
//!            └──────── did not answer ──────┘     its credit, one for each answer, is divided
//!                                                 by 3; without credit it is replaced
//! ```
//!
//! One at a time, whatever the size of the table: a few packets a minute, not a burst.
//!
//! This module must not know the nodes: the table does.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

/// How often a node is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Those that are new, moved, or did not answer last time.
    Fast,
    /// Those that answered last time.
    Slow,
}

impl Pace {
    /// The longest time between two checks at this pace; the mean is half of it.
    fn interval(self) -> Duration {
        match self {
            Self::Fast => Duration::from_secs(3),
            Self::Slow => Duration::from_secs(9),
        }
    }
}

/// When the next check is due at each pace.
#[derive(Debug, Default)]
pub(super) struct Checks {
    fast: Option<Duration>,
    slow: Option<Duration>,
}

impl Checks {
    /// A pace at which a check is due.
    pub(super) fn due(&self, now: Duration) -> Option<Pace> {
        let is_due = |time: Option<Duration>| time.is_some_and(|time| time <= now);
        if is_due(self.fast) {
            Some(Pace::Fast)
        } else if is_due(self.slow) {
            Some(Pace::Slow)
        } else {
            None
        }
    }

    /// When the next check is due.
    pub(super) fn next(&self) -> Option<Duration> {
        self.fast.into_iter().chain(self.slow).min()
    }

    /// The next check at this pace is some time from now.
    pub(super) fn schedule(&mut self, pace: Pace, now: Duration, rng: &mut StdRng) {
        let wait = rng.random_range(Duration::ZERO..pace.interval());
        *self.time(pace) = Some(now.saturating_add(wait));
    }

    /// There is a node at this pace: if it is the first, its check is some time from now.
    pub(super) fn schedule_first(&mut self, pace: Pace, now: Duration, rng: &mut StdRng) {
        if self.time(pace).is_none() {
            self.schedule(pace, now, rng);
        }
    }

    /// There is no node at this pace.
    pub(super) fn stop(&mut self, pace: Pace) {
        *self.time(pace) = None;
    }

    fn time(&mut self, pace: Pace) -> &mut Option<Duration> {
        match pace {
            Pace::Fast => &mut self.fast,
            Pace::Slow => &mut self.slow,
        }
    }
}
