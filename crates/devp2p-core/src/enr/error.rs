//! Why bytes or text are not a node record.

use thiserror::Error;

/// Why bytes or text are not a node record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EnrError {
    /// No `enr:` at the beginning.
    #[error("a node record begins with `enr:`")]
    MissingPrefix,
    /// What follows `enr:` is not base64.
    #[error(
        "after `enr:` come letters, digits, `-` and `_` only (URL-safe base64 without `=`), and \
         not any number of them: copy the whole record again"
    )]
    Base64,
    /// More than [`MAX_RECORD`](super::MAX_RECORD) bytes.
    #[error("a node record has at most 300 bytes")]
    TooLong,
    /// Not one list of a signature, a number, and pairs.
    #[error("a node record is one RLP list: signature, number, then keys and values in turn")]
    Malformed,
    /// Keys are not in order, or one is there twice.
    #[error("the keys in a node record are sorted and each there once; here they are not")]
    Unsorted,
    /// The record has no `id`, or one that is not `v4`.
    #[error("the node record's identity scheme (its `id`) is not v4, the only one there is")]
    UnknownScheme,
    /// The record's `secp256k1` is missing, or no public key.
    #[error("the node record has no valid public key (its `secp256k1`)")]
    PublicKey,
    /// The signature was not made with that key over this content, or is none at all.
    #[error("the node record's signature is wrong: it was changed after it was signed")]
    Signature,
}
