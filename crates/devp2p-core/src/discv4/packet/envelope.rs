//! The envelope of a packet: who sent it, and whether it is whole.

use sha3::{Digest, Keccak256};
use thiserror::Error;

use super::{MAX_NEIGHBORS, MAX_PACKET, MIN_PACKET, Packet, body, fields};
use crate::enr::EnrError;
use crate::keys::{NodeKey, PublicKey};
use crate::record::{AS_HEX, Recorder};

/// Why a datagram is no packet, or a packet fits into none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PacketError {
    /// The datagram has not as many bytes as a packet may have.
    #[error("a discovery packet has 98 to 1280 bytes, this datagram has {0}")]
    Size(usize),
    /// The hash is not that of the rest: not a packet, or one that was damaged on its way.
    #[error("the packet's hash is wrong: it was damaged on its way, or is of another protocol")]
    Hash,
    /// No key could have made the signature.
    #[error("the packet's signature is none")]
    Signature,
    /// A type that is not known: a later version of the protocol.
    #[error("the packet is of the unknown type {0}")]
    UnknownType(u8),
    /// The packet data are not what the type says.
    #[error("the packet's data are not of the form that its type has")]
    Malformed,
    /// The record in an `EnrResponse` cannot be used.
    #[error(transparent)]
    Record(#[from] EnrError),
    /// More nodes than fit into a Neighbors packet: make several.
    #[error("a Neighbors packet holds at most 12 nodes, not {0}")]
    TooManyNodes(usize),
}

/// A packet, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// What to send.
    pub datagram: Vec<u8>,
    /// What an answer to it will say that it answers.
    pub hash: [u8; 32],
}

/// A packet that has arrived whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// What an answer to it has to say.
    pub hash: [u8; 32],
    /// Who signed it. Not where it came from: anybody can send it again.
    pub sender: PublicKey,
    /// What it says.
    pub packet: Packet,
}

impl Packet {
    // ANCHOR: encode
    /// Signs the packet and puts it into a datagram.
    ///
    /// The same packet and key give the same datagram, always.
    ///
    /// # Errors
    /// [`PacketError::TooManyNodes`] for more than [`MAX_NEIGHBORS`] of them; nothing else can be
    /// too long.
    pub fn encode(&self, key: &NodeKey) -> Result<Sealed, PacketError> {
        if let Packet::Neighbors(neighbors) = self {
            if neighbors.nodes.len() > MAX_NEIGHBORS {
                return Err(PacketError::TooManyNodes(neighbors.nodes.len()));
            }
        }
        let content = body::encode(self);
        // signature = sign(key, keccak256(packet-type ‖ packet-data))
        let signature = key.sign(keccak256(&content));
        let signed = [&signature[..], &content].concat();
        // hash = keccak256(signature ‖ packet-type ‖ packet-data)
        let hash = keccak256(&signed);
        Ok(Sealed { datagram: [&hash, &signed[..]].concat(), hash })
    }
    // ANCHOR_END: encode
}

/// Takes a packet out of a datagram.
///
/// # Errors
/// Any [`PacketError`] but `TooManyNodes`. None of them deserves an answer.
pub fn decode(datagram: &[u8]) -> Result<Opened, PacketError> {
    decode_noting(datagram, &mut ())
}

// ANCHOR: decode
/// The same, for a recorder.
pub(crate) fn decode_noting(
    datagram: &[u8],
    recorder: &mut impl Recorder,
) -> Result<Opened, PacketError> {
    recorder.part(&fields::ENVELOPE);
    if !(MIN_PACKET..=MAX_PACKET).contains(&datagram.len()) {
        return Err(PacketError::Size(datagram.len()));
    }
    let too_short = PacketError::Size(datagram.len());
    let (hash, signed) = datagram.split_first_chunk().ok_or(too_short)?;
    // The cheapest check first: it spares us the curve for whatever else comes to this port.
    if *hash != keccak256(signed) {
        return Err(PacketError::Hash);
    }
    recorder.field(&fields::HASH, hash, &AS_HEX);
    let (signature, content) = signed.split_first_chunk().ok_or(too_short)?;
    let sender =
        PublicKey::recover(keccak256(content), signature).map_err(|_| PacketError::Signature)?;
    recorder.field(&fields::SIGNATURE, signature, &AS_HEX);
    if recorder.listens() {
        recorder.value(&fields::SENDER_PUBK, &sender.to_bytes());
    }
    let packet = body::decode(content, recorder)?;
    Ok(Opened { hash: *hash, sender, packet })
}
// ANCHOR_END: decode

fn keccak256(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}
