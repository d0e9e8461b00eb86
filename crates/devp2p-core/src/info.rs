//! What a server says about itself and its peers.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::enode::Enode;
use crate::enr::Enr;
use crate::keys::{NodeId, PublicKey};
use crate::p2p::Capability;
use crate::policy::Direction;

/// A running server, as others see it.
///
/// As JSON (feature `serde`): `enode`, `enr`, `id`, `nodeId`, `name`, `ip`, `ports`,
/// `listenAddr`, `protocols`.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct NodeInfo {
    /// What others need to connect.
    pub enode: Enode,
    /// The same, signed: what discovery gives to those who ask.
    pub enr: Enr,
    /// The public key, 64 bytes; printed as 128 hex digits.
    pub id: PublicKey,
    /// keccak-256 of the public key: what go-ethereum calls the id today.
    pub node_id: NodeId,
    /// Client name, as in `foo/v42/linux/rust1.95.0`.
    pub name: String,
    /// The IP address in the enode.
    pub ip: IpAddr,
    /// The ports in the enode.
    pub ports: Ports,
    /// Where it really listens; none for a server that only dials.
    pub listen_addr: Option<SocketAddr>,
    /// The subprotocols it offers.
    #[cfg_attr(feature = "serde", serde(serialize_with = "as_strings"))]
    pub protocols: Vec<Capability>,
}

/// The ports of a server: one number for both, unless one of them is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Ports {
    /// UDP, for discovery; 0 if it takes no part in it.
    pub discovery: u16,
    /// TCP, for connections; 0 if it accepts none.
    pub listener: u16,
}

/// A connected peer.
///
/// It prints as `Peer 92f6fa82 127.0.0.1:31234`.
#[derive(Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct PeerInfo {
    /// The public key, 64 bytes.
    pub id: PublicKey,
    /// Client name, as it says itself; control characters replaced.
    pub name: String,
    /// Everything it offers, shared with us or not.
    #[cfg_attr(feature = "serde", serde(serialize_with = "as_strings"))]
    pub capabilities: Vec<Capability>,
    /// Our end of the connection.
    pub local: SocketAddr,
    /// Its end of the connection.
    pub remote: SocketAddr,
    /// Who dialed.
    #[cfg_attr(feature = "serde", serde(rename = "inbound", serialize_with = "as_inbound"))]
    pub direction: Direction,
}

impl fmt::Display for PeerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Peer {} {}", self.id.short(), self.remote)
    }
}

impl fmt::Debug for PeerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "serde")]
fn as_strings<S: serde::Serializer>(all: &[Capability], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(all.iter().map(ToString::to_string))
}

#[cfg(feature = "serde")]
fn as_inbound<S: serde::Serializer>(
    direction: &Direction,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(*direction == Direction::Inbound)
}
