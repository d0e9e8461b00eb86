//! Values on the command line that need more words than their parsers have.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use devp2p_core::p2p::Capability;

use crate::nodes::UNSPECIFIED;

/// How many.
pub(crate) fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "a whole number is needed here, from 0 on".to_owned())
}

/// Where to listen.
pub(crate) fn socket_addr(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "an address to listen on is IP:PORT, as in 127.0.0.1:30303 or [::]:30303; ports are from 0 \
         to 65535"
            .to_owned()
    })
}

/// An address that others can connect to.
pub(crate) fn ip(text: &str) -> Result<IpAddr, String> {
    let ip: IpAddr = text
        .parse()
        .map_err(|_| "an IP address is written as in 192.168.1.5 or 2001:db8::1".to_owned())?;
    if ip.is_unspecified() {
        return Err(format!("{ip} {UNSPECIFIED}"));
    }
    Ok(ip)
}

/// A protocol, as `NAME/VERSION/LENGTH`: what it is called, and how many message codes it has.
pub(crate) fn protocol(text: &str) -> Result<(Capability, u64), String> {
    let parsed = text.rsplit_once('/').and_then(|(capability, length)| {
        let capability: Capability = capability.parse().ok()?;
        let length = length.parse().ok().filter(|length| *length > 0)?;
        let is_name = !capability.name.is_empty() && !capability.name.contains('/');
        is_name.then_some((capability, length))
    });
    parsed.ok_or_else(|| {
        "a protocol is NAME/VERSION/LENGTH, as in foo/42/1: its name, its version, and how many \
         message codes it has, at least 1"
            .to_owned()
    })
}
