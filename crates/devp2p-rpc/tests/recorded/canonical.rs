//! One text for equal JSON values: keys sorted, numbers as they were written.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// Longer ones are recorded as a hash.
const LONG: usize = 3000;

/// A reply, so that two can be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reply {
    Text(String),
    /// SHA-256 of the canonical text.
    Hash(String),
}

impl Reply {
    /// `strict`: byte by byte. `loose`: the words of a JSON library do not count.
    pub(crate) fn of(text: &str, strict: bool, loose: bool) -> Self {
        if strict && text.len() <= LONG {
            return Self::Text(text.to_owned());
        }
        let canonical = canonical(text, loose);
        if canonical.chars().count() > LONG {
            return Self::Hash(hex(&Sha256::digest(canonical.as_bytes())));
        }
        Self::Text(canonical)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn canonical(text: &str, loose: bool) -> String {
    let text = text.trim();
    match text.as_bytes().first() {
        Some(b'{') => {
            let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).unwrap();
            let code = members.get("code").map(|code| code.get());
            let is_librarys = matches!(code, Some("-32700" | "-32603"));
            let members = members.iter().map(|(name, value)| {
                let value = match name.as_str() {
                    "message" if loose => without_words(value.get(), is_librarys),
                    _ => canonical(value.get(), loose),
                };
                format!("{}:{value}", string(name))
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Some(b'[') => {
            let items: Vec<Box<RawValue>> = serde_json::from_str(text).unwrap();
            let items = items.iter().map(|item| canonical(item.get(), loose));
            format!("[{}]", items.collect::<Vec<_>>().join(","))
        }
        Some(b'"') => match serde_json::from_str::<String>(text) {
            Ok(text) => string(&text),
            Err(_) => text.to_owned(),
        },
        _ => text.to_owned(),
    }
}

/// An error's text without what a JSON library has to say.
fn without_words(message: &str, is_librarys: bool) -> String {
    let text: String = serde_json::from_str(message).unwrap();
    let invalid = text.strip_prefix("invalid argument ").and_then(|rest| rest.split_once(": "));
    match invalid {
        _ if is_librarys => string("…"),
        Some((number, _)) => string(&format!("invalid argument {number}: …")),
        None => string(&text),
    }
}

/// A string as JSON, in ASCII.
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for unit in text.encode_utf16() {
        match unit {
            0x22 => out += "\\\"",
            0x5c => out += "\\\\",
            0x0a => out += "\\n",
            0x0d => out += "\\r",
            0x09 => out += "\\t",
            0x08 => out += "\\b",
            0x0c => out += "\\f",
            0x20..=0x7e => out.push(char::from(u8::try_from(unit).unwrap())),
            _ => out += &format!("\\u{unit:04x}"),
        }
    }
    out + "\""
}
