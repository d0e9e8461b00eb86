//! AES-256 with an expanded key that several can use.

use std::sync::Arc;

use aes::Aes256;
use aes::cipher::{BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser, KeyInit};

/// AES-256, for encrypting single blocks. A clone is the same key: expanded, it takes a kilobyte,
/// and the two directions of a connection use the same ones.
#[derive(Clone)]
pub(crate) struct Cipher(Arc<Aes256>);

impl Cipher {
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self(Arc::new(Aes256::new(secret.into())))
    }
}

impl BlockSizeUser for Cipher {
    type BlockSize = <Aes256 as BlockSizeUser>::BlockSize;
}

impl BlockCipherEncrypt for Cipher {
    fn encrypt_with_backend(&self, f: impl BlockCipherEncClosure<BlockSize = Self::BlockSize>) {
        self.0.encrypt_with_backend(f);
    }
}
