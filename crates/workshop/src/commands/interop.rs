//! `interop`: runs the tests against foreign clients, which build those clients as they need them.

use std::process::ExitCode;

use super::{cargo, is_installed, succeeds};

/// What must be on the PATH, what for, and where it comes from.
const NEEDED: [(&str, &str); 5] = [
    ("go", "Go 1.24 or newer: https://go.dev/dl/"),
    ("node", "Node 20 or newer: https://nodejs.org/en/download"),
    (NPM, "npm, which comes with Node: https://nodejs.org/en/download"),
    ("chromium", "Chromium, for the pages of the explorer and the hub: apt-get install chromium"),
    ("tcpdump", "tcpdump, to record on loopback, as root: apt-get install tcpdump"),
];

/// On Windows npm is a script, and a script is not found without its suffix.
const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// Every test starts foreign nodes of its own: more at a time and they starve each other.
const TEST_LINE: &str = "test --package interop --locked -- --ignored --test-threads=2";

/// Runs the tests; a missing tool is a failure, never a skip.
pub(crate) fn run() -> ExitCode {
    let missing: Vec<_> =
        NEEDED.into_iter().filter(|(program, _)| !is_installed(program)).collect();
    for (program, source) in &missing {
        eprintln!("interop needs `{program}`, which is not on the PATH. {source}");
    }
    if missing.is_empty() && succeeds(&mut cargo(TEST_LINE)) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
