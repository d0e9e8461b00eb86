//! What a node prints: who it is, and then what happens, for people or as JSON.

use std::collections::HashMap;
use std::fmt::{self, Display};

use devp2p_core::events::{MsgEvent, PeerEvent};
use devp2p_core::keys::PublicKey;
use devp2p_core::net::{EndReason, NodeInfo, PeerInfo};
use devp2p_core::p2p::Capability;
use devp2p_core::policy::Direction;

use crate::failure::Failure;
use crate::{log, output};

/// How a node tells what happens.
#[derive(Debug)]
pub(super) enum Story {
    /// For people. Remembers the names of those who are here: an event has only their keys.
    Text { names: HashMap<PublicKey, String> },
    /// For programs.
    Json,
}

impl Story {
    /// Says who the node is.
    ///
    /// # Errors
    /// [`Failure::Output`].
    pub(super) fn begin(json: bool, node: &NodeInfo) -> Result<Self, Failure> {
        if json {
            output::json(node)?;
            Ok(Self::Json)
        } else {
            output::line(introduction(node))?;
            Ok(Self::Text { names: HashMap::new() })
        }
    }

    /// Tells an event; `peers` are those of this moment, needed only when one was added.
    ///
    /// # Errors
    /// [`Failure::Output`].
    pub(super) fn go_on(&mut self, event: &PeerEvent, peers: &[PeerInfo]) -> Result<(), Failure> {
        match self {
            Self::Json => output::json(event),
            Self::Text { names } => match sentence(event, peers, names) {
                Some(sentence) => output::line(format_args!("{}  {sentence}", log::local_time())),
                None => Ok(()),
            },
        }
    }
}

fn introduction(node: &NodeInfo) -> String {
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
    let mut text = format!(
        "{name} listens on {listen_addr}. Ctrl-C ends it.\n\
         \n  \
           {enode}\n\
         \n\
         {}, connect to it, see whether it answers{}:\n\
         \n  \
           devp2p node --connect '{enode}'\n  \
           devp2p ping '{enode}'\n",
        where_from(node),
        if ports.discovery == 0 { "" } else { ", or find others through it" },
    );
    if ports.discovery != 0 {
        text += &format!("  devp2p node --bootnode '{enode}'\n");
    }
    if !node.protocols.is_empty() {
        let protocols: Vec<String> = node.protocols.iter().map(Capability::to_string).collect();
        text += &format!(
            "\nIt speaks {}. Nodes that speak none of it are sent away: give them an --echo, too.\n",
            protocols.join(", ")
        );
    }
    text
}

/// Where the enode leads to this node.
fn where_from(node: &NodeInfo) -> &'static str {
    if node.ip.is_loopback() {
        "In another terminal of this machine"
    } else {
        "In another terminal, or on another machine in this network"
    }
}

fn sentence(
    event: &PeerEvent,
    peers: &[PeerInfo],
    names: &mut HashMap<PublicKey, String>,
) -> Option<String> {
    match event {
        PeerEvent::Add { peer, remote, .. } => {
            let info = peers.iter().find(|info| info.id == *peer);
            let dialed = match info.map(|info| info.direction) {
                Some(Direction::Inbound) => ", it dialed",
                Some(Direction::Outbound) => ", we dialed",
                // It is gone again.
                None => "",
            };
            let name = info.map_or("a node", |info| &info.name);
            names.insert(*peer, name.to_owned());
            Some(format!("peer added    {}, at {remote}{dialed}", Who(name, *peer)))
        }
        PeerEvent::Drop { peer, error, .. } => {
            let told = format!("peer dropped  {}: {}", Who::of(*peer, names), Why(error));
            names.remove(peer);
            Some(told)
        }
        PeerEvent::MsgRecv(msg) => Some(format!("msg received  {}", What(msg, names))),
        PeerEvent::MsgSend(msg) => Some(format!("msg sent      {}", What(msg, names))),
        PeerEvent::Missed(count) => {
            Some(format!("{count} events are not shown: the output was too slow for them"))
        }
        _ => None,
    }
}

/// A peer's name, as much of it as fits into a line, and the beginning of its key.
struct Who<'a>(&'a str, PublicKey);

impl<'a> Who<'a> {
    fn of(peer: PublicKey, names: &'a HashMap<PublicKey, String>) -> Self {
        Self(names.get(&peer).map_or("a node", String::as_str), peer)
    }
}

impl Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.64} ({})", self.0, self.1.short())
    }
}

/// A message, and whose it is.
struct What<'a>(&'a MsgEvent, &'a HashMap<PublicKey, String>);

impl Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(MsgEvent { peer, protocol, msg_code, msg_size, .. }, names) = self;
        write!(f, "{}: {protocol} code {msg_code}, {msg_size} bytes", Who::of(*peer, names))
    }
}

/// Why a connection ended, and at whose wish.
struct Why<'a>(&'a EndReason);

impl Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            EndReason::Remote(reason) => {
                write!(f, "it said \"{reason}\" (0x{:02x})", reason.code())
            }
            EndReason::Local(reason) => write!(f, "we said \"{reason}\" (0x{:02x})", reason.code()),
            other => other.fmt(f),
        }
    }
}
