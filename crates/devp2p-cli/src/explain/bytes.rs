//! Reasons as numbers and as bytes.

use devp2p_core::p2p::DisconnectReason;

use super::errors::Explained;
use super::find::Answer;
use super::topics::UNREADABLE_REASON;

/// The msg-id of Disconnect, as it stands before the payload.
const DISCONNECT: u8 = 0x01;
/// More bytes than any Disconnect is worth looking at, in hex digits.
const MAX_DIGITS: usize = 512;

/// What a number, or bytes in hex, say; none if the text is neither.
///
/// A text that could be both is the number, unless only the bytes are a known reason.
pub(super) fn reason(text: &str) -> Option<Answer> {
    let text = text.trim();
    if text.is_empty() {
        let read = Some("no bytes, so no number can be read".to_owned());
        return Some(Answer { read, topic: DisconnectReason::decode(&[]).topic() });
    }
    // An error of JSON-RPC, with or without its sign.
    let code = text.trim_start_matches(['-', '−']).parse::<u16>();
    if code.is_ok_and(|code| (32000..=32768).contains(&code)) {
        return None;
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() < 4 || text.len() % 2 == 1) {
        return Some(of_number(text));
    }
    let prefix = text.get(..2).filter(|prefix| prefix.eq_ignore_ascii_case("0x"));
    match (prefix, text.get(2..)) {
        (Some(_), Some(digits)) if digits.len() % 2 == 1 && is_hex(digits) => {
            Some(match u8::from_str_radix(digits, 16) {
                Ok(code) => of_code(text, code),
                Err(_) => too_large(text),
            })
        }
        (Some(_), Some(digits)) => bytes(digits).map(|bytes| match bytes[..] {
            [code @ 0..0x80] => of_code(text, code),
            _ => of_bytes(text, &bytes),
        }),
        _ => bytes(text).map(|bytes| of_bytes(text, &bytes)),
    }
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whole bytes in hex, perhaps with spaces or colons between them.
fn bytes(text: &str) -> Option<Vec<u8>> {
    if text.len() > MAX_DIGITS {
        return None;
    }
    let mut bytes = Vec::new();
    let is_between = |c: char| c.is_whitespace() || c == ':';
    for part in text.split(is_between).filter(|part| !part.is_empty()) {
        let part = part.strip_prefix("0x").unwrap_or(part);
        if !is_hex(part) || part.len() % 2 == 1 {
            return None;
        }
        for pair in part.as_bytes().chunks(2) {
            let pair = std::str::from_utf8(pair).ok()?;
            bytes.push(u8::from_str_radix(pair, 16).ok()?);
        }
    }
    Some(bytes)
}

fn is_known(reason: DisconnectReason) -> bool {
    !matches!(reason, DisconnectReason::Unknown(_))
}

fn of_number(text: &str) -> Answer {
    let Ok(code) = text.parse() else { return too_large(text) };
    // Two digits may also be a byte in hex.
    let byte = Some(text).filter(|text| text.len() == 2).and_then(bytes);
    let as_bytes = byte.map(|bytes| (DisconnectReason::decode(&bytes), bytes));
    let as_number = DisconnectReason::from_code(code);
    match as_bytes {
        Some((reason, bytes)) if is_known(reason) && !is_known(as_number) => of_bytes(text, &bytes),
        Some((reason, _)) if is_known(reason) && reason != as_number => {
            let mut answer = of_code(text, code);
            let hex = reason.code();
            answer.read =
                answer.read.map(|read| format!("{read}; the byte 0x{hex:02x} is \"{reason}\""));
            answer
        }
        _ => of_code(text, code),
    }
}

fn too_large(text: &str) -> Answer {
    let read = format!("{} is no reason: a reason is one byte, 0 to 255", shortened(text));
    Answer { read: Some(read), topic: &UNREADABLE_REASON }
}

fn of_code(text: &str, code: u8) -> Answer {
    let reason = DisconnectReason::from_code(code);
    let read = match is_known(reason) {
        true => format!("{text} is the reason 0x{code:02x}, \"{reason}\""),
        false => format!("{text} is a reason that no client knows, as far as we know"),
    };
    Answer { read: Some(read), topic: reason.topic() }
}

fn of_bytes(text: &str, bytes: &[u8]) -> Answer {
    let (msg_id, payload) = match bytes {
        [DISCONNECT, payload @ ..] if form(bytes).is_none() || bytes.len() > 3 => {
            ("the msg-id of Disconnect, then ", payload)
        }
        _ => ("", bytes),
    };
    let reason = DisconnectReason::decode(payload);
    let form = form(payload).unwrap_or("not what any client sends");
    let is_read = reason != DisconnectReason::Unknown(0xff) || form.ends_with("number");
    let compressed = if plain(payload).len() == payload.len() { "" } else { ", compressed" };
    let (text, code) = (shortened(text), reason.code());
    let read = match is_read {
        true => format!("{text}: {msg_id}{form}{compressed}: 0x{code:02x}, \"{reason}\""),
        false => format!("{text}: {msg_id}{form}{compressed}: no number can be read"),
    };
    Answer { read: Some(read), topic: reason.topic() }
}

/// What a payload looks like, if it is one that clients send.
fn form(payload: &[u8]) -> Option<&'static str> {
    match plain(payload) {
        [0xc0] => Some("an empty list"),
        [0xc1, 0..=0x80] | [0xc2, 0x81, 0x80..=0xff] => Some("a list of one number"),
        [0..=0x80] | [0x81, 0x80..=0xff] => Some("a bare number"),
        _ => None,
    }
}

/// Without snappy: so few bytes cannot be made fewer, so they stand as they are, behind their number
/// and a byte that announces them.
fn plain(payload: &[u8]) -> &[u8] {
    match payload {
        [length @ 1..=60, tag, rest @ ..]
            if rest.len() == usize::from(*length)
                && usize::from(*tag) == usize::from(length.saturating_sub(1)) << 2 =>
        {
            rest
        }
        _ => payload,
    }
}

/// The beginning of what was typed.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
