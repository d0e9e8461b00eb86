//! The glossary follows the code, both ways: every public type is in it, and every word in it is used.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn glossary() -> String {
    fs::read_to_string(root().join("book/src/glossary.md")).unwrap()
}

/// All Rust files in `folder` and below, but not those of tests.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap_or_default();
        if name == "tests" || name == "target" {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
}

fn read_all(folders: &[&str]) -> String {
    let mut files = Vec::new();
    for folder in folders {
        sources(&root().join(folder), &mut files);
    }
    assert!(files.len() > 20, "these folders do not hold the code: {folders:?}");
    files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
}

/// The public types of the core; errors and the configurations of a part explain themselves.
fn public_types() -> BTreeSet<String> {
    let is_named = |name: &String| !name.ends_with("Error") && !name.ends_with("Config");
    let keep = |name: String| (is_named(&name) || name == "Config").then_some(name);
    read_all(&["crates/devp2p-core/src"])
        .lines()
        .filter_map(|line| line.strip_prefix("pub struct ").or(line.strip_prefix("pub enum ")))
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned())
        .filter_map(keep)
        .collect()
}

/// The names in the second column of the last table.
fn names_in_the_glossary() -> BTreeSet<String> {
    let glossary = glossary();
    let (_, table) = glossary.split_once("## Names in the code").unwrap();
    let quoted = table.lines().filter(|line| line.starts_with("| "));
    quoted.flat_map(|line| line.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

#[test]
fn every_public_type_is_in_the_glossary_and_every_name_in_it_is_a_public_type() {
    let (code, glossary) = (public_types(), names_in_the_glossary());
    let missing: Vec<_> = code.difference(&glossary).collect();
    let gone: Vec<_> = glossary.difference(&code).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "not in the glossary: {missing:?}; not in the code: {gone:?}"
    );
}

/// A word as it may be written in code: `mac-secret`, `mac_secret`, `MacSecret`.
fn folded(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

#[test]
fn every_word_of_the_glossary_is_used_in_the_code() {
    let code = folded(&read_all(&["crates", "lessons"]));
    let glossary = glossary();
    let lines: Vec<&str> = glossary.lines().collect();
    let terms = lines.windows(2).filter(|pair| matches!(pair, [_, next] if next.starts_with(": ")));
    let words: Vec<&str> =
        terms.flat_map(|pair| pair.iter().take(1)).flat_map(|line| line.split(", ")).collect();
    assert!(words.len() > 60, "only {} words: the glossary is written in another way", words.len());
    let unused: Vec<_> = words.iter().filter(|word| !code.contains(&folded(word))).collect();
    assert!(unused.is_empty(), "not used in the code: {unused:?}");
}
