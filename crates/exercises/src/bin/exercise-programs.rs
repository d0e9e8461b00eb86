//! Every starter, every solution and every wrong program, for the tests: `EXERCISE_PROGRAM=a1-starter`.

#![allow(
    clippy::all,
    clippy::arithmetic_side_effects,
    unused,
    reason = "what learners write, with their mistakes"
)]
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "the same")]

use std::process::ExitCode;

/// Runs the program of this name.
macro_rules! run {
    ($name:expr, $($known:literal: $module:ident $path:literal),* $(,)?) => {{
        $(mod $module {
            include!(concat!(env!("CARGO_MANIFEST_DIR"), "/exercises/", $path));
            pub(super) fn run() -> Result<(), common::Failure> {
                main()
            }
        })*
        match $name {
            $($known => $module::run(),)*
            other => Err(common::Failure::from(format!("there is no program {other}"))),
        }
    }};
}

fn main() -> Result<(), common::Failure> {
    let name = std::env::var("EXERCISE_PROGRAM").unwrap_or_default();
    run!(name.as_str(),
        "a1/starter": a1_starter "a1/starter.rs",
        "a1/solution": a1_solution "a1/solution.rs",
        "a1/wrong/new-key": a1_new_key "a1/wrong/new-key.rs",
        "a1/wrong/no-goodbye": a1_no_goodbye "a1/wrong/no-goodbye.rs",
        "a1/wrong/no-room": a1_no_room "a1/wrong/no-room.rs",
        "a1/wrong/too-short": a1_too_short "a1/wrong/too-short.rs",
        "a2/starter": a2_starter "a2/starter.rs",
        "a2/solution": a2_solution "a2/solution.rs",
        "a2/wrong/no-room": a2_no_room "a2/wrong/no-room.rs",
        "a2/wrong/no-wait": a2_no_wait "a2/wrong/no-wait.rs",
        "a2/wrong/own-name": a2_own_name "a2/wrong/own-name.rs",
        "a2/wrong/wrong-key": a2_wrong_key "a2/wrong/wrong-key.rs",
        "a3/starter": a3_starter "a3/starter.rs",
        "a3/solution": a3_solution "a3/solution.rs",
        "a3/wrong/guessed": a3_guessed "a3/wrong/guessed.rs",
        "a3/wrong/too-late": a3_too_late "a3/wrong/too-late.rs",
        "a3/wrong/whole-event": a3_whole_event "a3/wrong/whole-event.rs",
        "a4/starter": a4_starter "a4/starter.rs",
        "a4/solution": a4_solution "a4/solution.rs",
        "a4/wrong/another-version": a4_another_version "a4/wrong/another-version.rs",
        "a4/wrong/english-only": a4_english_only "a4/wrong/english-only.rs",
        "a4/wrong/one-code": a4_one_code "a4/wrong/one-code.rs",
        "a4/wrong/raw-bytes": a4_raw_bytes "a4/wrong/raw-bytes.rs",
        "a4/wrong/whisper": a4_whisper "a4/wrong/whisper.rs",
        "a5/starter": a5_starter "a5/starter.rs",
        "a5/solution": a5_solution "a5/solution.rs",
        "a5/wrong/leaves-early": a5_leaves_early "a5/wrong/leaves-early.rs",
        "a5/wrong/own-id": a5_own_id "a5/wrong/own-id.rs",
        "a5/wrong/waits-for-its-answer": a5_waits "a5/wrong/waits-for-its-answer.rs",
        "a5/wrong/wrong-order": a5_wrong_order "a5/wrong/wrong-order.rs",
        "b1/starter": b1_starter "b1/starter.rs",
        "b1/solution": b1_solution "b1/solution.rs",
        "b1/wrong/dropped": b1_dropped "b1/wrong/dropped.rs",
        "b1/wrong/no-option": b1_no_option "b1/wrong/no-option.rs",
        "b1/wrong/whole-name": b1_whole_name "b1/wrong/whole-name.rs",
        "b1/wrong/wraps": b1_wraps "b1/wrong/wraps.rs",
        "b2/starter": b2_starter "b2/starter.rs",
        "b2/solution": b2_solution "b2/solution.rs",
        "b2/wrong/once": b2_once "b2/wrong/once.rs",
        "b2/wrong/only-names": b2_only_names "b2/wrong/only-names.rs",
        "b2/wrong/public-key": b2_public_key "b2/wrong/public-key.rs",
        "b3/starter": b3_starter "b3/starter.rs",
        "b3/solution": b3_solution "b3/solution.rs",
        "b3/wrong/does-not-wait": b3_does_not_wait "b3/wrong/does-not-wait.rs",
        "b3/wrong/in-a-list": b3_in_a_list "b3/wrong/in-a-list.rs",
        "b3/wrong/own-words": b3_own_words "b3/wrong/own-words.rs",
        "b3/wrong/twice": b3_twice "b3/wrong/twice.rs",
    )
}
