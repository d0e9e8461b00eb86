//! What your program gets from `cargo exercise`, and how it answers.
//!
//! ```text
//! cargo exercise a2 ── who waits for you ──▶ your program ── answers ──▶ cargo exercise
//!        │                                        │
//!        └──────────── a real connection ─────────┘
//! ```

use std::env;
use std::fmt::Display;
use std::io::{self, Read};
use std::path::PathBuf;

use common::Failure;
use devp2p_core::enode::Enode;

/// The node that waits for your program.
///
/// # Errors
/// When the program was not started by `cargo exercise`.
pub fn peer() -> Result<Enode, Failure> {
    Ok(told("EXERCISE_PEER")?.parse()?)
}

/// Where the key of your node is kept. The file may be missing.
///
/// # Errors
/// When the program was not started by `cargo exercise`.
pub fn key_file() -> Result<PathBuf, Failure> {
    Ok(told("EXERCISE_KEY_FILE")?.into())
}

/// Where your node is to answer over IPC.
///
/// # Errors
/// When the program was not started by `cargo exercise`.
pub fn ipc_path() -> Result<PathBuf, Failure> {
    Ok(told("EXERCISE_IPC")?.into())
}

/// Tells `cargo exercise` what you found out.
pub fn answer(found: impl Display) {
    println!("answer: {found}");
}

/// Waits until `cargo exercise` has seen enough of your node.
pub async fn until_told_to_stop() {
    // It closes our stdin. That is waited for by a thread, so that the server goes on meanwhile.
    let closed = tokio::task::spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new()));
    // That it cannot be read means the same.
    let _ = closed.await;
}

fn told(name: &str) -> Result<String, Failure> {
    let told = env::var(name);
    told.map_err(|_| {
        Failure::from(
            "there is nobody to talk to: `cargo exercise` starts a node, and then this program",
        )
    })
}
