//! `devp2p diagnose`: why has my node no peers?
//!
//! It runs the node that `devp2p node` would run with the same options, until there is a peer or its
//! time is over, tells what it sees, and at the end what keeps peers away.

use devp2p_core::discv4::service::BootnodeState;
use devp2p_core::events::{Events, PeerEvent};
use devp2p_core::net::discovery::BootnodeStatus;
use devp2p_core::net::{Attempts, Handle, NodeInfo, Status};
use serde::Serialize;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval, timeout};

use crate::failure::Failure;
use crate::node::Settings;
use crate::output::Printing;
use crate::stop::Stop;
use crate::{explain, log, output, values};

/// How often it looks whether something has changed.
const LOOK: Duration = Duration::from_millis(500);
/// How long a peer must stay.
const STAYS: Duration = Duration::from_secs(2);

/// What a failed diagnosis ends with.
const ALONE: &str = "no peers, see above";

/// Find out why a node has no peers
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  devp2p diagnose --bootnode \"enode://…@203.0.113.7:30303\"
  devp2p diagnose --connect \"enode://…@127.0.0.1:30303\" --listen 127.0.0.1:0

Give it the options of the `devp2p node` that has no peers, and stop that one first")]
pub(crate) struct Args {
    #[command(flatten)]
    settings: Settings,
    /// Print JSON: one object
    #[arg(long)]
    json: bool,
    /// How long to look, unless there is a peer before
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 30)]
    #[arg(value_parser = values::number::<u64>, allow_negative_numbers = true)]
    seconds: u64,
}

/// The JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Diagnosis<'a> {
    /// Of this machine, in UTC.
    clock: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<&'a NodeInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a Status>,
    why_no_peers: Vec<String>,
}

/// Looks, and tells.
///
/// # Errors
/// When the node cannot start, when it has no peers, or the output cannot be written.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let mut stop = Stop::new().map_err(Failure::system)?;
    let mut ends = Stop::new().map_err(Failure::system)?;
    let start = args.settings.start(args.settings.config()?);
    let (server, events) = match stop.unless(start).await {
        None => return Ok(()),
        Some(Ok(started)) => started,
        Some(Err(failure)) => return did_not_start(args.json, &failure),
    };
    let limit = Duration::from_secs(args.seconds);
    let handle = server.handle().clone();
    let mut printing = Printing::start(async move {
        tokio::select! {
            seen = watch(&handle, events, args.json, limit) => seen?,
            () = ends.signal() => {}
        }
        report(&handle, args.json).await
    });
    let done = match printing.until(&mut stop, None).await {
        Some(done) => done,
        None => printing.end(&mut stop, async {}).await.unwrap_or(Ok(())),
    };
    server.stop().await;
    done
}

/// That it does not start is the diagnosis.
fn did_not_start(json: bool, failure: &Failure) -> Result<(), Failure> {
    let (clock, why) = (log::utc_time(), format!("it does not start: {failure}"));
    if json {
        let why_no_peers = vec![why];
        output::json(&Diagnosis { clock, node: None, status: None, why_no_peers })?;
    } else {
        let more = failure
            .topic()
            .map_or_else(String::new, |topic| format!("\n\n{}", explain::more(topic)));
        output::line(format_args!("Why it has no peers:\n\n- {why}{more}"))?;
    }
    Err(Failure::told(ALONE))
}

/// Tells what changes, until there is a peer, or the time is over.
async fn watch(
    server: &Handle,
    mut events: Events,
    json: bool,
    limit: Duration,
) -> Result<(), Failure> {
    let begin = Instant::now();
    let tell = |text: &str| match json {
        true => Ok(()),
        false => output::line(format_args!("{}  {text}", log::local_time())),
    };
    if let Some(listen_addr) = server.node_info().listen_addr {
        tell(&format!("listens on {listen_addr}"))?;
    }
    tell(&format!("looks for peers, for {} s at most", limit.as_secs()))?;
    let mut limit = limit;
    let mut told: Vec<String> = Vec::new();
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        let next = async {
            tokio::select! {
                event = events.next() => Some(event),
                _ = look.tick() => None,
            }
        };
        match timeout(limit.saturating_sub(begin.elapsed()), next).await {
            Ok(Some(Some(PeerEvent::Add { peer }))) => {
                tell(&format!("has a peer: {:.64} ({})", peer.name, peer.id.short()))?;
                limit = limit.min(begin.elapsed().saturating_add(STAYS));
            }
            Ok(Some(Some(PeerEvent::Drop { peer, error }))) => {
                let (name, id) = (&peer.name, peer.id.short());
                return tell(&format!("it has gone: {name:.64} ({id}): {}", error.in_words()));
            }
            Ok(Some(Some(PeerEvent::DialFailed { enode, error }))) => {
                tell(&format!("dialing {}: {}", enode.public_key.short(), error.in_words()))?;
            }
            Ok(Some(Some(_))) => {}
            // The end of the time, or of the node.
            Err(_) | Ok(Some(None)) => return Ok(()),
            Ok(None) => {
                let status = server.status().await;
                let discovery = status.and_then(|status| status.discovery);
                let all = discovery.iter().flat_map(|discovery| &discovery.bootnodes);
                let is_news = |it: &&BootnodeStatus| {
                    it.trouble.is_some() || it.state != BootnodeState::Unknown
                };
                for bootnode in all.filter(is_news) {
                    let line = format!("bootnode {bootnode}");
                    if !told.contains(&line) {
                        tell(&line)?;
                        told.push(line);
                    }
                }
            }
        }
    }
}

async fn report(server: &Handle, json: bool) -> Result<(), Failure> {
    let (node, status) = (server.node_info(), server.status().await);
    let Some(status) = status else { return Err(ended_by_itself()) };
    let why = status.why_no_peers(&node);
    let (is_alone, clock) = (!why.is_empty(), log::utc_time());
    if json {
        let (node, status) = (Some(&node), Some(&status));
        output::json(&Diagnosis { clock, node, status, why_no_peers: why })?;
    } else {
        output::line(text(&clock, &node, &status, &why))?;
    }
    match is_alone {
        true => Err(Failure::told(ALONE)),
        false => Ok(()),
    }
}

fn text(clock: &str, node: &NodeInfo, status: &Status, why: &[String]) -> String {
    let listens = match node.listen_addr {
        Some(listen_addr) => format!("{listen_addr}, known as\n             {}", node.enode),
        None => "nowhere".to_owned(),
    };
    let mut text = format!(
        "\n\
         clock        {clock} UTC (20 seconds are too far from the right time)\n\
         listens on   {listens}\n\
         peers        {peers}, at most {max_peers}\n\
         dials        {dials}\n\
         inbound      {inbound}\n",
        peers = status.peers,
        max_peers = status.max_peers,
        dials = attempts(&status.dials),
        inbound = attempts(&status.inbound),
    );
    match &status.discovery {
        None => text += "discovery    off\n",
        Some(discovery) => {
            let nodes = discovery.nodes;
            text +=
                &format!("discovery    knows {nodes} node{}\n", if nodes == 1 { "" } else { "s" });
            for bootnode in &discovery.bootnodes {
                text += &format!("bootnode     {bootnode}\n");
            }
        }
    }
    if why.is_empty() {
        return text + "\nIt has peers.";
    }
    text += "\nWhy it has no peers:\n";
    for reason in why {
        text += &format!("\n- {reason}");
    }
    // A line may have several causes in it.
    let causes = why.iter().flat_map(|reason| reason.split("; "));
    let topics: Vec<_> = causes.filter_map(explain::of_text).collect();
    let more = explain::more_about(&topics);
    if more.is_empty() { text } else { format!("{text}\n\n{more}") }
}

fn ended_by_itself() -> Failure {
    Failure::told("the node has ended by itself").about(&explain::STOPPED)
}

fn attempts(attempts: &Attempts) -> String {
    let Attempts { begun, peers, failed, lost, .. } = attempts;
    let mut text = match (begun, peers) {
        (0, _) => return "none".to_owned(),
        (_, 0) => format!("{begun}, and none became a peer"),
        (1, 1) => "1, which became a peer".to_owned(),
        _ => format!("{begun}, of which {peers} became peers"),
    };
    for (reason, count) in failed.iter().chain(lost) {
        text += &format!("\n             {count} × {reason}");
    }
    text
}
