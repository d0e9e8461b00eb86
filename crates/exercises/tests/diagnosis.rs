//! Each fault, seen from outside: no two look the same, and each as the file says.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

use exercises::diagnosis::{Broken, FAULTS, Fault, look};
use exercises::exercise::EXERCISES;
use workshop::transcript::normalise;

#[tokio::test]
async fn each_fault_looks_as_it_should_and_like_no_other() {
    let mut all = Vec::new();
    let mut text = String::new();
    for (fault, lesson) in FAULTS {
        let broken = Broken::open(fault).await.unwrap();
        let seen = tokio::select! {
            seen = look(&broken) => normalise(&seen),
            () = broken.run() => continue,
        };
        assert!(!all.contains(&seen), "{fault:?} looks like another one: {seen}");
        let _ = writeln!(text, "{lesson}: {}\n\n{seen}", fault.in_words());
        all.push(seen);
    }
    assert_eq!(all.len(), FAULTS.len());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnosis.txt");
    if env::var_os("BLESS").is_some() {
        fs::write(&file, &text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(&file).unwrap_or_default());
}

#[test]
fn each_lesson_has_one() {
    for exercise in &EXERCISES {
        assert!(!Fault::of(exercise.short).is_empty(), "{}", exercise.short);
    }
    assert!(Fault::of("c1").is_empty());
}

#[test]
fn who_finds_it_is_told_why_and_who_does_not_may_try_again() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_exercise"))
        .args(["a2", "--break", "1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let words = "?\n5\nsomething\n6\n";
    program.stdin.take().unwrap().write_all(words.as_bytes()).unwrap();
    let output = program.wait_with_output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}");
    let order = ["we said \"unexpected identity\"", "No. ", "A number from 1 to 11", "Yes. "];
    let places: Vec<_> = order.iter().map(|text| told.find(text)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} {told}");
}

#[test]
fn who_gives_up_or_asks_for_what_is_not_there_is_told_so() {
    let run = |args: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_exercise"));
        program.args(args).stdin(Stdio::null()).output().unwrap()
    };
    assert_eq!(run(&["a2", "--break", "1"]).status.code(), Some(1));
    let unknown = run(&["a2", "--break", "9"]);
    assert_eq!(String::from_utf8_lossy(&unknown.stderr), "a2 has the numbers 1 to 3\n");
    assert_eq!(unknown.status.code(), Some(1));
}
