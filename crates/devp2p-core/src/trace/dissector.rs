//! Reads a recorded connection again, and takes notes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use super::notebook::{Names, Notebook};
use super::step::{Fault, Side, Step};
use crate::frame::{FrameHeader, FrameReader, HEADER_LEN, MAX_FRAME_SIZE};
use crate::handshake::{
    AckBody, AuthBody, Contribution, HandshakeError, Packet, Secrets as SessionSecrets,
    initiator_ephemeral, packet_len,
};
use crate::keys::{NodeKey, PublicKey, SharedSecret};
use crate::p2p::{
    BASE_LENGTH, Capability, Codec, DISCONNECT, DisconnectReason, HELLO, Hello, MessageError,
    Offer, Received, Shared, VERSION, shared, split_msg_id,
};
use crate::record::{AS_HEX, Field, KnownBy, Part, Recorder, SecretName};

/// What is known about a handshake besides its bytes. Erased on drop, and `Debug` shows nothing.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<SecretName, Zeroizing<[u8; 32]>>);

impl Secrets {
    /// Adds one.
    pub fn insert(&mut self, name: SecretName, secret: [u8; 32]) {
        self.0.insert(name, Zeroizing::new(secret));
    }

    /// Adds a node's own key.
    pub fn insert_key(&mut self, name: SecretName, key: &NodeKey) {
        self.insert(name, *key.secret.to_bytes());
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, name: SecretName) -> Option<&[u8; 32]> {
        self.0.get(&name).map(|secret| &**secret)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn shared(&self, name: SecretName) -> Option<SharedSecret> {
        self.get(name).map(|secret| SharedSecret::from_bytes(*secret))
    }

    fn key(&self, name: SecretName) -> Option<NodeKey> {
        NodeKey::from_bytes(*self.get(name)?).ok()
    }

    /// What `own` agrees on with `other`.
    fn agreed(&self, own: SecretName, other: Option<&PublicKey>) -> Option<SharedSecret> {
        Some(self.key(own)?.agree(other?))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

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

    /// Takes a whole handshake packet off the buffer, if it is there.
    fn read_packet(&mut self, from: Side) -> bool {
        let buffer = &mut self.flow(from).buffer;
        let Some(prefix) = buffer.first_chunk::<2>() else { return false };
        let length = packet_len(*prefix).map(|length| length.saturating_add(2));
        // A size that cannot be is read as far as it is there.
        let length = length.unwrap_or(buffer.len());
        if buffer.len() < length {
            return false;
        }
        let packet: Vec<u8> = buffer.drain(..length).collect();
        match from {
            Side::Initiator => self.read_auth(packet),
            Side::Recipient => self.read_ack(&packet),
        }
        true
    }

    fn read_auth(&mut self, packet: Vec<u8>) {
        let mut notes = Notebook::new(Side::Initiator);
        self.tell_keys(Side::Initiator, &mut notes);
        let read = self.auth_body(&packet, &mut notes);
        let fault = read.as_ref().err().map(|error| notes.fail(error, &packet));
        self.close_as("1-auth", "auth", notes, fault);
        self.initiator.is_broken = read.is_err();
        self.auth = Some((packet, read.unwrap_or_default()));
    }

    fn auth_body(
        &mut self,
        packet: &[u8],
        notes: &mut Notebook,
    ) -> Result<Option<AuthBody>, HandshakeError> {
        let packet = Packet::read(packet, notes)?;
        let secrets = &self.secrets;
        let by_key = || secrets.agreed(SecretName::RecipientPrivkey, Some(packet.r()));
        let Some(secret) = secrets.shared(SecretName::Auth).or_else(by_key) else {
            return Ok(None);
        };
        let body = AuthBody::decode(&packet.open(&secret, notes)?, notes)?;
        let initiator =
            PublicKey::from_bytes(body.initiator).map_err(|_| HandshakeError::PublicKey)?;
        let by_key = || secrets.agreed(SecretName::RecipientPrivkey, Some(&initiator));
        if let Some(secret) = secrets.shared(SecretName::StaticSharedSecret).or_else(by_key) {
            self.initiator_ephemeral = Some(initiator_ephemeral(&body, &secret, notes)?);
        }
        Ok(Some(body))
    }

    fn read_ack(&mut self, packet: &[u8]) {
        let mut notes = Notebook::new(Side::Recipient);
        self.tell_keys(Side::Recipient, &mut notes);
        let read = self.ack_body(packet, &mut notes);
        let fault = read.as_ref().err().map(|error| notes.fail(error, packet));
        self.recipient.is_broken = read.is_err();
        if let Ok(Some(body)) = &read {
            self.derive(packet, body, &mut notes);
        }
        self.ack_is_read = true;
        self.close_as("2-ack", "ack", notes, fault);
    }

    fn ack_body(
        &self,
        packet: &[u8],
        notes: &mut Notebook,
    ) -> Result<Option<AckBody>, HandshakeError> {
        let packet = Packet::read(packet, notes)?;
        let by_key = || self.secrets.agreed(SecretName::InitiatorPrivkey, Some(packet.r()));
        let Some(secret) = self.secrets.shared(SecretName::Ack).or_else(by_key) else {
            return Ok(None);
        };
        let body = AckBody::decode(&packet.open(&secret, notes)?, notes)?;
        PublicKey::from_bytes(body.ephemeral).map_err(|_| HandshakeError::PublicKey)?;
        Ok(Some(body))
    }

    /// From here on frames can be read.
    fn derive(&mut self, ack: &[u8], body: &AckBody, notes: &mut Notebook) {
        let Some((auth, Some(auth_body))) = &self.auth else { return };
        let secrets = &self.secrets;
        let theirs = PublicKey::from_bytes(body.ephemeral).ok();
        let ephemeral_key = secrets
            .shared(SecretName::EphemeralKey)
            .or_else(|| secrets.agreed(SecretName::InitiatorEphemeralPrivkey, theirs.as_ref()))
            .or_else(|| {
                let own = SecretName::RecipientEphemeralPrivkey;
                secrets.agreed(own, self.initiator_ephemeral.as_ref())
            });
        let Some(ephemeral_key) = ephemeral_key else { return };
        let nonces = (&auth_body.nonce, &body.nonce);
        let session = SessionSecrets::derive(&ephemeral_key, nonces.0, nonces.1, notes);
        let initiator = Contribution { nonce: nonces.0, packet: auth };
        let recipient = Contribution { nonce: nonces.1, packet: ack };
        self.recipient.reader = Some(session.reader(recipient, initiator, notes));
        // What the initiator will send begins with its packet: noted as its own, in a step of its own.
        let mut of_initiator = Notebook::new(Side::Initiator);
        self.initiator.reader = Some(session.reader(initiator, recipient, &mut of_initiator));
        notes.take_over(of_initiator);
    }

    /// The secret keys that are known, and to whom.
    fn tell_keys(&self, from: Side, notes: &mut Notebook) {
        let (own, others): (&[_], &[_]) = match from {
            Side::Initiator => (
                &[
                    (SecretName::InitiatorPrivkey, &INITIATOR_PRIVKEY),
                    (SecretName::InitiatorEphemeralPrivkey, &INITIATOR_EPHEMERAL_PRIVKEY),
                    (SecretName::AuthR, &R_PRIVKEY),
                ],
                &[(SecretName::RecipientPrivkey, &RECIPIENT_PRIVKEY)],
            ),
            Side::Recipient => (
                &[
                    (SecretName::RecipientEphemeralPrivkey, &RECIPIENT_EPHEMERAL_PRIVKEY),
                    (SecretName::AckR, &R_PRIVKEY),
                ],
                &[],
            ),
        };
        for (part, keys) in [(&SENDERS_KEYS, own), (&RECEIVERS_KEYS, others)] {
            for (name, field) in keys {
                if let Some(key) = self.secrets.get(*name) {
                    notes.part(part);
                    notes.value(field, key);
                }
            }
        }
    }

    fn read_header(&mut self, from: Side) -> bool {
        let flow = self.flow(from);
        let Some(header) = flow.buffer.first_chunk::<HEADER_LEN>().copied() else { return false };
        let Some(reader) = &mut flow.reader else { return false };
        let mut notes = Notebook::new(from);
        match reader.open_header_noting(&header, MAX_FRAME_SIZE, &mut notes) {
            Ok(opened) => {
                flow.buffer.drain(..HEADER_LEN);
                flow.open = Some((opened, notes, header.to_vec()));
            }
            Err(error) => {
                flow.is_broken = true;
                let rest = std::mem::take(&mut flow.buffer);
                let fault = notes.fail(&error, &rest);
                self.close(notes, "frame", Some(fault));
            }
        }
        true
    }

    fn read_body(&mut self, from: Side) -> bool {
        let flow = self.flow(from);
        let length = flow.open.as_ref().map_or(0, |(header, ..)| header.body_len());
        if flow.buffer.len() < length {
            return false;
        }
        let (Some((header, mut notes, wire)), Some(reader)) = (flow.open.take(), &mut flow.reader)
        else {
            return false;
        };
        let mut body: Vec<u8> = flow.buffer.drain(..length).collect();
        let packet = [&wire[..], &body].concat();
        match reader.open_body_noting(header, &mut body, &mut notes) {
            Ok(frame_data) => {
                let frame_data = frame_data.to_vec();
                let (title, read) = self.read_message(from, &frame_data, &mut notes);
                let fault = read.err().map(|error| notes.fail(&error, &packet));
                self.close(notes, &title, fault);
            }
            Err(error) => {
                flow.is_broken = true;
                let fault = notes.fail(&error, &packet);
                self.close(notes, "frame", Some(fault));
            }
        }
        true
    }

    /// Reads a message; also says what it is called.
    fn read_message(
        &mut self,
        from: Side,
        frame_data: &[u8],
        notes: &mut Notebook,
    ) -> (String, Result<(), MessageError>) {
        let is_first = !std::mem::replace(&mut self.flow(from).has_spoken, true);
        let codec = if is_first { Codec::default() } else { self.codec(from) };
        let (msg_id, payload) = match split_msg_id(frame_data) {
            Ok(split) => split,
            Err(error) => return ("message".to_owned(), Err(error)),
        };
        let title = codec.name(msg_id);
        let read = match msg_id {
            DISCONNECT => {
                codec.tell_message(msg_id, frame_data, payload, notes);
                DisconnectReason::decode_noting(payload, notes);
                Ok(())
            }
            HELLO if is_first => {
                codec.tell_message(msg_id, frame_data, payload, notes);
                let hello = Hello::decode_noting(payload, notes);
                hello.map(|hello| self.flow(from).hello = Some(hello))
            }
            _ => match codec.decode_noting(frame_data, notes) {
                // It may be somebody's, of whom nothing was seen.
                Err(MessageError::UnknownMsgId(_)) if self.shared().is_none() => {
                    codec.tell_nobodys(payload, notes)
                }
                decoded => decoded.map(|_: Received<'_>| ()),
            },
        };
        (title, read)
    }

    /// What both have agreed on, as far as it was seen: payloads of `from` are compressed if the other
    /// side's Hello says so.
    fn codec(&mut self, from: Side) -> Codec {
        let version = self.flow(from.other()).hello.as_ref().map_or(VERSION, |hello| hello.version);
        Codec::new(version, self.shared().unwrap_or_default())
    }

    /// The capabilities that both have; `None` if what was seen does not tell which message is whose.
    fn shared(&self) -> Option<Vec<Shared>> {
        let (Some(ours), Some(theirs)) = (&self.initiator.hello, &self.recipient.hello) else {
            return None;
        };
        let length = |capability: &Capability| {
            let known = self.offers.iter().find(|offer| offer.capability == *capability);
            known.map(|offer| offer.length)
        };
        let common = |capability: &&Capability| theirs.capabilities.contains(capability);
        let names = ours.capabilities.iter().filter(common).map(|capability| &capability.name);
        let is_alone = names.collect::<BTreeSet<_>>().len() == 1;
        // With one protocol, all messages are its own, as many as it has.
        let offers = ours.capabilities.iter().filter(common).map(|capability| {
            let length = length(capability).or(is_alone.then_some(u64::MAX - BASE_LENGTH))?;
            Some(Offer::new(capability.clone(), length))
        });
        Some(shared(&offers.collect::<Option<Vec<_>>>()?, &theirs.capabilities))
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

const SPEC: &str = "https://github.com/ethereum/devp2p/blob/master/rlpx.md#initial-handshake";

const SENDERS_KEYS: Part = Part {
    name: "secret keys of the sender",
    means: "what the sender has drawn, and tells nobody",
    spec: SPEC,
    code: "handshake::initiate",
    known_by: KnownBy::Sender,
    secret: true,
};
const RECEIVERS_KEYS: Part = Part {
    name: "secret keys of the receiver",
    means: "what the receiver has, and tells nobody; the sender knows the public key, from the enode",
    spec: SPEC,
    code: "handshake::respond",
    known_by: KnownBy::Receiver,
    secret: true,
};
const INITIATOR_PRIVKEY: Field = Field::new("initiator-privkey", "who the initiator is");
const RECIPIENT_PRIVKEY: Field = Field::new("recipient-privkey", "who the recipient is");
const INITIATOR_EPHEMERAL_PRIVKEY: Field =
    Field::new("initiator-ephemeral-privkey", "random, for this connection alone");
const RECIPIENT_EPHEMERAL_PRIVKEY: Field =
    Field::new("recipient-ephemeral-privkey", "random, for this connection alone");
const R_PRIVKEY: Field = Field::new("r", "random, for this packet alone: the secret key of R");

const UNREADABLE: Part = Part {
    name: "bytes",
    means: "what can be seen, but not read, with the secrets that are known here",
    spec: "https://github.com/ethereum/devp2p/blob/master/rlpx.md#framing",
    code: "trace::dissector::Dissector::push",
    known_by: KnownBy::Everybody,
    secret: false,
};
const BYTES: Field = Field::new("bytes", "encrypted");
