//! Which address of this machine others can reach.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Far away, so that the way there is the way out of here; reserved for documentation, so that
/// they are nobody's.
const FAR_AWAY_V4: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);
const FAR_AWAY_V6: (Ipv6Addr, u16) = (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 9);

/// The address to put into the enode of a node that listens on `listen`.
///
/// For all interfaces (`0.0.0.0` or `[::]`) it is the one that this machine has in its network,
/// or the loopback address if there is no network.
pub(crate) fn reachable_ip(listen: IpAddr) -> IpAddr {
    if !listen.is_unspecified() {
        return listen;
    }
    let v4 = || own_address((Ipv4Addr::UNSPECIFIED, 0).into(), FAR_AWAY_V4.into());
    let v6 = || own_address((Ipv6Addr::UNSPECIFIED, 0).into(), FAR_AWAY_V6.into());
    match listen {
        IpAddr::V4(_) => v4().unwrap_or(Ipv4Addr::LOCALHOST.into()),
        // Most systems let a socket on [::] serve IPv4, too.
        IpAddr::V6(_) => v6().or_else(|_| v4()).unwrap_or(Ipv6Addr::LOCALHOST.into()),
    }
}

/// The address that would be used to talk to `remote`. A UDP socket that is connected chooses its
/// own address; nothing is sent.
fn own_address(any: SocketAddr, remote: SocketAddr) -> io::Result<IpAddr> {
    let socket = UdpSocket::bind(any)?;
    socket.connect(remote)?;
    Ok(socket.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_was_asked_for_is_kept() {
        for ip in ["127.0.0.1", "10.1.2.3", "::1"] {
            let ip: IpAddr = ip.parse().unwrap();
            assert_eq!(reachable_ip(ip), ip);
        }
    }

    #[test]
    fn for_all_interfaces_it_is_one_of_them() {
        for all in ["0.0.0.0", "::"] {
            let ip = reachable_ip(all.parse().unwrap());
            assert!(!ip.is_unspecified(), "{all} became {ip}");
            // Only an address of this machine can be bound.
            assert!(UdpSocket::bind((ip, 0)).is_ok(), "{all} became {ip}");
        }
    }
}
