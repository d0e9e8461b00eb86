//! JSON-RPC 2.0 as Ethereum's tools speak it, with go-ethereum's semantics.
//!
//! ```text
//! bytes ─▶ splitter ─▶ message ─▶ connection ─▶ method of a module
//!            one value   taken apart     │         with typed parameters
//! bytes ◀── ipc, http, ws ◀ answer ◀─────┘
//! ```
//!
//! Up to the connection there is no socket: a value comes in as bytes, an answer goes out as bytes. What
//! go-ethereum answers was recorded, and is the table that the tests compare with.
//!
//! Every value that crosses is logged with `tracing`, at the level of traces, under the target
//! `devp2p_rpc::wire`: `-> ` and what is sent, `<- ` and what comes; `side` is `client` or `server`.
//!
//! Book: chapters B1 to B3.

mod calls;
pub mod client;
mod connection;
mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;
#[cfg(feature = "http")]
pub mod http;
pub mod ipc;
mod message;
mod module;
mod params;
pub mod splitter;
mod stall;
mod stream;
mod subscription;
#[cfg(feature = "ws")]
pub mod ws;

pub use connection::{Answer, Connection, Limits};
pub use error::{
    Error, FAILED, INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, PARSE_ERROR,
    TIMEOUT, TOO_LARGE, TOO_SLOW,
};
pub use message::{parse, unreadable};
pub use module::{Module, Modules};
pub use params::Params;
pub use subscription::{Ended, PATIENCE, Sink};

/// The example of the README is compiled with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
