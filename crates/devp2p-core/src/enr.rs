//! Node records (ENR): what a node says about itself, signed.
//!
//! An enode URL says where somebody believes a node to be. A record is that node's own word: it is
//! signed, it has a version number, and it has room for what is invented later.
//!
//! ```text
//!  [ signature (64), seq,  "id", "v4",  "ip", 7f000001,  "secp256k1", key (33),  "udp", 765f, … ]
//!                    └┬┘   └────────────────────────── pairs ───────────────────────────────┘
//!            version number
//!
//!  signature = sign(secret key, keccak256(rlp([seq, pairs])))        at most 300 bytes in all
//! ```
//!
//! The pairs are sorted by their keys, and none is there twice, so that one content has one form to
//! sign. What we do not understand is kept, or the signature would not fit any more. As text, a
//! record is `enr:` and its bytes in URL-safe base64 without padding.
//!
//! This module must not believe that a node is where its record says, nor decide when a record is
//! out of date: [`discv4`](crate::discv4) does.
//!
//! Spec: [EIP-778](https://github.com/ethereum/devp2p/blob/master/enr.md)

mod builder;
mod error;
mod fields;

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use alloy_rlp::{Decodable, Encodable, Header};
use data_encoding::BASE64URL_NOPAD;
use sha3::{Digest, Keccak256};

use crate::enode::{Address, Enode, Host};
use crate::keys::{NodeId, PublicKey};
use crate::p2p::printable;
use crate::record::Recorder;
use crate::rlp::{self, Items};

pub use builder::EnrBuilder;
pub use error::EnrError;
pub(crate) use fields::RECORD;

/// The longest record, in bytes.
pub const MAX_RECORD: usize = 300;

const PREFIX: &str = "enr:";

/// The identity scheme of secp256k1 and keccak-256, the only one there is.
const SCHEME: &[u8; 2] = b"v4";

/// A signed node record. There is none with a wrong signature.
///
/// Read with [`str::parse`], printed with `Display`; under the feature `serde` it is its text.
#[derive(Clone, PartialEq, Eq)]
pub struct Enr {
    signature: [u8; 64],
    seq: u64,
    /// Keys and values in turn, as RLP.
    pairs: Box<[u8]>,
    /// As it stands in the pairs.
    public_key: PublicKey,
}

impl Enr {
    /// Begins a record.
    ///
    /// `seq` must be higher than in this node's last record, or nobody takes the new one.
    pub fn builder(seq: u64) -> EnrBuilder {
        EnrBuilder::new(seq)
    }

    /// Reads a record and checks its signature.
    ///
    /// # Errors
    /// All [`EnrError`]s but those about text; [`EnrError::Malformed`] also when something comes
    /// after the record.
    pub fn decode(bytes: &[u8]) -> Result<Self, EnrError> {
        Self::decode_noting(bytes, &mut ())
    }

    /// The same, for a recorder, in the part of the packet that the record is in.
    pub(crate) fn decode_noting<R: Recorder>(
        mut bytes: &[u8],
        recorder: &mut R,
    ) -> Result<Self, EnrError> {
        if bytes.len() > MAX_RECORD {
            return Err(EnrError::TooLong);
        }
        let malformed = |_| EnrError::Malformed;
        let mut items = Items::take(&mut bytes, &fields::LIST, recorder).map_err(malformed)?;
        if !bytes.is_empty() {
            return Err(EnrError::Malformed);
        }
        let signature = items.bytes(&fields::SIGNATURE).map_err(malformed)?;
        let seq = items.number(&fields::SEQ).map_err(malformed)?;
        let pairs = items.rest();
        check_order(items)?;
        if value(pairs, "id").as_ref() != Some(SCHEME) {
            return Err(EnrError::UnknownScheme);
        }
        let public_key = value(pairs, "secp256k1").ok_or(EnrError::PublicKey)?;
        let public_key = PublicKey::from_compressed(public_key).map_err(|_| EnrError::PublicKey)?;
        let signature = signature.try_into().map_err(|_| EnrError::Signature)?;
        public_key.verify(digest(seq, pairs), &signature).map_err(|_| EnrError::Signature)?;
        Ok(Self { signature, seq, pairs: pairs.into(), public_key })
    }

    /// The record's bytes, at most [`MAX_RECORD`].
    #[must_use]
    pub fn to_rlp(&self) -> Vec<u8> {
        let mut items = Vec::with_capacity(MAX_RECORD);
        self.signature.encode(&mut items);
        self.seq.encode(&mut items);
        items.extend_from_slice(&self.pairs);
        rlp::list(&items)
    }

    /// The version number: of two records of a node, the one with the higher number counts.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Who signed it: the node.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// The node's id.
    #[must_use]
    pub fn node_id(&self) -> NodeId {
        self.public_key.node_id()
    }

    /// Where the node says it is.
    ///
    /// Of an IPv4 and an IPv6 address it is the one that more of the world can reach, of two equal
    /// ones IPv4, as in go-ethereum; a multicast address is none.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        let v4 = value(&self.pairs, "ip").map(|ip: [u8; 4]| IpAddr::from(ip));
        let v6 = value(&self.pairs, "ip6").map(|ip: [u8; 16]| IpAddr::from(ip).to_canonical());
        // Of two equal ones, `max_by_key` takes the last.
        v6.into_iter().chain(v4).filter(|ip| !ip.is_multicast()).max_by_key(|ip| reach(*ip))
    }

    /// The UDP port of the node at [`Enr::ip`], for discovery; 0 if the record has none.
    #[must_use]
    pub fn udp(&self) -> u16 {
        self.port("udp", "udp6")
    }

    /// The TCP port of the node at [`Enr::ip`], for connections; 0 if the record has none.
    #[must_use]
    pub fn tcp(&self) -> u16 {
        self.port("tcp", "tcp6")
    }

    /// Who the node is, and where it says it is.
    #[must_use]
    pub fn enode(&self) -> Enode {
        let address =
            self.ip().map(|ip| Address { host: Host::Ip(ip), tcp: self.tcp(), udp: self.udp() });
        Enode { public_key: self.public_key, address }
    }

    /// The value of a key; none if there is no such key, or another kind of value.
    #[must_use]
    pub fn entry<T: Decodable>(&self, key: &str) -> Option<T> {
        value(&self.pairs, key)
    }

    /// Every key with its value, as RLP, also of those that we do not understand; sorted by key.
    pub fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        pairs(&self.pairs)
    }

    /// A port of the address that was chosen; IPv6 may have its own.
    fn port(&self, key: &str, key6: &str) -> u16 {
        let own = if let Some(IpAddr::V6(_)) = self.ip() { value(&self.pairs, key6) } else { None };
        own.or_else(|| value(&self.pairs, key)).unwrap_or(0)
    }
}

// ANCHOR: digest
/// What is signed: keccak256(rlp([seq, k, v, …])).
fn digest(seq: u64, pairs: &[u8]) -> [u8; 32] {
    let mut content = Vec::with_capacity(MAX_RECORD);
    seq.encode(&mut content);
    content.extend_from_slice(pairs);
    Keccak256::digest(rlp::list(&content)).into()
}
// ANCHOR_END: digest

fn check_order<R: Recorder>(mut items: Items<'_, '_, R>) -> Result<(), EnrError> {
    let mut last = None;
    while !items.is_empty() {
        let text = |key: &&[u8]| printable(&String::from_utf8_lossy(key));
        let key = items.string(&fields::KEY, Ok, text).map_err(|_| EnrError::Malformed)?;
        let in_words = |value: &[u8]| value_in_words(key, value).unwrap_or_default();
        items.item(&fields::VALUE, in_words).map_err(|_| EnrError::Malformed)?;
        if last.is_some_and(|last| key <= last) {
            return Err(EnrError::Unsorted);
        }
        last = Some(key);
    }
    Ok(())
}

/// A value, given as RLP, as the number, address or word that it is if its key says so.
#[must_use]
pub fn value_in_words(key: &[u8], mut rlp: &[u8]) -> Option<String> {
    let bytes = Header::decode_bytes(&mut rlp, false).ok()?;
    match (key, bytes) {
        (b"tcp" | b"udp" | b"tcp6" | b"udp6", &[low]) => Some(low.to_string()),
        (b"tcp" | b"udp" | b"tcp6" | b"udp6", &[high, low]) => {
            Some(u16::from_be_bytes([high, low]).to_string())
        }
        (b"ip", _) => Some(IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?).to_string()),
        (b"ip6", _) => Some(IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?).to_string()),
        (b"id", _) => Some(printable(&String::from_utf8_lossy(bytes))),
        _ => None,
    }
}

fn take_pair<'a>(rest: &mut &'a [u8]) -> alloy_rlp::Result<(&'a [u8], &'a [u8])> {
    let key = Header::decode_bytes(rest, false)?;
    Ok((key, rlp::take_item(rest)?))
}

fn pairs(mut rest: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || take_pair(&mut rest).ok())
}

/// The value of a key; none if there is no such key, or another kind of value.
fn value<T: Decodable>(all: &[u8], key: &str) -> Option<T> {
    let (_, mut value) = pairs(all).find(|(name, _)| *name == key.as_bytes())?;
    T::decode(&mut value).ok()
}

/// How much of the world can reach an address.
fn reach(ip: IpAddr) -> u8 {
    let (link_local, private) = match ip {
        IpAddr::V4(ip) => (ip.is_link_local(), ip.is_private()),
        IpAddr::V6(ip) => (ip.is_unicast_link_local(), ip.is_unique_local()),
    };
    match ip {
        _ if ip.is_unspecified() => 0,
        _ if ip.is_loopback() => 1,
        _ if link_local => 2,
        _ if private => 3,
        _ => 4,
    }
}

impl FromStr for Enr {
    type Err = EnrError;

    fn from_str(text: &str) -> Result<Self, EnrError> {
        let base64 = text.strip_prefix(PREFIX).ok_or(EnrError::MissingPrefix)?;
        if base64.len() > BASE64URL_NOPAD.encode_len(MAX_RECORD) {
            return Err(EnrError::TooLong);
        }
        let bytes = BASE64URL_NOPAD.decode(base64.as_bytes()).map_err(|_| EnrError::Base64)?;
        Self::decode(&bytes)
    }
}

impl fmt::Display for Enr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", BASE64URL_NOPAD.encode(&self.to_rlp()))
    }
}

impl fmt::Debug for Enr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enr")
            .field("seq", &self.seq)
            .field("public_key", &self.public_key)
            .field("ip", &self.ip())
            .field("udp", &self.udp())
            .field("tcp", &self.tcp())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
