//! A harness for tests against other Ethereum clients.
//!
//! A foreign client runs as a small program of ours around its library: go-ethereum in
//! `peers/geth`, EthereumJS in `peers/ethereumjs`. It prints one JSON object a line, each
//! with a key `event`, and reads one command a line:
//!
//! ```text
//!   test ── send_line("add enode://…") ──▶ stdin  ┌──────────────┐ RLPx
//!                                                 │ foreign peer │◀────▶ our node
//!   test ◀── expect(|line| …) ──────────── stdout └──────────────┘
//! ```
//!
//! [`geth_peer`] and [`ethereumjs_peer`] build such a program, [`Peer`] runs one; [`geth_devp2p`]
//! builds go-ethereum's test tool, [`our_devp2p`] ours of the same name. Clients of JSON-RPC are
//! go-ethereum's in `peers/geth`, alloy in [`rpc_alloy`], viem in [`rpc_viem`], and [`attach`] asks with
//! the console of [`geth`]; [`geth_rpc`] is go-ethereum's server. Tests that call them are
//! `#[ignore]`d, so that plain `cargo test` needs neither Go, Node nor the network; `just interop`
//! runs them.
//!
//! ```no_run
//! # async fn example() -> Result<(), interop::InteropError> {
//! use std::time::Duration;
//! use interop::{Peer, geth_peer};
//!
//! let mut geth = Peer::start(&geth_peer()?, &["node", "--protocol", "foo/42/1"])?;
//! let ready = geth.ready().await?;
//! println!("dial {}", ready.enode);
//! let add = |line: &serde_json::Value| line["event"] == "peer" && line["type"] == "add";
//! geth.expect(add, Duration::from_secs(5)).await?;
//! # Ok(())
//! # }
//! ```

mod attach;
mod build;
mod error;
mod peer;

pub use attach::attach;
pub use build::{
    Program, browser_test, ethereumjs_peer, geth, geth_bench, geth_devp2p, geth_peer, geth_rpc,
    learners_programs, our_devp2p, rpc_alloy, rpc_viem,
};
pub use error::{InteropError, Transcript};
pub use peer::{Peer, Ready};
