//! Things that come by themselves: a discovery packet, a node record.

use super::notebook::{Names, Notebook};
use super::step::{Side, Step};
use crate::discv4::packet::decode_noting;
use crate::enr::{self, Enr};
use crate::record::Recorder;

/// What each byte of a discovery packet is. `from` is the initiator for one that we sent.
#[must_use]
pub fn datagram(number: usize, from: Side, bytes: &[u8]) -> Step {
    let mut notes = Notebook::new(from);
    let opened = decode_noting(bytes, &mut notes);
    let fault = opened.as_ref().err().map(|error| notes.fail(error, bytes));
    let title = opened.map_or("datagram", |opened| opened.packet.name());
    let step = notes.close(format!("{number}-{title}"), title.to_owned(), &mut Names::default());
    Step { fault, ..step }
}

/// What each byte of a node record is.
#[must_use]
pub fn record(bytes: &[u8]) -> Step {
    let mut notes = Notebook::new(Side::Initiator);
    notes.part(&enr::RECORD);
    let fault = Enr::decode_noting(bytes, &mut notes).err().map(|error| notes.fail(&error, bytes));
    let step = notes.close("1-record".to_owned(), "record".to_owned(), &mut Names::default());
    Step { fault, ..step }
}
