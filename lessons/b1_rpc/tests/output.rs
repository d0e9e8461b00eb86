//! Runs the lesson as a learner does, and compares what it prints with what the book shows.

use workshop::transcript::{normalise, run};

#[test]
fn the_lesson_prints_what_the_book_shows() {
    let transcript = run(env!("CARGO_BIN_EXE_b1_rpc"), &[]).unwrap();
    assert!(transcript.status.success(), "{transcript:?}");
    assert_eq!(normalise(&transcript.stdout), include_str!("../expected.txt"));
    assert_eq!(transcript.stderr, "");
}

#[test]
fn with_vv_it_tells_what_each_side_sends_and_gets_as_the_book_shows() {
    let transcript = run(env!("CARGO_BIN_EXE_b1_rpc"), &["-vv"]).unwrap();
    assert_eq!(normalise(&transcript.stdout), include_str!("../expected-verbose.txt"));
}

#[test]
fn the_solution_prints_what_the_book_shows() {
    let transcript = run(env!("CARGO_BIN_EXE_b1_solution"), &[]).unwrap();
    assert!(transcript.status.success(), "{transcript:?}");
    assert_eq!(normalise(&transcript.stdout), include_str!("../expected-solution.txt"));
}
