//! What the bytes of messages are called, and what they mean.

use crate::record::{Field, KnownBy, Part};

pub(super) const MESSAGE: Part = Part {
    name: "frame-data",
    means: "which message it is, and what it says",
    spec: "https://github.com/ethereum/devp2p/blob/master/rlpx.md#capability-messaging",
    code: "p2p::codec::Codec::decode",
    known_by: KnownBy::Both,
    secret: false,
};
pub(super) const MSG_ID: Field = Field::new(
    "msg-id",
    "which message: below 0x10 of the base protocol, then one range for each shared capability",
);
pub(super) const PAYLOAD: Field = Field::new("payload", "what the message says");

pub(super) const SNAPPY: Part = Part {
    name: "snappy",
    means: "the payload, compressed: pieces that are new, and copies of what was there before",
    spec: "https://eips.ethereum.org/EIPS/eip-706",
    code: "p2p::snappy::tell",
    known_by: KnownBy::Both,
    secret: false,
};
pub(super) const LENGTH: Field = Field::new(
    "length",
    "how many bytes it will be; checked before anything is made of it: five bytes can claim 4 GiB",
);
pub(super) const LITERAL_TAG: Field =
    Field::new("literal-tag", "so many bytes follow that are new");
pub(super) const LITERAL: Field = Field::new("literal", "bytes that stand for themselves");
pub(super) const COPY: Field = Field::new("copy", "bytes that were there before, once more");

pub(super) const CONTENT: Part = Part {
    name: "content",
    means: "what the message says, decompressed: RLP, by convention",
    spec: "https://ethereum.org/developers/docs/data-structures-and-encoding/rlp/",
    code: "p2p::codec::Codec::decode",
    known_by: KnownBy::Both,
    secret: false,
};
pub(super) const BYTES: Field = Field::new("bytes", "no RLP: what it means is up to the protocol");

pub(super) const HELLO: Part = Part {
    name: "Hello",
    means: "who a node is, and what it speaks; never compressed",
    spec: "https://github.com/ethereum/devp2p/blob/master/rlpx.md#hello-0x00",
    code: "p2p::hello::Hello::decode",
    known_by: KnownBy::Both,
    secret: false,
};
pub(super) const LIST: Field = Field::new("list", "RLP: the list of all fields begins");
pub(super) const P2P_VERSION: Field =
    Field::new("p2p-version", "of the base protocol; since 5 payloads are compressed");
pub(super) const CLIENT_ID: Field =
    Field::new("client-id", "what the program calls itself; anybody can write anything here");
pub(super) const CAPABILITIES: Field =
    Field::new("capabilities", "RLP: a list of what it speaks, a list for each");
pub(super) const CAPABILITY: Field = Field::new("capability", "RLP: a name and a version");
pub(super) const CAPABILITY_NAME: Field =
    Field::new("name", "of the protocol; the same on both sides, or it is not shared");
pub(super) const CAPABILITY_VERSION: Field =
    Field::new("version", "of the protocol; of several that are shared the highest counts");
pub(super) const LISTEN_PORT: Field =
    Field::new("listen-port", "from old times: 0, and nobody reads it");
pub(super) const NODE_KEY: Field = Field::new(
    "node-key",
    "the node's public key once more; must be the one that the handshake has proved",
);
pub(super) const TRAILING: Field =
    Field::new("trailing", "bytes after the list: for later versions, ignored");

pub(super) const DISCONNECT: Part = Part {
    name: "Disconnect",
    means: "goodbye, and why; in a list or without one, compressed or not: all four forms are in use",
    spec: "https://github.com/ethereum/devp2p/blob/master/rlpx.md#disconnect-0x01",
    code: "p2p::disconnect::DisconnectReason::decode",
    known_by: KnownBy::Both,
    secret: false,
};
pub(super) const REASON: Field = Field::new("reason", "why; 0 is written as an empty string");
