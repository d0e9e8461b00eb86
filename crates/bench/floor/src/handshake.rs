//! A handshake, both ends.
//!
//! | secp256k1 | initiator | recipient | in all |
//! |---|---|---|---|
//! | public key of a new secret key | 1, for ECIES | 2, for ECIES and the session | 3 |
//! | ECDH | static, 2 ECIES, ephemeral | static, 2 ECIES, ephemeral | 8 |
//! | signature | 1 | | 1 |
//! | recovery | | 1 | 1 |
//! | public key read from the wire | 2 | 2 | 4 |
//!
//! The public key of the initiator's ephemeral key is never sent: the recipient recovers it. Each
//! node's own public key was computed long before.
//!
//! The rest is cheap beside it: the key derivation, tag and AES-128-CTR of two ECIES ciphertexts at
//! each end; four keccak-256 for the secrets, and two running MACs that absorb both packets.
//!
//! Spec: [RLPx, initial handshake](https://github.com/ethereum/devp2p/blob/master/rlpx.md#initial-handshake)

use std::hint::black_box;

use aes::{Aes128, Aes256};
use ctr::cipher::{KeyIvInit, StreamCipher};
use ctr::{Ctr64BE, Ctr128BE};
use hmac::{Hmac, KeyInit, Mac};
use rand::CryptoRng;
use secp256k1::ecdsa::RecoverableSignature;
use secp256k1::{All, Message, PublicKey, Secp256k1, SecretKey, ecdh};
use sha2::{Digest as _, Sha256};
use sha3::Keccak256;

use crate::first;

/// Bytes of the plaintexts, padded: 100 to 227 bytes are drawn, so 164 in the middle.
const AUTH_BODY: usize = 169 + 164;
const ACK_BODY: usize = 102 + 164;
/// What ECIES and the size prefix add to them.
const OVERHEAD: usize = 2 + 113;

/// A secret key and its public key.
type KeyPair = (SecretKey, PublicKey);

/// Two nodes that know each other's public keys.
#[derive(Debug)]
pub struct Nodes {
    curve: Secp256k1<All>,
    initiator: KeyPair,
    recipient: KeyPair,
}

/// What travels from the initiator to the recipient.
#[derive(Debug)]
pub struct Auth {
    ephemeral: SecretKey,
    ecies_key: [u8; 65],
    signature: RecoverableSignature,
    body: [u8; AUTH_BODY],
}

/// What travels back.
#[derive(Debug)]
pub struct Ack {
    ephemeral: [u8; 65],
    ecies_key: [u8; 65],
    body: [u8; ACK_BODY],
}

impl Nodes {
    /// Two nodes with new keys.
    ///
    /// # Errors
    /// The curve library's, in practice none.
    pub fn new(rng: &mut impl CryptoRng) -> Result<Self, secp256k1::Error> {
        let mut curve = Secp256k1::new();
        curve.seeded_randomize(&random(rng));
        let initiator = key_pair(&curve, rng)?;
        let recipient = key_pair(&curve, rng)?;
        Ok(Self { curve, initiator, recipient })
    }

    /// The initiator's first half.
    ///
    /// # Errors
    /// As [`Nodes::new`].
    pub fn initiate(&self, rng: &mut impl CryptoRng) -> Result<Auth, secp256k1::Error> {
        let ephemeral = SecretKey::from_byte_array(random(rng))?;
        let signed = Message::from_digest(agree(&self.initiator.0, &self.recipient.1));
        let signature = self.curve.sign_ecdsa_recoverable(signed, &ephemeral);
        let mut body = [0; AUTH_BODY];
        let ecies_key = self.encrypt(&self.recipient.1, &mut body, rng)?;
        Ok(Auth { ephemeral, ecies_key, signature, body })
    }

    /// All that the recipient does.
    ///
    /// # Errors
    /// As [`Nodes::new`].
    pub fn respond(&self, auth: &Auth, rng: &mut impl CryptoRng) -> Result<Ack, secp256k1::Error> {
        let mut body = auth.body;
        decrypt(&self.recipient.0, auth.ecies_key, &mut body)?;
        let initiator =
            PublicKey::from_byte_array_uncompressed(self.initiator.1.serialize_uncompressed())?;
        let signed = Message::from_digest(agree(&self.recipient.0, &initiator));
        let their_ephemeral = self.curve.recover_ecdsa(signed, &auth.signature)?;

        let ephemeral = key_pair(&self.curve, rng)?;
        let mut body = [0; ACK_BODY];
        let ecies_key = self.encrypt(&initiator, &mut body, rng)?;
        derive_secrets(&agree(&ephemeral.0, &their_ephemeral));
        Ok(Ack { ephemeral: ephemeral.1.serialize_uncompressed(), ecies_key, body })
    }

    /// The initiator's second half.
    ///
    /// # Errors
    /// As [`Nodes::new`].
    pub fn receive_ack(&self, auth: &Auth, mut ack: Ack) -> Result<(), secp256k1::Error> {
        decrypt(&self.initiator.0, ack.ecies_key, &mut ack.body)?;
        let their_ephemeral = PublicKey::from_byte_array_uncompressed(ack.ephemeral)?;
        derive_secrets(&agree(&auth.ephemeral, &their_ephemeral));
        Ok(())
    }

    /// The whole handshake.
    ///
    /// # Errors
    /// As [`Nodes::new`].
    pub fn pair(&self, rng: &mut impl CryptoRng) -> Result<(), secp256k1::Error> {
        let auth = self.initiate(rng)?;
        let ack = self.respond(&auth, rng)?;
        self.receive_ack(&auth, ack)
    }

    /// The eight ECDH of it.
    #[must_use]
    pub fn agreements(&self) -> [[u8; 32]; 8] {
        [(); 8].map(|()| agree(black_box(&self.initiator.0), &self.recipient.1))
    }

    /// ECIES: returns the ephemeral public key that goes with the ciphertext.
    fn encrypt(
        &self,
        recipient: &PublicKey,
        body: &mut [u8],
        rng: &mut impl CryptoRng,
    ) -> Result<[u8; 65], secp256k1::Error> {
        let (secret, public) = key_pair(&self.curve, rng)?;
        let (mut keystream, mac) = ecies_keys(&agree(&secret, recipient), random(rng));
        keystream.apply_keystream(body);
        tag(mac, body);
        Ok(public.serialize_uncompressed())
    }
}

fn decrypt(key: &SecretKey, ecies_key: [u8; 65], body: &mut [u8]) -> Result<(), secp256k1::Error> {
    let their_key = PublicKey::from_byte_array_uncompressed(ecies_key)?;
    let (mut keystream, mac) = ecies_keys(&agree(key, &their_key), [0; 16]);
    tag(mac, body);
    keystream.apply_keystream(body);
    Ok(())
}

/// Two hashes: the key derivation, and the one of the MAC key.
fn ecies_keys(secret: &[u8; 32], iv: [u8; 16]) -> (Ctr128BE<Aes128>, [u8; 32]) {
    let k: [u8; 32] = Sha256::new_with_prefix([0, 0, 0, 1]).chain_update(secret).finalize().into();
    let (encryption, mac) = k.split_at(16);
    (Ctr128BE::new(&first::<16>(encryption).into(), &iv.into()), Sha256::digest(mac).into())
}

fn tag(mac: [u8; 32], body: &[u8]) {
    let tag = Hmac::<Sha256>::new_from_slice(&mac)
        .map(|tag| tag.chain_update([0; 16]).chain_update(body).chain_update([0; 2]).finalize());
    // An error speaks of a key's length, and HMAC takes every length.
    let _ = black_box(tag);
}

/// Four hashes, and two frame directions whose MACs have seen the packets.
fn derive_secrets(ephemeral_key: &[u8; 32]) {
    let keccak = |a: &[u8; 32], b: &[u8; 32]| -> [u8; 32] {
        Keccak256::new_with_prefix(a).chain_update(b).finalize().into()
    };
    let shared_secret = keccak(ephemeral_key, &keccak(&[1; 32], &[2; 32]));
    let aes = keccak(ephemeral_key, &shared_secret);
    let mac = keccak(ephemeral_key, &aes);
    for packet in [&[0; AUTH_BODY + OVERHEAD][..], &[0; ACK_BODY + OVERHEAD]] {
        black_box((
            Ctr64BE::<Aes256>::new(&aes.into(), &[0; 16].into()),
            Aes256::new(&mac.into()),
            Keccak256::new_with_prefix(mac).chain_update(packet),
        ));
    }
}

fn agree(secret: &SecretKey, public: &PublicKey) -> [u8; 32] {
    first(&ecdh::shared_secret_point(public, secret))
}

fn key_pair(curve: &Secp256k1<All>, rng: &mut impl CryptoRng) -> Result<KeyPair, secp256k1::Error> {
    let secret = SecretKey::from_byte_array(random(rng))?;
    Ok((secret, secret.public_key(curve)))
}

fn random<const N: usize>(rng: &mut impl CryptoRng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}
