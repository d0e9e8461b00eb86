//! Capture files: the bytes that `tcpdump` or Wireshark have written, as conversations again.
//!
//! ```text
//!           pcap, pcapng          packet               stream
//!  file ──▶ frame, frame, … ──▶ TCP segment, … ──▶ bytes in order ──▶ Conversation
//!                          └──▶ UDP datagram ───────────────────────▶ Datagram
//! ```
//!
//! | file | what it knows |
//! |---|---|
//! | `format`, `pcap`, `pcapng` | where the frames are in the file, and their times |
//! | `packet` | what is around TCP and UDP: link types, IPv4, IPv6 |
//! | `stream` | how segments become a stream again: order, repetitions, gaps |
//! | `conversations` | which segment belongs to which connection, and who dialed |
//!
//! A capture may have been written by anyone: no input panics, and what is kept in memory is a small
//! multiple of the file. This module must not open files, and knows nothing of what the bytes say.
//! Checksums are not looked at, because network cards fill them in after the capture has seen the
//! packet; IP fragments are not put together.

mod conversations;
mod format;
mod packet;
mod pcap;
mod pcapng;
mod stream;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::time::Duration;

use thiserror::Error;

use conversations::Conversations;
use format::{Fault, Frame, Frames};
use packet::Packet;

/// What is in a capture file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Capture {
    /// Every TCP connection, in the order in which they began.
    pub(crate) tcp: Vec<Conversation>,
    /// Every UDP datagram, in the order of the file.
    pub(crate) udp: Vec<Datagram>,
}

/// A TCP connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conversation {
    /// Who sent the first SYN; without one, who sent the first bytes.
    pub(crate) dialer: SocketAddr,
    /// Whom it dialed.
    pub(crate) listener: SocketAddr,
    /// What both have sent, in the order in which it became readable.
    pub(crate) pieces: Vec<Piece>,
    /// Whether the capture has the SYN of either side: if not, earlier bytes may be missing.
    pub(crate) saw_begin: bool,
}

/// A part of one direction of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// When it became readable, since the first packet of the file.
    pub(crate) time: Duration,
    /// Whether the dialer sent it, or else the listener.
    pub(crate) from_dialer: bool,
    /// What it is.
    pub(crate) what: What,
}

/// What can be read in one direction of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// The next bytes of the stream, at least one.
    Bytes(Vec<u8>),
    /// So many bytes of the stream, at least one, are not in the capture.
    Lost(u64),
    /// FIN or RST: nothing more comes from this side.
    End,
}

/// A UDP datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Datagram {
    /// When it was captured, since the first packet of the file.
    pub(crate) time: Duration,
    /// Its sender.
    pub(crate) from: SocketAddr,
    /// Where it was sent to.
    pub(crate) to: SocketAddr,
    /// Its bytes, as far as they are in the capture.
    pub(crate) bytes: Vec<u8>,
    /// So many more bytes at its end are not in the capture: it was cut, or fragmented.
    pub(crate) lost: u64,
}

/// Why a capture file could not be read, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum CaptureError {
    /// Another kind of file.
    #[error(
        "this is neither a pcap nor a pcapng file: record one with `tcpdump -w FILE`, or save one \
         from Wireshark"
    )]
    NotACapture,
    /// A file that `gzip`, `xz` or `zstd` has made.
    #[error("this file is compressed: unpack it first, with `gunzip`, `unxz` or `unzstd`")]
    Compressed,
    /// The file ends within a packet, or within what is before the packets.
    #[error("the capture is cut off {}: copy it again, or end the recording first", after(.packets))]
    CutOff {
        /// How many packets were whole.
        packets: u64,
    },
    /// A length or number in the file makes no sense.
    #[error("the capture is damaged {}: record or copy it again", after(.packets))]
    Damaged {
        /// How many packets came before the damage.
        packets: u64,
    },
    /// There are packets of a link type that is not known here; they were left out.
    #[error(
        "the capture has packets of link type {0}, which cannot be read here: record on an Ethernet, \
         Wi-Fi or loopback interface, or with `tcpdump -i any`"
    )]
    LinkType(u16),
}

fn after(packets: &u64) -> String {
    match packets {
        0 => "before its first packet".to_owned(),
        _ => format!("after packet {packets}"),
    }
}

/// Whether these are the first bytes of a pcap or pcapng file; 12 of them are enough.
pub(crate) fn is_capture(bytes: &[u8]) -> bool {
    format::is_known(bytes)
}

/// Reads a pcap or pcapng file: every TCP conversation and every UDP datagram in it, in order.
///
/// What could be read, and the fault that ended it. After [`CaptureError::LinkType`] the file was
/// read to its end, but for the packets that the fault names.
pub(crate) fn read(file: &[u8]) -> (Capture, Option<CaptureError>) {
    let mut reading = Reading::default();
    let fault = match Frames::open(file) {
        Ok(mut frames) => reading.all(&mut frames),
        Err(Fault::CutOff) => Some(CaptureError::CutOff { packets: 0 }),
        Err(Fault::Damaged) if format::is_compressed(file) => Some(CaptureError::Compressed),
        Err(Fault::Damaged) => Some(CaptureError::NotACapture),
    };
    let fault = fault.or(reading.unknown.map(CaptureError::LinkType));
    let now = reading.now();
    (Capture { tcp: reading.tcp.finish(now), udp: reading.udp }, fault)
}

/// A capture while it is read.
#[derive(Default)]
struct Reading<'a> {
    tcp: Conversations<'a>,
    udp: Vec<Datagram>,
    /// When the first and the last packet were captured, in nanoseconds since 1970.
    first: Option<i128>,
    last: i128,
    packets: u64,
    /// A link type that cannot be read.
    unknown: Option<u16>,
}

impl<'a> Reading<'a> {
    /// Takes all frames up to a fault.
    fn all(&mut self, frames: &mut Frames<'a>) -> Option<CaptureError> {
        loop {
            match frames.next() {
                Ok(Some(frame)) => self.take(&frame),
                Ok(None) => return None,
                Err(Fault::CutOff) => return Some(CaptureError::CutOff { packets: self.packets }),
                Err(Fault::Damaged) => {
                    return Some(CaptureError::Damaged { packets: self.packets });
                }
            }
        }
    }

    fn take(&mut self, frame: &Frame<'a>) {
        self.packets = self.packets.saturating_add(1);
        // A simple packet block does not say when.
        self.last = frame.time.unwrap_or(self.last);
        if frame.time.is_some() {
            self.first = self.first.or(frame.time);
        }
        let time = self.now();
        match packet::read(frame) {
            Ok(Some(Packet::Tcp(segment))) => self.tcp.take(time, &segment),
            Ok(Some(Packet::Udp(at, bytes, lost))) => {
                let bytes = bytes.to_vec();
                self.udp.push(Datagram { time, from: at.from, to: at.to, bytes, lost });
            }
            Ok(None) => {}
            Err(packet::UnknownLinkType) => self.unknown = self.unknown.or(Some(frame.link_type)),
        }
    }

    /// The time of the last packet since the first one; none if the clock was set back in between.
    fn now(&self) -> Duration {
        let since = self.last.saturating_sub(self.first.unwrap_or(self.last)).max(0);
        let seconds = since.checked_div(NANOS).and_then(|seconds| u64::try_from(seconds).ok());
        let nanos = since.checked_rem(NANOS).and_then(|nanos| u32::try_from(nanos).ok());
        Duration::new(seconds.unwrap_or(u64::MAX), nanos.unwrap_or(0))
    }
}

/// Nanoseconds in a second.
const NANOS: i128 = 1_000_000_000;
