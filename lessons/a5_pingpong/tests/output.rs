//! Runs the lesson as a learner does, and compares what it prints with what the book shows.

use std::time::{SystemTime, UNIX_EPOCH};

use workshop::transcript::{by_node, normalise, run, run_until};

/// How long ago, in seconds, a message of a lesson can have been made.
const AGE: u64 = 60;

/// A node that says goodbye tells the first, one that is told tells the second. Who is who is
/// decided anew by every run, and both may be first.
const GOODBYES: [&str; 2] = [": protocol foo/42 returned", ": client quitting"];

#[test]
fn the_lesson_prints_what_the_book_shows() {
    let transcript = run(env!("CARGO_BIN_EXE_a5_pingpong"), &[]).unwrap();
    assert!(transcript.status.success(), "{transcript:?}");
    let [first, second] = GOODBYES;
    let either = |text: &str| text.replace(second, first);
    let (printed, expected) = (normalise(&transcript.stdout), include_str!("../expected.txt"));
    assert_eq!(either(&printed), either(expected));
    assert!(printed.contains(first), "somebody says goodbye first: {printed}");
    assert_eq!(transcript.stderr, "");
}

#[test]
fn with_v_it_tells_every_step_as_the_book_shows() {
    let expected = by_node(include_str!("../expected-verbose.txt"));
    let program = env!("CARGO_BIN_EXE_a5_pingpong");
    // Which node is faster may differ from run to run.
    let is_it = |printed: &str| by_node(&normalise(printed)) == expected;
    let transcript = run_until(program, &["-v"], 50, |it| is_it(&it.stdout)).unwrap();
    assert_eq!(by_node(&normalise(&transcript.stdout)), expected);
}

#[test]
fn the_solution_prints_what_the_book_shows() {
    let transcript = run(env!("CARGO_BIN_EXE_a5_solution"), &[]).unwrap();
    assert!(transcript.status.success(), "{transcript:?}");
    let printed = normalise(&transcript.stdout);
    let printed: String = printed.lines().map(|line| without_seconds(line) + "\n").collect();
    assert_eq!(printed, include_str!("../expected-solution.txt"));
}

/// The time in a message changes from run to run: first in hexadecimal digits, then in decimal ones.
fn without_seconds(line: &str) -> String {
    let (_, created) = line.rsplit_once("created=").unwrap();
    let seconds: u64 = created.parse().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!((now - AGE..=now).contains(&seconds), "{line}");
    line.replace(&format!("{seconds:08x}"), "<seconds>").replace(created, "<seconds>")
}
