//! Disconnect: goodbye, and why.
//!
//! On the wire the reason is the only item of a list, `c1 04`. Other forms are out there and are
//! understood: the bare integer `04` (go-ethereum 1.10.17 to 1.14, EthereumJS), each of them
//! compressed or not.
//!
//! Spec: [RLPx, Disconnect](https://github.com/ethereum/devp2p/blob/master/rlpx.md#disconnect-0x01)

use std::fmt;

use super::codec::decompress;
use super::{fields, snappy};
use crate::record::{AS_HEX, Recorder};
use crate::rlp::{Items, take_parts};

/// Longest payload worth looking at, in bytes.
const MAX_DISCONNECT: usize = 256;

/// Why a node says goodbye. A value on the wire, not an error of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// 0x00: asked for, as by `remove_peer`.
    Requested,
    /// 0x01: the connection broke. Never sent by this crate: it could not arrive.
    NetworkError,
    /// 0x02: a message that breaks the protocol.
    ProtocolBreach,
    /// 0x03: no capability in common.
    UselessPeer,
    /// 0x04: no free slot.
    TooManyPeers,
    /// 0x05: this node is connected already.
    AlreadyConnected,
    /// 0x06: a p2p version that cannot be spoken. Never sent by this crate.
    IncompatibleVersion,
    /// 0x07: the Hello names no valid node key.
    InvalidIdentity,
    /// 0x08: the node stops, or the protocol that was spoken has ended.
    Quitting,
    /// 0x09: the Hello names another key than the handshake.
    UnexpectedIdentity,
    /// 0x0a: a node called itself.
    ConnectedToSelf,
    /// 0x0b: nothing was heard for too long. Never sent by this crate, nor by go-ethereum's p2p.
    ReadTimeout,
    /// 0x10: a reason of the subprotocol's own.
    SubprotocolError,
    /// Any other number; 0xff stands for a payload that no number could be read from.
    Unknown(u8),
}

impl DisconnectReason {
    /// The reason with this number. Total: every byte has one.
    pub fn from_code(code: u8) -> Self {
        match code {
            0x00 => Self::Requested,
            0x01 => Self::NetworkError,
            0x02 => Self::ProtocolBreach,
            0x03 => Self::UselessPeer,
            0x04 => Self::TooManyPeers,
            0x05 => Self::AlreadyConnected,
            0x06 => Self::IncompatibleVersion,
            0x07 => Self::InvalidIdentity,
            0x08 => Self::Quitting,
            0x09 => Self::UnexpectedIdentity,
            0x0a => Self::ConnectedToSelf,
            0x0b => Self::ReadTimeout,
            0x10 => Self::SubprotocolError,
            other => Self::Unknown(other),
        }
    }

    /// The number on the wire.
    pub fn code(self) -> u8 {
        match self {
            Self::Requested => 0x00,
            Self::NetworkError => 0x01,
            Self::ProtocolBreach => 0x02,
            Self::UselessPeer => 0x03,
            Self::TooManyPeers => 0x04,
            Self::AlreadyConnected => 0x05,
            Self::IncompatibleVersion => 0x06,
            Self::InvalidIdentity => 0x07,
            Self::Quitting => 0x08,
            Self::UnexpectedIdentity => 0x09,
            Self::ConnectedToSelf => 0x0a,
            Self::ReadTimeout => 0x0b,
            Self::SubprotocolError => 0x10,
            Self::Unknown(code) => code,
        }
    }

    /// The payload to send, before compression: the list form.
    pub fn encode(self) -> Vec<u8> {
        let mut payload = Vec::new();
        alloy_rlp::encode_list::<u8, u8>(&[self.code()], &mut payload);
        payload
    }

    /// Reads a payload in any of the four forms (list or bare integer, compressed or not), whatever
    /// was agreed. Never fails: a node that says goodbye badly has still said goodbye. Numbers
    /// above 255, nested lists and junk are `Unknown(0xff)`.
    pub fn decode(payload: &[u8]) -> Self {
        Self::decode_noting(payload, &mut ())
    }

    // ANCHOR: decode
    /// The same, for a recorder.
    pub(crate) fn decode_noting(payload: &[u8], recorder: &mut impl Recorder) -> Self {
        let plain = decompress(payload, MAX_DISCONNECT).ok();
        // What can be decompressed was compressed: read as it came, its length would be a reason. But
        // `00`, nothing compressed, is a bare 0.
        let plain = plain.filter(|plain| !plain.is_empty());
        if plain.is_some() {
            snappy::tell(payload, recorder);
        }
        recorder.part(&fields::DISCONNECT);
        from_rlp(plain.as_deref().unwrap_or(payload), recorder).unwrap_or(Self::Unknown(0xff))
    }
    // ANCHOR_END: decode
}

/// The first integer in `rlp`: bare, or in a list.
fn from_rlp<R: Recorder>(rlp: &[u8], recorder: &mut R) -> Option<DisconnectReason> {
    let is_list = take_parts(&mut { rlp }).inspect_err(|_| recorder.fault()).ok()?.is_list;
    let mut rest = rlp;
    let items = match is_list {
        true => Items::take(&mut rest, &fields::LIST, recorder),
        false => Ok(Items::bare(std::mem::take(&mut rest), recorder)),
    };
    let reason = items.ok()?.string(
        &fields::REASON,
        |integer| match integer {
            [] => Ok(DisconnectReason::Requested),
            [code] => Ok(DisconnectReason::from_code(*code)),
            _ => Ok(DisconnectReason::Unknown(0xff)),
        },
        ToString::to_string,
    );
    if !rest.is_empty() {
        recorder.field(&fields::TRAILING, rest, &AS_HEX);
    }
    reason.ok()
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Requested => "disconnect requested",
            Self::NetworkError => "network error",
            Self::ProtocolBreach => "breach of protocol",
            Self::UselessPeer => "useless peer",
            Self::TooManyPeers => "too many peers",
            Self::AlreadyConnected => "already connected",
            Self::IncompatibleVersion => "incompatible p2p version",
            Self::InvalidIdentity => "invalid node identity",
            Self::Quitting => "client quitting",
            Self::UnexpectedIdentity => "unexpected identity",
            Self::ConnectedToSelf => "connected to self",
            Self::ReadTimeout => "read timeout",
            Self::SubprotocolError => "subprotocol error",
            Self::Unknown(code) => return write!(f, "unknown reason 0x{code:02x}"),
        };
        f.write_str(text)
    }
}
