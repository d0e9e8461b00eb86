//! Figures: how they are taken, and which of them counts.

use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::case::{Case, Work};

/// What was measured of one case, in nanoseconds for each handshake, message …; empty where there
/// is nothing to measure.
#[derive(Debug)]
pub struct Row {
    /// What it is.
    pub work: Work,
    /// We.
    pub ours: Samples,
    /// go-ethereum.
    pub geth: Samples,
    /// The primitives alone.
    pub floor: Samples,
    /// What costs most: one of the primitives, or TCP.
    pub share: Samples,
}

impl Row {
    /// A row without figures.
    pub fn new(work: Work) -> Self {
        let none = Samples::default;
        Self { work, ours: none(), geth: none(), floor: none(), share: none() }
    }
}

/// Samples, in nanoseconds.
#[derive(Debug, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Samples that were taken elsewhere, for each turn.
    pub fn from_nanoseconds(samples: Vec<f64>) -> Self {
        Self(samples)
    }

    /// Adds samples of `case`: how long each of them took as a whole.
    pub fn add(&mut self, case: Case, took: impl IntoIterator<Item = Duration>) {
        self.add_each(case.count, took);
    }

    /// The same, of something that was done `count` times in each.
    pub fn add_each(&mut self, count: u32, took: impl IntoIterator<Item = Duration>) {
        let each = |took: Duration| took.as_secs_f64() * 1e9 / f64::from(count);
        self.0.extend(took.into_iter().map(each));
    }

    /// The fastest: noise only ever adds time.
    pub fn fastest(&self) -> Option<f64> {
        self.0.iter().copied().reduce(f64::min)
    }

    /// What half of them are not above.
    pub fn median(&self) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len().checked_sub(1)? / 2).copied()
    }
}

/// The rest before each sample. Who has slept is given a whole time slice at once, on a busy machine
/// too, and a sample is shorter than that.
pub(crate) const REST: Duration = Duration::from_millis(2);

/// Times the samples of a case, each of them `case.count` steps.
pub(crate) fn time_steps(
    case: Case,
    mut step: impl FnMut() -> Result<()>,
) -> Result<Vec<Duration>> {
    let mut took = Vec::new();
    for _ in 0..case.samples {
        thread::sleep(REST);
        let begin = Instant::now();
        for _ in 0..case.count {
            step()?;
        }
        took.push(begin.elapsed());
    }
    Ok(took)
}
