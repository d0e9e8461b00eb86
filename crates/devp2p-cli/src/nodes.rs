//! Nodes on the command line: enodes, records, public keys; one or several; or a file of them.

use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use devp2p_core::enode::{Address, Enode, Host};
use devp2p_core::enr::Enr;
use devp2p_core::net::Undialable;
use devp2p_core::net::discovery::AskError;

/// The most that is read of a file of nodes: 1 MiB, some 6,000 enodes.
const MAX_FILE: u64 = 1 << 20;

/// What is wrong with an address at which no single machine is.
pub(crate) fn nobody_is_at(ip: IpAddr) -> Option<String> {
    let is_broadcast = ip == IpAddr::V4(Ipv4Addr::BROADCAST);
    let why = match ip {
        _ if ip.is_unspecified() => "all addresses of a machine",
        _ if ip.is_multicast() || is_broadcast => "many machines at once",
        _ => return None,
    };
    Some(format!("{ip} stands for {why}: nobody can connect to it, name one"))
}

/// Several nodes.
#[derive(Debug, Clone)]
pub(crate) struct Nodes(Vec<Enode>);

/// All nodes of an option that was given several times.
pub(crate) fn all(nodes: &[Nodes]) -> Vec<Enode> {
    nodes.iter().flat_map(|nodes| &nodes.0).cloned().collect()
}

/// A node that can be connected to.
pub(crate) fn dialable(text: &str) -> Result<Enode, String> {
    let enode = reachable(text)?;
    match enode.address {
        None => Err("this enode has only a key: add the address, as in enode://<public \
                     key>@127.0.0.1:30303"
            .to_owned()),
        Some(Address { tcp: 0, .. }) => Err(Undialable::NoTcpPort.to_string()),
        Some(_) => Ok(enode),
    }
}

/// A node that can be asked over UDP.
pub(crate) fn askable(text: &str) -> Result<Enode, String> {
    let enode = reachable(text)?;
    match enode.address {
        None => Err(AskError::NoAddress.to_string()),
        Some(Address { udp: 0, .. }) => Err(AskError::NoUdpPort.to_string()),
        Some(_) => Ok(enode),
    }
}

/// A node, wherever it is; its key is enough.
pub(crate) fn anyone(text: &str) -> Result<Enode, String> {
    let text = text.trim();
    if text.starts_with(['"', '\'']) {
        return Err("there are quotes around it: remove them".to_owned());
    }
    if text.contains('…') {
        return Err(
            "the `…` stands for what was left out: write the whole line, as `devp2p node` \
                    prints it"
                .to_owned(),
        );
    }
    if text.starts_with("enr:") {
        return Ok(read::<Enr>(text)?.enode());
    }
    let others = |error: String, others| format!("{error}; or write {others}");
    if text.contains([':', '@', '/']) {
        return read(text).map_err(|error| match text.starts_with("enode:") {
            true => error,
            false => others(error, "a record (enr:…)"),
        });
    }
    let public_key = read(text).map_err(|error| others(error, "an enode or a record (enr:…)"))?;
    Ok(Enode { public_key, address: None })
}

/// Nodes that can be connected to, perhaps when discovery has found out where they are.
pub(crate) fn several_connectable(text: &str) -> Result<Nodes, String> {
    several(text, |text| match reachable(text)? {
        Enode { address: Some(Address { tcp: 0, .. }), .. } => {
            Err(Undialable::NoTcpPort.to_string())
        }
        enode => Ok(enode),
    })
}

/// Nodes that can be asked over UDP.
pub(crate) fn several_askable(text: &str) -> Result<Nodes, String> {
    several(text, askable)
}

/// Nodes, wherever they are.
pub(crate) fn several_anyone(text: &str) -> Result<Nodes, String> {
    several(text, anyone)
}

/// Nodes with commas or spaces between them, or `@` and the name of a file.
fn several(text: &str, one: fn(&str) -> Result<Enode, String>) -> Result<Nodes, String> {
    let nodes = match text.trim().strip_prefix('@') {
        Some(path) => of_file(path, one)?,
        None => {
            let items = text.split([',', ' ', '\n']).filter(|item| !item.trim().is_empty());
            items.map(one).collect::<Result<Vec<_>, _>>()?
        }
    };
    if nodes.is_empty() { Err("no node is named here".to_owned()) } else { Ok(Nodes(nodes)) }
}

/// A node in each line; lines of a JSON list are read as well, and `#` begins a remark.
fn of_file(path: &str, one: fn(&str) -> Result<Enode, String>) -> Result<Vec<Enode>, String> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE).read_to_string(&mut text))
        .map_err(|error| format!("cannot read the file {path}: {error}"))?;
    let mut nodes = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let is_around = |c: char| c.is_whitespace() || matches!(c, '[' | ']' | ',' | '"');
        let node = line.split('#').next().unwrap_or_default().trim_matches(is_around);
        if !node.is_empty() {
            nodes.push(one(node).map_err(|error| format!("line {number} of {path}: {error}"))?);
        }
    }
    Ok(nodes)
}

/// A node whose address, if it has one, leads somewhere.
fn reachable(text: &str) -> Result<Enode, String> {
    let enode = anyone(text)?;
    match &enode.address {
        Some(Address { host: Host::Ip(ip), .. }) => nobody_is_at(*ip).map_or(Ok(enode), Err),
        _ => Ok(enode),
    }
}

/// Reads a value that says by itself what is wrong with it.
fn read<T: FromStr<Err: ToString>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}
