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
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["bench", "--quiet", "--locked", "--package", "bench", "--bench", "allocations"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()?;
    let printed: Value = serde_json::from_slice(&output.stdout)?;
    let rows = printed.as_array().ok_or("the program that counts printed no list")?;
    let row = |row: &Value| {
        let size = usize::try_from(row.get("size")?.as_u64()?).ok()?;
        Some((size, row.get("allocations")?.as_f64()?))
    };
    rows.iter().map(|counted| row(counted).ok_or("it printed no figures".into())).collect()
}
