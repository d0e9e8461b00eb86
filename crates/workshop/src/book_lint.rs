//! The book cannot lie: finds what mdBook lets pass in silence.
//!
//! mdBook prints an empty listing for an anchor that is gone, ends well when an included file
//! is missing, and looks at no link. So this reads the same Markdown and checks that
//!
//! - every include names a file, and in it an anchor that is there, closed, and not empty;
//! - every Rust listing *is* an include, hence compiled and tested code;
//! - every link leads to a file, and its `#part` to a heading there;
//! - every page is in `SUMMARY.md`, and every entry there has its page;
//! - the minutes of a timetable add up.
//!
//! It looks at the pages as written. An included Markdown file, a reference to code by line
//! number, a heading underlined with `===`: the book does without them, and so does this.

mod heading;
mod include;
mod markdown;
pub mod minutes;

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use markdown::Page;

/// Something in the book that is not so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The Markdown file.
    pub file: PathBuf,
    /// The line in it, counted from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.message)
    }
}

/// Everything that is wrong in the book in the folder `book` (the one with `book.toml`).
///
/// # Errors
///
/// When `src/SUMMARY.md` or a page cannot be read.
pub fn lint_book(book: &Path) -> io::Result<Vec<Problem>> {
    let source = book.join("src");
    let summary = source.join("SUMMARY.md");
    let listed: BTreeSet<PathBuf> = Page::read(&summary)?
        .links
        .iter()
        .map(|(_, target)| normal(&source.join(target)))
        .collect();

    let mut problems = lint_page(&summary)?;
    for page in pages_below(&source)? {
        if page == summary {
            continue;
        }
        if !listed.contains(&normal(&page)) {
            let message = "this page is not in SUMMARY.md, so nobody will see it".to_owned();
            problems.push(Problem { file: page.clone(), line: 1, message });
        }
        problems.extend(lint_page(&page)?);
    }
    Ok(problems)
}

/// Everything that is wrong in one Markdown file, wherever it lies.
///
/// # Errors
///
/// When the file cannot be read.
pub fn lint_page(file: &Path) -> io::Result<Vec<Problem>> {
    let page = Page::read(file)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut found: Vec<(usize, String)> = page.oddities.clone();
    for (line, directive) in &page.includes {
        found.extend(include::problem(folder, directive).map(|message| (*line, message)));
    }
    for (line, target) in &page.links {
        found.extend(link_problem(file, &page, target).map(|message| (*line, message)));
    }
    found.extend(minutes::problems(&fs::read_to_string(file)?));
    found.sort();
    let problem = |(line, message)| Problem { file: file.to_owned(), line, message };
    Ok(found.into_iter().map(problem).collect())
}

/// A page that is made when the book is built.
pub const EXPLORER: &str = "book/src/explorer-42.html";

/// What is wrong with a link to `target` on the page `file`, if anything is.
fn link_problem(file: &Path, page: &Page, target: &str) -> Option<String> {
    let elsewhere = target.contains("://") || target.starts_with("mailto:");
    // An entry of SUMMARY.md without a target is a chapter still to be written.
    if elsewhere || target.is_empty() {
        return None;
    }
    let (path, part) = target.split_once('#').unwrap_or((target, ""));
    let there = file.parent().unwrap_or(Path::new(".")).join(path);
    if path.is_empty() {
        return part_problem(page, part);
    }
    if !there.exists() && !there.ends_with(EXPLORER) {
        return Some(format!("the link leads to {path}, which does not exist"));
    }
    if part.is_empty() || there.extension().is_none_or(|kind| kind != "md") {
        return None;
    }
    let there = Page::read(&there).ok()?;
    part_problem(&there, part).map(|message| format!("{path}: {message}"))
}

fn part_problem(page: &Page, part: &str) -> Option<String> {
    if page.ids.contains(part) {
        return None;
    }
    let ids: Vec<&str> = page.ids.iter().map(String::as_str).collect();
    Some(format!("no heading has the anchor #{part}; there are: {}", ids.join(", ")))
}

/// All Markdown files in `folder` and below, in order.
fn pages_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            pages.extend(pages_below(&path)?);
        } else if path.extension().is_some_and(|kind| kind == "md") {
            pages.push(path);
        }
    }
    pages.sort();
    Ok(pages)
}

/// The path without `.` and `x/..`, so that equal files have equal paths.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if normal.file_name().is_some() => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}
