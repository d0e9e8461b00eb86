//! Public keys and node ids: what a node is known by.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use hex::FromHexError;
use secp256k1::Message;
use secp256k1::ecdsa::{self, RecoverableSignature, RecoveryId};
use sha3::{Digest, Keccak256};

use super::{KeyError, context};

/// A node's public key: a point of the curve secp256k1, always a valid one.
///
/// Written as 128 lower-case hex digits, read in either case; ordered by its 64 bytes. `Debug` and
/// [`short`](PublicKey::short) show the beginning, enough to tell nodes apart in a log.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(pub(super) secp256k1::PublicKey);

impl PublicKey {
    // ANCHOR: from_bytes
    /// Takes the 64 bytes, as on the wire: x ‖ y, each 32 bytes big-endian, without the prefix 04.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotOnCurve`] if that is no point of the curve, or a coordinate is not below the
    /// prime of its field.
    pub fn from_bytes(bytes: [u8; 64]) -> Result<PublicKey, KeyError> {
        let mut uncompressed = [4; 65];
        let [_, x_y @ ..] = &mut uncompressed;
        *x_y = bytes;
        secp256k1::PublicKey::from_byte_array_uncompressed(uncompressed)
            .map(PublicKey)
            .map_err(|_| KeyError::NotOnCurve)
    }
    // ANCHOR_END: from_bytes

    /// The 64 bytes as on the wire: x ‖ y, without the prefix 04.
    pub fn to_bytes(self) -> [u8; 64] {
        let [_, x_y @ ..] = self.0.serialize_uncompressed();
        x_y
    }

    /// The node id that belongs to this key: keccak-256 of its 64 bytes.
    pub fn node_id(self) -> NodeId {
        NodeId::of(&self.to_bytes())
    }

    /// The first 8 hex digits, for log lines.
    pub fn short(self) -> impl fmt::Display {
        let [a, b, c, d, ..] = self.to_bytes();
        Short([a, b, c, d])
    }

    /// Takes the 33 bytes of the short form, as in node records: 2 or 3 for an even or odd y, then
    /// x, big-endian.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotOnCurve`] if that is no point of the curve.
    pub fn from_compressed(bytes: [u8; 33]) -> Result<PublicKey, KeyError> {
        secp256k1::PublicKey::from_byte_array_compressed(bytes)
            .map(PublicKey)
            .map_err(|_| KeyError::NotOnCurve)
    }

    /// The 33 bytes of the short form: 2 or 3 for an even or odd y, then x.
    pub fn to_compressed(self) -> [u8; 33] {
        self.0.serialize()
    }

    /// Checks that this key made `signature` (r ‖ s) over `digest`.
    ///
    /// # Errors
    ///
    /// [`KeyError::InvalidSignature`] if it did not, or if s is in the upper half of its range: of
    /// the two signatures that anybody can make of one, only the one with the small s counts.
    pub(crate) fn verify(self, digest: [u8; 32], signature: &[u8; 64]) -> Result<(), KeyError> {
        ecdsa::Signature::from_compact(signature)
            .and_then(|sig| context().verify_ecdsa(Message::from_digest(digest), &sig, &self.0))
            .map_err(|_| KeyError::InvalidSignature)
    }

    // ANCHOR: recover
    /// Finds the key that made `signature` (r ‖ s ‖ recovery id) over `digest`.
    ///
    /// # Errors
    ///
    /// [`KeyError::InvalidSignature`] if there is no such key, or the recovery id is above 3.
    pub fn recover(digest: [u8; 32], signature: &[u8; 65]) -> Result<PublicKey, KeyError> {
        let [r_s @ .., recovery_id] = signature;
        RecoveryId::try_from(i32::from(*recovery_id))
            .and_then(|recovery_id| RecoverableSignature::from_compact(r_s, recovery_id))
            .and_then(|sig| context().recover_ecdsa(Message::from_digest(digest), &sig))
            .map(PublicKey)
            .map_err(|_| KeyError::InvalidSignature)
    }
    // ANCHOR_END: recover
}

impl Ord for PublicKey {
    // The curve library orders by the compressed form, which begins with the parity of y.
    fn cmp(&self, other: &PublicKey) -> Ordering {
        self.to_bytes().cmp(&other.to_bytes())
    }
}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &PublicKey) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<PublicKey, KeyError> {
        let mut bytes = [0; 64];
        hex::decode_to_slice(text, &mut bytes).map_err(|error| match error {
            FromHexError::InvalidHexCharacter { .. } => KeyError::PublicKeyNotHex,
            FromHexError::OddLength | FromHexError::InvalidStringLength => {
                KeyError::PublicKeyLength { found: text.chars().count() }
            }
        })?;
        PublicKey::from_bytes(bytes)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.to_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}…)", self.short())
    }
}

/// A node's id: keccak-256 of its 64-byte public key, 32 bytes, written as 64 hex digits.
///
/// Half as long as the key, and spread evenly: what the node discovery measures distance with.
/// go-ethereum calls this the id; here, and in the first versions of go-ethereum, the id people
/// see is the public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId([u8; 32]);

impl NodeId {
    /// keccak-256 of 64 bytes: the node id of this public key, or of what could be one.
    pub(crate) fn of(public_key: &[u8; 64]) -> NodeId {
        NodeId(Keccak256::digest(public_key).into())
    }

    /// The 32 bytes.
    pub fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// The first 8 hex digits, for log lines.
    pub fn short(self) -> impl fmt::Display {
        let [a, b, c, d, ..] = self.0;
        Short([a, b, c, d])
    }
}

impl FromStr for NodeId {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<NodeId, KeyError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| KeyError::NodeId)?;
        Ok(NodeId(bytes))
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({}…)", self.short())
    }
}

/// The first four bytes of a longer value.
struct Short([u8; 4]);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
