//! What could it be? From what is certain to what is only likely.

use devp2p_core::trace::{Side, datagram, frame, handshake_packet, hello, message, record, tree};

use super::Kind;
use crate::capture::is_capture;

/// The longest that is guessed at, in bytes: a message.
const MAX_GUESS: usize = 1 << 24;

/// What `bytes` are, as they were given: text, or not. What was typed is text.
pub(super) fn kind(bytes: &[u8], is_typed: bool) -> Option<Kind> {
    let text = std::str::from_utf8(bytes).unwrap_or_default().trim();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.starts_with("enode:") {
        return Some(Kind::Enode);
    }
    if text.starts_with("enr:") {
        return Some(Kind::Enr);
    }
    if text.starts_with('{') && text.contains("\"schema\"") {
        return Some(Kind::Trace);
    }
    if is_capture(bytes) {
        return Some(Kind::Pcap);
    }
    match hex(text) {
        Some(bytes) => of_raw(&bytes),
        None if is_typed => None,
        None => of_raw(bytes),
    }
}

/// The bytes themselves: of hex digits and of a record's text.
pub(super) fn unwrapped(bytes: Vec<u8>, kind: Kind) -> Vec<u8> {
    if matches!(kind, Kind::Enode | Kind::Trace | Kind::Pcap) {
        return bytes;
    }
    let text = std::str::from_utf8(&bytes).unwrap_or_default().trim();
    let of_text = match (kind, text.strip_prefix("enr:")) {
        (Kind::Enr, Some(base64)) => data_encoding::BASE64URL_NOPAD.decode(base64.as_bytes()).ok(),
        _ => hex(text),
    };
    of_text.unwrap_or(bytes)
}

fn of_raw(bytes: &[u8]) -> Option<Kind> {
    if bytes.len() > MAX_GUESS {
        return None;
    }
    // Signed, or hashed: no accident.
    if datagram(1, Side::Initiator, bytes).fault.is_none() {
        return Some(Kind::Discv4);
    }
    if record(bytes).fault.is_none() {
        return Some(Kind::Enr);
    }
    if begins_as_handshake(bytes) {
        return Some(Kind::Handshake);
    }
    // A key on the curve, and the fields before it.
    if hello(bytes).fault.is_none() {
        return Some(Kind::Hello);
    }
    let is_message = message(bytes).fault.is_none();
    match bytes {
        [] => None,
        [0x80, ..] | [0x01..=0x03, _, ..] if is_message => Some(Kind::Message),
        // A list of one number, as it is or compressed.
        [0xc1, _] | [0x02, 0x04, 0xc1, _] => Some(Kind::Disconnect),
        [0x80..=0xff, ..] if is_one_item(bytes) => Some(Kind::Rlp),
        [0x10..=0x7f, _, ..] if is_message => Some(Kind::Message),
        // Noise, in blocks of 16 bytes.
        _ if frame(bytes).fault.is_none() => Some(Kind::Frame),
        _ => None,
    }
}

/// A packet whose rest is missing: it has a point of the curve where there should be one.
fn begins_as_handshake(bytes: &[u8]) -> bool {
    let step = handshake_packet(bytes, None);
    step.parts.iter().flat_map(|part| &part.fields).any(|field| field.what.name == "R")
}

fn is_one_item(bytes: &[u8]) -> bool {
    let step = tree(bytes);
    let outermost =
        step.parts.iter().flat_map(|part| &part.fields).filter(|field| field.depth == 0);
    step.fault.is_none() && outermost.filter(|field| field.what.name != "prefix").count() == 1
}

/// Hex digits, with or without 0x, spaces and line ends.
fn hex(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix("0x").or(text.strip_prefix("0X")).unwrap_or(text);
    let mut digits = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let mut bytes = Vec::new();
    while let Some(first) = digits.next() {
        let pair = [char::from(first), char::from(digits.next()?)];
        let [high, low] = pair.map(|digit| digit.to_digit(16));
        // Stops at the first that is none: whatever this is may be long.
        bytes.push(u8::try_from(high?.saturating_mul(16).saturating_add(low?)).ok()?);
    }
    Some(bytes).filter(|bytes| !bytes.is_empty())
}
