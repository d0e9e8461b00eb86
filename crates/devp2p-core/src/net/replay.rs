//! Where a server's random numbers and its time of day come from: the system, or a test.

use std::fmt;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::clock::Clock;

/// Where a run that can be repeated takes its random numbers and the time of day from.
///
/// Everything that a server draws or puts in order follows from the seed, keys of its connections
/// included: with the seed one can read them. With the same seed, and a network and a clock that do
/// the same (a paused one of tokio), two runs are the same, byte for byte.
#[derive(Clone, Copy)]
pub struct Replay {
    /// All random numbers come from it.
    pub seed: [u8; 32],
    /// The time of day at the start, since 1970; it goes on with tokio's clock.
    pub unix: Duration,
}

impl Replay {
    /// The clock, starting now, and the random numbers: those of `replay`, or the system's.
    pub(super) fn begin(replay: Option<Self>) -> (Clock, Chance) {
        match replay {
            Some(Self { seed, unix }) => {
                (Clock::start(Some(unix)), Chance::Seeded(Box::new(StdRng::from_seed(seed))))
            }
            None => (Clock::start(None), Chance::System),
        }
    }
}

/// Where random numbers come from.
pub(super) enum Chance {
    /// Nothing is kept, from which somebody could tell later what the ephemeral keys were.
    System,
    /// To be repeated: the same questions in the same order get the same answers.
    Seeded(Box<StdRng>),
}

impl Chance {
    /// Random numbers for one purpose.
    pub(super) fn rng(&mut self) -> StdRng {
        match self {
            Self::System => StdRng::from_rng(&mut rand::rng()),
            Self::Seeded(rng) => StdRng::from_rng(rng),
        }
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("unix", &self.unix).finish_non_exhaustive()
    }
}
