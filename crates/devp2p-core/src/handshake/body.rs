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

use alloy_rlp::Encodable;

use super::{HandshakeError, fields};
use crate::record::{AS_HEX, Part, Recorder};
use crate::rlp::{self, Items};

/// The version both packets carry; nobody checks it.
const VERSION: u8 = 4;

/// A nonce: 32 random bytes from each side, so that no two sessions share a key.
pub(crate) type Nonce = [u8; 32];

/// The plaintext of an auth packet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AuthBody {
    /// r ‖ s ‖ recovery id over static-shared-secret ^ initiator-nonce, by the ephemeral key.
    pub(crate) signature: [u8; 65],
    pub(crate) initiator: [u8; 64],
    pub(crate) nonce: Nonce,
}

/// The plaintext of an ack packet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AckBody {
    pub(crate) ephemeral: [u8; 64],
    pub(crate) nonce: Nonce,
}

impl AuthBody {
    pub(crate) fn encode(&self) -> Vec<u8> {
        encode_list(&[&self.signature[..], &self.initiator[..], &self.nonce[..]])
    }

    // ANCHOR: auth_body
    pub(crate) fn decode(
        plaintext: &[u8],
        recorder: &mut impl Recorder,
    ) -> Result<Self, HandshakeError> {
        decode_list(plaintext, &fields::AUTH_BODY, recorder, |items| {
            let signature = items.array(&fields::SIGNATURE)?;
            let initiator = items.array(&fields::INITIATOR_PUBK)?;
            let nonce = items.array(&fields::INITIATOR_NONCE)?;
            items.number(&fields::AUTH_VSN)?;
            Ok(Self { signature, initiator, nonce })
        })
    }
    // ANCHOR_END: auth_body
}

impl AckBody {
    pub(crate) fn encode(&self) -> Vec<u8> {
        encode_list(&[&self.ephemeral[..], &self.nonce[..]])
    }

    pub(crate) fn decode(
        plaintext: &[u8],
        recorder: &mut impl Recorder,
    ) -> Result<Self, HandshakeError> {
        decode_list(plaintext, &fields::ACK_BODY, recorder, |items| {
            let ephemeral = items.array(&fields::RECIPIENT_EPHEMERAL_PUBK)?;
            let nonce = items.array(&fields::RECIPIENT_NONCE)?;
            items.number(&fields::ACK_VSN)?;
            Ok(Self { ephemeral, nonce })
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

fn decode_list<T, R: Recorder>(
    plaintext: &[u8],
    part: &'static Part,
    recorder: &mut R,
    read: impl Fn(&mut Items<'_, '_, R>) -> alloy_rlp::Result<T>,
) -> Result<T, HandshakeError> {
    recorder.part(part);
    let mut rest = plaintext;
    let body =
        Items::take(&mut rest, &fields::LIST, recorder).and_then(|mut items| read(&mut items));
    let body = body.map_err(|_| HandshakeError::Body)?;
    recorder.field(&fields::PADDING, rest, &AS_HEX);
    Ok(body)
}
