//! What packets say, as RLP: the packet type, then a list.

use std::net::{IpAddr, Ipv4Addr};

use alloy_rlp::{Encodable, Error, Result};

use super::{
    Endpoint, EnrRequest, EnrResponse, FindNode, Neighbor, Neighbors, Packet, PacketError, Ping,
    Pong, fields,
};
use crate::enr::Enr;
use crate::record::{AS_HEX, Recorder};
use crate::rlp::{self, Items};

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
pub(super) fn decode(
    content: &[u8],
    recorder: &mut impl Recorder,
) -> std::result::Result<Packet, PacketError> {
    let (packet_type, mut data) = content.split_first_chunk::<1>().ok_or(PacketError::Malformed)?;
    recorder.part(&fields::DATA);
    recorder.field(&fields::PACKET_TYPE, packet_type, &type_name(packet_type[0]));
    let items = Items::take(&mut data, &fields::LIST, recorder);
    let mut items = items.map_err(|_| PacketError::Malformed)?;
    let packet = match packet_type[0] {
        PING => decode_ping(&mut items),
        PONG => decode_pong(&mut items),
        FIND_NODE => decode_find_node(&mut items),
        NEIGHBORS => decode_neighbors(&mut items),
        ENR_REQUEST => decode_enr_request(&mut items),
        ENR_RESPONSE => return decode_enr_response(&mut items),
        other => return Err(PacketError::UnknownType(other)),
    };
    let packet = packet.map_err(|_| PacketError::Malformed)?;
    drop(items);
    if !data.is_empty() {
        recorder.field(&fields::TRAILING, data, &AS_HEX);
    }
    Ok(packet)
}

fn type_name(packet_type: u8) -> &'static str {
    match packet_type {
        PING => "Ping",
        PONG => "Pong",
        FIND_NODE => "FindNode",
        NEIGHBORS => "Neighbors",
        ENR_REQUEST => "EnrRequest",
        ENR_RESPONSE => "EnrResponse",
        _ => "unknown",
    }
}

fn decode_ping<R: Recorder>(items: &mut Items<'_, '_, R>) -> Result<Packet> {
    items.item(&fields::VERSION, |_| AS_HEX.to_owned())?;
    Ok(Packet::Ping(Ping {
        from: items.list(&fields::FROM).and_then(decode_endpoint)?,
        to: items.list(&fields::TO).and_then(decode_endpoint)?,
        expiration: items.number(&fields::EXPIRATION)?,
        enr_seq: decode_seq(items),
    }))
}

fn decode_pong<R: Recorder>(items: &mut Items<'_, '_, R>) -> Result<Packet> {
    Ok(Packet::Pong(Pong {
        to: items.list(&fields::TO).and_then(decode_endpoint)?,
        ping_hash: items.array(&fields::PING_HASH)?,
        expiration: items.number(&fields::EXPIRATION)?,
        enr_seq: decode_seq(items),
    }))
}

fn decode_find_node<R: Recorder>(items: &mut Items<'_, '_, R>) -> Result<Packet> {
    let target = items.array(&fields::TARGET)?;
    Ok(Packet::FindNode(FindNode { target, expiration: items.number(&fields::EXPIRATION)? }))
}

fn decode_neighbors<R: Recorder>(items: &mut Items<'_, '_, R>) -> Result<Packet> {
    let mut list = items.list(&fields::NODES)?;
    let mut nodes = Vec::new();
    while !list.is_empty() {
        let mut node = list.list(&fields::NODE)?;
        let endpoint = take_endpoint(&mut node)?;
        nodes.push(Neighbor { endpoint, public_key: node.array(&fields::NODE_KEY)? });
    }
    drop(list);
    Ok(Packet::Neighbors(Neighbors { nodes, expiration: items.number(&fields::EXPIRATION)? }))
}

fn decode_enr_request<R: Recorder>(items: &mut Items<'_, '_, R>) -> Result<Packet> {
    Ok(Packet::EnrRequest(EnrRequest { expiration: items.number(&fields::EXPIRATION)? }))
}

fn decode_enr_response<R: Recorder>(
    items: &mut Items<'_, '_, R>,
) -> std::result::Result<Packet, PacketError> {
    let malformed = |_| PacketError::Malformed;
    let request_hash = items.array(&fields::REQUEST_HASH).map_err(malformed)?;
    let record = items.embedded(|record, recorder| Enr::decode_noting(record, recorder));
    Ok(Packet::EnrResponse(EnrResponse { request_hash, record: record.map_err(malformed)?? }))
}

fn decode_endpoint<R: Recorder>(mut items: Items<'_, '_, R>) -> Result<Endpoint> {
    take_endpoint(&mut items)
}

fn take_endpoint<R: Recorder>(items: &mut Items<'_, '_, R>) -> Result<Endpoint> {
    let ip = items.string(&fields::IP, decode_ip, ToString::to_string)?;
    let udp = items.string(&fields::UDP_PORT, decode_port, ToString::to_string)?;
    let tcp = items.string(&fields::TCP_PORT, decode_port, ToString::to_string)?;
    Ok(Endpoint { ip, udp, tcp })
}

fn decode_ip(bytes: &[u8]) -> Result<IpAddr> {
    if bytes.is_empty() {
        return Ok(Ipv4Addr::UNSPECIFIED.into());
    }
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let any = v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from));
    any.map(|ip| ip.to_canonical()).map_err(|_| Error::UnexpectedLength)
}

/// Up to two bytes, also with zeros in front, which a number in RLP must not have: EthereumJS
/// always sends two.
fn decode_port(bytes: &[u8]) -> Result<u16> {
    match *bytes {
        [] => Ok(0),
        [low] => Ok(low.into()),
        [high, low] => Ok(u16::from_be_bytes([high, low])),
        _ => Err(Error::Overflow),
    }
}

/// What stands there may be of a later version, and something else (as in the packets of EIP-8;
/// go-ethereum refuses those).
fn decode_seq<R: Recorder>(items: &mut Items<'_, '_, R>) -> Option<u64> {
    items.number_if_it_is_one(&fields::ENR_SEQ)
}
