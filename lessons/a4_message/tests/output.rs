//! Runs the lesson as a learner does, and compares what it prints with what the book shows.

use workshop::transcript::{by_node, normalise, run, run_until};

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
fn with_v_it_tells_every_step_as_the_book_shows() {
    let expected = by_node(include_str!("../expected-verbose.txt"));
    let program = env!("CARGO_BIN_EXE_a4_message");
    // Which node is faster may differ from run to run.
    let is_it = |printed: &str| by_node(&normalise(printed)) == expected;
    let transcript = run_until(program, &["-v"], 50, |it| is_it(&it.stdout)).unwrap();
    assert_eq!(by_node(&normalise(&transcript.stdout)), expected);
}

#[test]
fn the_solution_prints_what_the_book_shows() {
    let transcript = run(env!("CARGO_BIN_EXE_a4_solution"), &[]).unwrap();
    assert!(transcript.status.success(), "{transcript:?}");
    assert_eq!(normalise(&transcript.stdout), include_str!("../expected-solution.txt"));
}
