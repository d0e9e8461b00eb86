//! Runs the lesson as a learner does, and compares what it prints with what the book shows.

use devp2p_core::enode::Enode;
use workshop::transcript::{normalise, run};

#[test]
fn the_lesson_prints_what_the_book_shows() {
    let transcript = run(env!("CARGO_BIN_EXE_b2_nodeinfo"), &[]).unwrap();
    assert!(transcript.status.success(), "{transcript:?}");
    assert_eq!(normalise(&transcript.stdout), include_str!("../expected.txt"));
    assert_eq!(transcript.stderr, "");
}

#[test]
fn with_v_it_tells_every_step_as_the_book_shows() {
    let transcript = run(env!("CARGO_BIN_EXE_b2_nodeinfo"), &["-v"]).unwrap();
    assert_eq!(normalise(&transcript.stdout), include_str!("../expected-verbose.txt"));
}

#[test]
fn the_solution_prints_what_the_book_shows() {
    let transcript = run(env!("CARGO_BIN_EXE_b2_solution"), &[]).unwrap();
    assert!(transcript.status.success(), "{transcript:?}");
    assert_eq!(normalise(&transcript.stdout), include_str!("../expected-solution.txt"));
}

/// The value of this name in what a lesson has printed.
fn value<'a>(printed: &'a str, name: &str) -> &'a str {
    let (_, after) = printed.split_once(&format!(" {name}=")).unwrap();
    after.split_whitespace().next().unwrap()
}

#[test]
fn what_the_node_says_is_an_enode_and_its_node_id_is_the_hash_of_its_key() {
    let printed = run(env!("CARGO_BIN_EXE_b2_nodeinfo"), &[]).unwrap().stdout;
    let enode: Enode = value(&printed, "enode").parse().unwrap();
    assert_eq!(enode.to_string(), value(&printed, "enode"));
    assert_eq!(enode.public_key.to_string(), value(&printed, "id"));
    let node_id = enode.public_key.node_id().to_string();
    assert_eq!([value(&printed, "said"), value(&printed, "computed")], [&*node_id; 2]);
}
