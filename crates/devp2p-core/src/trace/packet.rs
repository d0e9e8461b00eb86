//! Things that come by themselves: a handshake packet, a message, a discovery packet, a node record.

use std::fmt::Display;

use super::notebook::{Names, Notebook};
use super::step::{Side, Step};
use crate::discv4::packet::decode_noting;
use crate::enr::{self, Enr};
use crate::frame::tell_sealed;
use crate::handshake::{AckBody, AuthBody, HandshakeError, Packet};
use crate::keys::NodeKey;
use crate::p2p::{Codec, DISCONNECT, DisconnectReason, HELLO, Hello, MessageError, split_msg_id};
use crate::record::{KnownBy, Part, Recorder};
use crate::rlp;

/// What each byte of a discovery packet is. `from` is the initiator for one that we sent.
#[must_use]
pub fn datagram(number: usize, from: Side, bytes: &[u8]) -> Step {
    let mut notes = Notebook::new(from);
    let opened = decode_noting(bytes, &mut notes);
    let title = opened.as_ref().map_or("datagram", |opened| opened.packet.name());
    let step = closed(notes, title, opened.as_ref().err(), bytes);
    Step { id: format!("{number}-{title}"), ..step }
}

/// What each byte of a node record is.
#[must_use]
pub fn record(bytes: &[u8]) -> Step {
    let mut notes = Notebook::new(Side::Initiator);
    notes.part(&enr::RECORD);
    let read = Enr::decode_noting(bytes, &mut notes);
    closed(notes, "record", read.as_ref().err(), bytes)
}

/// What each byte of an auth or ack is, size prefix included; with the key of the node that it was
/// sent to, also what it says.
#[must_use]
pub fn handshake_packet(bytes: &[u8], key: Option<&NodeKey>) -> Step {
    let mut notes = Notebook::new(Side::Initiator);
    let mut title = if key.is_some() { "auth" } else { "packet" };
    let mut read = read_packet(bytes, key, true, &mut notes);
    if read == Err(HandshakeError::Body) {
        // It can be decrypted, and is no auth.
        let mut of_ack = Notebook::new(Side::Recipient);
        let as_ack = read_packet(bytes, key, false, &mut of_ack);
        if as_ack.is_ok() {
            (notes, title, read) = (of_ack, "ack", as_ack);
        }
    }
    closed(notes, title, read.as_ref().err(), bytes)
}

fn read_packet(
    bytes: &[u8],
    key: Option<&NodeKey>,
    is_auth: bool,
    notes: &mut Notebook,
) -> Result<(), HandshakeError> {
    let packet = Packet::read(bytes, notes)?;
    let Some(key) = key else { return Ok(()) };
    let plaintext = packet.open(&key.agree(packet.r()), notes)?;
    match is_auth {
        true => AuthBody::decode(&plaintext, notes).map(|_| ()),
        false => AckBody::decode(&plaintext, notes).map(|_| ()),
    }
}

/// What each byte of a Hello is: its payload, without the msg-id.
#[must_use]
pub fn hello(payload: &[u8]) -> Step {
    let mut notes = Notebook::new(Side::Initiator);
    let read = Hello::decode_noting(payload, &mut notes);
    closed(notes, "Hello", read.as_ref().err(), payload)
}

/// What each byte of a Disconnect is: its payload, without the msg-id, in any of the forms that are in
/// use.
#[must_use]
pub fn disconnect(payload: &[u8]) -> Step {
    let mut notes = Notebook::new(Side::Initiator);
    DisconnectReason::decode_noting(payload, &mut notes);
    closed(notes, "Disconnect", None::<&MessageError>, payload)
}

/// What each byte of a message is: frame-data, msg-id and payload, of which only Hello is taken as not
/// compressed.
#[must_use]
pub fn message(frame_data: &[u8]) -> Step {
    let mut notes = Notebook::new(Side::Initiator);
    let codec = Codec::new(crate::p2p::VERSION, Vec::new());
    let mut title = "message".to_owned();
    let read = split_msg_id(frame_data).and_then(|(msg_id, payload)| {
        codec.tell_message(msg_id, frame_data, payload, &mut notes);
        title = codec.name(msg_id);
        match msg_id {
            HELLO => Hello::decode_noting(payload, &mut notes).map(|_| ()),
            DISCONNECT => {
                DisconnectReason::decode_noting(payload, &mut notes);
                Ok(())
            }
            _ => codec.tell_nobodys(payload, &mut notes),
        }
    });
    closed(notes, &title, read.as_ref().err(), frame_data)
}

/// What each byte of a frame is, as it looks without the secrets of its connection.
#[must_use]
pub fn frame(bytes: &[u8]) -> Step {
    let mut notes = Notebook::new(Side::Initiator);
    let read = tell_sealed(bytes, &mut notes);
    closed(notes, "frame", read.as_ref().err(), bytes)
}

/// What RLP is made of.
#[must_use]
pub fn tree(bytes: &[u8]) -> Step {
    let mut notes = Notebook::new(Side::Initiator);
    notes.part(&RLP);
    let read = rlp::tell_tree(bytes, &mut notes);
    closed(notes, "RLP", read.as_ref().err(), bytes)
}

const RLP: Part = Part {
    name: "RLP",
    means: "lists and strings of bytes; what they stand for is known to who wrote them",
    spec: "https://ethereum.org/developers/docs/data-structures-and-encoding/rlp/",
    code: "rlp::tell_tree",
    known_by: KnownBy::Everybody,
    secret: false,
};

fn closed(mut notes: Notebook, title: &str, error: Option<&impl Display>, bytes: &[u8]) -> Step {
    let fault = error.map(|error| notes.fail(error, bytes));
    let step = notes.close(format!("1-{title}"), title.to_owned(), &mut Names::default());
    Step { fault, ..step }
}
