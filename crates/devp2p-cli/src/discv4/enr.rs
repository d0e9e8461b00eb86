//! `devp2p discv4 enr`: what a node says about itself.

use devp2p_core::enode::Enode;
use devp2p_core::enr::Enr;

use super::{Common, record};
use crate::failure::Failure;
use crate::nodes;

/// Ask a node for its record: where it is, in its own words, signed; or show a record
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  devp2p discv4 enr \"enode://…@127.0.0.1:30303\"     asks the node
  devp2p discv4 enr \"enr:…\"                         shows what is in it, and asks nobody")]
pub(crate) struct Args {
    /// The node, or its record
    #[arg(value_name = "ENODE", value_parser = asked)]
    asked: Asked,
    #[command(flatten)]
    common: Common,
}

/// Whose record is to be shown.
#[derive(Debug, Clone)]
enum Asked {
    /// It is here already.
    Record(Box<Enr>),
    Node(Enode),
}

fn asked(text: &str) -> Result<Asked, String> {
    if text.trim().starts_with("enr:") {
        let record: Result<Enr, _> = text.trim().parse();
        return record.map(Box::new).map(Asked::Record).map_err(|error| error.to_string());
    }
    nodes::askable(text).map(Asked::Node)
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let enode = match args.asked {
        Asked::Record(record) => return record::show(args.common.json, &record),
        Asked::Node(enode) => enode,
    };
    let node = super::resolved(&enode).await?;
    let discovery = super::start(&args.common, &node).await?;
    let enode = node.enode();
    let answered = super::ask(&node, async || discovery.request_enr(&enode).await).await;
    discovery.stop().await;
    record::show(args.common.json, &answered?)
}
