//! Every starter, every solution and every wrong program, checked as a learner's is: what is told of a
//! wrong one stands in a file beside it.
//!
//! `BLESS=1 cargo test -p exercises` writes these files anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::path::{Path, PathBuf};
use std::{env, fs};

use exercises::exercise::{EXERCISES, Exercise};
use exercises::lesson_diff::lesson_diff;
use exercises::{Launch, Outcome, check};
use tokio::runtime::Builder;
use workshop::transcript::normalise;

/// All that is told about the program of this name, and whether it passed.
fn told_of(exercise: &Exercise, name: &str) -> (String, bool) {
    let launch = Launch {
        path: PathBuf::from(env!("CARGO_BIN_EXE_exercise-programs")),
        environment: vec![("EXERCISE_PROGRAM".to_owned(), format!("{}/{name}", exercise.short))],
    };
    let mut told = String::new();
    let mut tell = |line: &str| told += &format!("{line}\n");
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = runtime.block_on(check(exercise, &launch, 1, &mut tell)).unwrap();
    (normalise(&told), outcome == Outcome::Finished(true))
}

fn folder(exercise: &Exercise) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("exercises").join(exercise.short)
}

/// The names of the wrong programs.
fn wrong(exercise: &Exercise) -> Vec<String> {
    let files = fs::read_dir(folder(exercise).join("wrong")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| name.strip_suffix(".rs").map(str::to_owned)).collect()
}

#[track_caller]
fn is_as_told(file: &Path, told: &str) {
    if env::var_os("BLESS").is_some() {
        fs::write(file, told).unwrap();
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    // Where a line ends depends on how long the names of the system and of Rust's version are.
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(told), words(&expected), "{}", file.display());
}

#[test]
fn every_solution_passes() {
    for exercise in &EXERCISES {
        let (told, passed) = told_of(exercise, "solution");
        assert!(passed, "{}: {told}", exercise.short);
        is_as_told(&folder(exercise).join("solution.txt"), &told);
    }
}

#[test]
fn every_starter_fails() {
    for exercise in &EXERCISES {
        let (told, passed) = told_of(exercise, "starter");
        assert!(!passed, "{}: {told}", exercise.short);
        assert!(told.contains("MISSED"), "{}: {told}", exercise.short);
    }
}

/// At the same time, because some of them are waited for until the end.
#[test]
fn every_wrong_program_is_told_what_is_wrong() {
    std::thread::scope(|scope| {
        for exercise in &EXERCISES {
            let names = wrong(exercise);
            assert!(names.len() >= 3, "{} has {names:?}", exercise.short);
            for name in names {
                scope.spawn(move || {
                    let (told, passed) = told_of(exercise, &format!("wrong/{name}"));
                    assert!(!passed, "{}/{name}: {told}", exercise.short);
                    is_as_told(&folder(exercise).join(format!("wrong/{name}.txt")), &told);
                });
            }
        }
    });
}

/// What the book shows of `cargo lesson diff`.
#[test]
fn what_changed_from_lesson_to_lesson_is_as_the_book_shows_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let a = ["a1_server", "a2_connect", "a3_events", "a4_message", "a5_pingpong"];
    let b = ["b1_rpc", "b2_nodeinfo"];
    for (from, to) in a.iter().zip(&a[1..]).chain(b.iter().zip(&b[1..])) {
        let diff = lesson_diff(root, from, to).unwrap();
        let file = format!("lessons/{to}/since-{}.diff", from.split_once('_').unwrap().0);
        is_as_told(&root.join(file), &diff);
    }
    assert!(lesson_diff(root, "a1", "a9").unwrap_err().to_string().contains("no lesson \"a9\""));
}
