//! Values on the command line that need more words than their parsers have.

use std::net::{IpAddr, SocketAddr};

use devp2p_core::enode::{Endpoint, Enode, EnodeError};
use devp2p_core::policy::AddPeerError;
use thiserror::Error;

/// Why a value cannot be used.
#[derive(Debug, Error)]
pub(crate) enum ValueError {
    /// Not an enode.
    #[error(transparent)]
    Enode(#[from] EnodeError),
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

/// Where to listen.
pub(crate) fn socket_addr(text: &str) -> Result<SocketAddr, ValueError> {
    text.parse().map_err(|_| ValueError::SocketAddr)
}

/// An address that others can connect to.
pub(crate) fn ip(text: &str) -> Result<IpAddr, ValueError> {
    let ip: IpAddr = text.parse().map_err(|_| ValueError::Ip)?;
    if ip.is_unspecified() { Err(ValueError::Unspecified) } else { Ok(ip) }
}
