//! Runs the lesson as a learner does, and compares what it prints with what the book shows.

use workshop::transcript::{by_node, normalise, run, run_until};

#[test]
fn the_lesson_prints_what_the_book_shows() {
    let transcript = run(env!("CARGO_BIN_EXE_b3_rpc_p2p"), &[]).unwrap();
    assert!(transcript.status.success(), "{transcript:?}");
    assert_eq!(normalise(&transcript.stdout), include_str!("../expected.txt"));
    assert_eq!(transcript.stderr, "");
}

#[test]
fn with_v_it_tells_every_step_as_the_book_shows() {
    let expected = by_node(include_str!("../expected-verbose.txt"));
    let program = env!("CARGO_BIN_EXE_b3_rpc_p2p");
    // Which node is faster may differ from run to run.
    let is_it = |printed: &str| by_node(&normalise(printed)) == expected;
    let transcript = run_until(program, &["-v"], 50, |it| is_it(&it.stdout)).unwrap();
    assert_eq!(by_node(&normalise(&transcript.stdout)), expected);
}

#[test]
fn the_solution_prints_what_the_book_shows() {
    let transcript = run(env!("CARGO_BIN_EXE_b3_solution"), &[]).unwrap();
    assert!(transcript.status.success(), "{transcript:?}");
    assert_eq!(normalise(&transcript.stdout), include_str!("../expected-solution.txt"));
}

/// The book has these two lines, and the frame between them.
#[test]
fn with_vv_it_tells_the_call_and_its_answer() {
    let printed = run(env!("CARGO_BIN_EXE_b3_rpc_p2p"), &["-vv"]).unwrap().stdout;
    for line in [
        r#"-> {"jsonrpc":"2.0","id":1,"method":"foo_sendMsg"} side=client"#,
        r#"<- {"jsonrpc":"2.0","id":1,"result":null} side=client"#,
    ] {
        assert!(printed.lines().any(|told| told.ends_with(line)), "no {line} in {printed}");
    }
}
