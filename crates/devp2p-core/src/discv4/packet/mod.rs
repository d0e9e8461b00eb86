//! Packets: what nodes say to each other, signed, each in a datagram of its own.
//!
//! ```text
//!  ┌───────────┬────────────────┬──────────────────┬─────────────────────┐
//!  │ hash (32) │ signature (65) │ packet-type (1)  │ packet-data (RLP)   │  98 to 1280 bytes
//!  └─────┬─────┴───────┬────────┴──────────────────┴─────────────────────┘
//!        │             └ sign(sender's key, keccak256(packet-type ‖ packet-data)): r ‖ s ‖ v
//!        └ keccak256(signature ‖ packet-type ‖ packet-data): finds broken packets, and names whole
//!          ones: an answer says which hash it answers
//! ```
//!
//! Nobody says who they are: the signature gives away the sender's key. The packet data are lists:
//!
//! ```text
//!  1 Ping         [version = 4, from, to, expiration, enr-seq, …]
//!  2 Pong         [to, ping-hash (32), expiration, enr-seq, …]
//!  3 FindNode     [target (64), expiration, …]
//!  4 Neighbors    [[[ip (4 or 16), udp-port, tcp-port, key (64)], …], expiration, …]
//!  5 EnrRequest   [expiration, …]
//!  6 EnrResponse  [request-hash (32), record, …]
//!
//!    from, to   = [ip (4 or 16), udp-port, tcp-port]
//! ```
//!
//! EIP-8: more items in a list, bytes after the packet data, and any version are for the future;
//! we ignore them. EIP-868 added `enr-seq` and the types 5 and 6 in this way.
//!
//! This module must not decide whether a packet was expected, nor believe what it says.
//!
//! Spec: [discv4, wire protocol](https://github.com/ethereum/devp2p/blob/master/discv4.md#wire-protocol)

mod body;
mod envelope;
mod fields;

use std::net::IpAddr;

pub(crate) use envelope::decode_noting;
pub use envelope::{Opened, PacketError, Sealed, decode};

use crate::enr::Enr;

/// How many nodes fit into one Neighbors packet, if all of them have IPv6 addresses.
pub const MAX_NEIGHBORS: usize = 12;
/// Shortest datagram, in bytes: an envelope and a packet type.
pub const MIN_PACKET: usize = 98;
/// Longest datagram, in bytes: one that no network has to cut.
pub const MAX_PACKET: usize = 1280;

/// What a datagram says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// Are you there? I am.
    Ping(Ping),
    /// I am; and it was you who asked.
    Pong(Pong),
    /// Which nodes do you know that are closest to this target?
    FindNode(FindNode),
    /// These.
    Neighbors(Neighbors),
    /// What does your node record say?
    EnrRequest(EnrRequest),
    /// This.
    EnrResponse(EnrResponse),
}

impl Packet {
    /// Unix time in seconds after which the packet is void; `EnrResponse` has none.
    #[must_use]
    pub fn expiration(&self) -> Option<u64> {
        match self {
            Self::Ping(packet) => Some(packet.expiration),
            Self::Pong(packet) => Some(packet.expiration),
            Self::FindNode(packet) => Some(packet.expiration),
            Self::Neighbors(packet) => Some(packet.expiration),
            Self::EnrRequest(packet) => Some(packet.expiration),
            Self::EnrResponse(_) => None,
        }
    }

    // ANCHOR: is_expired
    /// Whether the packet is void at `now`, in Unix seconds: who recorded it may send it again, from
    /// anywhere, and shall not get an answer for ever.
    ///
    /// As in go-ethereum, the number is a *signed* one: what does not fit into an `i64` is past,
    /// not far in the future.
    #[must_use]
    pub fn is_expired(&self, now: u64) -> bool {
        self.expired_for(now).is_some()
    }
    // ANCHOR_END: is_expired

    /// How long ago it became void, in seconds; `None` if it is not expired, [`u64::MAX`] if what it
    /// has is no time.
    #[must_use]
    pub fn expired_for(&self, now: u64) -> Option<u64> {
        match self.expiration()? {
            expiration if i64::try_from(expiration).is_err() => Some(u64::MAX),
            expiration if expiration < now => Some(now.saturating_sub(expiration)),
            _ => None,
        }
    }

    /// What the packet is called.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ping(_) => "Ping",
            Self::Pong(_) => "Pong",
            Self::FindNode(_) => "FindNode",
            Self::Neighbors(_) => "Neighbors",
            Self::EnrRequest(_) => "EnrRequest",
            Self::EnrResponse(_) => "EnrResponse",
        }
    }
}

/// An address, as packets write it.
///
/// An IPv4 address in the clothes of an IPv6 address (`::ffff:1.2.3.4`) is undressed, both when it
/// is written and when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// The machine. Some clients leave it out of their Ping: then it is unspecified, `0.0.0.0`.
    pub ip: IpAddr,
    /// The UDP port, for discovery.
    pub udp: u16,
    /// The TCP port, for connections; 0 if none are accepted.
    pub tcp: u16,
}

/// 0x01
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ping {
    /// Where the sender believes to be. Only its TCP port is of use: the rest is in the envelope.
    pub from: Endpoint,
    /// Where the sender sees the recipient.
    pub to: Endpoint,
    /// Unix time in seconds after which the packet is void.
    pub expiration: u64,
    /// The sequence number of the sender's record, if it says so.
    pub enr_seq: Option<u64>,
}

/// 0x02
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pong {
    /// Where the sender sees the recipient: tells it its own address.
    pub to: Endpoint,
    /// The hash of the Ping that this answers.
    pub ping_hash: [u8; 32],
    /// As in [`Ping`].
    pub expiration: u64,
    /// As in [`Ping`].
    pub enr_seq: Option<u64>,
}

/// 0x03
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindNode {
    /// A public key, 64 bytes, or what could be one: only its hash counts.
    pub target: [u8; 64],
    /// As in [`Ping`].
    pub expiration: u64,
}

/// 0x04
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbors {
    /// At most [`MAX_NEIGHBORS`] fit into a packet.
    pub nodes: Vec<Neighbor>,
    /// As in [`Ping`].
    pub expiration: u64,
}

/// A node, as another one knows it: hearsay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbor {
    /// Where it is said to be.
    pub endpoint: Endpoint,
    /// Its public key, not yet looked at: it may be no point of the curve.
    pub public_key: [u8; 64],
}

/// 0x05
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrRequest {
    /// As in [`Ping`].
    pub expiration: u64,
}

/// 0x06
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrResponse {
    /// The hash of the [`EnrRequest`] that this answers.
    pub request_hash: [u8; 32],
    /// The record; its signature was checked.
    pub record: Enr,
}

#[cfg(test)]
mod tests;
