//! Frames become messages, and messages become frames.

use std::io::Cursor;

use bytes::{Buf, BytesMut};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::splitter::make_room;

/// The longest payload of a control frame, in bytes.
const CONTROL: u64 = 125;
/// The longest header of a frame, in bytes.
const LONGEST_HEADER: usize = 14;

/// Who we are in a connection. A client masks its frames, and a server does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}

/// What a frame of ours is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Ping,
    Pong,
    Close,
}

/// A frame, ready to be written.
pub(crate) fn frame(role: Role, kind: Kind, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut bytes, role, kind, payload);
    bytes
}

/// The same, behind others.
pub(crate) fn put(bytes: &mut Vec<u8>, role: Role, kind: Kind, payload: &[u8]) {
    let opcode = match kind {
        Kind::Text => OpCode::Data(Data::Text),
        Kind::Ping => OpCode::Control(Control::Ping),
        Kind::Pong => OpCode::Control(Control::Pong),
        Kind::Close => OpCode::Control(Control::Close),
    };
    let mask = (role == Role::Client).then(rand::random::<[u8; 4]>);
    let header = FrameHeader { opcode, mask, ..FrameHeader::default() };
    bytes.reserve(payload.len().saturating_add(LONGEST_HEADER));
    // Into memory, it cannot fail.
    let _ = header.format(u64::try_from(payload.len()).unwrap_or(u64::MAX), &mut *bytes);
    let begin = bytes.len();
    bytes.extend_from_slice(payload);
    if let (Some(mask), Some(payload)) = (mask, bytes.get_mut(begin..)) {
        unmask(payload, mask);
    }
}

/// Why a connection is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closing {
    /// None, if the other side gave none either.
    pub(crate) code: Option<u16>,
    pub(crate) reason: String,
}

impl Closing {
    fn breach(reason: impl Into<String>) -> Self {
        Self { code: Some(1002), reason: reason.into() }
    }

    pub(crate) fn payload(&self) -> Vec<u8> {
        match self.code {
            Some(code) => [&code.to_be_bytes(), self.reason.as_bytes()].concat(),
            None => Vec::new(),
        }
    }
}

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Message(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    Close(Option<u16>),
}

/// Puts messages together.
#[derive(Debug, Clone)]
pub(crate) struct Frames {
    role: Role,
    bytes: BytesMut,
    /// What is there of a message in several frames.
    message: Option<Vec<u8>>,
    limit: usize,
}

impl Frames {
    /// No message may be longer than `limit` bytes.
    pub(crate) fn new(role: Role, limit: usize) -> Self {
        Self { role, bytes: BytesMut::new(), message: None, limit }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Where the next bytes are to be put, behind those that are there.
    pub(crate) fn room(&mut self) -> &mut BytesMut {
        make_room(&mut self.bytes)
    }

    /// The next thing that is whole, if there is one.
    ///
    /// # Errors
    /// That the other side has broken the rules.
    pub(crate) fn next(&mut self) -> Result<Option<Event>, Closing> {
        loop {
            let mut cursor = Cursor::new(&self.bytes[..]);
            let parsed = FrameHeader::parse(&mut cursor);
            let parsed = parsed.map_err(|_| Closing::breach("unknown opcode"))?;
            let Some((header, length)) = parsed else { return Ok(None) };
            let begin = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
            self.check(&header, length)?;
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let end = begin.saturating_add(length);
            let Some(payload) = self.bytes.get(begin..end) else { return Ok(None) };
            let mut payload = payload.to_vec();
            unmask(&mut payload, header.mask.unwrap_or_default());
            self.bytes.advance(end);
            if let Some(event) = self.take(&header, payload)? {
                return Ok(Some(event));
            }
        }
    }

    /// What can be said of a frame by its header.
    fn check(&self, header: &FrameHeader, length: u64) -> Result<(), Closing> {
        let bit = |is_set: bool, bit: u8| if is_set { bit } else { 0 };
        let reserved = bit(header.rsv1, 0x40) | bit(header.rsv2, 0x20) | bit(header.rsv3, 0x10);
        if reserved != 0 {
            return Err(Closing::breach(format!("unexpected reserved bits {reserved:#x}")));
        }
        let wrong = match header.opcode {
            OpCode::Control(_) if length > CONTROL => Some("control frame length > 125"),
            OpCode::Control(_) if !header.is_final => Some("control frame not final"),
            OpCode::Data(Data::Continue) if self.message.is_none() => {
                Some("continuation after final message frame")
            }
            OpCode::Data(Data::Text | Data::Binary) if self.message.is_some() => {
                Some("message start before final message frame")
            }
            _ => {
                let is_wrong = header.mask.is_some() == (self.role == Role::Client);
                is_wrong.then_some("incorrect mask flag")
            }
        };
        if let Some(wrong) = wrong {
            return Err(Closing::breach(wrong));
        }
        let before = self.message.as_ref().map_or(0, Vec::len);
        let all = u64::try_from(before).unwrap_or(u64::MAX).saturating_add(length);
        if matches!(header.opcode, OpCode::Data(_))
            && all > u64::try_from(self.limit).unwrap_or(u64::MAX)
        {
            return Err(Closing { code: Some(1009), reason: String::new() });
        }
        Ok(())
    }

    fn take(&mut self, header: &FrameHeader, payload: Vec<u8>) -> Result<Option<Event>, Closing> {
        match header.opcode {
            OpCode::Control(Control::Ping) => Ok(Some(Event::Ping(payload))),
            OpCode::Control(Control::Close) => close(&payload).map(Some),
            OpCode::Control(_) => Ok(Some(Event::Pong)),
            OpCode::Data(_) => {
                let message = match self.message.take() {
                    Some(mut message) => {
                        message.extend_from_slice(&payload);
                        message
                    }
                    None => payload,
                };
                if header.is_final {
                    return Ok(Some(Event::Message(message)));
                }
                self.message = Some(message);
                Ok(None)
            }
        }
    }
}

/// What a close frame says.
fn close(payload: &[u8]) -> Result<Event, Closing> {
    let Some((code, reason)) = payload.split_first_chunk() else { return Ok(Event::Close(None)) };
    let code = u16::from_be_bytes(*code);
    // Those that a frame may have: the specification's, and those that are free.
    if !matches!(code, 1000..=1003 | 1007..=1013 | 3000..=4999) {
        return Err(Closing::breach("invalid close code"));
    }
    if std::str::from_utf8(reason).is_err() {
        return Err(Closing::breach("invalid utf8 payload in close frame"));
    }
    Ok(Event::Close(Some(code)))
}

fn unmask(payload: &mut [u8], [a, b, c, d]: [u8; 4]) {
    // The compiler makes one step of sixteen.
    let mask = [a, b, c, d, a, b, c, d, a, b, c, d, a, b, c, d];
    for piece in payload.chunks_mut(mask.len()) {
        for (byte, mask) in piece.iter_mut().zip(mask) {
            *byte ^= mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of a client.
    fn theirs(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [1, 2, 3, 4];
        let mut masked = payload.to_vec();
        unmask(&mut masked, mask);
        let length = u8::try_from(payload.len()).unwrap();
        [&[first, 0x80 | length], &mask[..], &masked].concat()
    }

    fn all(frames: &[Vec<u8>]) -> Result<Vec<Event>, Closing> {
        let mut reader = Frames::new(Role::Server, 20);
        let mut events = Vec::new();
        // Byte by byte: it must not matter in which pieces they come.
        for byte in frames.concat() {
            reader.push(&[byte]);
            events.extend(reader.next()?);
        }
        Ok(events)
    }

    #[test]
    fn messages_come_in_one_frame_or_in_several_with_control_frames_between() {
        let events = all(&[
            theirs(0x81, b"one"),
            theirs(0x01, b"tw"),
            theirs(0x89, b"hi"),
            theirs(0x00, b""),
            theirs(0x80, b"o"),
            theirs(0x8a, b""),
            theirs(0x88, &[3, 0xe9, b'b']),
        ]);
        let expected = vec![
            Event::Message(b"one".to_vec()),
            Event::Ping(b"hi".to_vec()),
            Event::Message(b"two".to_vec()),
            Event::Pong,
            Event::Close(Some(1001)),
        ];
        assert_eq!(events, Ok(expected));
    }

    #[test]
    fn a_message_that_is_too_long_is_refused_by_its_header() {
        let mut reader = Frames::new(Role::Server, 20);
        reader.push(&[
            0x81,
            0x80 | 127,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            1,
            2,
            3,
            4,
        ]);
        assert_eq!(reader.next().unwrap_err().code, Some(1009));
        let in_pieces = [theirs(0x01, &[0; 15]), theirs(0x80, &[0; 6])];
        assert_eq!(all(&in_pieces).unwrap_err().code, Some(1009));
    }

    #[test]
    fn any_bytes_are_frames_or_a_breach() {
        for first in 0..=255_u8 {
            for second in [0, 1, 0x80, 0x85, 0xfe, 0xff] {
                let mut reader = Frames::new(Role::Server, 20);
                reader.push(&[first, second, 0, 0, 0, 0, 0, 0, 0, 5, 9, 9, 9, 9, 1, 2, 3, 4, 5]);
                while let Ok(Some(_)) = reader.next() {}
            }
        }
    }

    #[test]
    fn a_frame_of_ours_has_no_mask() {
        assert_eq!(frame(Role::Server, Kind::Text, b"foo"), [0x81, 3, b'f', b'o', b'o']);
        assert_eq!(frame(Role::Server, Kind::Text, &[0; 300])[..4], [0x81, 126, 1, 44]);
    }
}
