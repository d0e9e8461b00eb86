//! `exercise`: builds what checks the exercises in plain sight, then gets out of its way.

use std::process::ExitCode;

use super::{cargo, hand_over_to, succeeds};

/// Runs the checker with `args`.
pub(crate) fn run(args: &[&str]) -> ExitCode {
    let package = "--locked --package exercises --bin exercise";
    if !succeeds(&mut cargo(&format!("build {package}"))) {
        return ExitCode::FAILURE;
    }
    hand_over_to(cargo(&format!("run --quiet {package} --")).args(args))
}
