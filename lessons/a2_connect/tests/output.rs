//! Runs the lesson as a learner does, and compares what it prints with what the book shows.

use workshop::transcript::{Transcript, by_node, normalise, run, run_until};

/// It sleeps instead of waiting for something, as the chapter says, and on a busy machine that may be
/// too short.
const TRIES: usize = 20;

fn run_until_awake(program: &str, args: &[&str], expected: &str) -> Transcript {
    run_until(program, args, TRIES, |it| normalise(&it.stdout) == expected).unwrap()
}

#[test]
fn the_lesson_prints_what_the_book_shows() {
    let expected = include_str!("../expected.txt");
    let program = env!("CARGO_BIN_EXE_a2_connect");
    let transcript = run_until_awake(program, &["--port", "0"], expected);
    assert!(transcript.status.success(), "{transcript:?}");
    assert_eq!(normalise(&transcript.stdout), expected);
    assert_eq!(transcript.stderr, "");
}

#[test]
fn a_taken_port_is_explained() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let transcript = run(env!("CARGO_BIN_EXE_a2_connect"), &["--port", &port]).unwrap();
    assert_eq!(transcript.status.code(), Some(1));
    let expected = include_str!("../expected-port-taken.txt");
    assert_eq!(transcript.stderr.replace(&port, "<port 1>"), expected);
}

#[test]
fn a_wrong_word_is_named_and_what_is_right_is_told() {
    let wrong = [
        (
            &["--port", "nonsense"][..],
            "--port takes a number from 0 to 65535 (0: any free port), not 'nonsense'",
        ),
        (
            &["--port", "65536"],
            "--port takes a number from 0 to 65535 (0: any free port), not '65536'",
        ),
        (&["--port"], "missing argument for option '--port'"),
        (&["--port", "0", "--frobnicate"], "invalid option '--frobnicate'"),
        (&["31234"], "unexpected argument \"31234\""),
    ];
    for (args, named) in wrong {
        let transcript = run(env!("CARGO_BIN_EXE_a2_connect"), args).unwrap();
        assert_eq!(transcript.status.code(), Some(2), "{args:?}");
        let stderr = transcript.stderr;
        assert!(stderr.starts_with(&format!("{named}.\n")), "{stderr}");
        assert!(stderr.contains("--port NUMBER"), "{stderr}");
    }
    let help = run(env!("CARGO_BIN_EXE_a2_connect"), &["--help"]).unwrap();
    assert!(help.status.success() && help.stdout.contains("--port NUMBER"), "{help:?}");
}

#[test]
fn options_are_taken_together_in_any_order() {
    for args in [["-vv", "--port", "0"], ["--port", "0", "-v"]] {
        let transcript = run(env!("CARGO_BIN_EXE_a2_connect"), &args).unwrap();
        assert!(transcript.status.success(), "{transcript:?}");
        assert!(transcript.stdout.contains("DEBUG ["), "{transcript:?}");
    }
}

#[test]
fn with_v_it_tells_every_step_as_the_book_shows() {
    let expected = by_node(include_str!("../expected-verbose.txt"));
    let program = env!("CARGO_BIN_EXE_a2_connect");
    // Which node is faster may differ from run to run.
    let is_it = |printed: &str| by_node(&normalise(printed)) == expected;
    let transcript =
        run_until(program, &["-v", "--port", "0"], TRIES, |it| is_it(&it.stdout)).unwrap();
    assert_eq!(by_node(&normalise(&transcript.stdout)), expected);
}

#[test]
fn the_solution_prints_what_the_book_shows() {
    let expected = include_str!("../expected-solution.txt");
    let transcript = run_until_awake(env!("CARGO_BIN_EXE_a2_solution"), &[], expected);
    assert!(transcript.status.success(), "{transcript:?}");
    assert_eq!(normalise(&transcript.stdout), expected);
}
