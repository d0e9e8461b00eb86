//! `devp2p discv4`: node discovery, question by question.
//!
//! ```text
//! ping ENODE      are you there?                          Ping ─▶        ◀─ Pong
//! enr ENODE       what do you say about yourself?         EnrRequest ─▶  ◀─ EnrResponse
//! resolve NODE    where is this one? ask around           FindNode ─▶    ◀─ Neighbors, many times
//! crawl           who is there? ask everybody
//! listen          be a node, and show every packet
//! ```
//!
//! Each command is a small node of its own, on any free UDP port but for `listen`, and accepts no
//! connections.

mod crawl;
mod enr;
mod listen;
mod ping;
mod record;
mod resolve;

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use devp2p_core::discv4::Node;
use devp2p_core::discv4::service::RequestError;
use devp2p_core::enode::{Enode, Host};
use devp2p_core::net::discovery::{AskError, Discovery, DiscoveryConfig, any_port_to, resolve};
use tokio::time::{Duration, timeout};

use crate::explain::Explained;
use crate::failure::Failure;
use crate::{explain, key, lan, log, output};

/// How often a question is asked before the node counts as silent: UDP packets do get lost.
const TRIES: usize = 3;

/// How long a name server may take.
const NAME_TIMEOUT: Duration = Duration::from_secs(10);

/// Ask nodes about themselves and about others, over UDP
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
#[command(after_help = "\
Try it in two terminals:
  devp2p discv4 listen
  devp2p discv4 ping \"enode://…\"   (the first one prints the whole line)")]
pub(crate) enum Command {
    Ping(ping::Args),
    Enr(enr::Args),
    Resolve(resolve::Args),
    Crawl(crawl::Args),
    Listen(listen::Args),
}

/// What all commands take.
#[derive(Debug, clap::Args)]
struct Common {
    /// Key file, from `devp2p key new FILE` [default: a fresh key]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Print JSON, an object a line
    #[arg(long)]
    json: bool,
}

/// Runs a command.
///
/// # Errors
/// When nobody answers; when the key file or the output fails.
pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Ping(args) => ping::run(args).await,
        Command::Enr(args) => enr::run(args).await,
        Command::Resolve(args) => resolve::run(args).await,
        Command::Crawl(args) => crawl::run(args).await,
        Command::Listen(args) => listen::run(args).await,
    }
}

/// The node of an enode; its host name is looked up.
async fn resolved(enode: &Enode) -> Result<Node, Failure> {
    let host = enode.address.as_ref().map_or_else(String::new, |at| at.host.to_string());
    let late = |_| {
        Failure::told(format_args!(
            "{host}: no name server answered within {} seconds: is there a network? Or write the IP \
             address instead of the name",
            NAME_TIMEOUT.as_secs()
        ))
        .about(&explain::NAME_NOT_FOUND)
    };
    let node = timeout(NAME_TIMEOUT, resolve(enode)).await.map_err(late)?;
    node.map_err(|error| Failure::told(format_args!("{host}: {error}")).about(error.topic()))
}

/// Starts a node that can reach this one, and speaks only when it is asked to.
async fn start(common: &Common, to: &Node) -> Result<Discovery, Failure> {
    let listen = any_port_to([to.ip]);
    let config = config(common, listen.ip())?;
    Discovery::start(Some(listen), config).await.map_err(Failure::not_started)
}

/// Starts a node that begins with these nodes, and asks them around.
async fn start_with(common: &Common, bootnodes: Vec<Enode>) -> Result<Discovery, Failure> {
    let ip = |enode: &Enode| match &enode.address.as_ref()?.host {
        Host::Ip(ip) => Some(*ip),
        // Somewhere else.
        Host::Dns(_) => None,
    };
    let ips = bootnodes.iter().map(|enode| ip(enode).unwrap_or(Ipv4Addr::UNSPECIFIED.into()));
    let config =
        DiscoveryConfig { bootnodes: bootnodes.clone(), ..config(common, any_port_to(ips).ip())? };
    Discovery::start(None, config).await.map_err(Failure::not_started)
}

/// A node that says that it is at `bound_to`, or at this machine's address if that is all of them.
fn config(common: &Common, bound_to: IpAddr) -> Result<DiscoveryConfig, Failure> {
    let key = Arc::new(key::load_or_fresh(common.key.as_deref())?);
    let external = vec![lan::reachable_ip(bound_to).into()];
    Ok(DiscoveryConfig { external, ..DiscoveryConfig::new(key) })
}

/// Asks up to [`TRIES`] times.
async fn ask<T>(
    node: &Node,
    mut question: impl AsyncFnMut() -> Result<T, AskError>,
) -> Result<T, Failure> {
    for _ in 0..TRIES {
        match question().await {
            Err(AskError::Request(RequestError::Timeout)) => {}
            Err(error @ AskError::Request(RequestError::WrongRecord)) => {
                let words =
                    "the node sent the record of another node: it is broken, or plays tricks";
                return Err(Failure::told(words).about(error.topic()));
            }
            done => return done.map_err(Failure::explained),
        }
    }
    Err(Failure::told(format_args!(
        "no answer from UDP {}, asked {TRIES} times: does the node run, with discovery v4 on? Are \
         the key and the UDP port in the enode right? Does a firewall drop UDP? Or is the clock of \
         one of the two machines wrong? Here it is {} UTC",
        node.udp_addr(),
        log::utc_time()
    ))
    .about(&explain::NO_UDP_ANSWER))
}

/// A lookup did not get anywhere.
fn no_bootnode() -> Failure {
    Failure::told(format_args!(
        "no bootnode answers: do they run, with discovery v4 on? `{} discv4 ping` tells more",
        output::program()
    ))
    .about(&explain::NO_BOOTNODE)
}
