//! Programs that run once: go-ethereum's tool `devp2p`, and ours of the same name.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use interop::{InteropError, geth_devp2p, our_devp2p};
use serde_json::Value;
use tokio::process::Command;
use tokio::task::spawn_blocking;

use super::soon;

/// Of go-ethereum's `devp2p discv4`: to be on this machine, and to ask nobody by itself.
pub(crate) const ALONE: [&str; 4] = ["--addr", "127.0.0.1:0", "--bootnodes", ""];

/// Builds a program, which may take longer than anything else here: before the clock of a test runs.
pub(crate) async fn built(build: fn() -> Result<PathBuf, InteropError>) -> PathBuf {
    spawn_blocking(build).await.unwrap().unwrap()
}

async fn run(program: PathBuf, arguments: &[&str]) -> Output {
    let run =
        Command::new(program).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
    soon(run).await.unwrap()
}

/// What go-ethereum's `devp2p discv4` prints; everything that it says if it fails.
pub(crate) async fn geths_tool(arguments: &[&str]) -> Result<String, Output> {
    let output = run(built(geth_devp2p).await, &[&["discv4"], arguments].concat()).await;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout).unwrap());
    }
    Err(output)
}

/// What our `devp2p discv4` prints; everything that it says if it fails.
pub(crate) async fn our_tool(arguments: &[&str]) -> Result<Value, Output> {
    let output =
        run(built(our_devp2p).await, &[&["discv4"], arguments, &["--json"]].concat()).await;
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout).unwrap());
    }
    Err(output)
}
