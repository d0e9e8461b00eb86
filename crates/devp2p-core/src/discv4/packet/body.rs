//! What packets say, as RLP: the packet type, then a list.

use std::net::{IpAddr, Ipv4Addr};

use alloy_rlp::{Decodable, Encodable, Error, Header, Result};

use super::{
    Endpoint, EnrRequest, EnrResponse, FindNode, Neighbor, Neighbors, Packet, PacketError, Ping,
    Pong,
};
use crate::enr::Enr;
use crate::rlp;

/// The version of a Ping; nobody checks it.
const VERSION: u8 = 4;

const PING: u8 = 1;
const PONG: u8 = 2;
const FIND_NODE: u8 = 3;
const NEIGHBORS: u8 = 4;
const ENR_REQUEST: u8 = 5;
const ENR_RESPONSE: u8 = 6;

/// packet-type ‖ packet-data
pub(super) fn encode(packet: &Packet) -> Vec<u8> {
    let mut items = Vec::new();
    let packet_type = encode_items(packet, &mut items);
    [&[packet_type], &rlp::list(&items)[..]].concat()
}

fn encode_items(packet: &Packet, out: &mut Vec<u8>) -> u8 {
    match packet {
        Packet::Ping(Ping { from, to, expiration, enr_seq }) => {
            VERSION.encode(out);
            out.extend(rlp::list(&endpoint_items(from)));
            out.extend(rlp::list(&endpoint_items(to)));
            expiration.encode(out);
            encode_seq(*enr_seq, out);
            PING
        }
        Packet::Pong(Pong { to, ping_hash, expiration, enr_seq }) => {
            out.extend(rlp::list(&endpoint_items(to)));
            ping_hash.encode(out);
            expiration.encode(out);
            encode_seq(*enr_seq, out);
            PONG
        }
        Packet::FindNode(FindNode { target, expiration }) => {
            target.encode(out);
            expiration.encode(out);
            FIND_NODE
        }
        Packet::Neighbors(Neighbors { nodes, expiration }) => {
            let nodes: Vec<Vec<u8>> = nodes.iter().map(encode_neighbor).collect();
            out.extend(rlp::list(&nodes.concat()));
            expiration.encode(out);
            NEIGHBORS
        }
        Packet::EnrRequest(EnrRequest { expiration }) => {
            expiration.encode(out);
            ENR_REQUEST
        }
        Packet::EnrResponse(EnrResponse { request_hash, record }) => {
            request_hash.encode(out);
            out.extend(record.to_rlp());
            ENR_RESPONSE
        }
    }
}

fn endpoint_items(endpoint: &Endpoint) -> Vec<u8> {
    let mut out = Vec::new();
    match endpoint.ip.to_canonical() {
        IpAddr::V4(ip) => ip.octets().encode(&mut out),
        IpAddr::V6(ip) => ip.octets().encode(&mut out),
    }
    endpoint.udp.encode(&mut out);
    endpoint.tcp.encode(&mut out);
    out
}

fn encode_neighbor(neighbor: &Neighbor) -> Vec<u8> {
    let mut items = endpoint_items(&neighbor.endpoint);
    neighbor.public_key.encode(&mut items);
    rlp::list(&items)
}

/// Nothing comes after it, so it may be missing.
fn encode_seq(enr_seq: Option<u64>, out: &mut Vec<u8>) {
    if let Some(enr_seq) = enr_seq {
        enr_seq.encode(out);
    }
}

/// Reads packet-type ‖ packet-data.
pub(super) fn decode(content: &[u8]) -> std::result::Result<Packet, PacketError> {
    let (packet_type, mut data) = content.split_first().ok_or(PacketError::Malformed)?;
    let items = Header::decode_bytes(&mut data, true).map_err(|_| PacketError::Malformed)?;
    let packet = match *packet_type {
        PING => decode_ping(items),
        PONG => decode_pong(items),
        FIND_NODE => decode_find_node(items),
        NEIGHBORS => decode_neighbors(items),
        ENR_REQUEST => decode_enr_request(items),
        ENR_RESPONSE => return decode_enr_response(items),
        other => return Err(PacketError::UnknownType(other)),
    };
    packet.map_err(|_| PacketError::Malformed)
}

fn decode_ping(mut items: &[u8]) -> Result<Packet> {
    let _version = rlp::take_item(&mut items)?;
    Ok(Packet::Ping(Ping {
        from: decode_endpoint(&mut Header::decode_bytes(&mut items, true)?)?,
        to: decode_endpoint(&mut Header::decode_bytes(&mut items, true)?)?,
        expiration: u64::decode(&mut items)?,
        enr_seq: decode_seq(items),
    }))
}

fn decode_pong(mut items: &[u8]) -> Result<Packet> {
    Ok(Packet::Pong(Pong {
        to: decode_endpoint(&mut Header::decode_bytes(&mut items, true)?)?,
        ping_hash: Decodable::decode(&mut items)?,
        expiration: u64::decode(&mut items)?,
        enr_seq: decode_seq(items),
    }))
}

fn decode_find_node(mut items: &[u8]) -> Result<Packet> {
    Ok(Packet::FindNode(FindNode {
        target: Decodable::decode(&mut items)?,
        expiration: u64::decode(&mut items)?,
    }))
}

fn decode_neighbors(mut items: &[u8]) -> Result<Packet> {
    let mut list = Header::decode_bytes(&mut items, true)?;
    let mut nodes = Vec::new();
    while !list.is_empty() {
        let mut node = Header::decode_bytes(&mut list, true)?;
        let endpoint = decode_endpoint(&mut node)?;
        nodes.push(Neighbor { endpoint, public_key: Decodable::decode(&mut node)? });
    }
    Ok(Packet::Neighbors(Neighbors { nodes, expiration: u64::decode(&mut items)? }))
}

fn decode_enr_request(mut items: &[u8]) -> Result<Packet> {
    Ok(Packet::EnrRequest(EnrRequest { expiration: u64::decode(&mut items)? }))
}

fn decode_enr_response(mut items: &[u8]) -> std::result::Result<Packet, PacketError> {
    let request_hash = Decodable::decode(&mut items).map_err(|_| PacketError::Malformed)?;
    let record = rlp::take_item(&mut items).map_err(|_| PacketError::Malformed)?;
    Ok(Packet::EnrResponse(EnrResponse { request_hash, record: Enr::decode(record)? }))
}

fn decode_endpoint(items: &mut &[u8]) -> Result<Endpoint> {
    Ok(Endpoint { ip: decode_ip(items)?, udp: decode_port(items)?, tcp: decode_port(items)? })
}

fn decode_ip(items: &mut &[u8]) -> Result<IpAddr> {
    let bytes = Header::decode_bytes(items, false)?;
    if bytes.is_empty() {
        return Ok(Ipv4Addr::UNSPECIFIED.into());
    }
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let any = v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from));
    any.map(|ip| ip.to_canonical()).map_err(|_| Error::UnexpectedLength)
}

/// Up to two bytes, also with zeros in front, which a number in RLP must not have: EthereumJS
/// always sends two.
fn decode_port(items: &mut &[u8]) -> Result<u16> {
    match *Header::decode_bytes(items, false)? {
        [] => Ok(0),
        [low] => Ok(low.into()),
        [high, low] => Ok(u16::from_be_bytes([high, low])),
        _ => Err(Error::Overflow),
    }
}

/// What stands there may be of a later version, and something else (as in the packets of EIP-8;
/// go-ethereum refuses those).
fn decode_seq(mut items: &[u8]) -> Option<u64> {
    u64::decode(&mut items).ok()
}
