//! Reads a recorded connection again, and takes notes.

mod frames;
mod handshake;

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use super::notebook::{Names, Notebook};
use super::secrets::Secrets;
use super::step::{Fault, Side, Step};
use crate::frame::{FrameHeader, FrameReader};
use crate::handshake::AuthBody;
use crate::keys::PublicKey;
use crate::p2p::{Hello, Offer};
use crate::record::{AS_HEX, Field, KnownBy, Part, Recorder, SecretName};

/// Where one direction of a connection has come to.
#[derive(Default)]
struct Flow {
    buffer: Vec<u8>,
    reader: Option<FrameReader>,
    /// A header that was opened, and what was noted about it.
    open: Option<(FrameHeader, Notebook, Vec<u8>)>,
    hello: Option<Hello>,
    has_spoken: bool,
    /// Nothing that follows can be read.
    is_broken: bool,
    has_ended: bool,
}

/// What is to be read next in one direction.
enum Coming {
    /// auth or ack.
    Packet,
    /// A frame's header.
    Header,
    /// Its body.
    Body,
    /// Bytes that cannot be read.
    Bytes,
    /// Nothing, or nothing yet.
    Nothing,
}

/// Reads the bytes of one connection, in both directions, and says what each of them is.
///
/// What it is given may come in pieces of any size; a [`Step`] comes out when a packet or frame is
/// whole. A fault ends what can be read in its direction, but loses no byte: what follows is told
/// as bytes that cannot be read.
pub struct Dissector {
    secrets: Secrets,
    offers: Vec<Offer>,
    initiator: Flow,
    recipient: Flow,
    auth: Option<(Vec<u8>, Option<AuthBody>)>,
    initiator_ephemeral: Option<PublicKey>,
    ack_is_read: bool,
    names: Names,
    steps: VecDeque<Step>,
    count: usize,
    now: Option<Duration>,
}

impl Dissector {
    /// Reads a connection of which so much is known.
    #[must_use]
    pub fn new(secrets: Secrets) -> Self {
        Self {
            secrets,
            offers: Vec::new(),
            initiator: Flow::default(),
            recipient: Flow::default(),
            auth: None,
            initiator_ephemeral: None,
            ack_is_read: false,
            names: Names::default(),
            steps: VecDeque::new(),
            count: 3,
            now: None,
        }
    }

    /// How many messages each protocol has: Hello does not say so, and without it the messages of
    /// several shared protocols cannot be told apart.
    #[must_use]
    pub fn with_offers(self, offers: Vec<Offer>) -> Self {
        Self { offers, ..self }
    }

    /// Learns a secret; in time, if it is before the packet that it opens.
    pub fn know(&mut self, name: SecretName, secret: [u8; 32]) {
        self.secrets.insert(name, secret);
    }

    /// What comes next has come at this time since the connection began.
    pub fn at(&mut self, time: Duration) {
        self.now = Some(time);
    }

    /// Takes the next bytes that `from` has sent.
    pub fn push(&mut self, from: Side, bytes: &[u8]) {
        self.flow(from).buffer.extend_from_slice(bytes);
        self.advance(from);
        // What came too early may make sense now.
        self.advance(from.other());
    }

    /// Nothing more comes from that side.
    pub fn end(&mut self, from: Side) {
        if self.flow(from).has_ended {
            return;
        }
        self.flow(from).has_ended = true;
        let is_handshake = matches!(self.what_comes(from), Coming::Packet);
        let mut rest = std::mem::take(&mut self.flow(from).buffer);
        match from {
            Side::Initiator if is_handshake => return self.read_auth(rest),
            Side::Recipient if is_handshake => return self.read_ack(&rest),
            _ => {}
        }
        let open = self.flow(from).open.take();
        let is_middle = !rest.is_empty() || open.is_some();
        let (mut notes, is_packet) = match open {
            Some((_, notes, header)) => {
                rest = [header, rest].concat();
                (notes, true)
            }
            None => (Notebook::new(from), false),
        };
        if is_middle {
            if !is_packet {
                notes.part(&UNREADABLE);
            }
            let error = "the stream ends in the middle of a packet: the rest never came";
            let fault = notes.fail(&error, &rest);
            self.close(notes, "cut", Some(fault));
        } else {
            self.close(notes, "end", None);
        }
    }

    /// Bytes of that side are missing here.
    pub fn lose(&mut self, from: Side, bytes: u64) {
        self.end_of_sense(
            from,
            &format!(
                "{bytes} bytes are missing here: what follows in this direction cannot be decrypted"
            ),
        );
    }

    /// What was read since the last time.
    pub fn steps(&mut self) -> impl Iterator<Item = Step> + '_ {
        self.steps.drain(..)
    }

    fn flow(&mut self, side: Side) -> &mut Flow {
        match side {
            Side::Initiator => &mut self.initiator,
            Side::Recipient => &mut self.recipient,
        }
    }

    /// Reads what can be read now.
    fn advance(&mut self, from: Side) {
        loop {
            let came_on = match self.what_comes(from) {
                Coming::Packet => self.read_packet(from),
                Coming::Header => self.read_header(from),
                Coming::Body => self.read_body(from),
                Coming::Bytes => self.unreadable(from),
                Coming::Nothing => false,
            };
            if !came_on {
                return;
            }
        }
    }

    fn what_comes(&self, from: Side) -> Coming {
        let (flow, has_shaken_hands) = match from {
            Side::Initiator => (&self.initiator, self.auth.is_some()),
            Side::Recipient => (&self.recipient, self.ack_is_read),
        };
        match flow {
            Flow { open: Some(_), .. } => Coming::Body,
            Flow { buffer, .. } if buffer.is_empty() => Coming::Nothing,
            Flow { is_broken: true, .. } => Coming::Bytes,
            // An ack answers an auth.
            _ if from == Side::Recipient && self.auth.is_none() => Coming::Nothing,
            _ if !has_shaken_hands => Coming::Packet,
            // Frames make sense when the handshake is whole.
            _ if !self.ack_is_read => Coming::Nothing,
            Flow { reader: None, .. } => Coming::Bytes,
            _ => Coming::Header,
        }
    }

    /// Tells what is in the buffer as bytes that say nothing.
    fn unreadable(&mut self, from: Side) -> bool {
        let bytes = std::mem::take(&mut self.flow(from).buffer);
        let mut notes = Notebook::new(from);
        notes.part(&UNREADABLE);
        notes.field(&BYTES, &bytes, &AS_HEX);
        self.close(notes, "bytes", None);
        false
    }

    fn end_of_sense(&mut self, from: Side, error: &str) {
        self.flow(from).is_broken = true;
        let (mut notes, header) = match self.flow(from).open.take() {
            Some((_, notes, header)) => (notes, header),
            None => (Notebook::new(from), Vec::new()),
        };
        notes.part(&UNREADABLE);
        let rest = [header, std::mem::take(&mut self.flow(from).buffer)].concat();
        let fault = notes.fail(&error, &rest);
        self.close(notes, "gap", Some(fault));
    }

    fn close(&mut self, notes: Notebook, title: &str, fault: Option<Fault>) {
        let id = format!("{}-{}", self.count, title.replace([' ', '/'], "-"));
        self.count = self.count.saturating_add(1);
        self.close_as(&id, title, notes, fault);
    }

    fn close_as(&mut self, id: &str, title: &str, notes: Notebook, fault: Option<Fault>) {
        let step = notes.close(id.to_owned(), title.to_owned(), &mut self.names);
        let micros = self.now.map(|now| u64::try_from(now.as_micros()).unwrap_or(u64::MAX));
        self.steps.push_back(Step { micros, fault, ..step });
    }
}

impl fmt::Debug for Dissector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dissector").field("secrets", &self.secrets).finish_non_exhaustive()
    }
}

const UNREADABLE: Part = Part {
    name: "bytes",
    means: "what can be seen, but not read, with the secrets that are known here",
    spec: "https://github.com/ethereum/devp2p/blob/master/rlpx.md#framing",
    code: "trace::dissector::Dissector::push",
    known_by: KnownBy::Everybody,
    secret: false,
};
const BYTES: Field = Field::new("bytes", "encrypted");
