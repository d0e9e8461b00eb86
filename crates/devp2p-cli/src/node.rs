//! `devp2p node`: a node that runs until it is told to end.

mod modules;
mod serving;
mod story;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use devp2p_core::enode::Enode;
use devp2p_core::events::Events;
use devp2p_core::net::{
    Config, External, Handle, NodeInfo, PeerInfo, Server, Undialable, client_name,
};
use devp2p_core::p2p::{Capability, Offer};
use devp2p_core::protocol::{MsgPipe, Protocol, ProtocolError};
use tracing::warn;

use crate::explain::Explained;
use crate::failure::Failure;
use crate::nodes::{self, Nodes};
use crate::output::{self, Printing};
use crate::stop::Stop;
use crate::trace::live::Seeing;
use crate::{key, lan, values};
use serving::Serving;
use story::{Invitation, Story};

/// Run a node and watch its peers come and go
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  devp2p node
  devp2p node --echo foo/42/1
  devp2p node --listen 127.0.0.1:0 --connect \"enode://…@127.0.0.1:30303\"
  devp2p node --listen 127.0.0.1:0 --bootnode \"enode://…@127.0.0.1:30303\"
  devp2p node --json --for 60 > events.jsonl
  devp2p node --ipc /tmp/devp2p.ipc --http 127.0.0.1:8545

A NODE is an enode, a record (enr:…) or, if that is enough, a public key; or
several with commas between; or \"@FILE\", with one on each line")]
pub(crate) struct Args {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    serving: Serving,
    #[command(flatten)]
    seeing: Seeing,
    /// Tell messages of protocols, too; --echo does so by itself
    #[arg(long)]
    message_events: bool,
    /// Print JSON: the node, then its events, an object a line
    #[arg(long)]
    json: bool,
    /// End by itself after so many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    #[arg(value_parser = values::number::<u64>, allow_negative_numbers = true)]
    seconds: Option<u64>,
    /// Say after so many seconds why there are no peers
    #[arg(long, hide = true, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,
}

impl Args {
    /// Whether what crosses RPC connections is to be shown.
    pub(crate) fn shows_wires(&self) -> bool {
        self.seeing.is_shown()
    }
}

/// How a node is to be.
#[derive(Debug, clap::Args)]
pub(crate) struct Settings {
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
    #[arg(long, value_name = "NODE", value_parser = nodes::several_connectable)]
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
    /// Where others reach it [default: this machine's address]; repeatable
    #[arg(long, value_name = "IP[:PORT]", value_parser = values::external)]
    ip: Vec<External>,
}

/// Runs the node.
///
/// # Errors
/// When it cannot start, or the output cannot be written.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let mut stop = Stop::new().map_err(Failure::system)?;
    let config = args.settings.config()?;
    let message_events = args.message_events || config.message_events;
    let offers = args
        .settings
        .echo
        .iter()
        .map(|(capability, length)| Offer::new(capability.clone(), *length));
    let seen = args.seeing.start("devp2p node", args.json, offers.collect())?;
    let start = args.settings.start(Config { message_events, tap: seen.tap.clone(), ..config });
    let Some(started) = stop.unless(start).await else { return Ok(()) };
    let (server, events) = started?;
    tokio::spawn(say_why(server.handle().clone(), Duration::from_secs(args.patience)));

    let served = args.serving.start(server.handle()).await?;
    let invitation = Invitation { asked_at: served.places.clone(), ..args.settings.invitation() };
    let mut printing = Printing::start(tell(args.json, server.node_info(), invitation, events));
    let ended = printing.until(&mut stop, args.seconds.map(Duration::from_secs)).await;
    // Nobody orders a node about that is ending.
    drop(served);
    match ended {
        Some(done) => {
            server.stop().await;
            done
        }
        None => printing.end(&mut stop, server.stop()).await.unwrap_or(Ok(())),
    }
}

impl Settings {
    /// Starts the node, and connects it to whom it is to be connected to.
    ///
    /// # Errors
    /// When it cannot start.
    pub(crate) async fn start(&self, config: Config) -> Result<(Server, Events), Failure> {
        let server = Server::start(config).await.map_err(Failure::not_started)?;
        let events = server.subscribe();
        for enode in nodes::all(&self.connect) {
            let added = server.add_peer(enode).await;
            added.map_err(|error| {
                Failure::told(format_args!("--connect: {error}")).about(error.topic())
            })?;
        }
        Ok((server, events))
    }

    /// What those who want to connect to it must know.
    fn invitation(&self) -> Invitation {
        let echo = |(capability, length): &(Capability, u64)| {
            format!(" --echo {}", output::quoted(&format!("{capability}/{length}")))
        };
        let echo = self.echo.iter().map(echo).collect();
        let has_slots = self.max_peers > 0 || !self.trusted.is_empty();
        Invitation { echo, has_slots, asked_at: Vec::new() }
    }

    /// Warns when nobody can come where the node says that it is.
    fn check_outside(&self, external: &[External]) {
        let (listen, ips) = (self.listen.ip(), external.iter().map(|it| it.ip));
        for ip in ips {
            let why = match (listen, ip) {
                _ if listen.is_loopback() && !ip.is_loopback() => "only this machine reaches that",
                (IpAddr::V4(_), IpAddr::V6(_)) => "that is IPv4, and this is IPv6",
                _ => continue,
            };
            warn!("--ip {ip} does not lead to where it listens, {}: {why}", self.listen);
        }
    }

    /// The core's configuration.
    ///
    /// # Errors
    /// When the key file cannot be read, or the settings contradict each other.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        let key = key::load_or_fresh(self.key.as_deref())?;
        let listen = (!self.no_listen).then_some(self.listen);
        let own_name = || client_name("devp2p", env!("CARGO_PKG_VERSION"));
        let has_no_address = |enode: &Enode| enode.address.is_none();
        if self.bootnode.is_empty() && nodes::all(&self.connect).iter().any(has_no_address) {
            let error = Undialable::NoAddress;
            return Err(Failure::told(format_args!("--connect: {error}")).about(error.topic()));
        }
        let mut external = values::one_of_each_family(&self.ip)?;
        self.check_outside(&external);
        if let (true, Some(listen)) = (external.is_empty(), listen) {
            external.push(lan::reachable_ip(listen.ip()).into());
        }
        if nodes::all(&self.bootnode).iter().any(|node| node.public_key == key.public_key()) {
            warn!("--bootnode names this node itself, which is not asked");
        }
        allow_files(self.max_peers);
        Ok(Config {
            listen,
            external,
            max_peers: self.max_peers,
            discovery: !self.no_discovery,
            bootnodes: nodes::all(&self.bootnode),
            trusted: nodes::all(&self.trusted).iter().map(|node| node.public_key).collect(),
            protocols: self.echo.iter().map(echoing).collect(),
            message_events: !self.echo.is_empty(),
            ..Config::new(key, self.name.clone().unwrap_or_else(own_name))
        })
    }
}

/// Raises the limit of open files as far as so many peers need it and the system allows it, and warns
/// if that is not enough.
#[cfg(unix)]
fn allow_files(max_peers: usize) {
    /// Besides peers: connections in set-up, in both directions, sockets, files.
    const OTHERS: u64 = 150;
    let needed = u64::try_from(max_peers).unwrap_or(u64::MAX).saturating_add(OTHERS);
    // An error is as good as a limit that nobody knows: accepting tells when there are too few.
    if let Ok(limit) = rlimit::increase_nofile_limit(needed) {
        if limit < needed {
            warn!(
                "{max_peers} peers need {needed} open files, and this process may have {limit}: \
                 raise that with `ulimit -n {needed}`, or have fewer peers with --max-peers"
            );
        }
    }
}

/// Windows has no such limit.
#[cfg(windows)]
fn allow_files(_max_peers: usize) {}

/// Says once why there are no peers, if there were none all that time.
async fn say_why(server: Handle, patience: Duration) {
    tokio::time::sleep(patience).await;
    let Some(status) = server.status().await else { return };
    let had_peers = status.dials.peers.saturating_add(status.inbound.peers) > 0;
    if let (false, [first, ..]) = (had_peers, &status.why_no_peers(&server.node_info())[..]) {
        let program = output::program();
        warn!(
            "no peers after {} s: {first}. For more, end this node, and give its options to \
             `{program} diagnose`",
            patience.as_secs()
        );
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

/// Says who the node is, and tells every event until it has stopped, or the output fails.
async fn tell(
    json: bool,
    node: NodeInfo,
    invitation: Invitation,
    mut events: Events,
) -> Result<(), Failure> {
    let mut story = Story::begin(json, &node, &invitation)?;
    while let Some(event) = events.next().await {
        story.go_on(&event)?;
    }
    Ok(())
}
