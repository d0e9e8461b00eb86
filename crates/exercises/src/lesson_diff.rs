//! What changed from one lesson to another.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use similar::TextDiff;

/// The difference of two lessons' programs, as `diff -u` shows it. Anchors of the book are left out.
///
/// # Errors
/// A lesson that is not there, or cannot be read.
pub fn lesson_diff(root: &Path, from: &str, to: &str) -> io::Result<String> {
    let (from, to) = (source(root, from)?, source(root, to)?);
    let (old, new) = (listing(root, &from)?, listing(root, &to)?);
    let diff = TextDiff::from_lines(&old, &new);
    let names = (from.display().to_string(), to.display().to_string());
    Ok(diff.unified_diff().context_radius(2).header(&names.0, &names.1).to_string())
}

/// `lessons/a2_connect/src/main.rs` of `a2`.
fn source(root: &Path, lesson: &str) -> io::Result<PathBuf> {
    for entry in fs::read_dir(root.join("lessons"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let short = name.split_once('_').map_or("", |(short, _)| short);
        if short.eq_ignore_ascii_case(lesson) || name.eq_ignore_ascii_case(lesson) {
            return Ok(["lessons", &name, "src", "main.rs"].iter().collect());
        }
    }
    Err(io::Error::new(
        io::ErrorKind::NotFound,
        format!("there is no lesson {lesson:?}: `cargo lesson` lists them"),
    ))
}

fn listing(root: &Path, source: &Path) -> io::Result<String> {
    let text = fs::read_to_string(root.join(source))?;
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("// ANCHOR"));
    Ok(lines.map(|line| format!("{line}\n")).collect())
}
