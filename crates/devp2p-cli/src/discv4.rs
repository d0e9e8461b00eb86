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

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use devp2p_core::discv4::Node;
use devp2p_core::discv4::service::RequestError;
use devp2p_core::enode::Enode;
use devp2p_core::net::discovery::{AskError, Discovery, DiscoveryConfig, resolve};

use crate::failure::Failure;
use crate::{key, lan, output};

/// How often a question is asked before the node counts as silent: UDP packets do get lost.
const TRIES: usize = 3;

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

/// Starts a node that can reach this one, and speaks only when it is asked to.
async fn start(common: &Common, to: &Node) -> Result<Discovery, Failure> {
    let listen = SocketAddr::new(interface(&[*to]), 0);
    start_on(listen, config(common, listen)?).await
}

/// Starts a node that begins with these nodes, and asks them around.
async fn start_with(common: &Common, bootnodes: Vec<Node>) -> Result<Discovery, Failure> {
    let listen = SocketAddr::new(interface(&bootnodes), 0);
    start_on(listen, DiscoveryConfig { bootnodes, ..config(common, listen)? }).await
}

fn config(common: &Common, listen: SocketAddr) -> Result<DiscoveryConfig, Failure> {
    let key = Arc::new(key::load_or_fresh(common.key.as_deref())?);
    Ok(DiscoveryConfig { ip: Some(lan::reachable_ip(listen.ip())), ..DiscoveryConfig::new(key) })
}

async fn start_on(listen: SocketAddr, config: DiscoveryConfig) -> Result<Discovery, Failure> {
    let started = Discovery::start(listen, config).await;
    started.map_err(|error| Failure::told(no_socket(listen, &error)))
}

/// The address of our socket. Nodes on this machine need no more than the loopback address, which
/// no firewall asks about.
fn interface(nodes: &[Node]) -> IpAddr {
    let is_v6 = nodes.first().is_some_and(|node| node.ip.is_ipv6());
    match (is_v6, nodes.iter().all(|node| node.ip.is_loopback())) {
        (false, true) => Ipv4Addr::LOCALHOST.into(),
        (false, false) => Ipv4Addr::UNSPECIFIED.into(),
        (true, true) => Ipv6Addr::LOCALHOST.into(),
        (true, false) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// The nodes of these enodes; host names are looked up.
async fn resolve_all(enodes: &[Enode]) -> Result<Vec<Node>, Failure> {
    let mut nodes = Vec::new();
    for enode in enodes {
        nodes.push(resolve(enode).await.map_err(Failure::told)?);
    }
    Ok(nodes)
}

/// Asks up to [`TRIES`] times.
async fn ask<T>(
    node: &Node,
    mut question: impl AsyncFnMut() -> Result<T, AskError>,
) -> Result<T, Failure> {
    for _ in 0..TRIES {
        match question().await {
            Err(AskError::Request(RequestError::Timeout)) => {}
            Err(AskError::Request(RequestError::WrongRecord)) => {
                let words =
                    "the node sent the record of another node: it is broken, or plays tricks";
                return Err(Failure::told(words));
            }
            done => return done.map_err(Failure::told),
        }
    }
    Err(Failure::told(format_args!(
        "no answer from UDP {}, asked {TRIES} times: does the node run, with discovery v4 on? Are \
         the key and the UDP port in the enode right? Or does a firewall drop UDP?",
        node.udp_addr()
    )))
}

/// A lookup did not get anywhere.
fn no_bootnode() -> Failure {
    Failure::told(format_args!(
        "no bootnode answers: do they run, with discovery v4 on? `{} discv4 ping` tells more",
        output::program()
    ))
}

fn no_socket(addr: SocketAddr, error: &io::Error) -> String {
    let any = SocketAddr::new(addr.ip(), 0);
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "UDP port {} on {} is in use: stop the other program, or choose another port, for \
             example with `--listen {any}`",
            addr.port(),
            addr.ip()
        ),
        _ => format!("cannot open a UDP socket on {addr}: {error}"),
    }
}
