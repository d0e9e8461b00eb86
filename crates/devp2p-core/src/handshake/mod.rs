//! The RLPx handshake: two packets, after which both sides know who they talk to and share keys.
//!
//! ```text
//! initiator                                    recipient
//! initiate()  ── auth: signature, key, nonce ──▶  respond()
//! AuthSent                                        Session
//!    .receive_ack()  ◀── ack: key, nonce ─────────
//! Session
//! ```
//!
//! The initiator must know the recipient's key before it says a word (it is in the enode): auth is
//! encrypted to it, and a node that cannot read auth cannot answer it. So no authority is needed to
//! say which node has which key.
//!
//! The three functions take bytes and return bytes; [`crate::net`] moves them. A wrong order does
//! not compile: [`AuthSent::receive_ack`] consumes the only state there is.
//!
//! ```
//! use devp2p_core::handshake::{initiate, respond};
//! use devp2p_core::keys::NodeKey;
//!
//! let mut rng = rand::rng();
//! let (alice, bob) = (NodeKey::generate(&mut rng), NodeKey::generate(&mut rng));
//! let (waiting, auth) = initiate(&alice, bob.public_key(), &mut rng);
//! let (bobs_session, ack) = respond(&bob, &auth, &mut rng)?;
//! let alices_session = waiting.receive_ack(&ack)?;
//! assert_eq!(bobs_session.remote_key, alice.public_key());
//! assert_eq!(alices_session.remote_key, bob.public_key());
//! # Ok::<(), devp2p_core::handshake::HandshakeError>(())
//! ```
//!
//! Both packets are `size (2 bytes) ‖ ECIES ciphertext` as of EIP-8, with at most
//! [`MAX_CIPHERTEXT`] bytes of the latter. The older form without a size prefix is refused, as
//! go-ethereum does since v1.10.4.
//!
//! Spec: [RLPx, initial handshake](https://github.com/ethereum/devp2p/blob/master/rlpx.md#initial-handshake),
//! [EIP-8](https://eips.ethereum.org/EIPS/eip-8)

mod body;
mod fields;
mod secrets;
#[cfg(test)]
mod tests;

use std::fmt;

use rand::CryptoRng;
use thiserror::Error;

use crate::ecies::{self, Ciphertext};
use crate::frame::{FrameReader, FrameWriter};
use crate::keys::{NodeKey, PublicKey, Secret, SharedSecret};
use crate::record::{Recorder, SecretName, Tell};
pub(crate) use body::{AckBody, AuthBody, Nonce};
use secrets::xor;
pub(crate) use secrets::{Contribution, Secrets};

/// Longest ECIES ciphertext in an auth or ack packet that we accept, in bytes; checked before
/// anything is allocated. The same limit as go-ethereum's since v1.14.6.
pub const MAX_CIPHERTEXT: usize = 2048;

/// Shortest random padding of our packets. EIP-8 asks for at least 100 bytes, so that a packet
/// can be told from the older, shorter form.
const MIN_PADDING: usize = 100;

/// Why a handshake failed. All of these mean: close the connection and say nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The size prefix is too small for a ciphertext or above [`MAX_CIPHERTEXT`].
    #[error("the handshake packet announces {0} bytes, which is not between 113 and 2048")]
    PacketSize(usize),
    /// The packet is shorter or longer than its size prefix says.
    #[error("the handshake packet is not as long as its size prefix says")]
    PacketLength,
    /// The ciphertext was not made for our key, or was changed on its way. Deliberately one error.
    #[error("the handshake packet cannot be decrypted with this node's key")]
    Undecipherable,
    /// The decrypted packet is not the RLP list that it should be.
    #[error("the handshake packet does not hold the fields that it should")]
    Body,
    /// A public key in the packet is not a point on the curve.
    #[error("a public key in the handshake packet is not a point on secp256k1")]
    PublicKey,
    /// No ephemeral key can be recovered from the signature.
    #[error("the signature in the auth packet is not valid")]
    Signature,
}

/// A finished handshake: whom we talk to, and the two directions of the encrypted stream.
///
/// Reader and writer are separate values, so that two tasks can use them without a lock.
pub struct Session {
    /// The remote node's static public key, as it says. Only its owner has the same secrets: the first
    /// frame that `reader` opens is the proof.
    pub remote_key: PublicKey,
    /// Seals what we send.
    pub writer: FrameWriter,
    /// Opens what we receive.
    pub reader: FrameReader,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("remote_key", &self.remote_key).finish_non_exhaustive()
    }
}

/// Checks the first two bytes of a packet and returns how many bytes follow them
/// (113 to [`MAX_CIPHERTEXT`]).
///
/// # Errors
/// [`HandshakeError::PacketSize`] outside these limits.
pub fn packet_len(prefix: [u8; 2]) -> Result<usize, HandshakeError> {
    let len = usize::from(u16::from_be_bytes(prefix));
    if (ecies::OVERHEAD..=MAX_CIPHERTEXT).contains(&len) {
        Ok(len)
    } else {
        Err(HandshakeError::PacketSize(len))
    }
}

/// Begins a handshake with the node that owns `recipient`: returns the auth packet to send and
/// the state that waits for the ack.
pub fn initiate<'k>(
    key: &'k NodeKey,
    recipient: PublicKey,
    rng: &mut impl CryptoRng,
) -> (AuthSent<'k>, Vec<u8>) {
    initiate_telling(key, recipient, rng, &mut |_, _| {})
}

// ANCHOR: initiate
/// The same, and tells the secrets.
pub(crate) fn initiate_telling<'k>(
    key: &'k NodeKey,
    recipient: PublicKey,
    rng: &mut impl CryptoRng,
    tell: Tell<'_>,
) -> (AuthSent<'k>, Vec<u8>) {
    // Its public key is not sent: the recipient recovers it from the signature.
    let ephemeral = Secret::generate(rng);
    let nonce = random_nonce(rng);
    let static_shared_secret = key.agree(&recipient);
    // sig = sign(initiator-ephemeral-key, static-shared-secret ^ initiator-nonce)
    let signature = ephemeral.sign(*xor(static_shared_secret.as_bytes(), &nonce));
    let body = AuthBody { signature, initiator: key.public_key().to_bytes(), nonce };
    let (auth, r, secret) = seal_packet(&recipient, body.encode(), rng);
    tell(SecretName::StaticSharedSecret, static_shared_secret.as_bytes());
    tell(SecretName::InitiatorEphemeralPrivkey, &ephemeral.to_bytes());
    tell(SecretName::AuthR, &r.secret.to_bytes());
    tell(SecretName::Auth, secret.as_bytes());
    (AuthSent { key, recipient, ephemeral, nonce, auth: auth.clone() }, auth)
}
// ANCHOR_END: initiate

/// The initiator's state between auth and ack.
pub struct AuthSent<'k> {
    key: &'k NodeKey,
    recipient: PublicKey,
    ephemeral: Secret,
    nonce: Nonce,
    auth: Vec<u8>,
}

impl fmt::Debug for AuthSent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthSent").field("recipient", &self.recipient).finish_non_exhaustive()
    }
}

impl AuthSent<'_> {
    /// Ends the handshake with the recipient's ack packet (size prefix included).
    ///
    /// # Errors
    /// Any [`HandshakeError`] but `Signature`.
    pub fn receive_ack(self, ack: &[u8]) -> Result<Session, HandshakeError> {
        self.receive_ack_telling(ack, &mut |_, _| {})
    }

    /// The same, and tells the secrets.
    pub(crate) fn receive_ack_telling(
        self,
        ack: &[u8],
        tell: Tell<'_>,
    ) -> Result<Session, HandshakeError> {
        let packet = Packet::read(ack, &mut ())?;
        let secret = self.key.agree(packet.r());
        tell(SecretName::Ack, secret.as_bytes());
        let body = AckBody::decode(&packet.open(&secret, &mut ())?, &mut ())?;
        let ephemeral =
            PublicKey::from_bytes(body.ephemeral).map_err(|_| HandshakeError::PublicKey)?;
        // ephemeral-key = ecdh(initiator-ephemeral, recipient-ephemeral)
        let ephemeral_key = self.ephemeral.agree(&ephemeral);
        tell(SecretName::EphemeralKey, ephemeral_key.as_bytes());
        let secrets = Secrets::derive(&ephemeral_key, &self.nonce, &body.nonce, &mut ());
        let ours = Contribution { nonce: &self.nonce, packet: &self.auth };
        let theirs = Contribution { nonce: &body.nonce, packet: ack };
        let (writer, reader) = secrets.directions(ours, theirs);
        Ok(Session { remote_key: self.recipient, writer, reader })
    }
}

/// Answers an auth packet (size prefix included): returns the session and the ack packet to send.
///
/// # Errors
/// Any [`HandshakeError`].
pub fn respond(
    key: &NodeKey,
    auth: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<(Session, Vec<u8>), HandshakeError> {
    respond_telling(key, auth, rng, &mut |_, _| {})
}

/// The same, and tells the secrets.
pub(crate) fn respond_telling(
    key: &NodeKey,
    auth: &[u8],
    rng: &mut impl CryptoRng,
    tell: Tell<'_>,
) -> Result<(Session, Vec<u8>), HandshakeError> {
    let packet = Packet::read(auth, &mut ())?;
    let secret = key.agree(packet.r());
    tell(SecretName::Auth, secret.as_bytes());
    let body = AuthBody::decode(&packet.open(&secret, &mut ())?, &mut ())?;
    let initiator = PublicKey::from_bytes(body.initiator).map_err(|_| HandshakeError::PublicKey)?;
    let static_shared_secret = key.agree(&initiator);
    tell(SecretName::StaticSharedSecret, static_shared_secret.as_bytes());
    let initiator_ephemeral = initiator_ephemeral(&body, &static_shared_secret, &mut ())?;

    let ephemeral = NodeKey::generate(rng);
    let nonce = random_nonce(rng);
    let answer = AckBody { ephemeral: ephemeral.public_key().to_bytes(), nonce };
    let (ack, r, secret) = seal_packet(&initiator, answer.encode(), rng);
    tell(SecretName::RecipientEphemeralPrivkey, &ephemeral.secret.to_bytes());
    tell(SecretName::AckR, &r.secret.to_bytes());
    tell(SecretName::Ack, secret.as_bytes());

    // ephemeral-key = ecdh(recipient-ephemeral, initiator-ephemeral)
    let ephemeral_key = ephemeral.agree(&initiator_ephemeral);
    tell(SecretName::EphemeralKey, ephemeral_key.as_bytes());
    let secrets = Secrets::derive(&ephemeral_key, &body.nonce, &nonce, &mut ());
    let ours = Contribution { nonce: &nonce, packet: &ack };
    let theirs = Contribution { nonce: &body.nonce, packet: auth };
    let (writer, reader) = secrets.directions(ours, theirs);
    Ok((Session { remote_key: initiator, writer, reader }, ack))
}

// ANCHOR: initiator_ephemeral
/// The ephemeral public key that only the recipient can find in auth.
pub(crate) fn initiator_ephemeral(
    auth: &AuthBody,
    static_shared_secret: &SharedSecret,
    recorder: &mut impl Recorder,
) -> Result<PublicKey, HandshakeError> {
    recorder.part(&fields::PROOF);
    recorder.value(&fields::STATIC_SHARED_SECRET, static_shared_secret.as_bytes());
    let signed = *xor(static_shared_secret.as_bytes(), &auth.nonce);
    let key = PublicKey::recover(signed, &auth.signature).map_err(|_| HandshakeError::Signature)?;
    if recorder.listens() {
        recorder.value(&fields::INITIATOR_EPHEMERAL_PUBK, &key.to_bytes());
    }
    Ok(key)
}
// ANCHOR_END: initiator_ephemeral

fn random_nonce(rng: &mut impl CryptoRng) -> Nonce {
    let mut nonce = [0; 32];
    rng.fill_bytes(&mut nonce);
    nonce
}

/// size (2) ‖ ECIES(body ‖ 100 to 227 bytes of padding); with the secret key of R, and what opens it.
fn seal_packet(
    recipient: &PublicKey,
    mut plaintext: Vec<u8>,
    rng: &mut impl CryptoRng,
) -> (Vec<u8>, NodeKey, SharedSecret) {
    let mut random_byte = [0];
    rng.fill_bytes(&mut random_byte);
    let padding = MIN_PADDING.saturating_add(usize::from(random_byte[0] / 2));
    plaintext.resize(plaintext.len().saturating_add(padding), 0);
    // Two bytes are enough: a body has less than 200.
    let [.., high, low] = plaintext.len().saturating_add(ecies::OVERHEAD).to_be_bytes();
    let size = [high, low];
    let (ciphertext, r, secret) = ecies::seal(recipient, &plaintext, &size, rng);
    ([&size[..], &ciphertext].concat(), r, secret)
}

/// A handshake packet, taken apart.
pub(crate) struct Packet<'a> {
    size: &'a [u8; 2],
    ciphertext: Ciphertext<'a>,
}

impl<'a> Packet<'a> {
    /// Takes it apart: sizes, and R on the curve.
    pub(crate) fn read(
        packet: &'a [u8],
        recorder: &mut impl Recorder,
    ) -> Result<Self, HandshakeError> {
        recorder.part(&fields::PACKET);
        let (size, ciphertext) = packet.split_first_chunk().ok_or(HandshakeError::PacketLength)?;
        let len = packet_len(*size)?;
        recorder.field(&fields::SIZE, size, &len);
        if len != ciphertext.len() {
            // It cannot be decrypted; but what is there can be told.
            let _ = recorder.listens().then(|| Ciphertext::read_start(ciphertext, recorder));
            return Err(HandshakeError::PacketLength);
        }
        let ciphertext = Ciphertext::read(ciphertext, recorder);
        Ok(Self { size, ciphertext: ciphertext.map_err(|_| HandshakeError::Undecipherable)? })
    }

    /// R: the public key that was made for this packet.
    pub(crate) fn r(&self) -> &PublicKey {
        &self.ciphertext.r
    }

    /// Decrypts it with what R's and the receiver's owners agree on.
    pub(crate) fn open(
        &self,
        secret: &SharedSecret,
        recorder: &mut impl Recorder,
    ) -> Result<Vec<u8>, HandshakeError> {
        let plaintext = self.ciphertext.open(secret, self.size, recorder);
        plaintext.map_err(|_| HandshakeError::Undecipherable)
    }
}

/// Decrypts a packet that was made for `key`.
#[cfg(test)]
fn open_packet(key: &NodeKey, packet: &[u8]) -> Result<Vec<u8>, HandshakeError> {
    let packet = Packet::read(packet, &mut ())?;
    packet.open(&key.agree(packet.r()), &mut ())
}
