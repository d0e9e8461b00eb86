//! Enode URLs: where a node is, and who it must be.
//!
//! ```text
//!  enode://1dd9d65c…a6f6a439@127.0.0.1:52150?discport=22334
//!          └─ public key ──┘ └ host ─┘ └tcp┘          └udp┘
//! ```
//!
//! The host is an IPv4 address, an IPv6 address in brackets or a DNS name. The UDP port is the TCP
//! port unless `discport` says otherwise. With the key alone, a URL says who but not where.
//!
//! This module must not look up names or open connections: text in, text out.
//!
//! go-ethereum is more patient in places. We refuse what more likely is a slip than meant: a bare
//! key without `enode://` (as its `enode.Parse` does too), an empty host (there: a node without an
//! address), a path, a fragment, an empty `discport`, a prefix in upper case, percent-encoding, an
//! IPv6 zone, and a host of digits and dots that is no IPv4 address (there: a DNS name).
//!
//! Spec: [Ethereum network addresses, enode](https://ethereum.org/developers/docs/networking-layer/network-addresses/)

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use thiserror::Error;

use crate::keys::{KeyError, PublicKey};

const PREFIX: &str = "enode://";

/// The longest URL that is looked at, in bytes. The longest that says anything, with a DNS name of
/// 253 characters, stays below half of it.
const MAX_LENGTH: usize = 1024;

/// Why text is not an enode URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EnodeError {
    /// More than 1024 bytes.
    #[error("an enode URL has at most 1024 bytes")]
    TooLong,
    /// White space, most often from copying.
    #[error("there is a space or a line break in the enode URL: remove it")]
    Whitespace,
    /// No `enode://` at the beginning.
    #[error("an enode URL begins with `enode://`")]
    MissingPrefix,
    /// Something else than `enode` before `://`.
    #[error("this is a URL of another kind: an enode URL begins with `enode://`, in lower case")]
    WrongScheme,
    /// What follows `enode://` is no public key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Nothing between `@` and the port, or a query without an address.
    #[error("the host is missing: after the public key comes `@host:port`")]
    MissingHost,
    /// The host cannot be a DNS name, nor is it an address.
    #[error(
        "the host is no IPv4 address, IPv6 address in brackets or DNS name (letters, digits, `-`, \
         `_`, at most 63 between two dots and 253 in all)"
    )]
    BadHost,
    /// The host has only digits and dots.
    #[error("the host is no IPv4 address: four numbers from 0 to 255 with dots, as in 127.0.0.1")]
    BadIpv4,
    /// The host is in brackets.
    #[error("the host in brackets is no IPv6 address, as in [2001:db8::1], or `]` is missing")]
    BadIpv6,
    /// No port after the host.
    #[error("the port is missing: after the host comes `:port`, as in 127.0.0.1:30303")]
    MissingPort,
    /// The TCP port is no number, or too large.
    #[error("the TCP port, after the host, is a number from 0 to 65535")]
    BadPort,
    /// The UDP port is no number, or too large.
    #[error("the UDP port, after `?discport=`, is a number from 0 to 65535")]
    BadDiscport,
    /// A `/` after the host.
    #[error("an enode URL has no path: remove the `/` and what follows it")]
    Path,
    /// A `#`.
    #[error("an enode URL has no fragment: remove the `#` and what follows it")]
    Fragment,
}

// ANCHOR: enode
/// A node, as an enode URL names it.
///
/// Read with [`str::parse`], printed with `Display`; under the feature `serde` it is its URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Enode {
    /// Who the node is. A connection to anybody else is a connection to the wrong one.
    pub public_key: PublicKey,
    /// Where it is, if that is known.
    pub address: Option<Address>,
}

/// Where a node is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// The machine.
    pub host: Host,
    /// The TCP port, for connections; 0 if the node accepts none.
    pub tcp: u16,
    /// The UDP port, for node discovery; 0 if the node takes no part in it.
    pub udp: u16,
}
// ANCHOR_END: enode

/// The machine that a node runs on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// An IP address.
    Ip(IpAddr),
    /// A DNS name, in the case in which it was written. One that was parsed has only letters,
    /// digits, `-`, `_` and `.`.
    Dns(String),
}

impl Enode {
    /// A node at an IP address, with the same port for TCP and UDP.
    pub fn new(public_key: PublicKey, address: SocketAddr) -> Enode {
        let (host, port) = (Host::Ip(address.ip()), address.port());
        Enode { public_key, address: Some(Address { host, tcp: port, udp: port }) }
    }

    /// The address to connect to.
    ///
    /// None if there is no address, the TCP port is 0, or the host is a DNS name, which must be
    /// looked up first.
    pub fn tcp_addr(&self) -> Option<SocketAddr> {
        match &self.address {
            Some(Address { host: Host::Ip(ip), tcp, .. }) if *tcp != 0 => {
                Some(SocketAddr::new(*ip, *tcp))
            }
            _ => None,
        }
    }
}

impl FromStr for Enode {
    type Err = EnodeError;

    fn from_str(url: &str) -> Result<Enode, EnodeError> {
        if url.len() > MAX_LENGTH {
            return Err(EnodeError::TooLong);
        }
        if url.contains(char::is_whitespace) {
            return Err(EnodeError::Whitespace);
        }
        let Some(rest) = url.strip_prefix(PREFIX) else {
            let other = url.contains("://");
            return Err(if other { EnodeError::WrongScheme } else { EnodeError::MissingPrefix });
        };
        if rest.contains('#') {
            return Err(EnodeError::Fragment);
        }
        let (node, query) = match rest.split_once('?') {
            Some((node, query)) => (node, Some(query)),
            None => (rest, None),
        };
        if node.contains('/') {
            return Err(EnodeError::Path);
        }
        match (node.split_once('@'), query) {
            (Some((public_key, address)), query) => Ok(Enode {
                public_key: public_key.parse()?,
                address: Some(parse_address(address, query)?),
            }),
            (None, None) => Ok(Enode { public_key: node.parse()?, address: None }),
            (None, Some(_)) => Err(EnodeError::MissingHost),
        }
    }
}

fn parse_address(address: &str, query: Option<&str>) -> Result<Address, EnodeError> {
    let (host, port) = match address.rsplit_once(':') {
        // Without a port the last colon may be one of an IPv6 address.
        Some((host, port)) if !address.ends_with(']') => (host, port),
        _ => (address, ""),
    };
    let host = host.parse()?;
    if port.is_empty() {
        return Err(EnodeError::MissingPort);
    }
    let tcp = parse_port(port).ok_or(EnodeError::BadPort)?;
    let udp = match query.and_then(find_discport) {
        Some(discport) => parse_port(discport).ok_or(EnodeError::BadDiscport)?,
        None => tcp,
    };
    Ok(Address { host, tcp, udp })
}

/// The first `discport` of a query; an item without `=` has an empty value.
fn find_discport(query: &str) -> Option<&str> {
    query
        .split('&')
        .map(|item| item.split_once('=').unwrap_or((item, "")))
        .find_map(|(name, value)| (name == "discport").then_some(value))
}

/// Digits only: the standard library alone would take `+3`, too.
fn parse_port(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

impl FromStr for Host {
    type Err = EnodeError;

    /// Reads a host as it stands in a URL: IPv6 in brackets.
    fn from_str(host: &str) -> Result<Host, EnodeError> {
        if host.is_empty() {
            return Err(EnodeError::MissingHost);
        }
        if let Some(rest) = host.strip_prefix('[') {
            let inside = rest.strip_suffix(']').ok_or(EnodeError::BadIpv6)?;
            let ip: Ipv6Addr = inside.parse().map_err(|_| EnodeError::BadIpv6)?;
            return Ok(Host::Ip(ip.into()));
        }
        // Such a name means an IPv4 address to some resolvers, and not to others.
        if host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            let ip: Ipv4Addr = host.parse().map_err(|_| EnodeError::BadIpv4)?;
            return Ok(Host::Ip(ip.into()));
        }
        if is_dns_name(host) { Ok(Host::Dns(host.to_owned())) } else { Err(EnodeError::BadHost) }
    }
}

fn is_dns_name(name: &str) -> bool {
    // A dot at the end says that the name is complete; it is not part of the length.
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

impl fmt::Display for Enode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.public_key)?;
        match &self.address {
            Some(address) => write!(f, "@{address}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.tcp)?;
        if self.udp != self.tcp {
            write!(f, "?discport={}", self.udp)?;
        }
        Ok(())
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Ip(IpAddr::V4(ip)) => write!(f, "{ip}"),
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Host::Dns(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests;
