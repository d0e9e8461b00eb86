//! Keys: who a node is, and how it proves it.
//!
//! ```text
//!  NodeKey ── public_key() ──▶ PublicKey ── node_id() ──▶ NodeId
//!  32 bytes, secret            64 bytes, the node's name   32 bytes, keccak-256 of them
//!     │
//!     └── agree(their PublicKey) ──▶ SharedSecret, the same at both ends
//! ```
//!
//! A node *is* its key: only the owner of the [`NodeKey`] can answer under its [`PublicKey`]. The
//! submodule [`file`](mod@file) keeps a key over restarts.
//!
//! ```
//! use devp2p_core::keys::{NodeKey, PublicKey};
//!
//! let (alice, bob) = (NodeKey::generate(&mut rand::rng()), NodeKey::generate(&mut rand::rng()));
//! let (hers, his) = (alice.agree(&bob.public_key()), bob.agree(&alice.public_key()));
//! assert_eq!(hers.as_bytes(), his.as_bytes());
//!
//! let signature = alice.sign([7; 32]);
//! assert_eq!(PublicKey::recover([7; 32], &signature)?, alice.public_key());
//! # Ok::<(), devp2p_core::keys::KeyError>(())
//! ```
//!
//! This module must not decide what is signed or what a shared secret is used for; the handshake
//! does. It draws no randomness of its own, with one exception that changes no output: see
//! `context`.
//!
//! Spec: [RLPx, node identity](https://github.com/ethereum/devp2p/blob/master/rlpx.md#node-identity)

pub mod file;
mod public;

use std::fmt;
use std::sync::OnceLock;

use rand::rngs::SysRng;
use rand::{CryptoRng, TryRng};
use secp256k1::ecdsa::RecoveryId;
use secp256k1::{All, Message, Secp256k1, SecretKey, ecdh};
use thiserror::Error;
use zeroize::Zeroizing;

pub use public::{NodeId, PublicKey};

/// Why bytes or text are not a key, or a signature names no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The 32 bytes are zero or not below the order of the curve.
    #[error("a secret key is a number from 1 to the curve's order less 1: take another one")]
    SecretKeyOutOfRange,
    /// The text of a public key is too short or too long.
    #[error("a public key is written as 128 hex digits, but there are {found} characters")]
    PublicKeyLength {
        /// How many characters there are.
        found: usize,
    },
    /// The text of a public key has a character that is no hex digit.
    #[error("a public key is written with hex digits only, 0 to 9 and a to f")]
    PublicKeyNotHex,
    /// The 64 bytes are no point of the curve secp256k1.
    #[error("the public key is no point of the curve secp256k1: copy it again, a digit is wrong")]
    NotOnCurve,
    /// The text of a node id is not 64 hex digits.
    #[error("a node id is written as 64 hex digits, 0 to 9 and a to f")]
    NodeId,
    /// No public key made the signature, or its recovery id is not one of 0 to 3.
    #[error("the signature belongs to no public key: r ‖ s ‖ recovery id (0 to 3) is expected")]
    InvalidSignature,
}

/// A node's secret key. It is the node's identity: keep it, and keep it to yourself.
///
/// `Debug` shows only the public key; the secret is erased on drop and cannot be cloned. Moving the
/// value may leave a copy in memory: make the key once and pass it by reference.
pub struct NodeKey {
    pub(crate) secret: Secret,
    public: PublicKey,
}

impl NodeKey {
    /// Draws a new key from `rng`.
    ///
    /// The same random numbers give the same key. All but about 1 in 2¹²⁸ draws of 32 bytes are
    /// a key; the others are drawn again.
    pub fn generate(rng: &mut impl CryptoRng) -> NodeKey {
        Secret::generate(rng).into()
    }

    /// Takes the 32 bytes, big-endian, as the secret key.
    ///
    /// # Errors
    ///
    /// [`KeyError::SecretKeyOutOfRange`] for 0 and for numbers from the order of the curve on.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<NodeKey, KeyError> {
        Secret::from_bytes(bytes).map(NodeKey::from)
    }

    /// The public key that belongs to this secret key.
    pub fn public_key(&self) -> PublicKey {
        self.public
    }

    /// The node id that belongs to this key.
    pub fn node_id(&self) -> NodeId {
        self.public.node_id()
    }

    /// Agrees on a secret with the owner of `other` (ECDH).
    ///
    /// Both sides get the same: `a.agree(&b.public_key())` is `b.agree(&a.public_key())`.
    /// A secret agreed with a point off the curve would give away bits of this key; a
    /// [`PublicKey`] is always a point of the curve.
    ///
    /// Spec: [RLPx, ECIES](https://github.com/ethereum/devp2p/blob/master/rlpx.md#ecies-encryption)
    pub fn agree(&self, other: &PublicKey) -> SharedSecret {
        self.secret.agree(other)
    }

    /// Signs `digest`: r ‖ s ‖ recovery id, with the recovery id 0 to 3.
    ///
    /// From the digest and the signature one can compute the key: [`PublicKey::recover`].
    /// Deterministic (RFC 6979): no random number that could be drawn twice and betray the key.
    #[must_use]
    pub fn sign(&self, digest: [u8; 32]) -> [u8; 65] {
        self.secret.sign(digest)
    }
}

impl From<Secret> for NodeKey {
    fn from(secret: Secret) -> NodeKey {
        let public = PublicKey(secret.0.public_key(context()));
        NodeKey { secret, public }
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeKey").field("public_key", &self.public).finish_non_exhaustive()
    }
}

/// A secret key whose public key nobody asked for yet: deriving that costs as much as agreeing on
/// a secret. Erased on drop.
pub(crate) struct Secret(SecretKey);

impl Secret {
    /// As [`NodeKey::generate`].
    pub(crate) fn generate(rng: &mut impl CryptoRng) -> Secret {
        let mut bytes = Zeroizing::new([0; 32]);
        loop {
            rng.fill_bytes(bytes.as_mut_slice());
            if let Ok(secret) = Secret::from_bytes(*bytes) {
                return secret;
            }
        }
    }

    fn from_bytes(bytes: [u8; 32]) -> Result<Secret, KeyError> {
        let bytes = Zeroizing::new(bytes);
        SecretKey::from_byte_array(*bytes).map(Secret).map_err(|_| KeyError::SecretKeyOutOfRange)
    }

    pub(crate) fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.secret_bytes())
    }

    /// As [`NodeKey::agree`].
    pub(crate) fn agree(&self, other: &PublicKey) -> SharedSecret {
        let point = Zeroizing::new(ecdh::shared_secret_point(&other.0, &self.0));
        let mut x = Zeroizing::new([0; 32]);
        // x ‖ y: the zip ends after x.
        for (to, from) in x.iter_mut().zip(point.iter()) {
            *to = *from;
        }
        SharedSecret(x)
    }

    /// As [`NodeKey::sign`].
    pub(crate) fn sign(&self, digest: [u8; 32]) -> [u8; 65] {
        let message = Message::from_digest(digest);
        let (recovery_id, r_s) =
            context().sign_ecdsa_recoverable(message, &self.0).serialize_compact();

        let mut signature = [0; 65];
        let [head @ .., last] = &mut signature;
        *head = r_s;
        *last = match recovery_id {
            RecoveryId::Zero => 0,
            RecoveryId::One => 1,
            RecoveryId::Two => 2,
            RecoveryId::Three => 3,
        };
        signature
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.non_secure_erase();
    }
}

/// What two nodes agreed on: the x coordinate, 32 bytes, of the point that only they can compute.
///
/// Not yet a key for a cipher; the handshake feeds it to a key derivation first. Erased on drop,
/// and `Debug` shows nothing of it.
pub struct SharedSecret(Zeroizing<[u8; 32]>);

impl SharedSecret {
    /// As it was written down.
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The 32 bytes, big-endian.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(…)")
    }
}

/// The curve library's tables and blinding, shared by the whole process.
///
/// Blinding is the one exception to "no global randomness". Multiplying by a secret key starts
/// from a random point, so that power and timing tell less about the key; the start is taken away
/// at the end, so every result is the same with any seed. If the system has no random numbers to
/// give, we go on without: the results are still right, and the library's arithmetic takes the
/// same time for every key.
fn context() -> &'static Secp256k1<All> {
    static CONTEXT: OnceLock<Secp256k1<All>> = OnceLock::new();
    CONTEXT.get_or_init(|| {
        let mut context = Secp256k1::new();
        let mut seed = Zeroizing::new([0; 32]);
        if SysRng.try_fill_bytes(seed.as_mut_slice()).is_ok() {
            context.seeded_randomize(&seed);
        }
        context
    })
}

#[cfg(test)]
mod tests;
