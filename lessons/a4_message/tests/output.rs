//! Runs the lesson as a learner does, and compares what it prints with what the book shows.

use workshop::transcript::{normalise, run};

/// A node that says goodbye tells the first, one that is told tells the second. Who is who is
/// decided anew by every run, and both may be first; so which key comes first is, too.
const GOODBYES: [&str; 2] = [": protocol foo/42 returned", ": client quitting"];

#[test]
fn the_lesson_prints_what_the_book_shows() {
    let transcript = run(env!("CARGO_BIN_EXE_a4_message"), &[]).unwrap();
    assert!(transcript.status.success(), "{transcript:?}");
    let [first, second] = GOODBYES;
    let either = |text: &str| {
        text.replace(second, first).replace("<key 2>", "<key 1>").replace("<port 2>", "<port 1>")
    };
    let (printed, expected) = (normalise(&transcript.stdout), include_str!("../expected.txt"));
    assert_eq!(either(&printed), either(expected));
    assert!(printed.contains(first), "somebody says goodbye first: {printed}");
    assert_eq!(transcript.stderr, "");
}

#[test]
fn the_solution_prints_what_the_book_shows() {
    let transcript = run(env!("CARGO_BIN_EXE_a4_solution"), &[]).unwrap();
    assert!(transcript.status.success(), "{transcript:?}");
    assert_eq!(normalise(&transcript.stdout), include_str!("../expected-solution.txt"));
}
