//! The mode `hold`: a server that does nothing but hold its peers, and know other nodes if it takes
//! part in discovery; in a process of its own.
//!
//! It speaks as the foreign peers do: an event a line, and a command a line.

#![allow(clippy::print_stdout, reason = "the other process reads it")]

use std::io::{self, BufRead};
use std::time::Instant;

use devp2p_core::enode::Enode;
use devp2p_core::net::{Config, Handle, Server};
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::Result;
use crate::ours::new_key;
use crate::ours::servers::{protocol, read_to_end};

/// Samples of turns.
const SAMPLES: u32 = 30;
/// Turns in a sample.
const TURNS: u32 = 2000;
/// Commands that are under way at the same time: enough that the main loop never waits for one.
const AT_ONCE: u32 = 50;

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
        let command = command?;
        if let Some(static_nodes) = command.strip_prefix("turns ") {
            let samples = runtime.block_on(turns(server.handle(), static_nodes.parse()?))?;
            println!("{}", json!({ "event": "turns", "ns": samples }));
        }
        // There is nothing to do for `settle`.
        println!("{}", json!({ "event": "ok", "command": command }));
        if command == "stop" {
            break;
        }
    }
    runtime.block_on(server.stop());
    Ok(())
}

/// Turns of the main loop, in nanoseconds: each does the least that it can be asked for. There must
/// be no free slot, so that static nodes wait.
async fn turns(server: &Handle, static_nodes: usize) -> Result<Vec<f64>> {
    for _ in 0..static_nodes {
        let nowhere = Enode::new(new_key().public_key(), ([127, 0, 0, 1], 1).into());
        server.add_peer(nowhere).await?;
    }
    let nobody = new_key().public_key();
    let mut samples = Vec::new();
    for _ in 0..SAMPLES {
        let begin = Instant::now();
        let mut asking = JoinSet::new();
        for _ in 0..AT_ONCE {
            let server = server.clone();
            asking.spawn(async move {
                for _ in 0..TURNS / AT_ONCE {
                    server.remove_trusted_peer(nobody).await;
                }
            });
        }
        while let Some(asked) = asking.join_next().await {
            asked?;
        }
        samples.push(begin.elapsed().as_secs_f64() * 1e9 / f64::from(TURNS));
    }
    Ok(samples)
}
