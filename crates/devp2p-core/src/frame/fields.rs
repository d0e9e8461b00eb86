//! What the bytes of a frame are called, and what they mean.

use crate::record::{Field, KnownBy, Part};

const SPEC: &str = "https://github.com/ethereum/devp2p/blob/master/rlpx.md#framing";

pub(super) const FRAME: Part = Part {
    name: "frame",
    means: "a header of 16 bytes and its MAC; then as many bytes as the header says, and their MAC",
    spec: SPEC,
    code: "frame::FrameReader::open_body",
    known_by: KnownBy::Everybody,
    secret: false,
};
pub(super) const HEADER_CIPHERTEXT: Field = Field::computed(
    "header-ciphertext",
    "aes-256-ctr(aes-secret, header-position, header)",
    "the header, encrypted",
);
pub(super) const HEADER_MAC: Field = Field::computed(
    "header-mac",
    "header-digest",
    "checked before the header is believed; whoever cannot make it can send nothing",
);
pub(super) const FRAME_CIPHERTEXT: Field = Field::computed(
    "frame-ciphertext",
    "aes-256-ctr(aes-secret, body-position, body)",
    "the message with zeros up to a whole block of 16 bytes, encrypted",
);
pub(super) const FRAME_MAC: Field = Field::computed(
    "frame-mac",
    "digest",
    "checked before the message is believed; depends on every frame before it",
);

pub(super) const STATE: Part = Part {
    name: "state of this direction",
    means: "what both sides know of it without being told: how far key stream and MAC have come",
    spec: "https://github.com/ethereum/devp2p/blob/master/rlpx.md#mac",
    code: "frame::mac::Mac::frame",
    known_by: KnownBy::Both,
    secret: false,
};
pub(super) const DIGEST_BEFORE: Field = Field::computed(
    "digest-before",
    "previous-digest",
    "where the running MAC of this direction stands: nothing between then and now was lost or moved",
);
pub(super) const HEADER_MAC_SEED: Field = Field::computed(
    "header-mac-seed",
    "aes(mac-secret, digest-before) ^ header-ciphertext",
    "what the running MAC absorbs of the header",
);
pub(super) const HEADER_DIGEST: Field = Field::computed(
    "header-digest",
    "absorb(digest-before, header-mac-seed)",
    "what header-mac must be",
);
pub(super) const BODY_DIGEST: Field = Field::computed(
    "body-digest",
    "absorb(header-digest, frame-ciphertext)",
    "the running MAC has absorbed the encrypted message",
);
pub(super) const FRAME_MAC_SEED: Field = Field::computed(
    "frame-mac-seed",
    "aes(mac-secret, body-digest) ^ body-digest",
    "absorbed as well: without mac-secret nobody can make it",
);
pub(super) const DIGEST: Field = Field::computed(
    "digest",
    "absorb(body-digest, frame-mac-seed)",
    "what frame-mac must be; the next frame in this direction begins with it",
);
pub(super) const HEADER_POSITION: Field = Field::new(
    "header-position",
    "as many bytes of key stream were used up in this direction; both directions use the same one",
);
pub(super) const BODY_POSITION: Field = Field::new(
    "body-position",
    "as many bytes of key stream were used up before the message: 16 more, for the header",
);

pub(super) const HEADER: Part = Part {
    name: "header",
    means: "the header, decrypted",
    spec: SPEC,
    code: "frame::FrameReader::open_header",
    known_by: KnownBy::Both,
    secret: false,
};
pub(super) const FRAME_SIZE: Field =
    Field::new("frame-size", "as many bytes of message follow, before zeros fill the last block");
pub(super) const HEADER_DATA: Field = Field::new(
    "header-data",
    "a list of two numbers that once told what the frame is part of; nobody reads it",
);
pub(super) const HEADER_PADDING: Field =
    Field::new("header-padding", "zeros up to 16 bytes; nobody reads them");

pub(super) const BODY: Part = Part {
    name: "body",
    means: "the body, decrypted",
    spec: SPEC,
    code: "frame::FrameReader::open_body",
    known_by: KnownBy::Both,
    secret: false,
};
pub(super) const FRAME_DATA: Field = Field::new("frame-data", "a message");
pub(super) const BODY_PADDING: Field =
    Field::new("body-padding", "zeros up to a whole block of 16 bytes; nobody reads them");
