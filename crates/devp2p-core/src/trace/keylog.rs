//! The key log: three secrets of each handshake, one a line, so that a capture can be decrypted later.
//!
//! ```text
//! RLPX_AUTH_SECRET   <first 32 bytes of auth> <32 bytes>     what opens auth (ECDH of its R)
//! RLPX_ACK_SECRET    <first 32 bytes of auth> <32 bytes>     what opens ack (ECDH of its R)
//! RLPX_EPHEMERAL_KEY <first 32 bytes of auth> <32 bytes>     what all session secrets follow from
//! ```
//!
//! All bytes are hex; the first 32 bytes of auth, as they travel, say which connection it is. Empty
//! lines and lines that begin with `#` mean nothing, and labels that are not known are for others.
//! Either side can write it. No long-lived key is in it: with the file one can read the connections
//! that it names, and one cannot be either of the two nodes.
//!
//! Book: *Read your own handshake*.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use thiserror::Error;

use super::Secrets;
use crate::record::SecretName;

/// What each connection is known by: the first 32 bytes of its auth packet, size prefix included.
pub type ConnectionId = [u8; 32];

/// The longest line that has a meaning, in bytes.
const MAX_LINE: usize = 200;

// ANCHOR: labels
/// The labels, and what stands behind them.
const LABELS: [(&str, SecretName); 3] = [
    ("RLPX_AUTH_SECRET", SecretName::Auth),
    ("RLPX_ACK_SECRET", SecretName::Ack),
    ("RLPX_EPHEMERAL_KEY", SecretName::EphemeralKey),
];
// ANCHOR_END: labels

/// A line of a key log that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "line {line} of the key log is not LABEL, the first 32 bytes of auth and 32 bytes more, both in hex"
)]
pub struct KeyLogError {
    /// Which line, from 1 on.
    pub line: usize,
}

/// The line for a secret, with its end; none for secrets that do not belong into a key log.
#[must_use]
pub fn line(connection: &ConnectionId, name: SecretName, secret: &[u8; 32]) -> Option<String> {
    let (label, _) = LABELS.iter().find(|(_, labeled)| *labeled == name)?;
    let mut line = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(line, "{label} {} {}", hex::encode(connection), hex::encode(secret));
    Some(line)
}

/// The connection that an auth packet begins; none if it is too short.
#[must_use]
pub fn connection_id(auth: &[u8]) -> Option<ConnectionId> {
    auth.first_chunk().copied()
}

// ANCHOR: parse
/// Reads a key log: what is known about which connection.
///
/// # Errors
/// [`KeyLogError`] names the first line that has a label of ours and cannot be read.
pub fn parse(text: &str) -> Result<BTreeMap<ConnectionId, Secrets>, KeyLogError> {
    let mut connections: BTreeMap<ConnectionId, Secrets> = BTreeMap::new();
    for (line, number) in text.lines().zip(1..) {
        let mut words = line.split_ascii_whitespace();
        let Some(word) = words.next().filter(|word| !word.starts_with('#')) else { continue };
        let Some((_, name)) = LABELS.iter().find(|(label, _)| *label == word) else { continue };
        let error = KeyLogError { line: number };
        if line.len() > MAX_LINE {
            return Err(error);
        }
        let mut bytes = || {
            let mut bytes = [0; 32];
            hex::decode_to_slice(words.next()?, &mut bytes).ok()?;
            Some(bytes)
        };
        let (Some(connection), Some(secret)) = (bytes(), bytes()) else { return Err(error) };
        connections.entry(connection).or_default().insert(*name, secret);
    }
    Ok(connections)
}
// ANCHOR_END: parse
