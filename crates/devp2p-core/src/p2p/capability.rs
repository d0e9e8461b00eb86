//! Capabilities: which protocols both sides speak, and which msg-ids those get.
//!
//! ```text
//! ours:    bar/1 (2 codes)  foo/41 (1)  foo/42 (3)
//! theirs:  bar/1            foo/42      qux/9
//! shared:  bar/1 at 0x10, 0x11;  foo/42 at 0x12, 0x13, 0x14
//! ```
//!
//! Spec: [RLPx, capability messaging](https://github.com/ethereum/devp2p/blob/master/rlpx.md#capability-messaging)

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::{BASE_LENGTH, MAX_PAYLOAD};

/// The name and version of a protocol, as in `foo/42`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capability {
    /// A short ASCII name; the specification says at most eight characters.
    pub name: String,
    /// Its version.
    pub version: u64,
}

/// Text that is no capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a capability is written as name/version, as in foo/42")]
pub struct CapabilityError;

/// A capability that we offer, and what its messages may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Which capability.
    pub capability: Capability,
    /// Number of message codes.
    pub length: u64,
    /// Longest payload, in bytes, before compression; what is above [`MAX_PAYLOAD`] counts as that.
    pub max_payload: usize,
}

/// A capability that both sides have, and its range of msg-ids on this connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// Which capability.
    pub capability: Capability,
    /// Which of our offers this is: its index in the list given to [`shared`].
    pub index: usize,
    /// msg-id of its message code 0.
    pub offset: u64,
    /// Number of message codes.
    pub length: u64,
    /// Longest payload, in bytes, before compression.
    pub max_payload: usize,
}

impl Capability {
    /// `name/version`.
    pub fn new(name: impl Into<String>, version: u64) -> Self {
        Self { name: name.into(), version }
    }
}

impl Offer {
    /// A capability with message codes 0 to `length` − 1, and payloads of up to [`MAX_PAYLOAD`]
    /// bytes.
    pub fn new(capability: Capability, length: u64) -> Self {
        Self { capability, length, max_payload: MAX_PAYLOAD }
    }
}

// ANCHOR: shared
/// Matches `ours` against `theirs`: the highest common version of each name, in alphabetical
/// order, from msg-id 0x10 on.
///
/// Lengths are not exchanged: both sides must know them, and we go by ours, as everyone does.
/// An offer whose range would not fit into 64 bits is left out, and so are those after it.
pub fn shared(ours: &[Offer], theirs: &[Capability]) -> Vec<Shared> {
    let mut common: Vec<(usize, &Offer)> =
        ours.iter().enumerate().filter(|(_, offer)| theirs.contains(&offer.capability)).collect();
    // By name, and the highest version of each name first: it is the one that dedup keeps.
    common.sort_by(|(_, a), (_, b)| {
        let (a, b) = (&a.capability, &b.capability);
        a.name.cmp(&b.name).then(b.version.cmp(&a.version))
    });
    common.dedup_by(|(_, a), (_, b)| a.capability.name == b.capability.name);

    let mut next = BASE_LENGTH;
    let mut matched = Vec::with_capacity(common.len());
    for (index, Offer { capability, length, max_payload }) in common {
        let Some(end) = next.checked_add(*length) else {
            break;
        };
        matched.push(Shared {
            capability: capability.clone(),
            index,
            offset: next,
            length: *length,
            max_payload: MAX_PAYLOAD.min(*max_payload),
        });
        next = end;
    }
    matched
}
// ANCHOR_END: shared

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.version)
    }
}

impl FromStr for Capability {
    type Err = CapabilityError;

    fn from_str(text: &str) -> Result<Self, CapabilityError> {
        let (name, version) = text.rsplit_once('/').ok_or(CapabilityError)?;
        // Rust's numbers may begin with a plus, a capability's version not.
        let version = Some(version).filter(|version| !version.starts_with('+'));
        let version = version.and_then(|version| version.parse().ok());
        Ok(Self::new(name, version.ok_or(CapabilityError)?))
    }
}
