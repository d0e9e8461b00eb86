//! How large the buffers of a connection are: small while little passes through them, large while
//! much does. They hold a quiet peer's memory down, and a busy one's system calls.

use bytes::BytesMut;

/// The least that is read at once, in bytes: all that a quiet peer costs. A buffer never grows by
/// more than what has arrived already: a header alone, which is free to send, must not reserve
/// 16 MiB.
const MIN_READ: usize = 512;
/// The most that is read at once beyond the frame that is waited for, in bytes.
pub(super) const MAX_READ: usize = 64 * 1024;
/// A buffer above this size, in bytes, is given back when it is empty and what passed through it
/// last was small. So who moves large messages keeps it, and a ping later it is gone.
pub(super) const KEEP: usize = 64 * 1024;
/// Less than this, in bytes, is small.
pub(super) const SMALL: usize = 1024;

/// How much is read at once: more and more while as much arrives, less and less when not.
#[derive(Debug)]
pub(super) struct ReadSize(usize);

impl ReadSize {
    pub(super) fn least() -> Self {
        Self(MIN_READ)
    }

    /// Makes room for what is read at once, or for `more` bytes if they are more. Only at the end
    /// of a large frame less will do: it is not worth a larger buffer.
    ///
    /// A larger one is, unlike that of [`BytesMut::reserve`], no larger than it must be: it would
    /// fill up with frames that nobody has asked for yet, up to 16 MiB of them.
    pub(super) fn make_room(&self, buffer: &mut BytesMut, more: usize) {
        let is_large = buffer.len() >= self.0;
        let least = if is_large { more } else { more.max(self.0) };
        if buffer.try_reclaim(least) {
            return;
        }
        let more = more.max(self.0);
        let capacity = buffer.len().saturating_add(more).next_multiple_of(MIN_READ);
        let mut larger = BytesMut::with_capacity(capacity);
        larger.extend_from_slice(buffer);
        *buffer = larger;
    }

    /// There was room for `room` bytes, and so many were read.
    pub(super) fn learn(&mut self, read: usize, room: usize) {
        if read == room {
            self.0 = self.0.saturating_mul(2).min(MAX_READ);
        } else if read < self.0 / 2 {
            self.0 = (self.0 / 2).max(MIN_READ);
        }
    }

    /// What passed through the empty `buffer` last was small.
    pub(super) fn give_back(&self, buffer: &mut BytesMut) {
        give_back_if_above(self.0.saturating_mul(4), buffer);
    }
}

/// Frees an empty buffer that has grown above `keep` bytes, the part included that was used.
pub(super) fn give_back_if_above(keep: usize, buffer: &mut BytesMut) {
    if buffer.try_reclaim(keep.saturating_add(1)) {
        *buffer = BytesMut::new();
    }
}
