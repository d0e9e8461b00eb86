//! Runs the lesson as a learner does, and compares what it prints with what the book shows.

use workshop::transcript::{normalise, run};

#[test]
fn the_lesson_prints_what_the_book_shows() {
    let transcript = run(env!("CARGO_BIN_EXE_a2_connect"), &["--port", "0"]).unwrap();
    assert!(transcript.status.success(), "{transcript:?}");
    assert_eq!(normalise(&transcript.stdout), include_str!("../expected.txt"));
    assert_eq!(transcript.stderr, "");
}

#[test]
fn a_taken_port_is_explained() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let transcript = run(env!("CARGO_BIN_EXE_a2_connect"), &["--port", &port]).unwrap();
    assert_eq!(transcript.status.code(), Some(1));
    for part in [&port, "in use", "--port 0"] {
        assert!(transcript.stderr.contains(part), "{part} is missing: {}", transcript.stderr);
    }
}

#[test]
fn a_wrong_command_line_is_explained() {
    for args in [&["--port", "nonsense"][..], &["--port"], &["--frobnicate"], &["-v", "-v", "-v"]] {
        let transcript = run(env!("CARGO_BIN_EXE_a2_connect"), args).unwrap();
        assert_eq!(transcript.status.code(), Some(2), "{args:?}");
        assert!(transcript.stderr.contains("--port NUMBER"), "{}", transcript.stderr);
    }
}
