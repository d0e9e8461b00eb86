//! Packets: what nodes say to each other, signed, each in a datagram of its own.

use std::net::IpAddr;

use crate::enr::Enr;

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

/// An address, as packets write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// The machine.
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
    /// The sender's record has this sequence number, if it says so.
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

/// How many nodes fit into one Neighbors packet.
pub const MAX_NEIGHBORS: usize = 12;
/// Longest datagram, in bytes.
pub const MAX_PACKET: usize = 1280;
