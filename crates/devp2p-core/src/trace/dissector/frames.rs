//! Frames, and the messages in them.

use std::collections::BTreeSet;

use super::super::notebook::Notebook;
use super::super::step::Side;
use super::Dissector;
use crate::frame::{HEADER_LEN, MAX_FRAME_SIZE};
use crate::p2p::{
    BASE_LENGTH, Capability, Codec, DISCONNECT, DisconnectReason, HELLO, Hello, MessageError,
    Offer, Received, Shared, VERSION, shared, split_msg_id,
};

impl Dissector {
    pub(super) fn read_header(&mut self, from: Side) -> bool {
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

    pub(super) fn read_body(&mut self, from: Side) -> bool {
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
}
