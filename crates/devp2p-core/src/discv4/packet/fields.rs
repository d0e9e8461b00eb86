//! What the bytes of discovery packets are called, and what they mean.

use crate::record::{Field, KnownBy, Part};

const SPEC: &str = "https://github.com/ethereum/devp2p/blob/master/discv4.md#wire-protocol";

pub(super) const ENVELOPE: Part = Part {
    name: "envelope",
    means: "whether the packet is whole, and who signed it; nothing in it is encrypted",
    spec: SPEC,
    code: "discv4::packet::envelope::decode",
    known_by: KnownBy::Everybody,
    secret: false,
};
pub(super) const HASH: Field = Field::computed(
    "hash",
    "keccak256(signature ‖ packet)",
    "finds broken packets; an answer says which hash it answers",
);
pub(super) const SIGNATURE: Field = Field::computed(
    "signature",
    "sign(sender-privkey, keccak256(packet))",
    "gives away the sender's public key",
);
pub(super) const SENDER_PUBK: Field = Field::computed(
    "sender-pubk",
    "recover(keccak256(packet), signature)",
    "who sent it: no packet says that otherwise",
);

pub(super) const DATA: Part = Part {
    name: "packet",
    means: "what the packet says",
    spec: SPEC,
    code: "discv4::packet::body::decode",
    known_by: KnownBy::Everybody,
    secret: false,
};
pub(super) const PACKET_TYPE: Field = Field::new("packet-type", "which question or answer: 1 to 6");
pub(super) const LIST: Field = Field::new("list", "RLP: the list of all fields begins");
pub(super) const VERSION: Field = Field::new("version", "4, and nobody checks it");
pub(super) const FROM: Field =
    Field::new("from", "RLP: where the sender believes to be; only its TCP port is of use");
pub(super) const TO: Field = Field::new("to", "RLP: where the sender sees the recipient");
pub(super) const IP: Field = Field::new("ip", "an IP address: 4 bytes, or 16");
pub(super) const UDP_PORT: Field = Field::new("udp-port", "the port for discovery");
pub(super) const TCP_PORT: Field =
    Field::new("tcp-port", "the port for connections; empty, or 0, if none are accepted");
pub(super) const EXPIRATION: Field = Field::new(
    "expiration",
    "Unix time in seconds: later the packet is void, so that nobody can send it again",
);
pub(super) const ENR_SEQ: Field =
    Field::new("enr-seq", "the version of the sender's record: is there a newer one to ask for?");
pub(super) const PING_HASH: Field =
    Field::new("ping-hash", "which Ping this answers: who knows it has received that Ping");
pub(super) const TARGET: Field =
    Field::new("target", "a public key, or 64 bytes that could be one: which nodes are nearest?");
pub(super) const NODES: Field = Field::new("nodes", "RLP: a list of nodes, a list for each");
pub(super) const NODE: Field = Field::new("node", "RLP: where a node is said to be, and its key");
pub(super) const NODE_KEY: Field = Field::new("node-key", "its public key, x and y");
pub(super) const REQUEST_HASH: Field = Field::new("request-hash", "which EnrRequest this answers");
pub(super) const TRAILING: Field =
    Field::new("trailing", "bytes after the list: for later versions, ignored");
