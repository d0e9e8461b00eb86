//! TCP. With `udp`, the only files that touch the operating system's sockets.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::time::{Duration, sleep};
use tracing::warn;

use crate::enode::{Enode, Host};

/// After a failed accept (most likely: too many open files), as in go-ethereum.
const ACCEPT_RETRY: Duration = Duration::from_millis(200);

pub(super) type Reader = tokio::net::tcp::OwnedReadHalf;
pub(super) type Writer = tokio::net::tcp::OwnedWriteHalf;

/// The two halves of a connection, and the addresses of its ends.
pub(super) struct Connected {
    pub(super) reader: Reader,
    pub(super) writer: Writer,
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
}

/// A listening socket.
pub(super) struct Listener(TcpListener);

impl Listener {
    pub(super) async fn bind(addr: SocketAddr) -> io::Result<Self> {
        TcpListener::bind(addr).await.map(Self)
    }

    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Waits for the next connection. Cancel-safe. Failures are not final: they are logged, and it
    /// waits on.
    pub(super) async fn accept(&self) -> Connected {
        loop {
            match self.0.accept().await.and_then(|(stream, _)| Connected::new(stream)) {
                Ok(connected) => return connected,
                Err(error) => warn!(%error, "cannot accept a connection; trying again"),
            }
            sleep(ACCEPT_RETRY).await;
        }
    }
}

/// Connects to where an enode says its node is; a DNS name is looked up now, and its addresses are
/// tried in turn.
pub(super) async fn dial(enode: &Enode) -> io::Result<Connected> {
    let endpoint = enode.endpoint.as_ref().ok_or(io::ErrorKind::AddrNotAvailable)?;
    let stream = match &endpoint.host {
        Host::Ip(ip) => TcpStream::connect((*ip, endpoint.tcp)).await?,
        Host::Dns(name) => {
            // Operating systems have a dozen errors for it; all mean that there is no such name.
            let found = lookup_host((name.as_str(), endpoint.tcp)).await;
            let addresses: Vec<SocketAddr> = found.map_err(|_| io::ErrorKind::NotFound)?.collect();
            TcpStream::connect(&addresses[..]).await?
        }
    };
    Connected::new(stream)
}

impl Connected {
    fn new(stream: TcpStream) -> io::Result<Self> {
        // Frames are small and answers are waited for: Nagle's algorithm would only delay them.
        stream.set_nodelay(true)?;
        let (local, remote) = (canonical(stream.local_addr()?), canonical(stream.peer_addr()?));
        let (reader, writer) = stream.into_split();
        Ok(Self { reader, writer, local, remote })
    }
}

/// An IPv4 address that a dual-stack socket shows as IPv6, made IPv4 again.
fn canonical(addr: SocketAddr) -> SocketAddr {
    SocketAddr::new(addr.ip().to_canonical(), addr.port())
}
