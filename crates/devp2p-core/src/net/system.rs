//! The operating system's sockets. No other file names them.
//!
//! In the tests of this crate a simulated network takes their place, so that a whole server runs
//! in memory, and the same again from the same seed.

#[cfg(not(test))]
use tokio::net as network;
#[cfg(test)]
use turmoil::net as network;

#[cfg(test)]
pub(super) use names::{lookup_host, point};
#[cfg(not(test))]
pub(super) use network::lookup_host;
pub(super) use network::tcp::{OwnedReadHalf, OwnedWriteHalf};
pub(super) use network::{TcpListener, TcpStream, UdpSocket};

/// Names that can be pointed elsewhere; all others are those of the simulated hosts.
#[cfg(test)]
mod names {
    use std::cell::RefCell;
    use std::collections::HashMap;
    use std::io;
    use std::net::{IpAddr, SocketAddr};

    thread_local! {
        static NAMES: RefCell<HashMap<String, Option<IpAddr>>> = RefCell::default();
    }

    /// From now on, `name` leads to `ip`, or nowhere.
    pub(crate) fn point(name: &str, ip: Option<IpAddr>) {
        NAMES.with_borrow_mut(|names| names.insert(name.to_owned(), ip));
    }

    pub(crate) async fn lookup_host(
        (name, port): (&str, u16),
    ) -> io::Result<impl Iterator<Item = SocketAddr>> {
        let ip = match NAMES.with_borrow(|names| names.get(name).copied()) {
            Some(ip) => ip.ok_or(io::ErrorKind::NotFound)?,
            None => turmoil::lookup(name),
        };
        Ok([SocketAddr::new(ip, port)].into_iter())
    }
}
