//! Allocations for each message through two servers, both ends counted.
//!
//! Counting needs an allocator that counts, which would slow down everything that is timed here;
//! so it is a program of its own, `benches/allocations.rs`.

use std::env;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Result;

/// Bytes of payload, and allocations for each message.
pub type Counted = (usize, f64);

/// Builds and runs the program that counts.
///
/// # Errors
/// If it fails, or prints something else.
pub fn count() -> Result<Vec<Counted>> {
    let row = |row: &Value| {
        let size = usize::try_from(row.get("size")?.as_u64()?).ok()?;
        Some((size, row.get("allocations")?.as_f64()?))
    };
    run(&[])?.iter().map(|counted| row(counted).ok_or("it printed no figures".into())).collect()
}

/// The same, for each call of JSON-RPC: the transport, and allocations.
///
/// # Errors
/// As [`count`].
pub fn count_calls() -> Result<Vec<(String, f64)>> {
    let row = |row: &Value| {
        let transport = row.get("transport")?.as_str()?.to_owned();
        Some((transport, row.get("allocations")?.as_f64()?))
    };
    let rows = run(&["--", "rpc"])?;
    rows.iter().map(|counted| row(counted).ok_or("it printed no figures".into())).collect()
}

/// The list that it prints.
fn run(arguments: &[&str]) -> Result<Vec<Value>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["bench", "--quiet", "--locked", "--package", "bench", "--bench", "allocations"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()?;
    Ok(serde_json::from_slice(&output.stdout)?)
}
