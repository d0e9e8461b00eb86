//! How a node record is shown.

use std::collections::BTreeMap;
use std::net::IpAddr;

use devp2p_core::enode::Enode;
use devp2p_core::enr::Enr;
use devp2p_core::keys::{NodeId, PublicKey};
use devp2p_core::p2p::printable;
use serde::Serialize;

use crate::failure::Failure;
use crate::output;

/// The JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    enr: &'a Enr,
    seq: u64,
    enode: Enode,
    id: PublicKey,
    node_id: NodeId,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<IpAddr>,
    udp: u16,
    tcp: u16,
    /// Every key, and its value as RLP in hex.
    pairs: BTreeMap<String, String>,
}

/// Shows a record, for people or as JSON.
pub(super) fn show(json: bool, enr: &Enr) -> Result<(), Failure> {
    if json {
        let (id, node_id) = (enr.public_key(), enr.node_id());
        let (ip, udp, tcp) = (enr.ip(), enr.udp(), enr.tcp());
        return output::json(&Record {
            enr,
            seq: enr.seq(),
            enode: enr.enode(),
            id,
            node_id,
            ip,
            udp,
            tcp,
            pairs: enr.pairs().map(|(key, value)| (text(key), hex(value))).collect(),
        });
    }
    let pairs: Vec<String> = enr
        .pairs()
        .map(|(key, value)| format!("  {:<12}{}", text(key), shown(key, value)))
        .collect();
    output::line(format_args!(
        "{enr}\n\
         \n\
         seq         {seq}\n\
         node id     {node_id}\n\
         enode       {enode}\n\
         \n\
         It holds, with values that are no number, address or word in hex (RLP):\n\
         \n\
         {pairs}",
        seq = enr.seq(),
        node_id = enr.node_id(),
        enode = enr.enode(),
        pairs = pairs.join("\n"),
    ))
}

/// Words are the node's to choose: none may paint on a terminal.
fn text(bytes: &[u8]) -> String {
    printable(&String::from_utf8_lossy(bytes))
}

/// A value, as what it is if its key says so.
fn shown(key: &[u8], rlp: &[u8]) -> String {
    let known = bytes(rlp).and_then(|bytes| match (key, bytes) {
        (b"tcp" | b"udp" | b"tcp6" | b"udp6", [low]) => Some(low.to_string()),
        (b"tcp" | b"udp" | b"tcp6" | b"udp6", &[high, low]) => {
            Some(u16::from_be_bytes([high, low]).to_string())
        }
        (b"ip", _) => Some(IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?).to_string()),
        (b"ip6", _) => Some(IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?).to_string()),
        (b"id", _) => Some(text(bytes)),
        _ => None,
    });
    known.unwrap_or_else(|| hex(rlp))
}

/// What is in a short RLP string.
fn bytes(rlp: &[u8]) -> Option<&[u8]> {
    match rlp {
        [0..0x80] => Some(rlp),
        [first @ 0x80..=0xb7, rest @ ..] => {
            (rest.len() == usize::from(first.saturating_sub(0x80))).then_some(rest)
        }
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
