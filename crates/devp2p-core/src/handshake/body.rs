//! What the two handshake packets say once they are decrypted.
//!
//! ```text
//! auth-body = [sig (65), initiator-pubk (64),            initiator-nonce (32), auth-vsn = 4, …]
//! ack-body  = [recipient-ephemeral-pubk (64),            recipient-nonce (32), ack-vsn  = 4, …]
//! ```
//!
//! EIP-8: more items in the list, bytes after it and any version are for the future; ignore them.
//!
//! Spec: [RLPx, initial handshake](https://github.com/ethereum/devp2p/blob/master/rlpx.md#initial-handshake)

use alloy_rlp::{Decodable, Encodable, Header};

use super::HandshakeError;
use crate::rlp;

/// The version both packets carry; nobody checks it.
const VERSION: u8 = 4;

/// A nonce: 32 random bytes from each side, so that no two sessions share a key.
pub(super) type Nonce = [u8; 32];

/// The plaintext of an auth packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AuthBody {
    /// r ‖ s ‖ recovery id over static-shared-secret ^ initiator-nonce, by the ephemeral key.
    pub(super) signature: [u8; 65],
    pub(super) initiator: [u8; 64],
    pub(super) nonce: Nonce,
}

/// The plaintext of an ack packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AckBody {
    pub(super) ephemeral: [u8; 64],
    pub(super) nonce: Nonce,
}

impl AuthBody {
    pub(super) fn encode(&self) -> Vec<u8> {
        encode_list(&[&self.signature[..], &self.initiator[..], &self.nonce[..]])
    }

    pub(super) fn decode(plaintext: &[u8]) -> Result<Self, HandshakeError> {
        decode_list(plaintext, |items| {
            Ok(Self {
                signature: Decodable::decode(items)?,
                initiator: Decodable::decode(items)?,
                nonce: Decodable::decode(items)?,
            })
        })
    }
}

impl AckBody {
    pub(super) fn encode(&self) -> Vec<u8> {
        encode_list(&[&self.ephemeral[..], &self.nonce[..]])
    }

    pub(super) fn decode(plaintext: &[u8]) -> Result<Self, HandshakeError> {
        decode_list(plaintext, |items| {
            Ok(Self { ephemeral: Decodable::decode(items)?, nonce: Decodable::decode(items)? })
        })
    }
}

fn encode_list(items: &[&[u8]]) -> Vec<u8> {
    let mut payload = Vec::new();
    for item in items {
        item.encode(&mut payload);
    }
    VERSION.encode(&mut payload);
    rlp::list(&payload)
}

fn decode_list<T>(
    plaintext: &[u8],
    fields: impl Fn(&mut &[u8]) -> alloy_rlp::Result<T>,
) -> Result<T, HandshakeError> {
    let items = Header::decode_bytes(&mut &*plaintext, true);
    let body = items.and_then(|mut items| {
        let body = fields(&mut items)?;
        let _version = u64::decode(&mut items)?;
        Ok(body)
    });
    body.map_err(|_| HandshakeError::Body)
}
