//! `devp2p discv4 listen`: a node of the discovery network, and every packet that it sees.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use devp2p_core::discv4::packet::{Packet, decode};
use devp2p_core::enode::Enode;
use devp2p_core::enr::Enr;
use devp2p_core::keys::PublicKey;
use devp2p_core::net::External;
use devp2p_core::net::discovery::{Datagram, Discovery, Watched, Way};
use devp2p_core::trace::dump;
use devp2p_core::trace::{Side, Step};
use serde::Serialize;
use tokio::time::Duration;

use super::Common;
use crate::failure::Failure;
use crate::nodes::{self, Nodes};
use crate::output::Printing;
use crate::stop::Stop;
use crate::{log, output, trace, values};

/// Be a node of the discovery network, and show every packet
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  devp2p discv4 listen
  devp2p discv4 listen --listen 127.0.0.1:0 --bootnode \"enode://…@127.0.0.1:30303\"")]
pub(crate) struct Args {
    /// Where to listen; with port 0, any free one
    #[arg(long, value_name = "ADDR", default_value = "0.0.0.0:30303")]
    #[arg(value_parser = values::socket_addr)]
    listen: SocketAddr,
    /// Where others reach it [default: this machine's address]; repeatable
    #[arg(long, value_name = "IP[:PORT]", value_parser = values::external)]
    ip: Vec<External>,
    /// A node that may know others; repeatable
    #[arg(long, value_name = "ENODE", value_parser = nodes::several_askable)]
    bootnode: Vec<Nodes>,
    /// End by itself after so many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    #[arg(value_parser = values::number::<u64>, allow_negative_numbers = true)]
    seconds: Option<u64>,
    /// Show also every byte of each packet
    #[arg(long, conflicts_with = "json")]
    trace: bool,
    #[command(flatten)]
    common: Common,
}

/// How packets are told.
#[derive(Debug, Clone, Copy)]
enum Form {
    Json,
    Text,
    /// With every byte.
    Trace,
}

/// The first JSON object.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Introduction {
    enode: Enode,
    enr: Enr,
    id: PublicKey,
    listen_addr: SocketAddr,
}

/// The other JSON objects, one for each datagram.
#[derive(Serialize)]
struct Event {
    way: &'static str,
    /// Since so many seconds, by the clock of this machine, it is void.
    #[serde(skip_serializing_if = "Option::is_none")]
    expired: Option<u64>,
    remote: SocketAddr,
    bytes: usize,
    /// What the packet is called; none if it is no packet.
    #[serde(skip_serializing_if = "Option::is_none")]
    packet: Option<&'static str>,
    /// Who sent it: they, or we.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<PublicKey>,
    /// Why it is no packet.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let mut stop = Stop::new().map_err(Failure::system)?;
    let mut config = super::config(&args.common, args.listen.ip())?;
    config.bootnodes = nodes::all(&args.bootnode);
    config.learn_endpoint = args.ip.is_empty();
    if !args.ip.is_empty() {
        config.external = values::one_of_each_family(&args.ip)?;
    }
    let start = Discovery::start(Some(args.listen), config);
    let Some(started) = stop.unless(start).await else { return Ok(()) };
    let discovery = started.map_err(Failure::not_started)?;
    let datagrams = discovery.watch().await;
    let introduction = introduction(args.common.json, &discovery)?;
    let form = match (args.common.json, args.trace) {
        (true, _) => Form::Json,
        (false, true) => Form::Trace,
        (false, false) => Form::Text,
    };
    let mut printing = Printing::start(tell(form, introduction, datagrams));
    let limit = args.seconds.map(Duration::from_secs);
    match printing.until(&mut stop, limit).await {
        Some(done) => {
            discovery.stop().await;
            done
        }
        None => printing.end(&mut stop, discovery.stop()).await.unwrap_or(Ok(())),
    }
}

fn introduction(json: bool, discovery: &Discovery) -> Result<String, Failure> {
    let (enr, listen_addr) = (discovery.local_enr(), discovery.local_addr());
    let (enode, program) = (enr.enode(), output::program());
    let any_port = output::quoted(&SocketAddr::new(listen_addr.ip(), 0).to_string());
    if json {
        let id = enr.public_key();
        let introduction = Introduction { enode, enr, id, listen_addr };
        return serde_json::to_string(&introduction).map_err(|error| Failure::Output(error.into()));
    }
    Ok(format!(
        "Listening on UDP {listen_addr}. Ctrl-C ends it.\n\
         \n  \
           {enode}\n\
         \n\
         In another terminal, see whether it answers, or let another node begin with it:\n\
         \n  \
           {program} discv4 ping \"{enode}\"\n  \
           {program} discv4 listen --listen {any_port} --bootnode \"{enode}\"\n"
    ))
}

async fn tell(form: Form, introduction: String, mut datagrams: Watched) -> Result<(), Failure> {
    output::line(introduction)?;
    let (style, mut number) = (trace::style(false), 0_usize);
    while let Some(datagram) = datagrams.next().await {
        number = number.saturating_add(1);
        let line = || format!("{}  {}", log::local_time(), sentence(&datagram));
        match form {
            Form::Json => output::json(&event(&datagram))?,
            Form::Text => output::line(line())?,
            Form::Trace => {
                let step = step(number, &datagram);
                output::line(format_args!("{}\n\n{}", line(), dump::text(&step, &style)))?;
            }
        }
    }
    Ok(())
}

/// What each byte of a datagram is; we count as the initiator.
fn step(number: usize, datagram: &Datagram) -> Step {
    let from = match datagram.way {
        Way::In => Side::Recipient,
        Way::Out => Side::Initiator,
    };
    devp2p_core::trace::datagram(number, from, &datagram.bytes)
}

fn event(datagram: &Datagram) -> Event {
    let received = decode(&datagram.bytes);
    Event {
        way: way(datagram),
        expired: received.as_ref().ok().and_then(|received| expired(&received.packet)),
        remote: datagram.remote,
        bytes: datagram.bytes.len(),
        packet: received.as_ref().ok().map(|received| received.packet.name()),
        id: received.as_ref().ok().map(|received| received.sender),
        error: received.err().map(|error| error.to_string()),
    }
}

fn way(datagram: &Datagram) -> &'static str {
    match datagram.way {
        Way::In => "in",
        Way::Out => "out",
    }
}

fn sentence(datagram: &Datagram) -> String {
    let (way, remote, bytes) = (way(datagram), datagram.remote, datagram.bytes.len());
    match decode(&datagram.bytes) {
        Ok(received) => {
            let who = match datagram.way {
                Way::In => format!(" ({})", received.sender.short()),
                Way::Out => String::new(),
            };
            let (name, says) = (received.packet.name(), says(&received.packet));
            let late =
                expired(&received.packet).map_or_else(String::new, |seconds| match seconds {
                    u64::MAX => " (void: it expires at no time that there is)".to_owned(),
                    _ => format!(" (expired {seconds} s ago: one of the two clocks is wrong)"),
                });
            format!("{way:<3}  {name:<11}  {remote}{who}, {bytes} bytes{says}{late}")
        }
        Err(error) => format!("{way:<3}  no packet    {remote}, {bytes} bytes: {error}"),
    }
}

/// Since how many seconds a packet is void, by the clock of this machine.
fn expired(packet: &Packet) -> Option<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    packet.expired_for(now)
}

/// What is worth telling of a packet.
fn says(packet: &Packet) -> String {
    match packet {
        Packet::Ping(_) | Packet::EnrRequest(_) => String::new(),
        Packet::Pong(pong) => format!(": sees {}:{}", pong.to.ip, pong.to.udp),
        Packet::FindNode(find_node) => {
            let [a, b, c, d, ..] = find_node.target;
            format!(": who is close to {a:02x}{b:02x}{c:02x}{d:02x}?")
        }
        Packet::Neighbors(neighbors) => format!(": {} nodes", neighbors.nodes.len()),
        Packet::EnrResponse(response) => format!(": seq {}", response.record.seq()),
    }
}
