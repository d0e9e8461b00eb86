//! Finds the lessons, and the one that somebody meant.

use std::cmp::min;
use std::path::Path;
use std::{fs, io};

/// How many wrong letters still count as a typing mistake.
const TYPING_MISTAKES: usize = 2;

/// A lesson: a folder below `lessons/`, holding a package of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lesson {
    /// Folder and package: `a2_connect`.
    pub name: String,
    /// Chapter and number, enough to call it by: `a2`.
    pub short: String,
    /// What it does, in one sentence: the first `//!` line of its `src/main.rs`.
    pub title: String,
}

impl Lesson {
    /// The lesson in `folder`, or none if this is no lesson (`lessons/common` is not one).
    fn in_folder(folder: &Path) -> Option<Self> {
        let name = folder.file_name()?.to_str()?.to_owned();
        let short = short_name(&name)?.to_owned();
        if !folder.join("Cargo.toml").is_file() {
            return None;
        }
        let source = fs::read_to_string(folder.join("src/main.rs")).unwrap_or_default();
        let title = source.lines().find_map(|line| line.strip_prefix("//!"));
        Some(Self { name, short, title: title.unwrap_or_default().trim().to_owned() })
    }

    /// Whether `word` names this lesson: short or in full, in upper or lower case.
    fn is_called(&self, word: &str) -> bool {
        self.short.eq_ignore_ascii_case(word) || self.name.eq_ignore_ascii_case(word)
    }
}

/// All lessons below `folder`, in their order.
///
/// # Errors
///
/// When the folder cannot be read.
pub fn find(folder: &Path) -> io::Result<Vec<Lesson>> {
    let mut lessons = Vec::new();
    for entry in fs::read_dir(folder)? {
        lessons.extend(Lesson::in_folder(&entry?.path()));
    }
    lessons.sort_by_key(|lesson| in_reading_order(&lesson.short));
    Ok(lessons)
}

/// The lesson called `word`: `a2`, `A2` or `a2_connect`.
#[must_use]
pub fn called<'a>(lessons: &'a [Lesson], word: &str) -> Option<&'a Lesson> {
    lessons.iter().find(|lesson| lesson.is_called(word))
}

/// The lesson that somebody who typed `word` most likely meant, if exactly one comes near.
#[must_use]
pub fn nearest<'a>(lessons: &'a [Lesson], word: &str) -> Option<&'a Lesson> {
    let word = word.to_ascii_lowercase();
    let near = |lesson: &&Lesson| {
        let part_of_name = word.len() > TYPING_MISTAKES && lesson.name.contains(&word);
        part_of_name || distance(&lesson.name, &word) <= TYPING_MISTAKES
    };
    let mut candidates = lessons.iter().filter(near);
    candidates.next().filter(|_| candidates.next().is_none())
}

/// `a2` of `a2_connect`; none if `name` is not a letter, digits, `_` and a name.
fn short_name(name: &str) -> Option<&str> {
    let (short, rest) = name.split_once('_')?;
    let digits = short.strip_prefix(|c: char| c.is_ascii_lowercase())?;
    let numbered = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    (numbered && !rest.is_empty()).then_some(short)
}

/// Sorts `a2` before `a10`.
fn in_reading_order(short: &str) -> (String, usize, String) {
    let chapter = short.chars().take(1).collect();
    (chapter, short.len(), short.to_owned())
}

/// How many letters must be added, removed or replaced to turn one word into the other.
fn distance(from: &str, to: &str) -> usize {
    // One row of the Levenshtein table: the distances from what we have of `from`
    // to every beginning of `to`.
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (taken, a) in from.chars().enumerate() {
        let mut left = taken.saturating_add(1);
        let mut next = vec![left];
        for (b, above) in to.chars().zip(row.windows(2)) {
            if let [diagonal, above] = above {
                let replaced = diagonal.saturating_add(usize::from(a != b));
                left = min(min(left, *above).saturating_add(1), replaced);
                next.push(left);
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
