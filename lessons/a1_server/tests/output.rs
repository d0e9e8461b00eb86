//! Runs the lesson as a learner does, and compares what it prints with what the book shows.

use workshop::transcript::{by_node, normalise, run, run_until};

#[test]
fn the_lesson_prints_what_the_book_shows() {
    let transcript = run(env!("CARGO_BIN_EXE_a1_server"), &[]).unwrap();
    assert!(transcript.status.success(), "{transcript:?}");
    assert_eq!(normalise(&transcript.stdout), include_str!("../expected.txt"));
    assert_eq!(transcript.stderr, "");
}

#[test]
fn an_option_of_another_lesson_is_refused() {
    let transcript = run(env!("CARGO_BIN_EXE_a1_server"), &["--port", "5"]).unwrap();
    assert_eq!((transcript.status.code(), &*transcript.stdout), (Some(2), ""));
    assert!(transcript.stderr.starts_with("invalid option '--port'.\n"), "{transcript:?}");
    assert!(transcript.stderr.contains("This lesson takes:"), "{transcript:?}");
}

#[test]
fn with_v_it_tells_every_step_as_the_book_shows() {
    let expected = by_node(include_str!("../expected-verbose.txt"));
    let program = env!("CARGO_BIN_EXE_a1_server");
    // Which node is faster may differ from run to run.
    let is_it = |printed: &str| by_node(&normalise(printed)) == expected;
    let transcript = run_until(program, &["-v"], 20, |it| is_it(&it.stdout)).unwrap();
    assert_eq!(by_node(&normalise(&transcript.stdout)), expected);
}

#[test]
fn the_solution_prints_what_the_book_shows() {
    let transcript = run(env!("CARGO_BIN_EXE_a1_solution"), &[]).unwrap();
    assert!(transcript.status.success(), "{transcript:?}");
    // The second start may get the port that the first one gave back.
    let one_port = |text: &str| text.replace("<port 2>", "<port 1>");
    let printed = normalise(&transcript.stdout);
    assert_eq!(one_port(&printed), one_port(include_str!("../expected-solution.txt")));
}
