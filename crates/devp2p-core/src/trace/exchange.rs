//! What two nodes of a lesson say to each other, in memory, from a seed.
//!
//! No clock and no network is in it: the two take turns, and the same seed gives the same bytes on
//! every machine. What they do is what the lessons' programs do; the order of what happens at the same
//! time there is one of the possible ones.

use bytes::BytesMut;
use rand::SeedableRng;
use rand::rngs::ChaCha20Rng;
use std::str::FromStr;
use thiserror::Error;

use super::dissector::Dissector;
use super::secrets::Secrets;
use super::step::{Side, Step};
use crate::handshake::{Session, initiate_telling, respond_telling};
use crate::keys::{NodeKey, PublicKey};
use crate::p2p::{Capability, Codec, DISCONNECT, DisconnectReason, HELLO, Hello, Offer, shared};
use crate::record::SecretName;

/// A lesson of layer A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lesson {
    /// A node alone: nothing is said.
    A1,
    /// Two nodes that connect, and say goodbye.
    A2,
    /// The same; there is more to see, but not on the wire.
    A3,
    /// A word from each.
    A4,
    /// A question from each, and an answer.
    A5,
}

impl Lesson {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::A1, Self::A2, Self::A3, Self::A4, Self::A5];

    /// `a1` to `a5`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::A1 => "a1",
            Self::A2 => "a2",
            Self::A3 => "a3",
            Self::A4 => "a4",
            Self::A5 => "a5",
        }
    }

    /// The protocol that its nodes speak.
    fn offers(self) -> Vec<Offer> {
        match self {
            Self::A1 | Self::A2 | Self::A3 => Vec::new(),
            Self::A4 | Self::A5 => vec![Offer::new(Capability::new("foo", 42), 1)],
        }
    }

    /// What they say: who, and the payload of a message with code 0.
    fn messages(self) -> &'static [(Side, &'static [u8])] {
        const FOOBAR: &[u8] = b"\x86foobar";
        /// `PingPong { pong: false, created: Time {} }`
        const PING: &[u8] = &[0xC2, 0x80, 0xC0];
        const PONG: &[u8] = &[0xC2, 0x01, 0xC0];
        match self {
            Self::A1 | Self::A2 | Self::A3 => &[],
            Self::A4 => &[(Side::Recipient, FOOBAR), (Side::Initiator, FOOBAR)],
            Self::A5 => &[
                (Side::Recipient, PING),
                (Side::Initiator, PING),
                (Side::Recipient, PONG),
                (Side::Initiator, PONG),
            ],
        }
    }
}

/// Text that names no lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the lessons of layer A are a1, a2, a3, a4 and a5")]
pub struct LessonError;

impl FromStr for Lesson {
    type Err = LessonError;

    fn from_str(text: &str) -> Result<Self, LessonError> {
        Self::ALL.into_iter().find(|lesson| lesson.name() == text).ok_or(LessonError)
    }
}

/// An exchange, with all that can be known about it.
#[derive(Debug)]
pub struct Exchange {
    /// The initiator's public key.
    pub initiator: PublicKey,
    /// The recipient's public key.
    pub recipient: PublicKey,
    /// Every secret of it, the nodes' keys included. They were made for it and protect nothing.
    pub secrets: Secrets,
    /// Who sent what, packet by packet.
    pub packets: Vec<(Side, Vec<u8>)>,
    /// What each byte is.
    pub steps: Vec<Step>,
}

/// What two nodes say in a lesson. Keys, nonces and padding come from the seed alone: `ChaCha20` with
/// the seed in the first eight bytes of its key, big-endian.
#[must_use]
pub fn exchange(lesson: Lesson, seed: u64) -> Exchange {
    let mut key = [0; 32];
    key.iter_mut().zip(seed.to_be_bytes()).for_each(|(to, from)| *to = from);
    let mut rng = ChaCha20Rng::from_seed(key);
    let nodes = (NodeKey::generate(&mut rng), NodeKey::generate(&mut rng));
    let mut secrets = Secrets::default();
    secrets.insert_key(SecretName::InitiatorPrivkey, &nodes.0);
    secrets.insert_key(SecretName::RecipientPrivkey, &nodes.1);
    let packets = match lesson {
        Lesson::A1 => Vec::new(),
        _ => talk(lesson, &nodes, &mut rng, &mut secrets).unwrap_or_default(),
    };
    let mut dissector = Dissector::new(secrets.clone()).with_offers(lesson.offers());
    for (from, packet) in &packets {
        dissector.push(*from, packet);
    }
    let steps = dissector.steps().collect();
    let (initiator, recipient) = (nodes.0.public_key(), nodes.1.public_key());
    Exchange { initiator, recipient, secrets, packets, steps }
}

/// `None` cannot be: the two speak the same protocol.
fn talk(
    lesson: Lesson,
    (one, two): &(NodeKey, NodeKey),
    rng: &mut ChaCha20Rng,
    secrets: &mut Secrets,
) -> Option<Vec<(Side, Vec<u8>)>> {
    let mut tell = |name, secret: &[u8; 32]| secrets.insert(name, *secret);
    let (waiting, auth) = initiate_telling(one, two.public_key(), rng, &mut tell);
    let (recipient, ack) = respond_telling(two, &auth, rng, &mut tell).ok()?;
    let initiator = waiting.receive_ack_telling(&ack, &mut tell).ok()?;
    let mut said = vec![(Side::Initiator, auth), (Side::Recipient, ack)];

    let offers = lesson.offers();
    let offered: Vec<Capability> = offers.iter().map(|offer| offer.capability.clone()).collect();
    // Not the name of this machine and compiler: the bytes shall be the same everywhere.
    let one_says = Hello::new(one.public_key(), "foo/v42", offered.clone());
    let two_says = Hello::new(two.public_key(), "bar/v666", offered.clone());
    let (mut one, mut two) = (Speaker::new(initiator), Speaker::new(recipient));
    // The recipient is ready first.
    said.push((Side::Recipient, two.say(HELLO, &two_says.encode())?));
    said.push((Side::Initiator, one.say(HELLO, &one_says.encode())?));
    let codec = Codec::new(one_says.version, shared(&offers, &offered));
    (one.codec, two.codec) = (codec.clone(), codec);

    let message = one.codec.shared().first().map_or(0, |shared| shared.offset);
    for (side, payload) in lesson.messages() {
        let speaker = if *side == Side::Initiator { &mut one } else { &mut two };
        said.push((*side, speaker.say(message, payload)?));
    }
    // In A2 and A3 the first node stops; in A4 and A5 a protocol has ended.
    let goodbye = DisconnectReason::Quitting.encode();
    let last = match lesson {
        Lesson::A4 | Lesson::A5 => (Side::Recipient, two.say(DISCONNECT, &goodbye)?),
        _ => (Side::Initiator, one.say(DISCONNECT, &goodbye)?),
    };
    said.push(last);
    Some(said)
}

/// One of the two, after the handshake.
struct Speaker {
    session: Session,
    codec: Codec,
}

impl Speaker {
    fn new(session: Session) -> Self {
        Self { session, codec: Codec::default() }
    }

    fn say(&mut self, msg_id: u64, payload: &[u8]) -> Option<Vec<u8>> {
        let (mut buffer, mut wire) = (Vec::new(), BytesMut::new());
        let frame_data = self.codec.encode(msg_id, payload, &mut buffer).ok()?;
        self.session.writer.seal(frame_data, &mut wire).ok()?;
        Some(wire.to_vec())
    }
}
