//! What a node prints: who it is, and then what happens, for people or as JSON.

use std::fmt::{self, Display};
use std::net::SocketAddr;

use devp2p_core::events::{MsgEvent, PeerEvent};
use devp2p_core::net::{Direction, NodeInfo, PeerInfo};
use devp2p_core::p2p::Capability;
use serde::Serialize;

use crate::explain::{Explained, FirstTime};
use crate::failure::Failure;
use crate::{log, output};

/// How a node tells what happens.
#[derive(Debug)]
pub(super) enum Story {
    /// For people: where to read more stands behind the first event of each kind.
    Text(FirstTime),
    /// For programs.
    Json,
}

impl Story {
    /// Says who the node is.
    ///
    /// # Errors
    /// [`Failure::Output`].
    pub(super) fn begin(
        json: bool,
        node: &NodeInfo,
        invitation: &Invitation,
    ) -> Result<Self, Failure> {
        if json {
            let rpc = invitation.asked_at.iter().map(|(place, _)| place.as_str()).collect();
            output::json(&Introduced { node, rpc })?;
            Ok(Self::Json)
        } else {
            output::line(introduction(node, invitation))?;
            Ok(Self::Text(FirstTime::default()))
        }
    }

    /// Tells an event.
    ///
    /// # Errors
    /// [`Failure::Output`].
    pub(super) fn go_on(&mut self, event: &PeerEvent) -> Result<(), Failure> {
        let told = match self {
            Self::Json => return output::json(event),
            Self::Text(more) => sentence(event, more),
        };
        match told {
            Some(sentence) => output::line(format_args!("{}  {sentence}", log::local_time())),
            None => Ok(()),
        }
    }
}

/// A node for programs, and where it answers over RPC.
#[derive(Serialize)]
struct Introduced<'a> {
    #[serde(flatten)]
    node: &'a NodeInfo,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rpc: Vec<&'a str>,
}

/// What others must know who want to connect to a node, besides where it is.
#[derive(Debug)]
pub(super) struct Invitation {
    /// The options that make a node speak what it speaks.
    pub(super) echo: String,
    /// Whether it has slots for peers.
    pub(super) has_slots: bool,
    /// Where it answers over RPC, and what it can be asked there.
    pub(super) asked_at: Vec<(String, &'static str)>,
}

fn introduction(node: &NodeInfo, invitation: &Invitation) -> String {
    let mut text = who_it_is(node, invitation);
    if !invitation.asked_at.is_empty() {
        text += "\nAsk it over RPC:\n\n";
    }
    for (place, method) in &invitation.asked_at {
        text += &format!("  {} rpc {} {method}\n", output::program(), output::quoted(place));
    }
    text
}

fn who_it_is(node: &NodeInfo, invitation: &Invitation) -> String {
    let NodeInfo { name, enode, id, ports, .. } = node;
    let Some(listen_addr) = node.listen_addr else {
        return format!(
            "{name} does not listen: it connects to others, nobody to it. Ctrl-C ends it.\n\
             \n\
             It is known as\n\
             \n  \
               enode://{id}\n"
        );
    };
    let (program, echo) = (output::program(), &invitation.echo);
    let any_port = output::quoted(&SocketAddr::new(listen_addr.ip(), 0).to_string());
    let (connect, slots) = match invitation.has_slots {
        true => ("connect to it, ", ""),
        false => ("", "\nIt has no slots for peers: it refuses all but trusted nodes.\n"),
    };
    let mut text = format!(
        "{name} listens on {listen_addr}. Ctrl-C ends it.\n\
         \n  \
           {enode}\n\
         {}{slots}\n\
         {}, {connect}see whether it answers{}:\n\n",
        what_it_speaks(node),
        where_from(node),
        if ports.discovery == 0 { "" } else { ", or find others through it" },
    );
    if invitation.has_slots {
        text += &format!("  {program} node --listen {any_port}{echo} --connect \"{enode}\"\n");
    }
    text += &format!("  {program} ping \"{enode}\"\n");
    if ports.discovery != 0 {
        text += &format!("  {program} node --listen {any_port}{echo} --bootnode \"{enode}\"\n");
    }
    text
}

/// Which protocols others must speak as well, if any.
fn what_it_speaks(node: &NodeInfo) -> String {
    if node.protocols.is_empty() {
        return String::new();
    }
    let protocols: Vec<String> = node.protocols.iter().map(Capability::to_string).collect();
    format!(
        "\nIt speaks {}. Nodes that speak none of it are sent away: they need an --echo, too.\n",
        protocols.join(", ")
    )
}

/// Where the enode leads to this node.
fn where_from(node: &NodeInfo) -> &'static str {
    if node.ip.is_loopback() || node.listen_addr.is_some_and(|addr| addr.ip().is_loopback()) {
        "In another terminal of this machine"
    } else {
        "In another terminal, or on another machine in this network"
    }
}

fn sentence(event: &PeerEvent, more: &mut FirstTime) -> Option<String> {
    match event {
        PeerEvent::Add { peer } => {
            let dialed = match peer.direction {
                Direction::Inbound => "it dialed",
                Direction::Outbound => "we dialed",
            };
            let remote = peer.remote.map_or_else(String::new, |remote| format!(", at {remote}"));
            Some(format!("peer added    {}{remote}, {dialed}", Who(peer)))
        }
        PeerEvent::Drop { peer, error } => {
            let more = more.command(error.topic());
            let more = more.map_or_else(String::new, |command| format!(" [{command}]"));
            Some(format!("peer dropped  {}: {}{more}", Who(peer), error.in_words()))
        }
        // Why it failed is in the log.
        PeerEvent::DialFailed { enode, error } => {
            let command = more.command(error.topic())?;
            Some(format!("dial failed   {} [{command}]", enode.public_key.short()))
        }
        PeerEvent::MsgRecv(msg) => Some(format!("msg received  {}", What(msg))),
        PeerEvent::MsgSend(msg) => Some(format!("msg sent      {}", What(msg))),
        PeerEvent::Missed(count) => {
            Some(format!("{count} events are not shown: the output was too slow for them"))
        }
        _ => None,
    }
}

/// A peer's name, as much of it as fits into a line, and the beginning of its key.
struct Who<'a>(&'a PeerInfo);

impl Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.64} ({})", self.0.name, self.0.id.short())
    }
}

/// A message, and whose it is.
struct What<'a>(&'a MsgEvent);

impl Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MsgEvent { peer, protocol, msg_code, msg_size, .. } = self.0;
        write!(f, "{}: {protocol} code {msg_code}, {msg_size} bytes", Who(peer))
    }
}
