//! The console of go-ethereum's command `geth`, at a server of anybody.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::{InteropError, Transcript};

/// How long the console may take for all that it is told.
const CONSOLE: Duration = Duration::from_secs(20);

/// Runs `geth attach --exec SCRIPT ENDPOINT`, and returns what it prints: the value of the script, as
/// JavaScript shows it, or why there is none. `endpoint` is a URL, or the path of a socket.
///
/// The console asks for `rpc_modules` first, and has an object for each module that it knows.
///
/// # Errors
///
/// [`InteropError::Ended`] if it could not attach, with what it said; [`InteropError::Timeout`], and
/// [`InteropError::Io`] if it cannot be run.
pub async fn attach(geth: &Path, endpoint: &str, script: &str) -> Result<String, InteropError> {
    let mut command = Command::new(geth);
    // Beside itself, and not in the home of whoever tests.
    command.arg("attach").arg("--datadir").arg(geth.with_extension("data"));
    command.args(["--exec", script, endpoint]);
    let mut transcript = Transcript::default();
    transcript.told(&format!("{script} at {endpoint}"));
    let running = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let Ok(output) = timeout(CONSOLE, running).await else {
        return Err(InteropError::Timeout { within: CONSOLE, transcript });
    };
    let output = output?;
    let text = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
    if output.status.success() {
        return Ok(text);
    }
    for lines in [text.into(), String::from_utf8_lossy(&output.stderr)] {
        lines.lines().for_each(|line| transcript.said(line.into()));
    }
    Err(InteropError::Ended { transcript })
}
