//! Values on the command line that need more words than their parsers have.

use std::net::{IpAddr, SocketAddr};

use devp2p_core::enode::{Endpoint, Enode, EnodeError};
use devp2p_core::enr::{Enr, EnrError};
use devp2p_core::keys::KeyError;
use devp2p_core::net::discovery::AskError;
use devp2p_core::policy::AddPeerError;
use thiserror::Error;

/// Why a value cannot be used.
#[derive(Debug, Error)]
pub(crate) enum ValueError {
    /// Not an enode.
    #[error(transparent)]
    Enode(#[from] EnodeError),
    /// Not a node record.
    #[error(transparent)]
    Enr(#[from] EnrError),
    /// Not a public key.
    #[error("{0}; or write an enode or a record (enr:…)")]
    Key(#[from] KeyError),
    /// A node that cannot be asked.
    #[error(transparent)]
    NoUdp(AskError),
    /// An enode that cannot be dialed.
    #[error(transparent)]
    Undialable(#[from] AddPeerError),
    /// Not an address and a port.
    #[error("an address to listen on is IP:PORT, as in 127.0.0.1:30303 or [::]:30303")]
    SocketAddr,
    /// Not an IP address.
    #[error("an IP address is written as in 192.168.1.5 or 2001:db8::1")]
    Ip,
    /// `0.0.0.0` or `::`.
    #[error("this stands for all addresses of a machine: nobody can connect to it, name one")]
    Unspecified,
}

/// An enode that says where its node is.
pub(crate) fn dialable(text: &str) -> Result<Enode, ValueError> {
    let enode: Enode = text.parse()?;
    match enode.endpoint {
        None => Err(AddPeerError::NoAddress.into()),
        Some(Endpoint { tcp: 0, .. }) => Err(AddPeerError::NoTcpPort.into()),
        Some(_) => Ok(enode),
    }
}

/// A node that can be asked over UDP: an enode or a record.
pub(crate) fn askable(text: &str) -> Result<Enode, ValueError> {
    let enode = enode_or_record(text)?;
    match enode.endpoint {
        None => Err(ValueError::NoUdp(AskError::NoAddress)),
        Some(Endpoint { udp: 0, .. }) => Err(ValueError::NoUdp(AskError::NoUdpPort)),
        Some(_) => Ok(enode),
    }
}

/// A node, wherever it is: an enode, a record or a public key.
pub(crate) fn anyone(text: &str) -> Result<Enode, ValueError> {
    if text.contains(':') {
        return enode_or_record(text);
    }
    Ok(Enode { public_key: text.parse()?, endpoint: None })
}

fn enode_or_record(text: &str) -> Result<Enode, ValueError> {
    if text.starts_with("enr:") {
        return Ok(text.parse::<Enr>()?.enode());
    }
    Ok(text.parse()?)
}

/// Where to listen.
pub(crate) fn socket_addr(text: &str) -> Result<SocketAddr, ValueError> {
    text.parse().map_err(|_| ValueError::SocketAddr)
}

/// An address that others can connect to.
pub(crate) fn ip(text: &str) -> Result<IpAddr, ValueError> {
    let ip: IpAddr = text.parse().map_err(|_| ValueError::Ip)?;
    if ip.is_unspecified() { Err(ValueError::Unspecified) } else { Ok(ip) }
}
