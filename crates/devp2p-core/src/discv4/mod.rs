//! Node discovery, version 4: how a node that knows one node comes to know many.
//!
//! Nobody keeps the list of all nodes. Each node knows some, and answers one question about them:
//! *which nodes do you know whose ids are closest to this target?* A node that asks, and then asks
//! the nodes in the answers, gets closer with every round:
//!
//! ```text
//!  target ●                                            distance = id ⊕ id, read as a number
//!
//!          ○ C   ◀── 3 ── FindNode(target) to C ── the closest there are: done
//!
//!               ○ B   ◀── 2 ── FindNode(target) to B ── "C is closer"
//!
//!                          ○ A   ◀── 1 ── FindNode(target) to A ── "B is closer"
//!
//!                                        ■ we know only A
//! ```
//!
//! UDP lets anybody write any sender's address on a packet. So that nobody makes us flood a third
//! party with answers, a node must first show that it gets what is sent to its address:
//!
//! ```text
//!  A ──────────── Ping ───────────▶ B      each packet is signed: it says who sent it
//!  A ◀── Pong(hash of that Ping) ── B      B is where it says it is, B has proved it
//!  A ◀─────────── Ping ──────────── B
//!  A ── Pong(hash of that Ping) ──▶ B      now A has, too
//!  A ────── FindNode(target) ─────▶ B
//!  A ◀────── Neighbors(…) ───────── B      up to 16 nodes, in packets of up to 12
//! ```
//!
//! | file | what it is |
//! |---|---|
//! | [`distance`] | what "closest" means |
//! | [`packet`] | what nodes say, as bytes |
//! | [`table`], `checks.rs` | which nodes we know, and whether they are still there |
//! | `lookup.rs` | from those we know to the closest there are |
//! | `bonds.rs` | who has proved its address, and to whom we have |
//! | `requests.rs` | what we asked, and how long we wait |
//! | `address.rs` | which addresses may be passed on |
//! | `own_endpoint.rs` | where others see us |
//! | [`service`] | all of it together: a node without its socket |
//!
//! This module must not open sockets, look at clocks or draw randomness of its own: datagrams,
//! times and random numbers go in; datagrams, found nodes and times come out. So ten thousand nodes
//! fit into one program: see the example `lookup_simulation`.
//!
//! Book: chapter *How nodes find each other*.
//!
//! Spec: [Node discovery protocol v4](https://github.com/ethereum/devp2p/blob/master/discv4.md)

mod address;
mod bonds;
mod checks;
pub mod distance;
mod lookup;
mod own_endpoint;
pub mod packet;
mod requests;
pub mod service;
pub mod table;

use std::net::{IpAddr, SocketAddr};

pub use lookup::K;

use crate::enode::{Address, Enode, Host};
use crate::keys::{NodeId, PublicKey};

/// A node that can be asked: its key, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Node {
    /// Who it is.
    pub public_key: PublicKey,
    /// The machine.
    pub ip: IpAddr,
    /// The UDP port, for discovery.
    pub udp: u16,
    /// The TCP port, for connections; 0 if it accepts none.
    pub tcp: u16,
}

impl Node {
    /// Takes an enode that can be asked as it is.
    ///
    /// None if it has no address, a DNS name, which must be looked up first, or UDP port 0. An
    /// IPv4 address in the clothes of an IPv6 address (`::ffff:1.2.3.4`) is undressed.
    #[must_use]
    pub fn from_enode(enode: &Enode) -> Option<Self> {
        match &enode.address {
            Some(Address { host: Host::Ip(ip), tcp, udp }) if *udp != 0 => Some(Self {
                public_key: enode.public_key,
                ip: ip.to_canonical(),
                udp: *udp,
                tcp: *tcp,
            }),
            _ => None,
        }
    }

    /// What distance is measured with: the hash of its key.
    #[must_use]
    pub fn node_id(&self) -> NodeId {
        self.public_key.node_id()
    }

    /// Where it is asked.
    #[must_use]
    pub fn udp_addr(&self) -> SocketAddr {
        SocketAddr::new(self.ip, self.udp)
    }

    /// Its enode, to print or to dial.
    #[must_use]
    pub fn enode(&self) -> Enode {
        let address = Address { host: Host::Ip(self.ip), tcp: self.tcp, udp: self.udp };
        Enode { public_key: self.public_key, address: Some(address) }
    }
}
