//! Measures what we do against go-ethereum and against the floor, in one run: `just bench`.
//!
//! Machines are noisy and differ, so the only figures that mean something are ratios taken in one
//! run. Every [`Case`](case::Case) is measured in rounds: ours, the floor, go-ethereum's, and the
//! same again. The fastest sample of each counts, for noise only ever adds time; the median is
//! shown beside it.
//!
//! Both sides do the same in the same shape: the same frames, the same messages, two servers in one
//! process that are connected over loopback. Go runs as it does by default (GOMAXPROCS, garbage
//! collector, cgo); we run on tokio's multi-thread runtime. In memory, and in the cases "one core",
//! both have one core: we use one thread, and Go has GOMAXPROCS = 1.
//!
//! | module | |
//! |---|---|
//! | [`case`] | what is measured |
//! | [`ours`] | our half |
//! | [`geth`] | go-ethereum's half, the mode `bench` of `crates/interop/peers/geth` |
//! | [`floors`] | what no implementation can go below |
//! | `tcp` | what TCP alone costs |
//! | `runtime` | on all cores, or on one |
//! | [`samples`] | the figures |
//! | [`idle`] | memory for each idle peer |
//! | [`known`] | what a node costs that knows others |
//! | [`hold`] | the process that holds the node of both |
//! | `holder` | … as seen from outside |
//! | [`allocations`] | allocations for each message |
//! | [`machine`] | where it was measured |
//! | [`report`] | the tables made of it |
//! | [`rpc`] | the same of JSON-RPC, with a table of its own |

pub mod allocations;
pub mod case;
pub mod floors;
pub mod geth;
pub mod hold;
mod holder;
pub mod idle;
pub mod known;
pub mod machine;
pub mod ours;
pub mod report;
#[cfg(unix)]
pub mod rpc;
mod runtime;
pub mod samples;
mod tcp;

/// Every error ends the run, and is only ever shown.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
