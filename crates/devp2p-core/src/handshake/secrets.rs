//! From two ephemeral keys and two nonces to the secrets of a session.
//!
//! Spec: [RLPx, initial handshake](https://github.com/ethereum/devp2p/blob/master/rlpx.md#initial-handshake)

use sha3::{Digest, Keccak256};
use zeroize::Zeroizing;

use super::body::Nonce;
use super::fields;
use crate::frame::{Cipher, FrameReader, FrameWriter, Mac};
use crate::keys::SharedSecret;
use crate::record::Recorder;

/// What both sides know after the handshake, and nobody else.
pub(crate) struct Secrets {
    pub(super) aes: Zeroizing<[u8; 32]>,
    pub(super) mac: Zeroizing<[u8; 32]>,
}

/// One side's contribution, as both saw it: its nonce and its whole packet, size prefix included.
#[derive(Clone, Copy)]
pub(crate) struct Contribution<'a> {
    pub(crate) nonce: &'a Nonce,
    pub(crate) packet: &'a [u8],
}

impl Secrets {
    // ANCHOR: derive
    /// `ephemeral_key` is the ECDH of the two ephemeral keys.
    pub(crate) fn derive(
        ephemeral_key: &SharedSecret,
        initiator_nonce: &Nonce,
        recipient_nonce: &Nonce,
        recorder: &mut impl Recorder,
    ) -> Self {
        let ephemeral_key = ephemeral_key.as_bytes();
        // shared-secret = keccak256(ephemeral-key ‖ keccak256(recipient-nonce ‖ initiator-nonce))
        let shared_secret = keccak256(ephemeral_key, &keccak256(recipient_nonce, initiator_nonce));
        // aes-secret = keccak256(ephemeral-key ‖ shared-secret)
        let aes = keccak256(ephemeral_key, &shared_secret);
        // mac-secret = keccak256(ephemeral-key ‖ aes-secret)
        let mac = keccak256(ephemeral_key, &aes);
        recorder.part(&fields::SECRETS);
        recorder.value(&fields::EPHEMERAL_KEY, ephemeral_key);
        recorder.value(&fields::SHARED_SECRET, &*shared_secret);
        recorder.value(&fields::AES_SECRET, &*aes);
        recorder.value(&fields::MAC_SECRET, &*mac);
        Self { aes, mac }
    }
    // ANCHOR_END: derive

    /// The two directions of the stream.
    pub(super) fn directions(
        &self,
        ours: Contribution,
        theirs: Contribution,
    ) -> (FrameWriter, FrameReader) {
        let (aes, mac) = (Cipher::new(&self.aes), Cipher::new(&self.mac));
        let egress_mac = self.running_mac(mac.clone(), theirs.nonce, ours.packet, &mut ());
        let ingress_mac = self.running_mac(mac, ours.nonce, theirs.packet, &mut ());
        (FrameWriter::new(aes.clone(), egress_mac), FrameReader::new(aes, ingress_mac))
    }

    /// What opens the frames that `sender` seals for `receiver`.
    pub(crate) fn reader(
        &self,
        sender: Contribution,
        receiver: Contribution,
        recorder: &mut impl Recorder,
    ) -> FrameReader {
        let mac = Cipher::new(&self.mac);
        let mac = self.running_mac(mac, receiver.nonce, sender.packet, recorder);
        FrameReader::new(Cipher::new(&self.aes), mac)
    }

    // ANCHOR: running_mac
    /// The MAC of one direction: it starts from mac-secret ^ the receiver's nonce, and the sender's
    /// packet.
    pub(super) fn running_mac(
        &self,
        cipher: Cipher,
        receiver_nonce: &Nonce,
        sender_packet: &[u8],
        recorder: &mut impl Recorder,
    ) -> Mac {
        let mac = Mac::new(cipher, &[&*xor(&self.mac, receiver_nonce), sender_packet]);
        recorder.part(&fields::RUNNING_MAC);
        recorder.value(&fields::DIGEST, mac.digest());
        mac
    }
    // ANCHOR_END: running_mac
}

/// a ^ b
pub(super) fn xor(a: &[u8; 32], b: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new(*a);
    out.iter_mut().zip(b).for_each(|(a, b)| *a ^= b);
    out
}

/// keccak256(a ‖ b)
fn keccak256(a: &[u8; 32], b: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(Keccak256::new_with_prefix(a).chain_update(b).finalize().into())
}
