//! The pages for a room say what the lessons, the exercises and the commands say.

#![allow(clippy::unwrap_used, reason = "a test stops where something is not as expected")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use workshop::book_lint::minutes::sums;

/// What was seen to fit on one sheet.
const HANDOUT_LINES: usize = 60;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn teachers() -> String {
    read("book/src/for-teachers.md")
}

/// The files in a folder, in order.
fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn name(file: &Path) -> &str {
    file.file_name().unwrap().to_str().unwrap()
}

/// The exercises, as their folders are called: `a1`.
fn exercises() -> Vec<String> {
    let folders = files("crates/exercises/exercises");
    let names: Vec<String> = folders.iter().map(|folder| name(folder).to_owned()).collect();
    assert!(names.len() >= 5, "{names:?}");
    names
}

#[test]
fn the_timetables_have_ninety_minutes_and_three_half_days() {
    assert_eq!(sums(&teachers()), [90, 150, 150, 150]);
    let wrong = teachers().replacen("| 10 | [A2](", "| 15 | [A2](", 1);
    assert_eq!(sums(&wrong), [150, 150, 150]);
}

/// The mistakes of the exercise that the page does not show, each under its own words.
fn mistakes_that_are_not_shown(page: &str, exercise: &str) -> Vec<String> {
    let folder = format!("crates/exercises/exercises/{exercise}/wrong");
    let wrong = files(&folder).into_iter().filter(|file| file.extension().unwrap() == "rs");
    let mut not_shown = Vec::new();
    for file in wrong {
        let program = fs::read_to_string(&file).unwrap();
        let words = program.lines().next().unwrap().strip_prefix("// ").unwrap();
        let told = name(&file).replace(".rs", ".txt");
        let include = format!("{{{{#include ../../{folder}/{told}}}}}");
        let summary = format!("<summary>{words}</summary>");
        let folds = page.split("<details>");
        let mut folds = folds.filter_map(|fold| fold.split_once("</details>"));
        if !folds.any(|(fold, _)| fold.contains(&summary) && fold.contains(&include)) {
            not_shown.push(format!("{summary} {include}"));
        }
    }
    not_shown
}

#[test]
fn every_wrong_program_is_told_to_teachers_under_its_own_words() {
    let page = teachers();
    for exercise in exercises() {
        assert_eq!(mistakes_that_are_not_shown(&page, &exercise), [""; 0], "{exercise}");
    }
}

#[test]
fn a_mistake_under_the_words_of_another_one_is_found() {
    let page = teachers().replacen("a1/wrong/no-room.txt", "a1/wrong/new-key.txt", 1);
    let not_shown = mistakes_that_are_not_shown(&page, "a1");
    assert_eq!(not_shown.len(), 1, "{not_shown:?}");
    assert_eq!(mistakes_that_are_not_shown("", "a1").len(), 4);
}

/// The checkpoints of a program that passes, each once, as the handout lists them.
fn checkpoints(exercise: &str) -> String {
    let told = read(&format!("crates/exercises/exercises/{exercise}/solution.txt"));
    let mut names: Vec<String> = Vec::new();
    for line in told.lines() {
        let rest = line.trim_start().strip_prefix("ok ").unwrap().trim_start();
        let name = rest.split("  ").next().unwrap().to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join("; ")
}

#[test]
fn the_handout_says_of_each_exercise_what_the_checker_says() {
    let (handout, titles) = (read("book/src/handout.md"), read("crates/exercises/src/exercise.rs"));
    for exercise in exercises() {
        let row = format!("| {} | ", exercise.to_uppercase());
        let row = handout.lines().find(|line| line.starts_with(&row)).unwrap();
        let cells: Vec<&str> = row.split(" | ").collect();
        let title = format!("exercise!(\"{exercise}\", \"{}\")", cells[1]);
        assert!(titles.contains(&title), "there is no {title}");
        assert_eq!(cells[3].trim_end_matches(" |"), checkpoints(&exercise), "{exercise}");
    }
}

#[test]
fn the_handout_is_one_sheet() {
    let lines = read("book/src/handout.md").lines().filter(|line| !line.is_empty()).count();
    assert!(lines <= HANDOUT_LINES, "{lines} lines: print it, and look whether it is one page");
}

/// The `cargo workshop …` and `cargo exercise … --…` of a page that do not exist.
fn unknown_commands(page: &str) -> BTreeSet<String> {
    let workshop = read("crates/workshop/src/main.rs");
    let exercise = read("crates/exercises/src/bin/exercise/main.rs");
    let words = |text: &str| -> Vec<String> {
        let until = text.find(['`', '\n']).map_or(text, |end| &text[..end]);
        until.split_whitespace().take(2).map(str::to_owned).collect()
    };
    let of_workshop = page.split("cargo workshop ").skip(1).map(words);
    let of_workshop = of_workshop.filter_map(|words| words.into_iter().next());
    let unknown = of_workshop.filter(|command| !workshop.contains(&format!("[\"{command}\"")));
    let of_exercise = page.split("cargo exercise ").skip(1).map(words);
    let options = of_exercise.filter_map(|words| words.into_iter().nth(1));
    let options = options.filter_map(|word| word.strip_prefix("--").map(str::to_owned));
    let is_there = |option: &String| {
        let field = format!("\n    {}: ", option.replace('-', "_"));
        exercise.contains(&field) || exercise.contains(&format!("long = \"{option}\""))
    };
    unknown.chain(options.filter(|option| !is_there(option))).collect()
}

#[test]
fn every_command_for_a_room_exists() {
    for page in [teachers(), read("book/src/handout.md")] {
        assert!(page.contains("cargo workshop doctor") && page.contains(" --catch-up"));
        assert_eq!(unknown_commands(&page), BTreeSet::new());
    }
    let wrong =
        "`cargo workshop docter`, `cargo exercise a1 --hnit`, `cargo exercise a1 --break 1`";
    let found: Vec<String> = unknown_commands(wrong).into_iter().collect();
    assert_eq!(found, ["docter", "hnit"]);
}
