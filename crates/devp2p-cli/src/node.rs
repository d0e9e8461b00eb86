//! `devp2p node`: a node that runs until it is told to end.

mod story;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use devp2p_core::events::Events;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, PeerInfo, Server, StartError, client_name};
use devp2p_core::p2p::Capability;
use devp2p_core::protocol::{MsgPipe, Protocol, ProtocolError};

use crate::failure::Failure;
use crate::nodes::{self, Nodes};
use crate::stop::Stop;
use crate::{key, lan, values};
use story::Story;

/// Run a node and watch its peers come and go
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  devp2p node
  devp2p node --echo foo/42/1
  devp2p node --listen 127.0.0.1:0 --connect \"enode://…@127.0.0.1:30303\"
  devp2p node --listen 127.0.0.1:0 --bootnode \"enode://…@127.0.0.1:30303\"
  devp2p node --json --for 60 > events.jsonl

A NODE is an enode, a record (enr:…) or, if that is enough, a public key; or
several with commas between; or @FILE, with one on each line")]
pub(crate) struct Args {
    /// Where to listen, TCP and UDP; port 0: any
    #[arg(long, value_name = "ADDR", default_value = "0.0.0.0:30303")]
    #[arg(value_parser = values::socket_addr)]
    listen: SocketAddr,
    /// Do not listen: connect to others only
    #[arg(long, conflicts_with_all = ["listen", "ip"])]
    no_listen: bool,
    /// Key file, from `devp2p key new FILE` [default: a fresh key]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// What the node calls itself [default: devp2p/v…/…]
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,
    /// How many peers to have; 0 refuses all but trusted ones
    #[arg(long, value_name = "N", default_value_t = 50)]
    #[arg(value_parser = values::number::<usize>, allow_negative_numbers = true)]
    max_peers: usize,
    /// Connect to this node, and again when it is gone; repeatable
    #[arg(long, value_name = "NODE", value_parser = nodes::several_dialable)]
    connect: Vec<Nodes>,
    /// Ask this node for others, and connect to some of them; repeatable
    #[arg(long, value_name = "NODE", value_parser = nodes::several_askable)]
    bootnode: Vec<Nodes>,
    /// Take no part in node discovery: no UDP
    #[arg(long, conflicts_with = "bootnode")]
    no_discovery: bool,
    /// Let this node in even when there is no free slot; repeatable
    #[arg(long, value_name = "NODE", value_parser = nodes::several_anyone)]
    trusted: Vec<Nodes>,
    /// Send back what comes in NAME/VERSION/LENGTH, as foo/42/1; repeatable
    #[arg(long, value_name = "PROTOCOL", value_parser = values::protocol)]
    echo: Vec<(Capability, u64)>,
    /// Tell messages of protocols, too; --echo does so by itself
    #[arg(long)]
    message_events: bool,
    /// IP address in the enode [default: this machine's]
    #[arg(long, value_parser = values::ip)]
    ip: Option<IpAddr>,
    /// Print JSON: the node, then its events, an object a line
    #[arg(long)]
    json: bool,
    /// End by itself after so many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    #[arg(value_parser = values::number::<u64>, allow_negative_numbers = true)]
    seconds: Option<u64>,
}

/// Runs the node.
///
/// # Errors
/// When it cannot start, or the output cannot be written.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let stop = Stop::new().map_err(Failure::system)?;
    let key = key::load_or_fresh(args.key.as_deref())?;
    let server = Server::start(config(&args, key)).await.map_err(not_started)?;
    let mut events = server.subscribe();
    for enode in nodes::all(&args.connect) {
        let added = server.add_peer(enode).await;
        added.map_err(|error| Failure::told(format_args!("--connect: {error}")))?;
    }
    let story = Story::begin(args.json, &server.node_info())?;

    let end = stop.wait(args.seconds.map(Duration::from_secs));
    let told = tell(&mut events, story, end).await;
    let (rest, ()) = tokio::join!(tell_the_rest(&mut events, story), server.stop());
    told.and(rest)
}

fn config(args: &Args, key: NodeKey) -> Config {
    let listen = (!args.no_listen).then_some(args.listen);
    let own_name = || client_name("devp2p", env!("CARGO_PKG_VERSION"));
    Config {
        listen,
        ip: args.ip.or_else(|| listen.map(|addr| lan::reachable_ip(addr.ip()))),
        max_peers: args.max_peers,
        discovery: !args.no_discovery,
        bootnodes: nodes::all(&args.bootnode),
        trusted: nodes::all(&args.trusted).iter().map(|node| node.public_key).collect(),
        protocols: args.echo.iter().map(echoing).collect(),
        message_events: args.message_events || !args.echo.is_empty(),
        ..Config::new(key, args.name.clone().unwrap_or_else(own_name))
    }
}

/// Why the node did not start, and what to type instead.
fn not_started(error: StartError) -> Failure {
    match &error {
        StartError::PortTaken { addr, .. } => {
            let any = SocketAddr::new(addr.ip(), 0);
            Failure::told(format_args!("{error}, for example with `--listen {any}`"))
        }
        _ => Failure::told(error),
    }
}

/// A protocol that sends every message back.
fn echoing((capability, length): &(Capability, u64)) -> Protocol {
    Protocol::new(&capability.name, capability.version, *length, echo)
}

/// Sends back what comes, as it came, until the peer goes.
async fn echo(_peer: PeerInfo, mut pipe: MsgPipe) -> Result<(), ProtocolError> {
    loop {
        let msg = pipe.read().await?;
        pipe.write(msg.code, &msg.payload).await?;
    }
}

/// Tells every event until the end has come, or the output fails.
async fn tell(
    events: &mut Events,
    story: Story,
    end: impl Future<Output = ()>,
) -> Result<(), Failure> {
    tokio::pin!(end);
    loop {
        // Only the waiting is given up: an event that was taken is told.
        let event = tokio::select! {
            () = &mut end => return Ok(()),
            event = events.next() => event,
        };
        match event {
            Some(event) => story.go_on(&event)?,
            None => return Ok(()),
        }
    }
}

/// Tells what still happens while the server stops.
async fn tell_the_rest(events: &mut Events, story: Story) -> Result<(), Failure> {
    while let Some(event) = events.next().await {
        story.go_on(&event)?;
    }
    Ok(())
}
