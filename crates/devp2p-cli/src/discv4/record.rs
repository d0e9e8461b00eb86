//! How a node record is shown.

use std::collections::BTreeMap;
use std::net::IpAddr;

use devp2p_core::enode::Enode;
use devp2p_core::enr::{Enr, value_in_words};
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
        .map(|(key, value)| {
            format!(
                "  {:<12}{}",
                text(key),
                value_in_words(key, value).unwrap_or_else(|| hex(value))
            )
        })
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
