//! What the tests share: known random numbers, the vectors of EIP-8, and packets made by hand.

use std::collections::VecDeque;
use std::convert::Infallible;

use aes::Aes128;
use aes::cipher::BlockCipherEncrypt;
use alloy_rlp::{Encodable, Header};
use hmac::{Hmac, KeyInit, Mac};
use rand::rngs::StdRng;
use rand::{SeedableRng, TryCryptoRng, TryRng};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::super::secrets::Secrets;
use super::super::{AuthSent, seal_packet};
use crate::keys::{NodeKey, PublicKey, SharedSecret};

pub(super) fn bytes<const N: usize>(digits: &str) -> [u8; N] {
    hex::decode(digits).unwrap().try_into().unwrap()
}

pub(super) fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

pub(super) fn initiator() -> NodeKey {
    NodeKey::from_bytes([0x11; 32]).unwrap()
}

pub(super) fn recipient() -> NodeKey {
    NodeKey::from_bytes([0x22; 32]).unwrap()
}

pub(super) fn ephemeral() -> NodeKey {
    NodeKey::from_bytes([0x33; 32]).unwrap()
}

/// An initiator that has sent an auth of no importance and waits for the ack.
pub(super) fn waiting(key: &NodeKey) -> AuthSent<'_> {
    let recipient = recipient().public_key();
    AuthSent {
        key,
        recipient,
        ephemeral: ephemeral().secret,
        nonce: [7; 32],
        auth: vec![0x04; 400],
    }
}

/// Any plaintext as a packet, with its padding, encrypted to `to`.
pub(super) fn seal(to: &PublicKey, plaintext: &[u8]) -> Vec<u8> {
    seal_packet(to, plaintext.to_vec(), &mut rng()).0
}

/// Random numbers that begin with the given bytes and count from then on.
pub(super) struct Script {
    first: VecDeque<u8>,
    counter: u8,
}

impl Script {
    pub(super) fn new(first: &[&[u8]]) -> Self {
        Self { first: first.concat().into(), counter: 0 }
    }

    fn next<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| {
            self.first.pop_front().unwrap_or_else(|| {
                self.counter = self.counter.wrapping_add(1);
                self.counter
            })
        })
    }
}

impl TryRng for Script {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.next()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.next()))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        to.fill_with(|| u8::from_le_bytes(self.next()));
        Ok(())
    }
}

impl TryCryptoRng for Script {}

/// `vectors/rlpx_eip8_handshake.json`.
pub(super) struct Eip8(Value);

impl Eip8 {
    pub(super) fn read() -> Self {
        let json = include_str!("../../../tests/vectors/rlpx_eip8_handshake.json");
        Self(serde_json::from_str(json).unwrap())
    }

    pub(super) fn bytes<const N: usize>(&self, field: &str) -> [u8; N] {
        bytes(self.0[field].as_str().unwrap())
    }

    pub(super) fn derived<const N: usize>(&self, field: &str) -> [u8; N] {
        bytes(self.0["derived_by_recipient_from_auth2_ack2"][field].as_str().unwrap())
    }

    /// The secrets that the vectors give for auth2 and ack2.
    pub(super) fn secrets(&self) -> Secrets {
        let (aes, mac) = (self.derived("aes_secret"), self.derived("mac_secret"));
        Secrets { aes: aes.into(), mac: mac.into() }
    }

    pub(super) fn key(&self, field: &str) -> NodeKey {
        NodeKey::from_bytes(self.bytes(field)).unwrap()
    }

    /// The entries of the list `auth` or `ack`.
    pub(super) fn entries(&self, list: &str) -> &[Value] {
        self.0[list].as_array().unwrap()
    }

    /// The packet `auth2`, `auth3`, `ack2` or `ack3`.
    pub(super) fn packet(&self, name: &str) -> Vec<u8> {
        hex::decode(self.entry(name)["packet"].as_str().unwrap()).unwrap()
    }

    /// What the packet's list holds after the fields that we read: the version, more items.
    pub(super) fn end_of_list(&self, name: &str) -> Vec<u8> {
        let entry = self.entry(name);
        let version = u8::try_from(entry["version"].as_u64().unwrap()).unwrap();
        let items = entry["extra_items"].as_array().unwrap().iter();
        let items = items.flat_map(|item| hex::decode(item.as_str().unwrap()).unwrap());
        [version].into_iter().chain(items).collect()
    }

    fn entry(&self, name: &str) -> &Value {
        let list = name.trim_end_matches(char::is_numeric);
        self.entries(list).iter().find(|entry| entry["name"] == name).unwrap()
    }
}

/// `bytes` as an RLP string.
pub(super) fn item(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    bytes.encode(&mut out);
    out
}

/// An RLP list of items that are encoded already.
pub(super) fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let payload = items.concat();
    let mut out = Vec::new();
    Header { list: true, payload_length: payload.len() }.encode(&mut out);
    [out, payload].concat()
}

/// ECIES once more, written from the specification with a counter mode of its own: it can be
/// told which R to write and which IV to use. Returns the ciphertext without a size prefix.
pub(super) fn ecies_by_hand(
    secret: &SharedSecret,
    r: [u8; 64],
    iv: [u8; 16],
    plaintext: &[u8],
    size_prefix: &[u8],
) -> Vec<u8> {
    let k = Sha256::digest([&[0, 0, 0, 1], &secret.as_bytes()[..]].concat());
    let cipher = Aes128::new_from_slice(&k[..16]).unwrap();
    let mut counter = u128::from_be_bytes(iv);
    let mut c = plaintext.to_vec();
    for chunk in c.chunks_mut(16) {
        let mut block = counter.to_be_bytes().into();
        cipher.encrypt_block(&mut block);
        chunk.iter_mut().zip(block).for_each(|(byte, key)| *byte ^= key);
        counter = counter.wrapping_add(1);
    }
    let mac = Hmac::<Sha256>::new_from_slice(&Sha256::digest(&k[16..])).unwrap();
    let tag = mac.chain_update(iv).chain_update(&c).chain_update(size_prefix).finalize();
    [&[0x04], &r[..], &iv, &c, &tag.into_bytes()].concat()
}
