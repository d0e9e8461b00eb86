//! `exercise`, `hub`: builds a program in plain sight, then gets out of its way.

use std::process::ExitCode;

use super::{cargo, hand_over_to, succeeds};

/// Runs the binary `name` of `package` with `args`.
pub(crate) fn run(package: &str, name: &str, args: &[&str]) -> ExitCode {
    let which = format!("--locked --package {package} --bin {name}");
    if !succeeds(&mut cargo(&format!("build {which}"))) {
        return ExitCode::FAILURE;
    }
    hand_over_to(cargo(&format!("run --quiet {which} --")).args(args))
}
