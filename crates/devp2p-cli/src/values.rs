//! Values on the command line that need more words than their parsers have.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use devp2p_core::net::External;
use devp2p_core::p2p::Capability;

use crate::failure::Failure;
use crate::{explain, nodes};

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
    nodes::nobody_is_at(ip).map_or(Ok(ip), Err)
}

/// Where others reach a node: an IP address, or with the ports that it has there.
pub(crate) fn external(text: &str) -> Result<External, String> {
    if text.parse::<IpAddr>().is_ok() {
        return ip(text).map(External::from);
    }
    let (addr, udp) = match text.split_once("?discport=") {
        Some((addr, udp)) => (addr, Some(udp)),
        None => (text, None),
    };
    let port = |port: u16| Some(port).filter(|port| *port > 0);
    let read = || {
        let addr: SocketAddr = addr.parse().ok()?;
        let udp = match udp {
            Some(udp) => Some(port(udp.parse().ok()?)?),
            None => None,
        };
        Some(External { ip: addr.ip(), tcp: Some(port(addr.port())?), udp })
    };
    let external = read().ok_or_else(|| {
        "write IP, IP:PORT or IP:PORT?discport=UDP-PORT, as in 203.0.113.7, 203.0.113.7:30303 or \
         [2001:db8::1]:30303; ports are from 1 to 65535"
            .to_owned()
    })?;
    nodes::nobody_is_at(external.ip).map_or(Ok(external), Err)
}

/// All addresses of `--ip`: at most one for IPv4 and one for IPv6.
///
/// # Errors
/// [`Failure::Told`] when there are two of a kind.
pub(crate) fn one_of_each_family(all: &[External]) -> Result<Vec<External>, Failure> {
    let count = |is_v4: bool| all.iter().filter(|it| it.ip.is_ipv4() == is_v4).count();
    if count(true) > 1 || count(false) > 1 {
        return Err(Failure::told(
            "--ip: a node has one address for IPv4 and one for IPv6 at most",
        )
        .about(&explain::EXTERNAL_ADDRESS));
    }
    Ok(all.to_vec())
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
