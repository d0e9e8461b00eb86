//! ECIES: encrypt to a public key, so that only its owner can read.
//!
//! ```text
//! 04 ‖ R (64) │ IV (16) │ c (as long as the plaintext) │ tag (32)
//! ephemeral     random    AES-128-CTR                    HMAC-SHA-256(mac-key, IV ‖ c ‖ shared data)
//! public key
//! ```
//!
//! *Shared data* is what both sides know anyway: the tag covers it, the ciphertext does not hold it.
//! Nothing marks where c ends and shared data begins: use shared data of one length only.
//! In the handshake it is the packet's size prefix; empty will do.
//!
//! ```
//! use devp2p_core::ecies;
//! use devp2p_core::keys::NodeKey;
//!
//! let recipient = NodeKey::generate(&mut rand::rng());
//! let ciphertext = ecies::encrypt(&recipient.public_key(), b"foobar", b"", &mut rand::rng());
//! assert_eq!(ciphertext.len(), 6 + ecies::OVERHEAD);
//! assert_eq!(ecies::decrypt(&recipient, &ciphertext, b"")?, b"foobar");
//! # Ok::<(), ecies::EciesError>(())
//! ```
//!
//! This module must not say why a ciphertext was refused.
//!
//! Spec: [RLPx, ECIES encryption](https://github.com/ethereum/devp2p/blob/master/rlpx.md#ecies-encryption)

mod fields;

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use rand::CryptoRng;
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::keys::{NodeKey, PublicKey, SharedSecret};
use crate::record::{AS_HEX, Recorder};

/// First byte of an uncompressed public key.
const UNCOMPRESSED: u8 = 0x04;
/// Bytes that encryption adds to a plaintext: `04`, R, IV and tag.
pub const OVERHEAD: usize = 1 + 64 + 16 + 32;

/// A ciphertext was refused. It says nothing more, on purpose: an answer that told a bad key from a
/// bad tag would let an attacker question the node key bit by bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this was not encrypted to this key, or was changed on its way")]
pub struct EciesError;

/// Encrypts `plaintext` to `recipient`; the result is [`OVERHEAD`] bytes longer.
pub fn encrypt(
    recipient: &PublicKey,
    plaintext: &[u8],
    shared_data: &[u8],
    rng: &mut impl CryptoRng,
) -> Vec<u8> {
    seal(recipient, plaintext, shared_data, rng).0
}

/// The same; also returns the secret key of R, and what it and the recipient's key agree on.
pub(crate) fn seal(
    recipient: &PublicKey,
    plaintext: &[u8],
    shared_data: &[u8],
    rng: &mut impl CryptoRng,
) -> (Vec<u8>, NodeKey, SharedSecret) {
    let ephemeral = NodeKey::generate(rng);
    let secret = ephemeral.agree(recipient);
    let keys = Keys::derive(&secret, &mut ());
    let mut iv = [0; 16];
    rng.fill_bytes(&mut iv);
    let mut c = plaintext.to_vec();
    keys.apply_keystream(iv, &mut c);
    let tag = keys.authenticate(&iv, &c, shared_data).finalize().into_bytes();
    let r = ephemeral.public_key().to_bytes();
    ([&[UNCOMPRESSED][..], &r, &iv, &c, &tag].concat(), ephemeral, secret)
}

/// Decrypts a ciphertext made for `key` with the same `shared_data`.
///
/// The order is the defence: sizes, then R on the curve (an R of the attacker's choice on another
/// curve would leak the key, CVE-2026-26315), then the tag, and only then the decryption.
///
/// # Errors
/// [`EciesError`], whatever is wrong.
pub fn decrypt(
    key: &NodeKey,
    ciphertext: &[u8],
    shared_data: &[u8],
) -> Result<Vec<u8>, EciesError> {
    let ciphertext = Ciphertext::read(ciphertext, &mut ())?;
    ciphertext.open(&key.agree(&ciphertext.r), shared_data, &mut ())
}

/// A ciphertext, taken apart; its tag is not checked yet.
pub(crate) struct Ciphertext<'a> {
    /// The public key that was made for it.
    pub(crate) r: PublicKey,
    iv: &'a [u8; 16],
    c: &'a [u8],
    tag: &'a [u8; 32],
}

impl<'a> Ciphertext<'a> {
    /// Takes it apart: sizes, and R on the curve.
    pub(crate) fn read(
        ciphertext: &'a [u8],
        recorder: &mut impl Recorder,
    ) -> Result<Self, EciesError> {
        if ciphertext.len() < OVERHEAD {
            return Err(EciesError);
        }
        let (r, iv, rest) = Self::read_start(ciphertext, recorder)?;
        let (c, tag) = rest.split_last_chunk::<32>().ok_or(EciesError)?;
        recorder.field(&fields::C, c, &AS_HEX);
        recorder.field(&fields::TAG, tag, &AS_HEX);
        Ok(Self { r, iv, c, tag })
    }

    // ANCHOR: read_start
    /// Everything before c: R, and the IV.
    pub(crate) fn read_start(
        ciphertext: &'a [u8],
        recorder: &mut impl Recorder,
    ) -> Result<(PublicKey, &'a [u8; 16], &'a [u8]), EciesError> {
        recorder.part(&fields::CIPHERTEXT);
        let (form, rest) = ciphertext.split_first_chunk::<1>().ok_or(EciesError)?;
        if *form != [UNCOMPRESSED] {
            return Err(EciesError);
        }
        recorder.field(&fields::FORM, form, &"x and y follow");
        let (r, rest) = rest.split_first_chunk::<64>().ok_or(EciesError)?;
        let point = PublicKey::from_bytes(*r).map_err(|_| EciesError)?;
        recorder.field(&fields::R, r, &AS_HEX);
        let (iv, rest) = rest.split_first_chunk::<16>().ok_or(EciesError)?;
        recorder.field(&fields::IV, iv, &AS_HEX);
        Ok((point, iv, rest))
    }
    // ANCHOR_END: read_start

    // ANCHOR: open
    /// Checks the tag, and decrypts: `secret` is what R's and the recipient's owners agree on.
    pub(crate) fn open(
        &self,
        secret: &SharedSecret,
        shared_data: &[u8],
        recorder: &mut impl Recorder,
    ) -> Result<Vec<u8>, EciesError> {
        let keys = Keys::derive(secret, recorder);
        // `verify_slice` compares in constant time.
        let tag = keys.authenticate(self.iv, self.c, shared_data);
        tag.verify_slice(self.tag).map_err(|_| EciesError)?;
        let mut plaintext = self.c.to_vec();
        keys.apply_keystream(*self.iv, &mut plaintext);
        Ok(plaintext)
    }
    // ANCHOR_END: open
}

/// The two keys of one ciphertext, derived from the ECDH secret.
struct Keys {
    encryption: Zeroizing<[u8; 16]>,
    /// With zeros up to HMAC's block, as HMAC itself would add.
    mac: Zeroizing<[u8; 64]>,
}

impl Keys {
    // ANCHOR: derive
    fn derive(secret: &SharedSecret, recorder: &mut impl Recorder) -> Self {
        recorder.part(&fields::KEYS);
        recorder.value(&fields::S, secret.as_bytes());
        // kE ‖ kM = KDF(S, 32) = SHA-256(be32(1) ‖ S)
        let kdf = Sha256::new_with_prefix(1u32.to_be_bytes()).chain_update(secret.as_bytes());
        let k = Zeroizing::new(<[u8; 32]>::from(kdf.finalize()));
        let (ke, km) = k.split_at(16);
        let mut encryption = Zeroizing::new([0; 16]);
        encryption.copy_from_slice(ke);
        // mac-key = SHA-256(kM)
        let mac_key = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(km)));
        let mut mac = Zeroizing::new([0; 64]);
        mac.iter_mut().zip(mac_key.iter()).for_each(|(to, from)| *to = *from);
        recorder.value(&fields::K, &*k);
        recorder.value(&fields::KE, ke);
        recorder.value(&fields::KM, km);
        recorder.value(&fields::MAC_KEY, &*mac_key);
        Self { encryption, mac }
    }
    // ANCHOR_END: derive

    fn apply_keystream(&self, iv: [u8; 16], text: &mut [u8]) {
        // 128-bit counter: a random IV can carry past the lower 64 bits.
        Ctr128BE::<Aes128>::new((&*self.encryption).into(), &iv.into()).apply_keystream(text);
    }

    fn authenticate(&self, iv: &[u8; 16], c: &[u8], shared_data: &[u8]) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new((&*self.mac).into());
        mac.chain_update(iv).chain_update(c).chain_update(shared_data)
    }
}

#[cfg(test)]
mod tests;
