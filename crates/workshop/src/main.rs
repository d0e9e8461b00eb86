//! `workshop` runs the lessons and keeps the house in order.
//!
//! Usually called as `cargo lesson a1`, `cargo workshop check` and so on; the two aliases
//! live in `.cargo/config.toml`. Plain Rust on the standard library, so that it behaves the
//! same on Linux, macOS and Windows.

#![allow(clippy::print_stdout, reason = "a command line tool speaks on stdout")]

mod commands;

use std::env;
use std::process::ExitCode;

use commands::{book, check, doctor, interop, kit, lesson, program};

/// The exit code for a command that we do not understand.
const USAGE_ERROR: u8 = 2;

const USAGE: &str = "\
Usage: cargo workshop <command>

  lesson [name] [args…]  run a lesson (short: cargo lesson a1); without a name, list them
  exercise [name]        check your own program (short: cargo exercise a1); without a name, list them
  doctor                 whether this computer can run the lessons, and what to do if not
  check [--no-tests]     everything that a contribution must pass
  interop                the tests against foreign clients (needs a new Rust, Go, Node and npm)
  book [--no-open]       build the book and open it in the browser
  hub                    for teachers: a page that shows live how far each learner is
  kit <folder>           all that a room without a network needs: sources, crates, the book
  --help                 show this text
";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["lesson", args @ ..] => lesson::run(args),
        ["exercise", args @ ..] => program::run("exercises", "exercise", args),
        ["hub", args @ ..] => program::run("hub", "hub", args),
        ["doctor"] => doctor::run(),
        ["check"] => check::run(check::Tests::Run),
        ["check", "--no-tests"] => check::run(check::Tests::Skip),
        ["interop"] => interop::run(),
        ["kit", folder] => kit::run(folder),
        ["book"] => book::run(book::Then::Open),
        ["book", "--no-open"] => book::run(book::Then::Leave),
        ["--help" | "-h" | "help"] => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => {
            eprint!("{USAGE}");
            ExitCode::from(USAGE_ERROR)
        }
    }
}
