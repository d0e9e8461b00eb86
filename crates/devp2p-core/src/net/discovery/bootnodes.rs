//! The bootnodes of a running node: their names are looked up at the start, and again when nobody
//! answers; and who uses them is told what is wrong with them.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::task::JoinSet;
use tokio::time::{Duration, timeout};
use tracing::{info, warn};

use super::super::StartError;
use super::{AskError, resolve};
use crate::discv4::Node;
use crate::discv4::service::{BootnodeState, EXPIRES_AFTER, Service};
use crate::enode::{Enode, Host};

/// How long the start waits for a name server.
const NAME_TIMEOUT: Duration = Duration::from_secs(5);
/// How many bootnodes a warning names.
const NAMED: usize = 3;

/// A bootnode, and what has become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct BootnodeStatus {
    /// As it was configured.
    pub enode: Enode,
    /// Where it is asked; none if its name leads nowhere.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub addr: Option<SocketAddr>,
    /// What has become of it.
    pub state: BootnodeState,
    /// Why it cannot be asked, if so: its name, or the way there.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub trouble: Option<String>,
}

impl fmt::Display for BootnodeStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.enode.public_key.short())?;
        match (&self.addr, &self.enode.address) {
            (Some(addr), _) => write!(f, " at {addr}")?,
            (None, Some(address)) => write!(f, " at {}", address.host)?,
            (None, None) => {}
        }
        match (&self.trouble, self.state) {
            (Some(trouble), _) => write!(f, ": {trouble}"),
            (None, BootnodeState::Unknown) => f.write_str(": nothing heard yet"),
            (None, BootnodeState::Answered) => f.write_str(": answers"),
            (None, BootnodeState::Silent) => f.write_str(": no answer"),
            (None, BootnodeState::Expired(seconds)) => write!(
                f,
                ": answers {} s late by the clock of this machine: one of the two clocks is wrong",
                seconds.saturating_add(EXPIRES_AFTER)
            ),
        }
    }
}

/// The bootnodes of a node.
#[derive(Debug)]
pub(crate) struct Bootnodes {
    entries: Vec<Entry>,
    /// At most one look-up of all names.
    lookup: JoinSet<Vec<Result<Node, AskError>>>,
    told_silent: bool,
}

#[derive(Debug)]
struct Entry {
    enode: Enode,
    node: Result<Node, AskError>,
    /// Why nothing can be sent there.
    no_way: Option<String>,
}

impl Bootnodes {
    /// Looks up all names. It is enough if one of the bootnodes can be asked; those that cannot are
    /// told.
    ///
    /// # Errors
    /// [`StartError::Bootnode`] if a bootnode has no address at all, or none can be asked.
    pub(crate) async fn look_up(enodes: Vec<Enode>) -> Result<Self, StartError> {
        let found = resolve_all(enodes.clone(), Some(NAME_TIMEOUT)).await;
        let none_is_left = found.iter().all(Result::is_err);
        for (bootnode, node) in enodes.iter().zip(&found) {
            let Err(error) = *node else { continue };
            let why = StartError::Bootnode { bootnode: bootnode.clone(), error };
            if none_is_left || !matches!(error, AskError::Lookup(_)) {
                return Err(why);
            }
            warn!("{why}; its name is looked up again when no other bootnode answers");
        }
        let entry = |(enode, node)| Entry { enode, node, no_way: None };
        let entries = enodes.into_iter().zip(found).map(entry).collect();
        Ok(Self { entries, lookup: JoinSet::new(), told_silent: false })
    }

    /// Those that can be asked.
    pub(crate) fn nodes(&self) -> Vec<Node> {
        self.entries.iter().filter_map(|entry| entry.node.ok()).collect()
    }

    /// Tells at once which of them no datagram can reach from a socket that is bound to `local`.
    pub(super) fn check_ways(&mut self, local: IpAddr) {
        for entry in &mut self.entries {
            let why = entry.node.ok().and_then(|node| why_no_way(local, node.ip));
            if let (None, Some(why)) = (&entry.no_way, why) {
                entry.tell_no_way(why);
            }
        }
    }

    /// A datagram to `to` could not be sent; told the first time, if a bootnode is there.
    pub(super) fn cannot_send(&mut self, to: SocketAddr, error: &io::Error) {
        let is_there = |entry: &&mut Entry| entry.node.is_ok_and(|node| node.udp_addr() == to);
        for entry in self.entries.iter_mut().filter(is_there) {
            // No room in the socket's queue just now: as if it were lost on the way.
            if entry.no_way.is_none() && error.kind() != io::ErrorKind::WouldBlock {
                entry.tell_no_way(&format!("nothing can be sent there: {error}"));
            }
        }
    }

    /// We have looked around. If nobody answers, names may lead elsewhere by now.
    pub(super) fn looked_around(&mut self, answered: bool, service: &Service) {
        if answered {
            if std::mem::take(&mut self.told_silent) {
                info!("nodes answer now");
            }
            return;
        }
        self.look_up_again();
        if !self.told_silent && !self.entries.is_empty() {
            self.told_silent = true;
            let status = self.status(service);
            let is_silent =
                status.iter().any(|it| it.trouble.is_none() && it.state == BootnodeState::Silent);
            let advice = match is_silent {
                true => "; do they run, does a firewall drop UDP, is this machine's clock right?",
                false => "",
            };
            warn!("no bootnode answers, so no nodes are found: {}{advice}", Listed(&status));
        }
    }

    /// What has become of each.
    pub(super) fn status(&self, service: &Service) -> Vec<BootnodeStatus> {
        let status = |entry: &Entry| {
            let node = entry.node.ok();
            let known =
                node.and_then(|node| service.bootnodes().find(|(other, _)| **other == node));
            let no_name = entry.node.err().map(|error| error.to_string());
            BootnodeStatus {
                enode: entry.enode.clone(),
                addr: node.map(|node| node.udp_addr()),
                state: known.map_or_else(BootnodeState::default, |(_, state)| state),
                trouble: no_name.or_else(|| entry.no_way.clone()),
            }
        };
        self.entries.iter().map(status).collect()
    }

    /// Begins to look up all names, if there are any.
    fn look_up_again(&mut self) {
        let enodes: Vec<Enode> = self.entries.iter().map(|entry| entry.enode.clone()).collect();
        if self.lookup.is_empty() && enodes.iter().any(has_name) {
            self.lookup.spawn(resolve_all(enodes, None));
        }
    }

    /// Waits until names were looked up again; returns whom to ask from now on. Cancel-safe.
    pub(super) async fn looked_up(&mut self) -> Vec<Node> {
        let Some(found) = self.lookup.join_next().await else {
            return std::future::pending().await;
        };
        // A panic in the resolver is as if it had found nothing.
        for (entry, node) in self.entries.iter_mut().zip(found.unwrap_or_default()) {
            // An address that was good once is better than none.
            if node.is_ok() && entry.node != node {
                entry.node = node;
                entry.no_way = None;
            }
        }
        self.nodes()
    }
}

impl Entry {
    fn tell_no_way(&mut self, why: &str) {
        let addr = self.node.ok().map(|node| tracing::field::display(node.udp_addr()));
        warn!(bootnode = %self.enode.public_key.short(), addr, "a bootnode cannot be reached: {why}");
        self.no_way = Some(why.to_owned());
    }
}

/// The first ones of several.
struct Listed<'a>(&'a [BootnodeStatus]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, status) in self.0.iter().take(NAMED).enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(f, "{separator}{status}")?;
        }
        match self.0.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

/// Why no datagram goes from an address of this machine to another address, if that is plain.
fn why_no_way(from: IpAddr, to: IpAddr) -> Option<&'static str> {
    if from.is_ipv4() && to.is_ipv6() {
        Some("its address is IPv6, and our socket is IPv4: listen on [::] instead")
    } else if from.is_loopback() && !to.is_loopback() {
        Some("from a loopback address nobody on another machine can be reached: listen on 0.0.0.0")
    } else {
        None
    }
}

fn has_name(enode: &Enode) -> bool {
    enode.address.as_ref().is_some_and(|address| matches!(address.host, Host::Dns(_)))
}

/// The nodes of all enodes, in order; names are looked up at the same time.
async fn resolve_all(enodes: Vec<Enode>, limit: Option<Duration>) -> Vec<Result<Node, AskError>> {
    let mut names = JoinSet::new();
    let mut found = Vec::with_capacity(enodes.len());
    for (position, enode) in enodes.into_iter().enumerate() {
        if has_name(&enode) {
            found.push(Err(AskError::Lookup(io::ErrorKind::TimedOut)));
            names.spawn(async move { (position, resolve(&enode).await) });
        } else {
            found.push(resolve(&enode).await);
        }
    }
    let all = async {
        while let Some(looked_up) = names.join_next().await {
            // A panic in the resolver is as if it had not answered.
            let Ok((position, node)) = looked_up else { continue };
            if let Some(place) = found.get_mut(position) {
                *place = node;
            }
        }
    };
    match limit {
        // What is missing after that stays as it is: not answered.
        Some(limit) => drop(timeout(limit, all).await),
        None => all.await,
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_that_does_not_exist_is_known_before_anything_is_sent() {
        let ways = [
            ("127.0.0.1", "192.0.2.1", false),
            ("127.0.0.1", "127.0.0.2", true),
            ("0.0.0.0", "192.0.2.1", true),
            ("0.0.0.0", "2001:db8::1", false),
            ("::", "192.0.2.1", true),
            ("::1", "2001:db8::1", false),
            ("192.168.1.5", "127.0.0.1", true),
        ];
        for (from, to, exists) in ways {
            let why = why_no_way(from.parse().unwrap(), to.parse().unwrap());
            assert_eq!(why.is_none(), exists, "{from} → {to}: {why:?}");
        }
    }
}
