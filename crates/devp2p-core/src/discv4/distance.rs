//! Distance: how close two nodes are, which has nothing to do with cables.
//!
//! ```text
//!    a = 0110…      the first bits agree: close     bits(0001…) = 253
//!    b = 0111…
//!  a⊕b = 0001…      half of all nodes differ from us in the first bit already: bits = 256
//! ```
//!
//! This module must not know what the ids belong to.

use crate::keys::NodeId;

/// The distance of two node ids: their exclusive or, read as a number.
///
/// From one place no two nodes are equally far away, so "the closest" is always one node, and all
/// who are asked for it mean the same.
///
/// Spec: [Node discovery v4, Kademlia table](https://github.com/ethereum/devp2p/blob/master/discv4.md#kademlia-table)
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Distance([u8; 32]);

impl Distance {
    // ANCHOR: between
    /// distance(a, b) = a ⊕ b
    #[must_use]
    pub fn between(a: NodeId, b: NodeId) -> Self {
        let mut xor = a.to_bytes();
        for (byte, other) in xor.iter_mut().zip(b.to_bytes()) {
            *byte ^= other;
        }
        Self(xor)
    }
    // ANCHOR_END: between

    /// How many bits the number takes: 256 if the first bit differs, 0 if none does.
    #[must_use]
    pub fn bits(&self) -> u32 {
        let mut bits: u32 = 256;
        for byte in self.0 {
            bits = bits.saturating_sub(byte.leading_zeros());
            if byte != 0 {
                return bits;
            }
        }
        bits
    }
}

#[cfg(test)]
mod tests;
