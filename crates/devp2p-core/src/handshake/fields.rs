//! What the bytes of auth and ack are called, and what they mean.

use crate::record::{Field, KnownBy, Part};

const SPEC: &str = "https://github.com/ethereum/devp2p/blob/master/rlpx.md#initial-handshake";

pub(super) const PACKET: Part = Part {
    name: "packet",
    means: "how long the packet is, so that whoever reads it knows where it ends",
    spec: "https://eips.ethereum.org/EIPS/eip-8",
    code: "handshake::Packet::read",
    known_by: KnownBy::Everybody,
    secret: false,
};
pub(super) const SIZE: Field =
    Field::new("size", "as many bytes follow; the tag covers this number as well");

pub(super) const AUTH_BODY: Part = Part {
    name: "auth-body",
    means: "what the initiator says in auth, decrypted",
    spec: SPEC,
    code: "handshake::body::AuthBody::decode",
    known_by: KnownBy::Both,
    secret: false,
};
pub(super) const ACK_BODY: Part = Part {
    name: "ack-body",
    means: "what the recipient says in ack, decrypted",
    spec: SPEC,
    code: "handshake::body::AckBody::decode",
    known_by: KnownBy::Both,
    secret: false,
};
pub(super) const LIST: Field = Field::new("list", "RLP: the list of all fields begins");
pub(super) const SIGNATURE: Field = Field::computed(
    "signature",
    "sign(initiator-ephemeral-privkey, static-shared-secret ^ initiator-nonce)",
    "the ephemeral key's, over something that only the two nodes can compute: gives away the \
     ephemeral public key, and ties it to both nodes",
);
pub(super) const INITIATOR_PUBK: Field = Field::computed(
    "initiator-pubk",
    "pub(initiator-privkey)",
    "who the initiator says it is: its public key, x and y",
);
pub(super) const INITIATOR_NONCE: Field =
    Field::new("initiator-nonce", "random: makes the secrets of each connection new");
pub(super) const AUTH_VSN: Field =
    Field::new("auth-vsn", "the version of the handshake, 4 for years; nobody checks it");
pub(super) const RECIPIENT_EPHEMERAL_PUBK: Field = Field::computed(
    "recipient-ephemeral-pubk",
    "pub(recipient-ephemeral-privkey)",
    "a public key that the recipient made for this connection alone",
);
pub(super) const RECIPIENT_NONCE: Field =
    Field::new("recipient-nonce", "random: makes the secrets of each connection new");
pub(super) const ACK_VSN: Field =
    Field::new("ack-vsn", "the version of the handshake, 4 for years; nobody checks it");
pub(super) const PADDING: Field = Field::new(
    "padding",
    "of any length and content, so that packets differ in size; nobody reads it",
);

pub(super) const PROOF: Part = Part {
    name: "what auth gives away",
    means: "what the recipient finds out with the signature and its own key",
    spec: SPEC,
    code: "handshake::initiator_ephemeral",
    known_by: KnownBy::Both,
    secret: true,
};
pub(super) const STATIC_SHARED_SECRET: Field = Field::computed(
    "static-shared-secret",
    "ecdh(recipient-privkey, initiator-pubk)",
    "what the long-lived keys of the two nodes agree on, the same in every connection of theirs",
);
pub(super) const INITIATOR_EPHEMERAL_PUBK: Field = Field::computed(
    "initiator-ephemeral-pubk",
    "recover(static-shared-secret ^ initiator-nonce, signature)",
    "a public key that the initiator made for this connection alone: it is not sent",
);

pub(super) const SECRETS: Part = Part {
    name: "secrets of the session",
    means: "what both sides know after ack, and nobody else",
    spec: SPEC,
    code: "handshake::secrets::Secrets::derive",
    known_by: KnownBy::Both,
    secret: true,
};
pub(super) const EPHEMERAL_KEY: Field = Field::computed(
    "ephemeral-key",
    "ecdh(recipient-ephemeral-privkey, initiator-ephemeral-pubk)",
    "what the two ephemeral keys agree on: when both are forgotten, nobody can compute it again",
);
pub(super) const SHARED_SECRET: Field = Field::computed(
    "shared-secret",
    "keccak256(ephemeral-key ‖ keccak256(recipient-nonce ‖ initiator-nonce))",
    "a step on the way to the next two",
);
pub(super) const AES_SECRET: Field = Field::computed(
    "aes-secret",
    "keccak256(ephemeral-key ‖ shared-secret)",
    "encrypts every frame, in both directions",
);
pub(super) const MAC_SECRET: Field = Field::computed(
    "mac-secret",
    "keccak256(ephemeral-key ‖ aes-secret)",
    "protects every frame against changes, in both directions",
);

pub(super) const RUNNING_MAC: Part = Part {
    name: "where the MAC begins",
    means: "the running MAC of the frames that this side will send has absorbed its packet already",
    spec: "https://github.com/ethereum/devp2p/blob/master/rlpx.md#mac",
    code: "handshake::secrets::Secrets::running_mac",
    known_by: KnownBy::Both,
    secret: false,
};
pub(super) const DIGEST: Field = Field::computed(
    "digest",
    "absorb(mac-secret ^ receiver-nonce ‖ sender-packet)",
    "the first 16 bytes of the keccak-256 of all that was absorbed in this direction",
);
