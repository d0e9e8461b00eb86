//! `devp2p discv4 resolve`: where is the node with this key?

use devp2p_core::enode::Enode;
use devp2p_core::enr::Enr;
use devp2p_core::keys::PublicKey;
use devp2p_core::net::discovery::Discovery;

use super::{Common, record};
use crate::explain;
use crate::failure::Failure;
use crate::nodes::{self, Nodes};

/// Ask around for a node, and then itself for its record
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  devp2p discv4 resolve \"enode://…\" --bootnode \"enode://…@127.0.0.1:30303\"")]
pub(crate) struct Args {
    /// The node: an enode, with or without an address, a record (enr:…) or a public key
    #[arg(value_parser = nodes::anyone)]
    node: Enode,
    /// A node that may know others; repeatable
    #[arg(long, value_name = "ENODE", value_parser = nodes::several_askable)]
    bootnode: Vec<Nodes>,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let mut begin_with = nodes::all(&args.bootnode);
    if args.node.address.is_some() {
        begin_with.push(args.node.clone());
    }
    if begin_with.is_empty() {
        let words =
            "nothing says where to begin: add `--bootnode ENODE`, a node that may know others";
        return Err(Failure::told(words).about(&explain::KNOWS_NOBODY));
    }
    let discovery = super::start_with(&args.common, begin_with).await?;
    let found = find(&discovery, args.node.public_key).await;
    discovery.stop().await;
    record::show(args.common.json, &found?)
}

async fn find(discovery: &Discovery, key: PublicKey) -> Result<Enr, Failure> {
    let closest = discovery.lookup(key.to_bytes()).await.map_err(Failure::explained)?;
    if closest.is_empty() {
        return Err(super::no_bootnode());
    }
    let Some(node) = closest.iter().find(|node| node.public_key == key) else {
        return Err(Failure::told(format_args!(
            "nobody knows the node {}: the {} nodes closest to it answered, and it is not among \
             them. It may be gone, or hide behind a firewall.",
            key.short(),
            closest.len()
        ))
        .about(&explain::NODE_NOT_FOUND));
    };
    let enode = node.enode();
    super::ask(node, async || discovery.request_enr(&enode).await).await
}
