//! `devp2p discv4 ping`: is a node there, and where does it see us?

use std::net::SocketAddr;

use devp2p_core::discv4::Node;
use devp2p_core::discv4::packet::Pong;
use devp2p_core::enode::Enode;
use serde::Serialize;
use tokio::time::{Duration, Instant};

use super::Common;
use crate::failure::Failure;
use crate::{nodes, output};

/// Ask whether a node is there
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  devp2p discv4 ping \"enode://…@127.0.0.1:30303\"   (`devp2p discv4 listen` prints such a line)")]
pub(crate) struct Args {
    /// The node: an enode or a record (enr:…)
    #[arg(value_name = "ENODE", value_parser = nodes::askable)]
    enode: Enode,
    #[command(flatten)]
    common: Common,
}

/// The JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    enode: Enode,
    milliseconds: f64,
    /// Where it sees us.
    seen_at: SocketAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    enr_seq: Option<u64>,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let node = super::resolved(&args.enode).await?;
    let discovery = super::start(&args.common, &node).await?;
    let enode = node.enode();
    let answered = super::ask(&node, async || {
        let begin = Instant::now();
        discovery.ping(&enode).await.map(|pong| (pong, begin.elapsed()))
    })
    .await;
    discovery.stop().await;
    let (pong, time) = answered?;
    report(args.common.json, &node, &pong, time)
}

fn report(json: bool, node: &Node, pong: &Pong, time: Duration) -> Result<(), Failure> {
    let milliseconds = (time.as_secs_f64() * 1e6).round() / 1e3;
    let seen_at = SocketAddr::new(pong.to.ip, pong.to.udp);
    if json {
        let enr_seq = pong.enr_seq;
        return output::json(&Answer { enode: node.enode(), milliseconds, seen_at, enr_seq });
    }
    let record = match pong.enr_seq {
        Some(seq) => {
            format!(
                "seq {seq}; this shows it:\n  {} discv4 enr \"{}\"",
                output::program(),
                node.enode()
            )
        }
        None => "it has none".to_owned(),
    };
    output::line(format_args!(
        "Ping {short} at {at}\n\
         \n  \
           Ping, Pong     {milliseconds:>10.2} ms\n\
         \n\
         sees us at    {seen_at}\n\
         record        {record}",
        short = node.public_key.short(),
        at = node.udp_addr(),
    ))
}
