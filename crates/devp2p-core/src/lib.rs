//! Ethereum's peer-to-peer wire protocol, written to be read.
//!
//! Each module may use only the modules above it:
//!
//! | | module | what it is |
//! |---|---|---|
//! | 1 | [`keys`] | who a node is: private and public key, ECDH, key file |
//! | 2 | [`enode`] | where a node is, and who it must be |
//! | 3 | [`handshake`] | two packets, after which both sides know each other and share secrets |
//! | 4 | [`frame`] | how bytes travel after that |
//! | 5 | [`p2p`] | what they say: Hello, Disconnect, Ping, Pong, capabilities |
//! | 6 | [`policy`] | who may connect, and whom to dial when |
//! | 7 | [`info`] | what a server says about itself and its peers |
//! | 8 | [`end`] | why a connection ended, and what to tell the other side |
//! | | *above this line: no socket, no task, no clock, no global randomness* | |
//! | 9 | [`events`] | what a server tells about its peers |
//! | 10 | [`protocol`] | subprotocols: an async function for each peer |
//! | 11 | [`net`] | sockets and tasks: the [`Server`](net::Server) |
//!
//! Above the line, bytes and time go in and bytes and decisions come out, so every module can be
//! read, tested and fuzzed by itself. The feature `net` (on by default) gates what is below it,
//! and `serde` adds JSON.

pub mod end;
pub mod enode;
pub mod frame;
pub mod handshake;
pub mod info;
pub mod keys;
pub mod p2p;
pub mod policy;

#[cfg(feature = "net")]
pub mod events;
#[cfg(feature = "net")]
pub mod net;
#[cfg(feature = "net")]
pub mod protocol;
