//! The pcap format, which `tcpdump` writes: one header, then one record a packet.
//!
//! ```text
//! header:  magic 4 | version 2+2 | 0 4 | 0 4 | snaplen 4 | link type 4         24 bytes
//! record:  seconds 4 | fraction 4 | bytes here 4 | bytes on the wire 4 | …     16 bytes and those here
//! ```
//!
//! The writer's byte order, which the magic number shows, is that of all numbers.
//!
//! Spec: [draft-ietf-opsawg-pcap](https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/)

use super::format::{Cursor, Fault, Frame, Order, count};

/// What the fraction of a second is counted in.
const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;

/// The records of a pcap file.
pub(super) struct Records<'a> {
    cursor: Cursor<'a>,
    link_type: u16,
    /// Nanoseconds in a fraction of one.
    fraction: i128,
}

impl<'a> Records<'a> {
    /// The byte order of a pcap file, and the nanoseconds in a fraction of one.
    pub(super) fn kind(file: &[u8]) -> Option<(Order, i128)> {
        let magic: [u8; 4] = file.first_chunk().copied()?;
        [(Order::Little, u32::from_le_bytes(magic)), (Order::Big, u32::from_be_bytes(magic))]
            .into_iter()
            .find_map(|(order, magic)| match magic {
                MICROSECONDS => Some((order, 1000)),
                NANOSECONDS => Some((order, 1)),
                _ => None,
            })
    }

    /// Reads the header.
    ///
    /// # Errors
    /// [`Fault::Damaged`] if it is none, [`Fault::CutOff`] if it is not whole.
    pub(super) fn open(file: &'a [u8]) -> Result<Self, Fault> {
        let (order, fraction) = Self::kind(file).ok_or(Fault::Damaged)?;
        let mut cursor = Cursor { rest: file, order };
        let mut header = || {
            cursor.take(20)?;
            cursor.u32()
        };
        let network = header().ok_or(Fault::CutOff)?;
        // The upper half says whether frames end with a checksum; IP knows its length without that.
        let link_type = u16::try_from(network & 0xffff).map_err(|_| Fault::Damaged)?;
        Ok(Self { cursor, link_type, fraction })
    }

    /// The next record; none at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Frame<'a>>, Fault> {
        if self.cursor.rest.is_empty() {
            return Ok(None);
        }
        self.record().map(Some).ok_or(Fault::CutOff)
    }

    fn record(&mut self) -> Option<Frame<'a>> {
        let seconds = i128::from(self.cursor.u32()?);
        let fraction = i128::from(self.cursor.u32()?);
        let here = self.cursor.u32()?;
        let len = u64::from(self.cursor.u32()?);
        let bytes = self.cursor.take(here)?;
        let nanos = fraction.saturating_mul(self.fraction);
        let time = Some(seconds.saturating_mul(super::NANOS).saturating_add(nanos));
        Some(Frame { link_type: self.link_type, time, bytes, len: len.max(count(bytes)) })
    }
}
