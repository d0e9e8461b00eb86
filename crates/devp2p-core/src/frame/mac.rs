//! The running MAC of one direction: it has seen every byte since the handshake, so a frame that
//! is dropped, repeated or moved breaks everything after it.
//!
//! ```text
//! header-mac-seed = aes(mac-secret, digest) ^ header-ciphertext
//!          absorb(header-mac-seed);  header-mac = digest
//!          absorb(frame-ciphertext)
//! frame-mac-seed  = aes(mac-secret, digest) ^ digest
//!          absorb(frame-mac-seed);   frame-mac = digest
//! ```
//!
//! *digest* is the first 16 bytes of the keccak-256 of all that was absorbed.
//!
//! Spec: [RLPx, MAC](https://github.com/ethereum/devp2p/blob/master/rlpx.md#mac)

use aes::cipher::BlockCipherEncrypt;
#[cfg(feature = "asm")]
use keccak_asm::{Digest, Keccak256};
#[cfg(not(feature = "asm"))]
use sha3::{Digest, Keccak256};

use super::{Cipher, fields};
use crate::record::Recorder;

/// Bytes of a MAC, and of an AES block.
pub(super) const MAC_LEN: usize = 16;

/// The running MAC of one direction (egress-mac or ingress-mac).
pub(crate) struct Mac {
    /// AES-256 keyed with mac-secret.
    cipher: Cipher,
    keccak: Keccak256,
    /// Of everything absorbed so far. Kept, because the next frame begins with it and a keccak
    /// is what a frame costs most.
    digest: [u8; MAC_LEN],
}

impl Mac {
    /// A MAC that has absorbed these parts.
    pub(crate) fn new(cipher: Cipher, parts: &[&[u8]]) -> Self {
        let mut mac = Self { cipher, keccak: Keccak256::new(), digest: [0; MAC_LEN] };
        mac.absorb(parts);
        mac
    }

    // ANCHOR: absorb
    /// Absorbs the parts, as if they were one piece, and returns the new digest.
    pub(crate) fn absorb(&mut self, parts: &[&[u8]]) -> [u8; MAC_LEN] {
        for part in parts {
            self.keccak.update(part);
        }
        let whole: [u8; 32] = self.keccak.clone().finalize().into();
        self.digest.iter_mut().zip(whole).for_each(|(kept, byte)| *kept = byte);
        self.digest
    }
    // ANCHOR_END: absorb

    /// Of everything absorbed so far.
    pub(crate) fn digest(&self) -> &[u8; MAC_LEN] {
        &self.digest
    }

    // ANCHOR: mac
    /// The header-mac over 16 bytes of encrypted header.
    pub(super) fn header(
        &mut self,
        ciphertext: &[u8; MAC_LEN],
        recorder: &mut impl Recorder,
    ) -> [u8; MAC_LEN] {
        recorder.part(&fields::STATE);
        recorder.value(&fields::DIGEST_BEFORE, &self.digest);
        let seed = self.seed(ciphertext);
        recorder.value(&fields::HEADER_MAC_SEED, &seed);
        let digest = self.absorb(&[&seed]);
        recorder.value(&fields::HEADER_DIGEST, &digest);
        digest
    }

    /// The frame-mac over the encrypted, padded body.
    pub(super) fn frame(
        &mut self,
        ciphertext: &[u8],
        recorder: &mut impl Recorder,
    ) -> [u8; MAC_LEN] {
        let digest = self.absorb(&[ciphertext]);
        recorder.part(&fields::STATE);
        recorder.value(&fields::BODY_DIGEST, &digest);
        let seed = self.seed(&digest);
        recorder.value(&fields::FRAME_MAC_SEED, &seed);
        let digest = self.absorb(&[&seed]);
        recorder.value(&fields::DIGEST, &digest);
        digest
    }

    /// aes(mac-secret, digest) ^ other
    fn seed(&self, other: &[u8; MAC_LEN]) -> [u8; MAC_LEN] {
        let mut seed = self.digest.into();
        self.cipher.encrypt_block(&mut seed);
        seed.iter_mut().zip(other).for_each(|(seed, byte)| *seed ^= byte);
        seed.into()
    }
    // ANCHOR_END: mac
}
