//! The pcapng format, which Wireshark writes: blocks, each of which says its kind and length.
//!
//! ```text
//! block:               kind 4 | length 4 | … | length 4           the length counts all of it
//!   section header       byte order 4 | …                         interfaces are counted anew
//!   interface            link type 2 | 0 2 | snaplen 4 | options
//!   enhanced packet      interface 4 | time 8 | bytes here 4 | bytes on the wire 4 | …
//!   simple packet        bytes on the wire 4 | …                  on interface 0, at no time
//! option:              code 2 | length 2 | …                      filled up to 4 bytes
//! ```
//!
//! All other blocks are skipped.
//!
//! Spec: [draft-ietf-opsawg-pcapng](https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/)

use super::format::{Cursor, Fault, Frame, Order, count};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// The options of an interface that matter here: the unit of its clock, and what to add to it.
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;

/// Follows the length of a section header, in the byte order of the section.
const BYTE_ORDER: u32 = 0x1a2b_3c4d;

/// What a block has besides its content: kind and two lengths.
const AROUND: u32 = 12;

/// Whether a pcapng file begins so.
pub(super) fn is_known(file: &[u8]) -> bool {
    file.starts_with(&SECTION_HEADER.to_be_bytes())
        && file.get(8..12).is_none_or(|bytes| order(bytes).is_some())
}

fn order(bytes: &[u8]) -> Option<Order> {
    let bytes = bytes.first_chunk().copied()?;
    match (u32::from_le_bytes(bytes), u32::from_be_bytes(bytes)) {
        (BYTE_ORDER, _) => Some(Order::Little),
        (_, BYTE_ORDER) => Some(Order::Big),
        _ => None,
    }
}

/// What an interface says about its packets.
struct Interface {
    link_type: u16,
    /// How many bytes of a packet are kept at most; 0 for all.
    snaplen: u32,
    /// Ticks of its clock in a second.
    ticks: i128,
    /// The clock's zero, in seconds since 1970.
    zero: i64,
}

impl Interface {
    fn read(mut content: Cursor<'_>) -> Option<Self> {
        let link_type = content.u16()?;
        content.u16()?;
        let snaplen = content.u32()?;
        let mut interface = Self { link_type, snaplen, ticks: 1_000_000, zero: 0 };
        // Options that make no sense are none.
        while let Some((code, value)) = option(&mut content) {
            match (code, value) {
                (IF_TSRESOL, [unit, ..]) => interface.ticks = ticks(*unit),
                (IF_TSOFFSET, value) => {
                    let mut value = Cursor { rest: value, order: content.order };
                    interface.zero = value.i64().unwrap_or(0);
                }
                _ => {}
            }
        }
        Some(interface)
    }

    /// A time in nanoseconds since 1970.
    fn time(&self, ticks: u64) -> i128 {
        let nanos = i128::from(ticks).saturating_mul(super::NANOS).checked_div(self.ticks);
        let zero = i128::from(self.zero).saturating_mul(super::NANOS);
        nanos.unwrap_or(0).saturating_add(zero)
    }
}

/// Ticks in a second: a power of 10, or with the highest bit a power of 2.
fn ticks(unit: u8) -> i128 {
    let base = if unit & 0x80 == 0 { 10_i128 } else { 2 };
    base.saturating_pow(u32::from(unit & 0x7f))
}

fn option<'a>(content: &mut Cursor<'a>) -> Option<(u16, &'a [u8])> {
    let (code, len) = (content.u16()?, content.u16()?);
    let value = content.take(len.into())?;
    // What fills it up may be missing at the end.
    let filled = u32::from(len).checked_next_multiple_of(4)?;
    content.take(filled.saturating_sub(len.into()));
    (code != 0).then_some((code, value))
}

/// The blocks of a pcapng file.
pub(super) struct Blocks<'a> {
    cursor: Cursor<'a>,
    interfaces: Vec<Interface>,
}

impl<'a> Blocks<'a> {
    /// The file must begin with a section header.
    pub(super) fn new(file: &'a [u8]) -> Self {
        // The order is that of the first section as soon as that is read.
        Self { cursor: Cursor { rest: file, order: Order::Little }, interfaces: Vec::new() }
    }

    /// The next packet; none at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Frame<'a>>, Fault> {
        while !self.cursor.rest.is_empty() {
            let (kind, content) = self.block()?;
            let frame = match kind {
                SECTION_HEADER => {
                    self.interfaces.clear();
                    continue;
                }
                INTERFACE => {
                    self.interfaces.push(Interface::read(content).ok_or(Fault::Damaged)?);
                    continue;
                }
                ENHANCED_PACKET => self.enhanced(content),
                SIMPLE_PACKET => self.simple(content),
                _ => continue,
            };
            return frame.map(Some).ok_or(Fault::Damaged);
        }
        Ok(None)
    }

    /// The kind and content of the next block.
    fn block(&mut self) -> Result<(u32, Cursor<'a>), Fault> {
        if self.cursor.rest.starts_with(&SECTION_HEADER.to_be_bytes()) {
            let bytes = self.cursor.rest.get(8..12).ok_or(Fault::CutOff)?;
            self.cursor.order = order(bytes).ok_or(Fault::Damaged)?;
        }
        let order = self.cursor.order;
        let kind = self.cursor.u32().ok_or(Fault::CutOff)?;
        let len = self.cursor.u32().ok_or(Fault::CutOff)?;
        let inner = len.checked_sub(AROUND).filter(|len| len % 4 == 0).ok_or(Fault::Damaged)?;
        let content = self.cursor.take(inner).ok_or(Fault::CutOff)?;
        let again = self.cursor.u32().ok_or(Fault::CutOff)?;
        if again != len {
            return Err(Fault::Damaged);
        }
        Ok((kind, Cursor { rest: content, order }))
    }

    fn enhanced(&self, mut content: Cursor<'a>) -> Option<Frame<'a>> {
        let interface = usize::try_from(content.u32()?).ok()?;
        let interface = self.interfaces.get(interface)?;
        let (high, low) = (u64::from(content.u32()?), u64::from(content.u32()?));
        let here = content.u32()?;
        let len = u64::from(content.u32()?);
        let bytes = content.take(here)?;
        let time = Some(interface.time((high << 32) | low));
        Some(Frame { link_type: interface.link_type, time, bytes, len: len.max(count(bytes)) })
    }

    fn simple(&self, mut content: Cursor<'a>) -> Option<Frame<'a>> {
        let interface = self.interfaces.first()?;
        let len = content.u32()?;
        let kept = if interface.snaplen == 0 { len } else { len.min(interface.snaplen) };
        // Neither says how many bytes are here, so they are all that can be.
        let bytes = content.take(kept).unwrap_or(content.rest);
        Some(Frame { link_type: interface.link_type, time: None, bytes, len: len.into() })
    }
}
