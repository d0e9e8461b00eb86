//! `interop`: builds the foreign peers and runs the tests against them.
//!
//! ```text
//!   crates/interop/peers/geth        a Go module    → programs in target/peers
//!   crates/interop/peers/ethereumjs  an npm package → its node_modules
//! ```
//!
//! The tests find the programs of the Go module through `INTEROP_PEERS`, the folder they
//! were built into.

use std::path::Path;
use std::process::{Command, ExitCode};

use super::{cargo, heading, is_installed, root, succeeds};

/// What must be on the PATH, what for, and where it comes from.
const NEEDED: [(&str, &str); 3] = [
    ("go", "Go 1.24 or newer: https://go.dev/dl/"),
    ("node", "Node 20 or newer: https://nodejs.org/en/download"),
    (
        NPM,
        "npm, which comes with Node: https://nodejs.org/en/download",
    ),
];

/// On Windows npm is a script, and a script is not found without its suffix.
const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// Every test starts foreign nodes of its own: more at a time and they starve each other.
const TEST_LINE: &str = "test --package interop --locked -- --ignored --test-threads=2";

/// Builds the peers, then runs the tests; a missing tool is a failure, never a skip.
pub(crate) fn run() -> ExitCode {
    let missing: Vec<_> = NEEDED
        .into_iter()
        .filter(|(program, _)| !is_installed(program))
        .collect();
    for (program, source) in &missing {
        eprintln!("interop needs `{program}`, which is not on the PATH. {source}");
    }
    if !missing.is_empty() {
        return ExitCode::FAILURE;
    }
    let peers = root().join("crates/interop/peers");
    let programs = root().join("target/peers");
    let steps = [
        ("Peers in Go", build_go(&peers.join("geth"), &programs)),
        ("Peers in JavaScript", build_js(&peers.join("ethereumjs"))),
        ("Tests against foreign clients", tests(&programs)),
    ];
    for (title, mut step) in steps {
        heading(title);
        if !succeeds(&mut step) {
            eprintln!("\ninterop failed at: {title}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn build_go(module: &Path, programs: &Path) -> Command {
    let mut command = Command::new("go");
    // The slash at the end makes go take it for a folder, and build every program there is.
    command
        .args(["build", "-o"])
        .arg(programs.join(""))
        .arg("./...")
        .current_dir(module);
    command
}

fn build_js(package: &Path) -> Command {
    let mut command = Command::new(NPM);
    command
        .args(["ci", "--no-audit", "--no-fund"])
        .current_dir(package);
    command
}

fn tests(programs: &Path) -> Command {
    let mut command = cargo(TEST_LINE);
    command.env("INTEROP_PEERS", programs);
    command
}
