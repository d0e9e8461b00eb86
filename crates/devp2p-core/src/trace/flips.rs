//! What if one bit had been another? Each byte of an exchange is flipped in turn, and read by the code
//! that would have read it.

use super::dissector::Dissector;
use super::exchange::Exchange;
use super::secrets::Secrets;
use super::step::{NotedField, Side, Step};
use crate::record::SecretName;

/// What comes of a byte that was changed on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
pub struct Outcome {
    /// Who notices.
    pub noticed_by: Side,
    /// Which check fails.
    pub check: &'static str,
    /// The error that the code gives.
    pub error: String,
    /// What the other side hears of it.
    pub heard: &'static str,
    /// Whose code once fell to a byte like this; empty if none is known.
    pub history: &'static str,
}

/// What comes of each byte of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
pub struct Flips {
    /// All that can happen.
    pub outcomes: Vec<Outcome>,
    /// For each step: for each of its bytes as they travel, which of the outcomes.
    pub steps: Vec<Vec<usize>>,
}

/// Flips the lowest bit of each byte in turn.
#[must_use]
pub fn flips(exchange: &Exchange) -> Flips {
    let mut flips = Flips { outcomes: Vec::new(), steps: Vec::new() };
    for (number, (from, packet)) in exchange.packets.iter().enumerate() {
        let mut of_bytes = Vec::with_capacity(packet.len());
        for at in 0..packet.len() {
            let outcome = outcome(exchange, number, *from, at);
            let known = flips.outcomes.iter().position(|known| *known == outcome);
            of_bytes.push(known.unwrap_or(flips.outcomes.len()));
            if known.is_none() {
                flips.outcomes.push(outcome);
            }
        }
        flips.steps.push(of_bytes);
    }
    flips
}

fn outcome(exchange: &Exchange, number: usize, from: Side, at: usize) -> Outcome {
    let mut dissector = Dissector::new(keys(&exchange.secrets));
    let before = exchange.packets.iter().take(number);
    before.for_each(|(side, packet)| dissector.push(*side, packet));
    let mut packet = exchange.packets.get(number).map_or_else(Vec::new, |(_, bytes)| bytes.clone());
    packet.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1);
    dissector.push(from, &packet);
    let steps: Vec<Step> = dissector.steps().collect();
    let noticed_by = from.other();
    let history = exchange.steps.get(number).and_then(|step| field_at(step, at));
    let history = history.map_or("", |(part, field)| history_of(part, &field.what.name));
    let failed = steps.get(number).and_then(|step| Some((step, step.fault.as_ref()?)));
    let Some((step, fault)) = failed else {
        return Outcome {
            noticed_by,
            check: "the packet is not whole yet",
            error: "the rest does not come in time".to_owned(),
            heard: "nothing, until the connection is closed after 10 seconds",
            history,
        };
    };
    let part = step.parts.get(fault.part);
    let next = part.and_then(|part| part.fields.iter().find(|field| field.offset == fault.offset));
    let check = check(part.map_or("", |part| &part.name), next);
    Outcome {
        noticed_by,
        check,
        error: fault.error.clone(),
        heard: "nothing: the connection is closed",
        history,
    }
}

/// What the two nodes have. What follows from the exchange itself is not in it: it shall be worked out
/// from the changed bytes, as they would.
fn keys(secrets: &Secrets) -> Secrets {
    let mut keys = Secrets::default();
    for name in [
        SecretName::InitiatorPrivkey,
        SecretName::RecipientPrivkey,
        SecretName::InitiatorEphemeralPrivkey,
        SecretName::RecipientEphemeralPrivkey,
    ] {
        if let Some(key) = secrets.get(name) {
            keys.insert(name, *key);
        }
    }
    keys
}

/// The field in which a byte is, as it travels.
fn field_at(step: &Step, at: usize) -> Option<(&str, &NotedField)> {
    let mut begin = 0_usize;
    for part in step.wire_parts() {
        let field = part.fields.iter().find(|field| {
            let end = begin.saturating_add(field.offset).saturating_add(field.length);
            at < end
        });
        if let Some(field) = field {
            return Some((&part.name, field));
        }
        begin = begin.saturating_add(part.hex.len());
    }
    None
}

/// What failed, by the first byte that was not read any more.
fn check(part: &str, next: Option<&NotedField>) -> &'static str {
    match (part, next.map_or(0, |field| field.offset)) {
        ("packet", _) => "size: 113 to 2048, and as many bytes as there are",
        ("ciphertext", 0) if next.is_some() => "form: it must be 04",
        ("ciphertext", _) if next.is_some() => "R: it must be a point on the curve",
        ("frame", 0..32) => "header-mac",
        ("frame", _) => "frame-mac",
        _ => "the tag, which covers iv, c and size",
    }
}

/// Whose code once fell to such a byte.
fn history_of(part: &str, field: &str) -> &'static str {
    match (part, field) {
        ("packet", "size") => {
            "Up to its version 1.14.5 go-ethereum took any size up to 65,535 here; a size below that \
             of an empty ciphertext made versions before 1.16.8 crash (CVE-2026-22862)."
        }
        ("ciphertext", "R") => {
            "go-ethereum up to 1.16.8 did not check that R is on the curve: each such R gave away some \
             bits of the node's key (CVE-2026-26315), and before 1.14.13 one could crash it \
             (CVE-2025-24883)."
        }
        ("frame", "header-ciphertext" | "header-mac") => {
            "ethrex once made room for as many bytes as a header announced; go-ethereum still does, up \
             to 16 MiB, though only for a header whose MAC is right."
        }
        _ => "",
    }
}
