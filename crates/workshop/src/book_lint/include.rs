//! Includes: the files and anchors that a page takes its listings from.

use std::fs;
use std::path::Path;

/// What is wrong with `{{#…}}` on a page in `folder`, if anything is; `directive` is the text
/// between the hash and the closing braces.
pub(super) fn problem(folder: &Path, directive: &str) -> Option<String> {
    let (kind, target) = directive.split_once(char::is_whitespace).unwrap_or((directive, ""));
    match kind {
        "title" => None,
        "include" | "rustdoc_include" => target_problem(folder, target.trim()),
        _ => Some(format!("{{{{#{kind}}}}} is not used here: include, rustdoc_include or title")),
    }
}

fn target_problem(folder: &Path, target: &str) -> Option<String> {
    let (path, range) = match target.split_once(':') {
        Some((path, range)) => (path, Some(range)),
        None => (target, None),
    };
    if range.is_some_and(|range| range.starts_with(|c: char| c == ':' || c.is_ascii_digit())) {
        return Some(format!("{target}: line numbers drift, use a named anchor"));
    }
    let Ok(text) = fs::read_to_string(folder.join(path)) else {
        return Some(format!("the included file {path} cannot be read"));
    };
    match range {
        None if text.trim().is_empty() => Some(format!("the included file {path} is empty")),
        None => None,
        Some(anchor) => anchor_problem(&text, anchor).map(|what| format!("{path}: {what}")),
    }
}

fn anchor_problem(text: &str, anchor: &str) -> Option<String> {
    let starts_here = |line: &&str| named(line, "ANCHOR:") == Some(anchor);
    let ends_here = |line: &&str| named(line, "ANCHOR_END:") == Some(anchor);
    match text.lines().filter(starts_here).count() {
        0 => return Some(format!("there is no line `ANCHOR: {anchor}`")),
        1 => {}
        times => return Some(format!("the anchor {anchor} begins {times} times")),
    }
    let listing = || text.lines().skip_while(|line| !starts_here(line)).skip(1);
    if !listing().any(|line| ends_here(&line)) {
        return Some(format!("the anchor {anchor} has no line `ANCHOR_END: {anchor}` after it"));
    }
    let is_shown = |line: &str| {
        let marks = named(line, "ANCHOR:").or(named(line, "ANCHOR_END:"));
        marks.is_none() && !line.trim().is_empty()
    };
    let shown = listing().take_while(|line| !ends_here(line)).any(is_shown);
    (!shown).then(|| format!("the anchor {anchor} has nothing in it"))
}

/// The name behind `mark` on this line.
fn named<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(mark)?;
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    rest.trim_start().split(|c: char| !is_of_name(c)).next()
}
