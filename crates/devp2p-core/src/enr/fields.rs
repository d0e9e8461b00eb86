//! What the bytes of a record are called, and what they mean.

use crate::record::{Field, KnownBy, Part};

pub(crate) const RECORD: Part = Part {
    name: "record",
    means: "what a node says about itself, signed by it",
    spec: "https://github.com/ethereum/devp2p/blob/master/enr.md#record-structure",
    code: "enr::Enr::decode",
    known_by: KnownBy::Everybody,
    secret: false,
};
pub(super) const LIST: Field = Field::new("list", "RLP: the record begins");
pub(super) const SIGNATURE: Field =
    Field::new("signature", "the node's own, over everything that follows");
pub(super) const SEQ: Field = Field::new(
    "seq",
    "the version: of two records of a node the one with the higher number counts",
);
pub(super) const KEY: Field = Field::new("key", "what the next value is; keys are sorted");
pub(super) const VALUE: Field = Field::new("value", "of the key before");
