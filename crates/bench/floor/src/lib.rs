//! The floor: what a handshake and a frame cost if nothing but the cryptography is done that the
//! protocol requires, on the same crates as `devp2p-core`.
//!
//! It encodes nothing, checks nothing, copies nothing and is of no use but one: an implementation
//! that takes as long as its floor cannot be made faster without other primitives.

pub mod frame;
pub mod handshake;

/// The first `N` bytes; zeros if there are fewer.
fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}
