//! What the bytes of a ciphertext are called, and what they mean.

use crate::record::{Field, KnownBy, Part};

const SPEC: &str = "https://github.com/ethereum/devp2p/blob/master/rlpx.md#ecies-encryption";

pub(super) const CIPHERTEXT: Part = Part {
    name: "ciphertext",
    means: "an ECIES message: encrypted to a public key, so that only its owner can read it",
    spec: SPEC,
    code: "ecies::Ciphertext::read",
    known_by: KnownBy::Everybody,
    secret: false,
};
pub(super) const FORM: Field =
    Field::new("form", "what follows is a public key in its long form, x and y");
pub(super) const R: Field =
    Field::computed("R", "pub(r)", "a public key that was made for this packet alone");
pub(super) const IV: Field = Field::new("iv", "random: where the counter of AES begins");
pub(super) const C: Field =
    Field::computed("c", "aes-128-ctr(kE, iv, plaintext)", "what is said, encrypted");
pub(super) const TAG: Field = Field::computed(
    "tag",
    "hmac-sha256(mac-key, iv ‖ c ‖ size)",
    "who changes one bit of iv, c or size cannot make the right tag for it",
);

pub(super) const KEYS: Part = Part {
    name: "keys of the packet",
    means: "what both sides compute from R: one with the secret key of R, the other with its own",
    spec: SPEC,
    code: "ecies::Keys::derive",
    known_by: KnownBy::Both,
    secret: true,
};
pub(super) const S: Field = Field::computed(
    "S",
    "ecdh(receiver-privkey, R)",
    "the secret that both sides can compute, and nobody else: ecdh(r, receiver-pubk) is the same",
);
pub(super) const K: Field =
    Field::computed("K", "sha256(00000001 ‖ S)", "32 bytes for two keys: NIST's KDF");
pub(super) const KE: Field = Field::computed("kE", "first16(K)", "encrypts the packet");
pub(super) const KM: Field = Field::computed("kM", "last16(K)", "becomes the key of the tag");
pub(super) const MAC_KEY: Field = Field::computed("mac-key", "sha256(kM)", "the key of the tag");
