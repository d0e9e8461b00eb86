//! The operating system's sockets. No other file names them.
//!
//! In the tests of this crate a simulated network takes their place, so that a whole server runs
//! in memory, and the same again from the same seed.

#[cfg(not(test))]
use tokio::net as network;
#[cfg(test)]
use turmoil::net as network;

pub(super) use network::tcp::{OwnedReadHalf, OwnedWriteHalf};
pub(super) use network::{TcpListener, TcpStream, UdpSocket, lookup_host};
