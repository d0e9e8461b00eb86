//! Which segment belongs to which connection, and who dialed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::packet::Segment;
use super::stream::Stream;
use super::{Conversation, Piece, What};

/// All connections of a capture.
#[derive(Default)]
pub(super) struct Conversations<'a> {
    /// In the order in which they began.
    all: Vec<Both<'a>>,
    /// The latest of each two addresses, the smaller one first: where it is among them all.
    latest: BTreeMap<[SocketAddr; 2], usize>,
}

/// Both directions of a connection.
struct Both<'a> {
    conversation: Conversation,
    from_dialer: Stream<'a>,
    from_listener: Stream<'a>,
}

impl<'a> Conversations<'a> {
    /// Takes the next segment of the capture.
    pub(super) fn take(&mut self, time: Duration, segment: &Segment<'a>) {
        let mut ends = [segment.ends.from, segment.ends.to];
        ends.sort();
        let latest = self.latest.get(&ends).and_then(|at| self.all.get_mut(*at));
        match latest {
            Some(both) if !both.is_followed_by(segment) => both.take(time, segment),
            latest => {
                let Some(mut both) = Both::begin(segment) else { return };
                if let Some(over) = latest {
                    over.finish(time);
                }
                both.take(time, segment);
                self.latest.insert(ends, self.all.len());
                self.all.push(both);
            }
        }
    }

    /// All conversations, now that the capture is over.
    pub(super) fn finish(self, time: Duration) -> Vec<Conversation> {
        let finished = |mut both: Both<'a>| {
            both.finish(time);
            both.conversation
        };
        self.all.into_iter().map(finished).collect()
    }
}

impl<'a> Both<'a> {
    /// The connection that a segment begins. None if it has nothing to tell: it may be the last
    /// acknowledgement of a connection that was over before the capture began.
    fn begin(segment: &Segment<'_>) -> Option<Self> {
        let (dialer, listener) = match (segment.syn, segment.acknowledged) {
            (true, Some(_)) => (segment.ends.to, segment.ends.from),
            (true, None) => (segment.ends.from, segment.ends.to),
            (false, _) if segment.len > 0 => (segment.ends.from, segment.ends.to),
            (false, _) => return None,
        };
        let saw_begin = segment.syn;
        let conversation = Conversation { dialer, listener, pieces: Vec::new(), saw_begin };
        Some(Self {
            conversation,
            from_dialer: Stream::default(),
            from_listener: Stream::default(),
        })
    }

    /// Whether this is the SYN of the next connection between the same ports, and not one of this
    /// connection, perhaps repeated.
    fn is_followed_by(&self, segment: &Segment<'_>) -> bool {
        let from_dialer = segment.ends.from == self.conversation.dialer;
        let stream = if from_dialer { &self.from_dialer } else { &self.from_listener };
        let is_ours = match stream.first() {
            Some(first) => first == segment.sequence.wrapping_add(1),
            // The answer to a dial that was not seen to be answered yet.
            None => segment.acknowledged.is_some(),
        };
        segment.syn && !is_ours
    }

    /// Reads what can be read with this segment: first what it acknowledges, then its own bytes.
    fn take(&mut self, time: Duration, segment: &Segment<'a>) {
        let from_dialer = segment.ends.from == self.conversation.dialer;
        let pieces = &mut self.conversation.pieces;
        let (own, other) = match from_dialer {
            true => (&mut self.from_dialer, &mut self.from_listener),
            false => (&mut self.from_listener, &mut self.from_dialer),
        };
        // SYN has a sequence number of its own, and bytes may come along.
        let first = segment.sequence.wrapping_add(u32::from(segment.syn));
        if segment.syn {
            own.begin(first);
        }
        if let Some(acknowledged) = segment.acknowledged {
            other.acknowledge(acknowledged);
            other.read(&mut onto(pieces, time, !from_dialer));
        }
        // What RST carries, if anything, is a message for people.
        if !segment.rst {
            own.send(first, segment.bytes, segment.len);
        }
        if segment.fin {
            own.finish(after(first, segment.len));
        }
        own.read(&mut onto(pieces, time, from_dialer));
        if segment.rst {
            own.reset(&mut onto(pieces, time, from_dialer));
            other.read_all(&mut onto(pieces, time, !from_dialer));
        }
    }

    /// Nothing more comes.
    fn finish(&mut self, time: Duration) {
        let pieces = &mut self.conversation.pieces;
        self.from_dialer.read_all(&mut onto(pieces, time, true));
        self.from_listener.read_all(&mut onto(pieces, time, false));
    }
}

/// Adds what a stream tells to the conversation.
fn onto(pieces: &mut Vec<Piece>, time: Duration, from_dialer: bool) -> impl FnMut(What) {
    move |what| pieces.push(Piece { time, from_dialer, what })
}

/// The sequence number that many bytes after another.
fn after(sequence: u32, len: u64) -> u32 {
    // A segment is shorter than the sequence numbers go round.
    sequence.wrapping_add(u32::try_from(len).unwrap_or(0))
}
