//! `devp2p discv4 enr`: what a node says about itself.

use devp2p_core::enode::Enode;
use devp2p_core::net::discovery::resolve;

use super::{Common, record};
use crate::failure::Failure;
use crate::values;

/// Ask a node for its record: where it is, in its own words, signed
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  devp2p discv4 enr 'enode://…@127.0.0.1:30303'")]
pub(crate) struct Args {
    /// The node: an enode or an older record (enr:…)
    #[arg(value_name = "ENODE", value_parser = values::askable)]
    enode: Enode,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let node = resolve(&args.enode).await.map_err(Failure::told)?;
    let discovery = super::start(&args.common, &node).await?;
    let enode = node.enode();
    let answered = super::ask(&node, async || discovery.request_enr(&enode).await).await;
    discovery.stop().await;
    record::show(args.common.json, &answered?)
}
