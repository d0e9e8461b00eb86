//! `interop`: runs the tests against foreign clients, which build those clients as they need them.

use std::process::ExitCode;
use std::{fs, io};

use super::{cargo, is_installed, root, succeeds};

/// Where they are.
const TESTS: &str = "crates/interop/tests";

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
const HOW: [&str; 3] = ["--", "--ignored", "--test-threads=2"];

/// Runs the tests; a missing tool is a failure, never a skip.
pub(crate) fn run() -> ExitCode {
    let missing: Vec<_> =
        NEEDED.into_iter().filter(|(program, _)| !is_installed(program)).collect();
    for (program, source) in &missing {
        eprintln!("interop needs `{program}`, which is not on the PATH. {source}");
    }
    if !missing.is_empty() {
        return ExitCode::FAILURE;
    }
    match tests() {
        Ok(names) => {
            let names = names.iter().flat_map(|name| ["--test", name]);
            match succeeds(cargo("test --locked").args(names).args(HOW)) {
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            }
        }
        Err(error) => {
            eprintln!("cannot read {TESTS}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The names of the test files. They are run by name, and not as those of a package: then they have the
/// features that `cargo test` has compiled, and nothing is compiled again.
fn tests() -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join(TESTS))? {
        let path = entry?.path();
        if path.extension().is_some_and(|suffix| suffix == "rs") {
            names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}
