//! What both file formats have in common: frames, one after the other, in one of two byte orders.

use super::pcap::Records;
use super::pcapng::{self, Blocks};

/// A packet, as one interface has seen it.
pub(super) struct Frame<'a> {
    /// What its first bytes are: [the list](https://www.tcpdump.org/linktypes.html).
    pub(super) link_type: u16,
    /// When it was captured, in nanoseconds since 1970; none if the file does not say.
    pub(super) time: Option<i128>,
    /// What of it is in the file.
    pub(super) bytes: &'a [u8],
    /// How many bytes it had on the wire; at least those in the file.
    pub(super) len: u64,
}

/// Why no more frames can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The file ends too early.
    CutOff,
    /// It makes no sense.
    Damaged,
}

/// All frames of a file.
pub(super) enum Frames<'a> {
    Pcap(Records<'a>),
    PcapNg(Blocks<'a>),
}

impl<'a> Frames<'a> {
    /// Reads what is before the frames.
    ///
    /// # Errors
    /// [`Fault::Damaged`] if this is another kind of file.
    pub(super) fn open(file: &'a [u8]) -> Result<Self, Fault> {
        if pcapng::is_known(file) {
            return Ok(Self::PcapNg(Blocks::new(file)));
        }
        Records::open(file).map(Self::Pcap)
    }

    /// The next frame; none at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Frame<'a>>, Fault> {
        match self {
            Self::Pcap(records) => records.next(),
            Self::PcapNg(blocks) => blocks.next(),
        }
    }
}

/// Whether a file begins so.
pub(super) fn is_known(file: &[u8]) -> bool {
    pcapng::is_known(file) || Records::kind(file).is_some()
}

/// Whether a file begins as those of gzip, xz or zstd do.
pub(super) fn is_compressed(file: &[u8]) -> bool {
    let magics: [&[u8]; 3] = [b"\x1f\x8b", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd"];
    magics.iter().any(|magic| file.starts_with(magic))
}

/// In which order the bytes of a number are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// Bytes that are read from the front.
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
    pub(super) order: Order,
}

impl<'a> Cursor<'a> {
    /// The next bytes; none if there are not so many.
    pub(super) fn take(&mut self, len: u32) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(usize::try_from(len).ok()?)?;
        self.rest = rest;
        Some(bytes)
    }

    /// The next two bytes as a number.
    pub(super) fn u16(&mut self) -> Option<u16> {
        let bytes = self.take(2)?.first_chunk().copied()?;
        Some(match self.order {
            Order::Little => u16::from_le_bytes(bytes),
            Order::Big => u16::from_be_bytes(bytes),
        })
    }

    /// The next four bytes as a number.
    pub(super) fn u32(&mut self) -> Option<u32> {
        let bytes = self.take(4)?.first_chunk().copied()?;
        Some(match self.order {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        })
    }

    /// The next eight bytes as a number with a sign.
    pub(super) fn i64(&mut self) -> Option<i64> {
        let bytes = self.take(8)?.first_chunk().copied()?;
        Some(match self.order {
            Order::Little => i64::from_le_bytes(bytes),
            Order::Big => i64::from_be_bytes(bytes),
        })
    }
}

/// How many bytes that are.
pub(super) fn count(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
