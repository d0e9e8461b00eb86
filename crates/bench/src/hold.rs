//! The mode `hold`: a server that does nothing but hold its peers, in a process of its own.
//!
//! It speaks as the foreign peers do: an event a line, and a command a line.

#![allow(clippy::print_stdout, reason = "the other process reads it")]

use std::io::{self, BufRead};

use serde_json::json;
use tokio::runtime::Runtime;

use crate::Result;
use crate::ours::servers::{protocol, read_to_end, start};

/// Holds up to `peers` peers until standard input says `stop`, or ends.
///
/// # Errors
/// If the server cannot be started.
pub fn run(peers: usize) -> Result<()> {
    let runtime = Runtime::new()?;
    let server = runtime.block_on(start(peers, protocol(read_to_end)))?;
    let (enode, pid) = (server.enode().to_string(), std::process::id());
    println!("{}", json!({ "event": "ready", "enode": enode, "pid": pid }));
    for command in io::stdin().lock().lines() {
        // There is nothing to do for `settle`.
        let command = command?;
        println!("{}", json!({ "event": "ok", "command": command }));
        if command == "stop" {
            break;
        }
    }
    runtime.block_on(server.stop());
    Ok(())
}
