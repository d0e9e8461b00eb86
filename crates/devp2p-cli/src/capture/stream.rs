//! One direction of a TCP connection: segments in any order become bytes in theirs.
//!
//! ```text
//!            next
//!   ─────────┤         ┌────────┐   ┌────┐
//!    readable│   gap   │ waiting│   │    │ sent
//!   ─────────┤         └────────┘   └────┘
//! ```
//!
//! A sequence number has 32 bits and wraps around. Here, every byte has a *place*: a number of 64
//! bits with the sequence number as its lower half. The first place is 2³² and more, so that there
//! are places before it too.

use std::collections::BTreeMap;

use super::What;
use super::format::count;

/// So many bytes may wait behind a gap before it is told, in bytes.
const MAX_WAITING: u64 = 1 << 20;

/// The sequence numbers before they begin again.
const ROUND: u64 = 1 << 32;

/// One direction of a connection.
#[derive(Default)]
pub(super) struct Stream<'a> {
    /// The sequence number of its first byte; none as long as nothing tells.
    first: Option<u32>,
    /// The place of the byte that can be read next.
    next: u64,
    /// What came too early, by its place, and how many bytes that are.
    waiting: BTreeMap<u64, &'a [u8]>,
    waiting_len: u64,
    /// The place behind everything that was seen to be sent, whether its bytes are here or not.
    sent: u64,
    /// The place up to which the receiver says that it has everything.
    acknowledged: u64,
    /// The place of FIN.
    fin: Option<u64>,
    /// Whether the end was told.
    has_ended: bool,
}

impl<'a> Stream<'a> {
    /// The sequence number of its first byte; none as long as nothing tells.
    pub(super) fn first(&self) -> Option<u32> {
        self.first
    }

    /// The stream begins at this sequence number, if nothing else is known.
    pub(super) fn begin(&mut self, first: u32) {
        if self.first.is_none() {
            self.first = Some(first);
            self.next = ROUND.saturating_add(first.into());
            self.sent = self.next;
            self.acknowledged = self.next;
        }
    }

    /// Bytes from a sequence number on: `len` on the wire, and `bytes` of them are here.
    pub(super) fn send(&mut self, sequence: u32, bytes: &'a [u8], len: u64) {
        if len == 0 || self.has_ended {
            return;
        }
        self.begin(sequence);
        let place = self.place(sequence);
        self.sent = self.sent.max(place.saturating_add(len));
        // What is there already stays: a repetition is the same, or a probe with any byte in it.
        let begin = place.max(self.next);
        let known = usize::try_from(begin.saturating_sub(place)).unwrap_or(usize::MAX);
        let Some(fresh) = bytes.get(known..).filter(|fresh| !fresh.is_empty()) else { return };
        let before = self.waiting.get(&begin).map_or(0, |waiting| count(waiting));
        if count(fresh) > before {
            self.waiting.insert(begin, fresh);
            self.waiting_len = self.waiting_len.saturating_sub(before).saturating_add(count(fresh));
        }
    }

    /// FIN: the stream ends before this sequence number.
    pub(super) fn finish(&mut self, sequence: u32) {
        self.begin(sequence);
        let place = self.place(sequence);
        self.fin = self.fin.or(Some(place));
        self.sent = self.sent.max(place);
    }

    /// The receiver has everything before this sequence number.
    pub(super) fn acknowledge(&mut self, sequence: u32) {
        self.begin(sequence);
        self.acknowledged = self.acknowledged.max(self.place(sequence));
    }

    /// What can be read now. A gap is told when it is certain that it stays one.
    pub(super) fn read(&mut self, told: &mut impl FnMut(What)) {
        self.advance(
            |stream, gap_end| gap_end <= stream.acknowledged || stream.waiting_len > MAX_WAITING,
            told,
        );
    }

    /// What can be read now that nothing more comes: every gap is one.
    pub(super) fn read_all(&mut self, told: &mut impl FnMut(What)) {
        // If it is one more, that may be the number of a FIN.
        if self.acknowledged > self.sent.saturating_add(1) {
            self.sent = self.acknowledged;
        }
        self.advance(|_, _| true, told);
    }

    /// RST: nothing more comes.
    pub(super) fn reset(&mut self, told: &mut impl FnMut(What)) {
        self.read_all(told);
        if !self.has_ended {
            self.end(told);
        }
    }

    /// Reads up to the first gap that is not certain.
    fn advance(&mut self, is_certain: impl Fn(&Self, u64) -> bool, told: &mut impl FnMut(What)) {
        while !self.has_ended {
            self.read_waiting(told);
            if self.fin.is_some_and(|fin| fin <= self.next) {
                self.end(told);
            }
            let gap_end = self.waiting.first_key_value().map_or(self.sent, |(place, _)| *place);
            if self.has_ended || gap_end <= self.next || !is_certain(self, gap_end) {
                return;
            }
            told(What::Lost(gap_end.saturating_sub(self.next)));
            self.next = gap_end;
        }
    }

    /// Reads what has no gap before it.
    fn read_waiting(&mut self, told: &mut impl FnMut(What)) {
        while let Some(waiting) = self.waiting.first_entry() {
            let place = *waiting.key();
            if place > self.next {
                return;
            }
            let bytes = waiting.remove();
            self.waiting_len = self.waiting_len.saturating_sub(count(bytes));
            // Segments may overlap.
            let known = usize::try_from(self.next.saturating_sub(place)).unwrap_or(usize::MAX);
            if let Some(fresh) = bytes.get(known..).filter(|fresh| !fresh.is_empty()) {
                told(What::Bytes(fresh.to_vec()));
                self.next = self.next.saturating_add(count(fresh));
            }
        }
    }

    fn end(&mut self, told: &mut impl FnMut(What)) {
        told(What::End);
        self.has_ended = true;
        self.waiting.clear();
        self.waiting_len = 0;
    }

    /// The place of a sequence number: of all that it may have, the nearest to what is read next.
    fn place(&self, sequence: u32) -> u64 {
        let next = self.next.checked_rem(ROUND).and_then(|next| u32::try_from(next).ok());
        let ahead = u64::from(sequence.wrapping_sub(next.unwrap_or(0)));
        match ahead < ROUND / 2 {
            true => self.next.saturating_add(ahead),
            false => self.next.saturating_sub(ROUND.saturating_sub(ahead)),
        }
    }
}
