//! `lesson`: builds a lesson in plain sight, then gets out of its way.

use std::process::ExitCode;

use workshop::lessons::{self, Lesson};

use super::{cargo, hand_over_to, program, root, succeeds};
use crate::USAGE_ERROR;

/// Runs the lesson named by the first of `args` with the rest; without any, lists them.
pub(crate) fn run(args: &[&str]) -> ExitCode {
    let lessons = match lessons::find(&root().join("lessons")) {
        Ok(lessons) => lessons,
        Err(error) => {
            eprintln!("cannot read the folder lessons/: {error}");
            return ExitCode::FAILURE;
        }
    };
    let named = args.split_first().filter(|(name, _)| !matches!(**name, "-h" | "--help"));
    let Some((name, args)) = named else {
        print!(
            "Usage: cargo lesson <name> [args…]\n       cargo lesson diff <name> <name>\n\n{}",
            list(&lessons)
        );
        return ExitCode::SUCCESS;
    };
    if *name == "diff" {
        return program::run("exercises", "exercise", &[&["--diff"], args].concat());
    }
    match lessons::called(&lessons, name) {
        Some(lesson) => start(lesson, args),
        None => {
            eprint!("{}", unknown(&lessons, name));
            ExitCode::from(USAGE_ERROR)
        }
    }
}

fn start(lesson: &Lesson, args: &[&str]) -> ExitCode {
    let package = format!("--locked --package {0} --bin {0}", lesson.name);
    if !succeeds(&mut cargo(&format!("build {package}"))) {
        return ExitCode::FAILURE;
    }
    // Many people put a `--` before a program's own options, as `cargo run` wants it.
    let args = args.strip_prefix(&["--"]).unwrap_or(args);
    // Where the binary lies is cargo's business (target folder, suffix): it just built it,
    // so asking it to run the lesson costs a tenth of a second and cannot be wrong.
    let mut command = cargo(&format!("run --quiet {package} --"));
    command.args(args);
    hand_over_to(&mut command)
}

fn unknown(lessons: &[Lesson], name: &str) -> String {
    let guess = match lessons::nearest(lessons, name) {
        Some(lesson) => format!(" Did you mean {} ({})?", lesson.short, lesson.name),
        None => String::new(),
    };
    let order = match name.starts_with('-') {
        true => " Its name comes first, its options behind it: cargo lesson a1 -v",
        false => "",
    };
    format!("There is no lesson {name:?}.{guess}{order}\n\n{}", list(lessons))
}

fn list(lessons: &[Lesson]) -> String {
    let width = lessons.iter().map(|lesson| lesson.name.len()).max().unwrap_or_default();
    let mut text = String::from("Lessons:\n");
    for Lesson { short, name, title } in lessons {
        text.push_str(format!("  {short:<4} {name:<width$}  {title}").trim_end());
        text.push('\n');
    }
    text
}
