//! Capabilities: which subprotocols both sides speak, and which msg-ids those get.
//!
//! ```text
//! ours:    bar/1 (2 codes)  foo/41 (1)  foo/42 (3)
//! theirs:  bar/1            foo/42      qux/9
//! shared:  bar/1 at 0x10, 0x11;  foo/42 at 0x12, 0x13, 0x14
//! ```
//!
//! Spec: [RLPx, capability messaging](https://github.com/ethereum/devp2p/blob/master/rlpx.md#capability-messaging)

use std::fmt;

use super::{BASE_LENGTH, message::MessageError};

/// A subprotocol's name and version, as in `foo/42`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capability {
    /// A short ASCII name; the specification says at most eight characters.
    pub name: String,
    /// Its version.
    pub version: u64,
}

impl Capability {
    /// `name/version`.
    pub fn new(name: impl Into<String>, version: u64) -> Self {
        Self { name: name.into(), version }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.version)
    }
}

/// A capability that both sides have, and its range of msg-ids on this connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// Which of our offers this is: its index in the list given to [`shared`].
    pub index: usize,
    /// msg-id of its message code 0.
    pub offset: u64,
    /// Number of message codes.
    pub length: u64,
}

/// Matches `ours` (each with its number of message codes) against `theirs`: the highest common
/// version of each name, in alphabetical order, from msg-id 0x10 on.
///
/// Lengths are not exchanged: both sides must know them, and we go by ours, as everyone does.
/// An offer whose range would not fit into 64 bits is left out, and so are those after it.
pub fn shared(ours: &[(Capability, u64)], theirs: &[Capability]) -> Vec<Shared> {
    let mut common: Vec<(usize, &Capability, u64)> = ours
        .iter()
        .enumerate()
        .filter(|(_, (capability, _))| theirs.contains(capability))
        .map(|(index, (capability, length))| (index, capability, *length))
        .collect();
    // By name, and the highest version of each name first: it is the one that dedup keeps.
    common.sort_by(|(_, a, _), (_, b, _)| a.name.cmp(&b.name).then(b.version.cmp(&a.version)));
    common.dedup_by(|(_, a, _), (_, b, _)| a.name == b.name);

    let mut next = BASE_LENGTH;
    let mut matched = Vec::with_capacity(common.len());
    for (index, _, length) in common {
        let Some(end) = next.checked_add(length) else {
            break;
        };
        matched.push(Shared { index, offset: next, length });
        next = end;
    }
    matched
}

/// Finds whose message `id` is: the position in `shared` and the code relative to it.
///
/// # Errors
/// [`MessageError::UnknownId`] for an id beyond the last range.
pub fn locate(shared: &[Shared], id: u64) -> Result<(usize, u64), MessageError> {
    shared
        .iter()
        .enumerate()
        .find_map(|(position, range)| {
            let code = id.checked_sub(range.offset)?;
            (code < range.length).then_some((position, code))
        })
        .ok_or(MessageError::UnknownId(id))
}
