//! Ethereum's peer-to-peer wire protocol, written to be read.
//!
//! Each module may use only the modules above it:
//!
//! | | module | what it is |
//! |---|---|---|
//! | 1 | [`keys`] | who a node is: private and public key, ECDH, key file |
//! | 2 | [`enode`] | where a node is, and who it must be |
//! | 3 | [`enr`] | the same, signed by the node itself, with a version number |
//! | 4 | [`ecies`] | how to write to a key what only its owner can read |
//! | 5 | [`frame`] | how bytes travel, sealed |
//! | 6 | [`handshake`] | two packets, after which both sides have the same secrets |
//! | 7 | [`p2p`] | what they say: Hello, Disconnect, Ping, Pong, capabilities |
//! | 8 | [`policy`] | which nodes may connect, and which ones to dial when |
//! | 9 | [`discv4`] | how to find nodes when only a few are known |
//! | 10 | [`trace`] | what each byte of a connection is, told by the modules above |
//! | 11 | `info` | what a server says about itself and its peers |
//! | 12 | `end` | why a connection ended, and what to tell the other side |
//! | | *above this line: no socket, no task, no clock, no global randomness* | |
//! | 13 | [`events`] | what a server tells about its peers |
//! | 14 | [`protocol`] | an async function for each peer |
//! | 15 | [`net`] | sockets and tasks: the [`Server`](net::Server) |
//!
//! Above the line, bytes and time go in and bytes and decisions come out, so every module can be
//! read, tested and fuzzed by itself. The feature `net` (on by default) gates what is below it,
//! and `serde` adds JSON.

pub mod discv4;
pub mod ecies;
#[cfg_attr(
    not(feature = "net"),
    expect(dead_code, unreachable_pub, reason = "for what is below the line")
)]
mod end;
pub mod enode;
pub mod enr;
pub mod frame;
pub mod handshake;
#[cfg_attr(
    not(feature = "net"),
    expect(dead_code, unreachable_pub, reason = "for what is below the line")
)]
mod info;
#[cfg(feature = "serde")]
mod json;
pub mod keys;
pub mod p2p;
pub mod policy;
mod record;
mod rlp;

pub mod trace;

#[cfg(feature = "net")]
pub mod events;
#[cfg(feature = "net")]
pub mod net;
#[cfg(feature = "net")]
pub mod protocol;

/// The examples of the README are compiled with those of the documentation.
#[cfg(all(doctest, feature = "net"))]
#[doc = include_str!("../README.md")]
struct Readme;
