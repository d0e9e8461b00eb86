//! The mode `hold`: a server that does nothing but hold its peers, and know other nodes if it takes
//! part in discovery; in a process of its own.
//!
//! It speaks as the foreign peers do: an event a line, and a command a line.

#![allow(clippy::print_stdout, reason = "the other process reads it")]

use std::io::{self, BufRead};

use devp2p_core::net::{Config, Server};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::Result;
use crate::ours::new_key;
use crate::ours::servers::{protocol, read_to_end};

/// Holds up to `peers` peers, or knows other nodes, until standard input says `stop`, or ends.
///
/// # Errors
/// If the server cannot be started.
pub fn run(peers: usize, discovery: bool) -> Result<()> {
    let runtime = Runtime::new()?;
    let server = runtime.block_on(async {
        let protocols = vec![protocol(read_to_end)];
        let config =
            Config { max_peers: peers, protocols, discovery, ..Config::new(new_key(), "bench") };
        Server::start(config).await
    })?;
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
