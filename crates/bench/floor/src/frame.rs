//! One direction of frames.
//!
//! What a frame costs at each of its two ends (`n`: bytes of frame-data, padded to 16):
//!
//! | | calls | why not fewer |
//! |---|---|---|
//! | AES-256-CTR | 16 + `n` bytes | every byte of header and body is encrypted |
//! | AES-256 | 2 blocks | one seed for each of the two MACs |
//! | Keccak, absorbed | 16 + `n` + 16 bytes | header-mac-seed, body, frame-mac-seed |
//! | Keccak, digests | 3 | header-mac, the seed's digest after the body, frame-mac |
//!
//! Four digests appear in the formulas. But the first, of everything before the frame, is the
//! frame-mac of the frame before, so it can be kept. A digest pads a copy of the sponge and
//! permutes it once; absorbing permutes once for every 136 bytes. So a frame is 3 + (`n` + 32) /
//! 136 permutations at each end: 3.7 for 64 bytes, 10.8 for 1 KiB, 123.7 for 16 KiB.
//!
//! Spec: [RLPx, framing](https://github.com/ethereum/devp2p/blob/master/rlpx.md#framing)

use std::fmt;

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use ctr::Ctr64BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
#[cfg(feature = "asm")]
use keccak_asm::{Digest, Keccak256};
#[cfg(not(feature = "asm"))]
use sha3::{Digest, Keccak256};

use crate::first;

/// Bytes of a header, a MAC and an AES block.
const BLOCK: usize = 16;

/// The state of one direction at one of its ends.
pub struct Direction {
    keystream: Ctr64BE<Aes256>,
    mac_cipher: Aes256,
    mac: Keccak256,
    digest: [u8; 32],
}

impl Default for Direction {
    fn default() -> Self {
        Self::new()
    }
}

impl Direction {
    /// A direction with secrets that are none.
    pub fn new() -> Self {
        Self {
            keystream: Ctr64BE::new(&[1; 32].into(), &[0; BLOCK].into()),
            mac_cipher: Aes256::new(&[2; 32].into()),
            mac: Keccak256::new(),
            digest: [0; 32],
        }
    }

    /// Seals (or opens, the calls are the same) a frame whose padded body is `body`, where it lies;
    /// returns the frame-mac.
    pub fn frame(&mut self, body: &mut [u8]) -> [u8; 32] {
        let mut header = [0; BLOCK];
        self.keystream.apply_keystream(&mut header);
        let seed = self.seed();
        self.absorb(&seed);
        self.keystream.apply_keystream(body);
        self.absorb(body);
        let seed = self.seed();
        self.absorb(&seed)
    }

    /// What Keccak has to do of it.
    pub fn keccak(&mut self, body: &[u8]) -> [u8; 32] {
        self.absorb(&[0; BLOCK]);
        self.absorb(body);
        self.absorb(&[0; BLOCK])
    }

    fn seed(&self) -> [u8; BLOCK] {
        let mut seed = first::<BLOCK>(&self.digest).into();
        self.mac_cipher.encrypt_block(&mut seed);
        seed.into()
    }

    fn absorb(&mut self, bytes: &[u8]) -> [u8; 32] {
        self.mac.update(bytes);
        self.digest = self.mac.clone().finalize().into();
        self.digest
    }
}

impl fmt::Debug for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Direction").finish_non_exhaustive()
    }
}
