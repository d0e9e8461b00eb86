//! What a node answers over RPC: `admin`, `net` and `web3`, in the shapes of go-ethereum.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use devp2p_core::enode::{Enode, EnodeError};
use devp2p_core::enr::Enr;
use devp2p_core::events::{EventRecord, PeerEvent};
use devp2p_core::keys::{KeyError, NodeId};
use devp2p_core::net::{AddPeerError, Direction, Handle, NodeInfo, PeerInfo, Ports};
use devp2p_core::p2p::Capability;
use devp2p_rpc::{Error, Module, Modules, Sink};
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use sha3::{Digest, Keccak256};
use tracing::debug;

/// The modules of a node.
pub(super) fn all(node: &Handle) -> Modules {
    Modules::new([admin(node), net(node), web3(node)])
}

fn admin(node: &Handle) -> Module {
    let (info, peers, add) = (node.clone(), node.clone(), node.clone());
    let (remove, trust, distrust) = (node.clone(), node.clone(), node.clone());
    let events = node.clone();
    Module::new("admin")
        .method("nodeInfo", move |()| {
            let info = Info::from(info.node_info());
            async move { Ok(info) }
        })
        .method("peers", move |()| {
            let node = peers.clone();
            async move { Ok(node.peers().await.iter().map(Peer::from).collect::<Vec<_>>()) }
        })
        .method("datadir", |()| async { Ok("") })
        .method("addPeer", move |(url,): (Text,)| {
            let node = add.clone();
            async move {
                match node.add_peer(enode(&url.0)?).await {
                    Ok(()) => Ok(true),
                    Err(AddPeerError::Stopped) => Err(AddPeerError::Stopped.to_string().into()),
                    // As in go-ethereum: it is noted, and nothing comes of it.
                    Err(error) => {
                        debug!(%error, url = url.0, "admin_addPeer");
                        Ok(true)
                    }
                }
            }
        })
        .method("removePeer", move |(url,): (Text,)| {
            let node = remove.clone();
            async move {
                node.remove_peer(enode(&url.0)?.public_key).await;
                Ok(true)
            }
        })
        .method("addTrustedPeer", move |(url,): (Text,)| {
            let node = trust.clone();
            async move {
                node.add_trusted_peer(enode(&url.0)?.public_key).await;
                Ok(true)
            }
        })
        .method("removeTrustedPeer", move |(url,): (Text,)| {
            let node = distrust.clone();
            async move {
                node.remove_trusted_peer(enode(&url.0)?.public_key).await;
                Ok(true)
            }
        })
        .subscription("peerEvents", move |()| {
            // From now on, and not from when the answer is on its way.
            let mut events = events.subscribe();
            Ok(move |mut sink: Sink| async move {
                while let Some(event) = events.next().await {
                    let Some(event) = Event::read(&event) else { continue };
                    if sink.send(&event).await.is_err() {
                        return;
                    }
                }
            })
        })
}

fn net(node: &Handle) -> Module {
    let (peers, listening) = (node.clone(), node.clone());
    Module::new("net")
        // No chain, so no network of one.
        .method("version", |()| async { Ok("0") })
        .method("listening", move |()| {
            let is_listening = listening.node_info().listen_addr.is_some();
            async move { Ok(is_listening) }
        })
        .method("peerCount", move |()| {
            let node = peers.clone();
            async move { Ok(format!("{:#x}", node.peers().await.len())) }
        })
}

fn web3(node: &Handle) -> Module {
    let node = node.clone();
    Module::new("web3")
        .method("clientVersion", move |()| {
            let name = node.node_info().name;
            async move { Ok(name) }
        })
        .method("sha3", |(bytes,): (Hex,)| async move {
            Ok(format!("0x{}", to_hex(&Keccak256::digest(&bytes.0))))
        })
}

/// As go-ethereum's `admin_nodeInfo` tells it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    id: NodeId,
    name: String,
    enode: Enode,
    enr: Enr,
    ip: IpAddr,
    ports: Ports,
    listen_addr: String,
    protocols: BTreeMap<String, &'static str>,
}

impl From<NodeInfo> for Info {
    fn from(node: NodeInfo) -> Self {
        let NodeInfo { node_id, name, enode, enr, ip, ports, listen_addr, protocols, .. } = node;
        let listen_addr = listen_addr.map_or_else(String::new, |it| it.to_string());
        let protocols = unknown(&protocols);
        Self { id: node_id, name, enode, enr, ip, ports, listen_addr, protocols }
    }
}

/// Protocols that tell nothing about themselves.
fn unknown(protocols: &[Capability]) -> BTreeMap<String, &'static str> {
    protocols.iter().map(|protocol| (protocol.name.clone(), "unknown")).collect()
}

/// As go-ethereum's `admin_peers` tells it.
#[derive(Debug, Serialize)]
struct Peer {
    enode: Enode,
    id: NodeId,
    name: String,
    caps: Vec<Capability>,
    network: Network,
    protocols: BTreeMap<String, &'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Network {
    local_address: String,
    remote_address: String,
    inbound: bool,
    trusted: bool,
    #[serde(rename = "static")]
    is_static: bool,
}

impl From<&PeerInfo> for Peer {
    fn from(peer: &PeerInfo) -> Self {
        let text = |it: Option<SocketAddr>| it.map_or_else(String::new, |it| it.to_string());
        Self {
            enode: peer.enode(),
            id: peer.id.node_id(),
            name: peer.name.to_string(),
            caps: peer.capabilities.to_vec(),
            network: Network {
                local_address: text(peer.local),
                remote_address: text(peer.remote),
                inbound: peer.direction == Direction::Inbound,
                trusted: peer.trusted,
                is_static: peer.is_static,
            },
            protocols: unknown(&peer.shared),
        }
    }
}

/// As go-ethereum's `peerEvents` tell it: a peer is known by its node id, and not by its key. One kind
/// is ours: `missed`, with a `count` of events that came faster than they were read.
#[derive(Debug, Serialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<NodeId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_code: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
}

impl Event {
    /// go-ethereum tells no failed dials.
    fn read(event: &PeerEvent) -> Option<Self> {
        if matches!(event, PeerEvent::DialFailed { .. }) {
            return None;
        }
        let EventRecord {
            kind,
            peer,
            error,
            protocol,
            msg_code,
            msg_size,
            local,
            remote,
            count,
            ..
        } = EventRecord::from(event);
        let peer = peer.map(|key| key.node_id());
        Some(Self { kind, peer, error, protocol, msg_code, msg_size, local, remote, count })
    }
}

/// A text; `null` is an empty one, as in Go.
#[derive(Debug)]
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_any(AnyText { wanted: "string", other: None })?;
        Ok(Self(text.unwrap_or_default()))
    }
}

/// Reads a text; `null` is none. What is something else is refused by its kind, and not read: it may be
/// large.
struct AnyText {
    wanted: &'static str,
    /// How everything else is called; without it, by its kind.
    other: Option<&'static str>,
}

impl AnyText {
    fn refuse<E: de::Error>(&self, kind: &str) -> E {
        cannot(self.other.unwrap_or(kind), self.wanted)
    }
}

impl<'de> Visitor<'de> for AnyText {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Err(self.refuse("bool"))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Err(self.refuse("number"))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
        Err(self.refuse("number"))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Err(self.refuse("number"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(self.refuse("array"))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(self.refuse("object"))
    }
}

/// What go-ethereum says of a parameter that is something else.
fn cannot<E: de::Error>(what: &str, wanted: &str) -> E {
    E::custom(format_args!("json: cannot unmarshal {what} into Go value of type {wanted}"))
}

/// Bytes, as `0x68656c6c6f`.
#[derive(Debug)]
struct Hex(Vec<u8>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = |what: &str| cannot(what, "hexutil.Bytes");
        let other = Some("non-string");
        let text = deserializer.deserialize_any(AnyText { wanted: "hexutil.Bytes", other })?;
        let text = text.ok_or_else(|| wrong("non-string"))?;
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        let digits = digits.ok_or_else(|| wrong("hex string without 0x prefix"))?;
        if digits.len() % 2 == 1 {
            return Err(wrong("hex string of odd length"));
        }
        let digits: Option<Vec<u8>> =
            digits.chars().map(|it| it.to_digit(16).and_then(|it| it.try_into().ok())).collect();
        let digits = digits.ok_or_else(|| wrong("invalid hex string"))?;
        Ok(Self(
            digits.chunks_exact(2).map(|two| two.iter().fold(0, |n, it| n << 4 | it)).collect(),
        ))
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads an enode or a record; what is wrong with it is said in go-ethereum's words.
fn enode(url: &str) -> Result<Enode, Error> {
    let wrong = |words: &str| Error::from(format!("invalid enode: {words}"));
    if url.starts_with("enr:") {
        let record: Enr = url.parse().map_err(|error| wrong(&format!("{error}")))?;
        return Ok(record.enode());
    }
    url.parse().map_err(|error: EnodeError| match error {
        EnodeError::MissingPrefix | EnodeError::WrongScheme => {
            wrong("missing 'enr:' prefix for base64-encoded record")
        }
        EnodeError::Key(KeyError::PublicKeyLength { found: 0 }) => {
            wrong("does not contain node ID")
        }
        EnodeError::Key(KeyError::PublicKeyLength { .. }) => {
            wrong("invalid public key (wrong length, want 128 hex chars)")
        }
        EnodeError::Key(KeyError::NotOnCurve) => {
            wrong("invalid public key (invalid secp256k1 public key)")
        }
        EnodeError::MissingPort | EnodeError::BadPort => wrong("invalid port"),
        EnodeError::BadDiscport => wrong("invalid discport in query"),
        other => wrong(&other.to_string()),
    })
}
