//! What is measured.

use std::fmt;
use std::time::Duration;

/// One line of a table.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// What is timed.
    pub work: Work,
    /// How often it is done in one sample.
    pub count: u32,
    /// Samples in one round.
    pub samples: u32,
}

/// What is timed. Sizes are in bytes, of bytes that do not compress.
#[derive(Debug, Clone, Copy)]
pub enum Work {
    /// A handshake, both ends.
    Handshake(Place),
    /// A frame with so much frame-data, sealed and opened.
    Frame(Place, usize),
    /// A message with such a payload, encoded and decoded: msg-id, snappy, whose it is.
    Codec(usize),
    /// A discovery packet, signed and read.
    Datagram,
    /// A message with such a payload from one server to another one.
    Message(Cores, usize),
    /// A message there and back.
    RoundTrip(Cores, usize),
    /// Connect, handshake, Hello, drop.
    Connection(Cores),
    /// A message from one server to each of [`FAN_OUT`] peers.
    FanOut(Cores, usize),
}

/// Between which ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// One thread does both ends.
    Memory,
    /// One task for each end, and TCP between them.
    Loopback,
}

/// How much of the machine is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cores {
    /// As much as there is.
    All,
    /// One core.
    One,
}

/// Longer than a case takes on any machine.
pub(crate) const WITHIN: Duration = Duration::from_secs(120);

/// Peers that are written to at the same time.
pub const FAN_OUT: usize = 100;

const KIB: usize = 1024;
const MIB: usize = 1024 * 1024;

impl Case {
    /// A sample takes two or three milliseconds if it can, so that some are not interrupted. Only
    /// messages on all cores have longer ones: it takes a while until all cores are at it.
    pub const ALL: [Self; 25] = [
        Self::new(Work::Handshake(Place::Memory), 2, 50),
        Self::new(Work::Frame(Place::Memory, 64), 300, 50),
        Self::new(Work::Frame(Place::Memory, KIB), 100, 50),
        Self::new(Work::Frame(Place::Memory, 16 * KIB), 10, 50),
        Self::new(Work::Frame(Place::Memory, MIB), 1, 20),
        Self::new(Work::Codec(64), 10_000, 20),
        Self::new(Work::Codec(16 * KIB), 500, 20),
        Self::new(Work::Datagram, 20, 20),
        Self::new(Work::Handshake(Place::Loopback), 3, 30),
        Self::new(Work::Frame(Place::Loopback, 64), 300, 30),
        Self::new(Work::Frame(Place::Loopback, KIB), 200, 30),
        Self::new(Work::Frame(Place::Loopback, 16 * KIB), 30, 30),
        Self::new(Work::Frame(Place::Loopback, MIB), 5, 10),
        Self::new(Work::Message(Cores::All, 64), 5000, 20),
        Self::new(Work::Message(Cores::All, KIB), 2000, 20),
        Self::new(Work::Message(Cores::All, 64 * KIB), 40, 20),
        Self::new(Work::RoundTrip(Cores::All, 64), 60, 30),
        Self::new(Work::Connection(Cores::All), 3, 30),
        Self::new(Work::FanOut(Cores::All, KIB), 1, 30),
        Self::new(Work::Message(Cores::One, 64), 500, 30),
        Self::new(Work::Message(Cores::One, KIB), 200, 30),
        Self::new(Work::Message(Cores::One, 64 * KIB), 4, 30),
        Self::new(Work::RoundTrip(Cores::One, 64), 60, 30),
        Self::new(Work::Connection(Cores::One), 3, 30),
        Self::new(Work::FanOut(Cores::One, KIB), 1, 30),
    ];

    const fn new(work: Work, count: u32, samples: u32) -> Self {
        Self { work, count, samples }
    }
}

impl Work {
    /// The table that it belongs to.
    pub fn section(self) -> &'static str {
        match self {
            Self::Handshake(Place::Memory)
            | Self::Frame(Place::Memory, _)
            | Self::Codec(_)
            | Self::Datagram => "In memory, on one thread",
            Self::Handshake(Place::Loopback) | Self::Frame(Place::Loopback, _) => {
                "Over loopback, no server"
            }
            Self::Message(Cores::All, _)
            | Self::RoundTrip(Cores::All, _)
            | Self::Connection(Cores::All)
            | Self::FanOut(Cores::All, _) => "Servers, on all cores",
            Self::Message(Cores::One, _)
            | Self::RoundTrip(Cores::One, _)
            | Self::Connection(Cores::One)
            | Self::FanOut(Cores::One, _) => "Servers, on one core",
        }
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Handshake(place) => write!(f, "handshake pair{place}"),
            Self::Frame(place, size) => write!(f, "seal + open, {}{place}", Bytes(size)),
            Self::Codec(size) => write!(f, "encode + decode, {}", Bytes(size)),
            Self::Datagram => f.write_str("discovery Ping, signed and read"),
            Self::Message(cores, size) => write!(f, "message, {}{cores}", Bytes(size)),
            Self::RoundTrip(cores, size) => write!(f, "round trip, {}{cores}", Bytes(size)),
            Self::Connection(cores) => write!(f, "connection{cores}"),
            Self::FanOut(cores, size) => {
                write!(f, "fan-out to {FAN_OUT} peers, {}{cores}", Bytes(size))
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Loopback { ", loopback" } else { "" })
    }
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::One { ", one core" } else { "" })
    }
}

/// A number of bytes, as people say it.
#[derive(Debug, Clone, Copy)]
pub struct Bytes(pub usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            MIB.. => write!(f, "{} MiB", self.0 / MIB),
            KIB.. => write!(f, "{} KiB", self.0 / KIB),
            _ => write!(f, "{} B", self.0),
        }
    }
}
