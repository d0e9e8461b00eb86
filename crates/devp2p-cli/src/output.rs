//! stdout: written and flushed line by line, so that a pipe shows what happens when it happens.

use std::env;
use std::fmt::Display;
use std::io::{self, Write};

use devp2p_core::p2p::printable;
use serde::Serialize;

use crate::failure::Failure;

/// How this program is called, as it was called now: in a command that is printed, to be typed as it
/// stands.
pub(crate) fn program() -> String {
    let called = env::args_os().next().unwrap_or_else(|| "devp2p".into());
    let called = printable(&called.to_string_lossy());
    if called.contains(' ') { format!("\"{called}\"") } else { called }
}

/// Prints a line, or several.
///
/// # Errors
/// [`Failure::Output`], also when nobody reads any more (`println!` would panic).
pub(crate) fn line(text: impl Display) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(Failure::Output)
}

/// Prints a value as one line of JSON.
///
/// # Errors
/// As [`line()`].
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(serde_json::to_string(value).map_err(|error| Failure::Output(error.into()))?)
}
