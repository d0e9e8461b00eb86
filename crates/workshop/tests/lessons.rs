//! `cargo lesson` finds what was meant, runs it, and stays out of its way.

#![allow(clippy::unwrap_used, reason = "a test stops where something is not as expected")]

mod made_up;

use std::process::{Command, Output};

use made_up::Folder;
use workshop::lessons::{called, find, nearest};

const LESSON: &str = "//! Says hello.\n//!\n//! More.\n
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    println!(\"hello {args:?}\");
    match args.first().map(String::as_str) {
        Some(\"--fail\") => std::process::exit(7),
        Some(\"--abort\") => std::process::abort(),
        _ => {}
    }
}
";

/// A workspace with the lessons a1, a2 and a10, of which only a1 is a member.
fn workspace() -> Folder {
    let manifest = "[package]\nname = \"a1_hello\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    Folder::with(&[
        ("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"lessons/a1_hello\"]\n"),
        ("Cargo.lock", "version = 4\n\n[[package]]\nname = \"a1_hello\"\nversion = \"0.1.0\"\n"),
        ("lessons/a1_hello/Cargo.toml", manifest),
        ("lessons/a1_hello/src/main.rs", LESSON),
        ("lessons/a2_connect/Cargo.toml", ""),
        ("lessons/a2_connect/src/main.rs", "//! Connects.\nfn main() {}\n"),
        ("lessons/a10_later/Cargo.toml", ""),
        ("lessons/a3_planned/notes.txt", "no Cargo.toml: not a lesson yet"),
        ("lessons/common/Cargo.toml", ""),
        ("lessons/ab_common/Cargo.toml", ""),
    ])
}

/// Runs `workshop lesson` with `args` as if it belonged to this workspace.
fn lesson(workspace: &Folder, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_workshop"))
        .arg("lesson")
        .args(args)
        .env("CARGO_MANIFEST_DIR", workspace.path().join("crates/workshop"))
        .env("CARGO_TARGET_DIR", workspace.path().join("target"))
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn lessons_are_found_in_reading_order_and_nothing_else_is() {
    let lessons = find(&workspace().path().join("lessons")).unwrap();
    let found: Vec<_> = lessons.iter().map(|l| (&*l.short, &*l.name, &*l.title)).collect();
    let expected = [
        ("a1", "a1_hello", "Says hello."),
        ("a2", "a2_connect", "Connects."),
        ("a10", "a10_later", ""),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_lesson_goes_by_its_short_and_its_full_name_in_any_case() {
    let lessons = find(&workspace().path().join("lessons")).unwrap();
    for word in ["a2", "A2", "a2_connect", "A2_Connect"] {
        assert_eq!(called(&lessons, word).unwrap().name, "a2_connect");
    }
    for word in ["", "a", "a2_", "connect", "a20", "common"] {
        assert_eq!(called(&lessons, word), None, "{word:?}");
    }
}

#[test]
fn the_nearest_lesson_is_guessed_only_if_there_is_just_one() {
    let lessons = find(&workspace().path().join("lessons")).unwrap();
    for word in ["connect", "a2connect", "a2-conect", "A2_CONNECTED"] {
        assert_eq!(nearest(&lessons, word).map(|lesson| &*lesson.short), Some("a2"), "{word:?}");
    }
    for word in ["", "a", "a9", "something else"] {
        assert_eq!(nearest(&lessons, word), None, "{word:?}");
    }
}

#[test]
fn a_lesson_has_stdout_to_itself_and_gets_its_arguments() {
    let workspace = workspace();
    for (args, stdout) in [
        (&["a1"][..], "hello []\n"),
        (&["A1_Hello", "-v", "two words"], "hello [\"-v\", \"two words\"]\n"),
        (&["a1", "--", "--port", "0"], "hello [\"--port\", \"0\"]\n"),
    ] {
        let output = lesson(&workspace, args);
        assert_eq!(text(&output.stdout), stdout, "{}", text(&output.stderr));
        assert!(output.status.success());
    }
}

#[test]
fn the_compiler_shows_that_it_is_at_work() {
    let output = lesson(&workspace(), &["a1"]);
    assert!(text(&output.stderr).contains("Compiling a1_hello"), "{}", text(&output.stderr));
}

#[test]
fn the_way_a_lesson_ends_is_passed_on() {
    let workspace = workspace();
    assert_eq!(lesson(&workspace, &["a1", "--fail"]).status.code(), Some(7));

    let aborted = lesson(&workspace, &["a1", "--abort"]).status;
    assert!(!aborted.success());
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        const SIGABRT: i32 = 6;
        assert_eq!(aborted.signal(), Some(SIGABRT), "a shell shows this as 128 + 6");
    }
}

#[test]
fn an_unknown_lesson_is_answered_with_the_list_and_a_guess() {
    let output = lesson(&workspace(), &["conect"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout), "");
    assert_eq!(
        text(&output.stderr),
        "There is no lesson \"conect\".\n\nLessons:\n\
         \x20 a1   a1_hello    Says hello.\n\
         \x20 a2   a2_connect  Connects.\n\
         \x20 a10  a10_later\n"
    );
    let output = lesson(&workspace(), &["a2_conect"]);
    assert!(text(&output.stderr).contains("Did you mean a2 (a2_connect)?"));
}

#[test]
fn without_a_name_the_lessons_are_listed() {
    let output = lesson(&workspace(), &[]);
    assert!(output.status.success());
    assert!(text(&output.stdout).contains("a2   a2_connect  Connects."));
}

#[test]
fn an_unknown_command_is_answered_with_the_usage() {
    for args in [&[][..], &["lessons"], &["book", "--now"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_workshop")).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).starts_with("Usage: cargo workshop"));
    }
}

#[test]
fn a_kit_is_not_made_where_something_lies() {
    let workspace = workspace();
    let folder = workspace.path().join("lessons");
    let program = env!("CARGO_BIN_EXE_workshop");
    let output = Command::new(program).arg("kit").arg(&folder).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    let expected = format!("There is no kit: there is something in {} already", folder.display());
    assert_eq!(told.trim_end(), expected);
}
