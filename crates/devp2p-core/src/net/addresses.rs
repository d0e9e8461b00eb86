//! Where nodes are: where an enode leads to, from where it can be reached, and where we say that we
//! are ourselves.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use thiserror::Error;

use super::udp;
use crate::discv4::Node;
use crate::discv4::packet::Endpoint;
use crate::discv4::service::RequestError;
use crate::enode::{Enode, Host};

/// An external address: where a node is reached from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct External {
    /// The address.
    pub ip: IpAddr,
    /// The TCP port, if it is another one than that of the node itself.
    pub tcp: Option<u16>,
    /// The UDP port, if it is another one than `tcp`, or than that of the node itself.
    pub udp: Option<u16>,
}

impl From<IpAddr> for External {
    fn from(ip: IpAddr) -> Self {
        Self { ip, tcp: None, udp: None }
    }
}

/// Why a node was not asked, or has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AskError {
    /// The enode does not say where.
    #[error("the enode has no address: add @IP:PORT, or @IP:PORT?discport=UDP-PORT")]
    NoAddress,
    /// The enode has UDP port 0.
    #[error("the enode's UDP port is 0: this node takes no part in discovery")]
    NoUdpPort,
    /// The host name leads nowhere.
    #[error("its host name cannot be looked up: {}", name_hint(*.0))]
    Lookup(io::ErrorKind),
    /// It was asked, and there is no answer; or it was not asked.
    #[error(transparent)]
    Request(#[from] RequestError),
}

/// The node of an enode; a host name is looked up now, and an IPv4 address preferred.
///
/// # Errors
/// [`AskError`], all but `Request`.
pub async fn resolve(enode: &Enode) -> Result<Node, AskError> {
    let address = enode.address.as_ref().ok_or(AskError::NoAddress)?;
    if address.udp == 0 {
        return Err(AskError::NoUdpPort);
    }
    let ip = match &address.host {
        Host::Ip(ip) => ip.to_canonical(),
        Host::Dns(name) => {
            // Operating systems have a dozen errors for it; all mean that there is no such name.
            let found = udp::look_up(name).await.unwrap_or_default();
            let first = found.iter().find(|ip| ip.is_ipv4()).or(found.first());
            *first.ok_or(AskError::Lookup(io::ErrorKind::NotFound))?
        }
    };
    Ok(Node { public_key: enode.public_key, ip, udp: address.udp, tcp: address.tcp })
}

/// Why a name leads nowhere.
fn name_hint(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::TimedOut => "no name server answers",
        _ => "is it spelled right, and is there a network?",
    }
}

/// Any port of this machine, on an address from which all of these can be reached: the loopback
/// address, which no firewall asks about, if they are all on this machine.
#[must_use]
pub fn any_port_to(ips: impl IntoIterator<Item = IpAddr>) -> SocketAddr {
    let ips: Vec<IpAddr> = ips.into_iter().collect();
    let ip = match ips.iter().find(|ip| !ip.is_loopback()).or(ips.first()) {
        Some(IpAddr::V4(ip)) if !ip.is_loopback() => Ipv4Addr::UNSPECIFIED.into(),
        None | Some(IpAddr::V4(_)) => Ipv4Addr::LOCALHOST.into(),
        Some(IpAddr::V6(ip)) if ip.is_loopback() => Ipv6Addr::LOCALHOST.into(),
        Some(IpAddr::V6(_)) => Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::new(ip, 0)
}

/// Where others reach us, in the one and perhaps in the other of the two worlds, IPv4 and IPv6.
pub(super) fn endpoints(
    external: &[External],
    udp_addr: SocketAddr,
    tcp: u16,
) -> (Endpoint, Option<Endpoint>) {
    let udp = udp_addr.port();
    let said = |it: &External| Endpoint {
        ip: it.ip,
        udp: it.udp.or(it.tcp).unwrap_or(udp),
        tcp: if tcp == 0 { 0 } else { it.tcp.unwrap_or(tcp) },
    };
    let mut said = external.iter().map(said);
    let Some(first) = said.next() else {
        let of_socket = Some(udp_addr.ip()).filter(|ip| !ip.is_unspecified());
        let ip = of_socket.unwrap_or(Ipv4Addr::LOCALHOST.into());
        return (Endpoint { ip, udp, tcp }, None);
    };
    (first, said.find(|other| other.ip.is_ipv4() != first.ip.is_ipv4()))
}
