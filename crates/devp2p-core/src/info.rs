//! What a server says about itself and its peers.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::enode::{Address, Enode, Host};
use crate::enr::Enr;
use crate::keys::{NodeId, PublicKey};
use crate::p2p::{Capability, Hello};
use crate::policy::Direction;

/// Longest client name that is kept of a peer, in bytes; a longer one is cut, and ends in `…`.
pub const MAX_NAME: usize = 256;

/// How many capabilities are kept of what a peer offers, the first ones. All of them are looked at
/// when the shared ones are found out.
///
/// A Hello has room for some 650. Every peer may bring so many, and is held for as long as it stays.
pub const MAX_CAPABILITIES: usize = 64;

/// A running server, as others see it.
///
/// As JSON (feature `serde`): `enode`, `enr`, `id`, `nodeId`, `name`, `ip`, `ports`,
/// `listenAddr`, `protocols`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
#[non_exhaustive]
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
    /// The protocols it offers.
    pub protocols: Vec<Capability>,
}

/// The ports of a server: one number for both, unless one of them is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ports {
    /// UDP, for discovery; 0 if it takes no part in it.
    pub discovery: u16,
    /// TCP, for connections; 0 if it accepts none.
    pub listener: u16,
}

/// A connected peer.
///
/// It prints as `Peer 92f6fa82 127.0.0.1:31234`. A clone shares what is long.
///
/// As JSON (feature `serde`): `id`, `name`, `capabilities`, `shared`, `local`, `remote`,
/// `inbound`, `trusted`, `static`; addresses that it does not have are left out.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct PeerInfo {
    /// The public key, 64 bytes.
    pub id: PublicKey,
    /// Client name, as it says itself: at most [`MAX_NAME`] bytes, and what a connection brought is
    /// [`printable`](crate::p2p::printable).
    pub name: Arc<str>,
    /// What it offers, shared with us or not: at most [`MAX_CAPABILITIES`].
    pub capabilities: Arc<[Capability]>,
    /// What runs: the capabilities that both sides have.
    pub shared: Arc<[Capability]>,
    /// Our end of the connection; none if there is no connection behind the peer.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub local: Option<SocketAddr>,
    /// Its end of the connection; none if there is no connection behind the peer.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub remote: Option<SocketAddr>,
    /// Its UDP port, as the enode says that we dialed; none if it dialed us. Not in the JSON.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub udp: Option<u16>,
    /// Who dialed.
    #[cfg_attr(feature = "serde", serde(rename = "inbound", with = "inbound"))]
    pub direction: Direction,
    /// Whether it is trusted: then it needs no free slot. What a handler and the messages' events
    /// are given is as it was when the peer came; `peers()` and its drop know of changes.
    pub trusted: bool,
    /// Whether we dialed it because it is a static node.
    #[cfg_attr(feature = "serde", serde(rename = "static"))]
    pub is_static: bool,
}

impl PeerInfo {
    /// A peer without addresses: a node that is reached in another way than by a connection of a
    /// server, through [`MsgPipe::pair`](crate::protocol::MsgPipe::pair) for example.
    pub fn new(id: PublicKey, name: &str, direction: Direction) -> Self {
        Self {
            id,
            name: shortened(name).into(),
            capabilities: Arc::new([]),
            shared: Arc::new([]),
            local: None,
            remote: None,
            udp: None,
            direction,
            trusted: false,
            is_static: false,
        }
    }

    /// Its key and its end of the connection: where it can be dialed, if we dialed it.
    #[must_use]
    pub fn enode(&self) -> Enode {
        let address = |remote: SocketAddr| Address {
            host: Host::Ip(remote.ip()),
            tcp: remote.port(),
            udp: self.udp.unwrap_or(remote.port()),
        };
        Enode { public_key: self.id, address: self.remote.map(address) }
    }

    /// What its Hello says, as far as it is kept.
    pub(crate) fn from_hello(mut hello: Hello, direction: Direction) -> Self {
        hello.capabilities.truncate(MAX_CAPABILITIES);
        let capabilities = hello.capabilities.into();
        Self { capabilities, ..Self::new(hello.public_key, &hello.client_id, direction) }
    }
}

/// At most [`MAX_NAME`] bytes of a name.
fn shortened(name: &str) -> String {
    const CUT: char = '…';
    if name.len() <= MAX_NAME {
        return name.to_owned();
    }
    let most = MAX_NAME.saturating_sub(CUT.len_utf8());
    let fits = |(at, c): &(usize, char)| at.saturating_add(c.len_utf8()) <= most;
    name.char_indices().take_while(fits).map(|(_, c)| c).chain([CUT]).collect()
}

impl fmt::Display for PeerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Peer {}", self.id.short())?;
        match self.remote {
            Some(remote) => write!(f, " {remote}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for PeerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// JSON of who dialed: true if it was the peer.
#[cfg(feature = "serde")]
mod inbound {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::policy::Direction;

    pub(super) fn serialize<S: Serializer>(
        direction: &Direction,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        (*direction == Direction::Inbound).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Direction, D::Error> {
        let inbound = bool::deserialize(deserializer)?;
        Ok(if inbound { Direction::Inbound } else { Direction::Outbound })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::NodeKey;

    fn peer(name: &str, capabilities: usize) -> PeerInfo {
        let key = NodeKey::from_bytes([1; 32]).unwrap().public_key();
        let capabilities = (0..capabilities).map(|n| Capability::new(n.to_string(), 1)).collect();
        PeerInfo::from_hello(Hello::new(key, name, capabilities), Direction::Inbound)
    }

    #[test]
    fn what_a_peer_may_make_us_keep_is_bounded() {
        assert_eq!(peer("foo", 2).capabilities.len(), 2);
        assert_eq!(peer("foo", 600).capabilities.len(), MAX_CAPABILITIES);
        let longest = "x".repeat(MAX_NAME);
        assert_eq!(*peer(&longest, 0).name, longest);
        for long in ["x".repeat(2000), "ä".repeat(1000), "€".repeat(600)] {
            let name = peer(&long, 0).name;
            assert!(name.len() <= MAX_NAME && name.len() > MAX_NAME - 6, "{}", name.len());
            assert!(name.ends_with('…') && long.starts_with(name.trim_end_matches('…')));
        }
    }

    #[test]
    fn a_peer_without_a_connection_has_no_address_to_print() {
        let mut peer = peer("foo", 0);
        assert_eq!(peer.to_string(), "Peer 1b84c556");
        peer.remote = Some("127.0.0.1:31234".parse().unwrap());
        assert_eq!(peer.to_string(), "Peer 1b84c556 127.0.0.1:31234");
    }
}
