//! `check`: everything that a contribution must pass, cheapest first.

use std::collections::BTreeSet;
use std::process::ExitCode;

use super::{cargo, heading, output_of, succeeds};

/// More crates than this in the first lesson, and the first build gets too long for a class.
const MAX_CRATES: usize = 80;

/// The title of that step.
const TESTS: &str = "Tests";

/// Its title, and whether it went well.
type Step = (&'static str, fn() -> bool);

const STEPS: [Step; 9] = [
    ("Formatting", || succeeds(&mut cargo("fmt --all --check"))),
    ("Lints", lints),
    (TESTS, || succeeds(&mut cargo("test --locked"))),
    ("Documentation", documentation),
    ("Keccak in assembly: the same traces", traces_with_assembly),
    ("Core without sockets: lints", core_without_sockets),
    ("Core without sockets: no tokio", no_tokio),
    ("RPC over HTTP without WebSocket: lints", rpc_without_websocket),
    ("Size of the first build", few_crates),
];

/// Whether tests are run, too. They may have been already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tests {
    /// They are.
    Run,
    /// They are not.
    Skip,
}

/// Runs every step; the first that fails is the last.
pub(crate) fn run(tests: Tests) -> ExitCode {
    let steps = STEPS.iter().filter(|(title, _)| tests == Tests::Run || *title != TESTS);
    for (title, step) in steps.clone() {
        heading(title);
        if !step() {
            eprintln!("\ncheck failed at: {title}");
            return ExitCode::FAILURE;
        }
    }
    println!("\ncheck passed: {} of {} steps", steps.count(), STEPS.len());
    ExitCode::SUCCESS
}

fn lints() -> bool {
    // All but what a learner has written.
    ["--all-targets", "--package workbench --lib"].into_iter().all(|what| {
        succeeds(&mut cargo(&format!("clippy {what} --all-features --locked -- -D warnings")))
    })
}

fn documentation() -> bool {
    // The core by itself, too: beside others it has the features that others want of it.
    ["", "--package devp2p-core"].into_iter().all(|what| {
        let mut command = cargo(&format!("doc {what} --no-deps --locked"));
        succeeds(command.env("RUSTDOCFLAGS", "-D warnings"))
    })
}

/// Of all packages, though only one has these tests: so only what Keccak is in is compiled again.
fn traces_with_assembly() -> bool {
    succeeds(&mut cargo("test --locked --features devp2p-cli/asm --test traces"))
}

fn core_without_sockets() -> bool {
    let line = "clippy --package devp2p-core --no-default-features --locked -- -D warnings";
    succeeds(&mut cargo(line))
}

fn rpc_without_websocket() -> bool {
    let line = "clippy --package devp2p-rpc --no-default-features --features http --locked \
                -- -D warnings";
    succeeds(&mut cargo(line))
}

/// The compiler cannot see this one: a pure module may not even be *able* to open a socket.
fn no_tokio() -> bool {
    let line = "tree --package devp2p-core --no-default-features --edges normal --locked";
    let Some(crates) = crates_in(line) else {
        return false;
    };
    let forbidden = crates.iter().find(|name| name.starts_with("tokio"));
    if let Some(name) = forbidden {
        eprintln!("devp2p-core without default features depends on {name}");
    }
    forbidden.is_none()
}

fn few_crates() -> bool {
    let line = "tree --package a1_server --edges normal,build --locked";
    let Some(crates) = crates_in(line) else {
        return false;
    };
    println!("a1_server builds {} crates, {MAX_CRATES} are allowed", crates.len());
    crates.len() <= MAX_CRATES
}

/// The distinct crates that a `cargo tree` names, each as `name version`.
fn crates_in(tree: &str) -> Option<BTreeSet<String>> {
    let tree = output_of(cargo(tree).args(["--prefix", "none"]))?;
    let first_two_words = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    Some(tree.lines().filter(|line| !line.is_empty()).map(first_two_words).collect())
}
