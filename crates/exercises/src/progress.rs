//! What was passed, and how many hints were read: a text file with a line for each exercise.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use crate::exercise::{self, Exercise};

/// How far each exercise is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress(BTreeMap<&'static str, One>);

/// How far one exercise is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct One {
    /// Whether the learner's program has passed.
    pub passed: bool,
    /// How many of its hints were read.
    pub hints: usize,
}

impl Progress {
    /// Reads the file. Lines that say nothing to us, and a missing file, are no progress.
    #[must_use]
    pub fn load(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_default();
        Self(text.lines().filter_map(read).collect())
    }

    /// Writes the file.
    ///
    /// # Errors
    /// The operating system's.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let line = |(short, one): (&&str, &One)| {
            format!("{short} {} {}\n", if one.passed { "passed" } else { "open" }, one.hints)
        };
        fs::write(path, self.0.iter().map(line).collect::<String>())
    }

    /// How far this exercise is.
    #[must_use]
    pub fn of(&self, exercise: &Exercise) -> One {
        self.0.get(exercise.short).copied().unwrap_or_default()
    }

    /// The same, to change it.
    pub fn change(&mut self, exercise: &Exercise) -> &mut One {
        self.0.entry(exercise.short).or_default()
    }
}

fn read(line: &str) -> Option<(&'static str, One)> {
    let mut words = line.split_whitespace();
    let exercise = exercise::called(words.next()?)?;
    let passed = words.next()? == "passed";
    Some((exercise.short, One { passed, hints: words.next()?.parse().ok()? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_nonsense_is_passed_over() {
        let path = std::env::temp_dir().join(format!("progress-{}", std::process::id()));
        let a2 = exercise::called("a2").unwrap();
        let mut progress = Progress::default();
        *progress.change(a2) = One { passed: true, hints: 2 };
        progress.save(&path).unwrap();
        assert_eq!(Progress::load(&path), progress);
        fs::write(&path, "a2 passed 2\nnonsense\na9 passed 1\na3 open\n\u{1b}[2J").unwrap();
        assert_eq!(Progress::load(&path), progress);
        fs::remove_file(&path).unwrap();
        assert_eq!(Progress::load(&path), Progress::default());
    }
}
