//! UDP: the socket of discovery.

use std::io;
use std::net::{IpAddr, SocketAddr};

use super::system::{UdpSocket, lookup_host};

/// A bound socket.
///
/// Nothing here waits for room or for datagrams that were lost: its queues are those of the
/// operating system, which drops what does not fit. UDP promises no more.
#[derive(Debug)]
pub(super) struct Socket {
    socket: UdpSocket,
    local: SocketAddr,
}

impl Socket {
    pub(super) async fn bind(addr: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(addr).await?;
        let local = socket.local_addr()?;
        // Before it has heard from the system that there is room, tokio sends nothing.
        socket.writable().await?;
        Ok(Self { socket, local })
    }

    pub(super) fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Waits until there may be a datagram. Cancel-safe.
    pub(super) async fn readable(&self) {
        // An error says that the runtime ends, and this task with it; any other comes again when
        // the datagram is read.
        let _ = self.socket.readable().await;
    }

    /// Reads the next datagram, if there is one; what does not fit into the buffer is lost.
    /// `WouldBlock` says that there is none, any other error that one could not be read.
    pub(super) fn try_receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let (length, from) = self.socket.try_recv_from(buffer)?;
        // An IPv4 address that a dual-stack socket shows as IPv6, made IPv4 again.
        Ok((length, SocketAddr::new(from.ip().to_canonical(), from.port())))
    }

    /// Sends a datagram, if there is room for it.
    pub(super) fn try_send(&self, to: SocketAddr, datagram: &[u8]) -> io::Result<()> {
        let to = match (self.local.ip(), to.ip()) {
            // And back: an IPv6 socket speaks IPv4 only under IPv6 addresses.
            (IpAddr::V6(_), IpAddr::V4(ip)) => {
                SocketAddr::new(ip.to_ipv6_mapped().into(), to.port())
            }
            _ => to,
        };
        self.socket.try_send_to(datagram, to).map(|_length| ())
    }
}

/// Looks up a host name.
pub(super) async fn look_up(name: &str) -> io::Result<Vec<IpAddr>> {
    Ok(lookup_host((name, 0)).await?.map(|addr| addr.ip().to_canonical()).collect())
}
