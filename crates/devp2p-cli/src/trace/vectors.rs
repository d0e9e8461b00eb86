//! Vectors for implementers in other languages: all that goes into a handshake and its frames, and all
//! that must come out.

use devp2p_core::trace::{Exchange, NotedPart, SecretName, Step};
use serde_json::{Map, Value, json};

/// One object: the handshake, and every frame after it. All bytes are hex.
pub(super) fn of(exchange: &Exchange, command: &str) -> Value {
    let secret = |name| exchange.secrets.get(name).map(|bytes| hex(bytes));
    let packet = |number: usize| exchange.packets.get(number).map(|(_, bytes)| hex(bytes));
    let of_step = |number: usize, name: &str| {
        exchange.steps.get(number).and_then(|step| find(step, name)).map(hex)
    };
    let frames = exchange.steps.iter().skip(2).map(frame).collect::<Vec<_>>();
    json!({
        "schema": "devp2p-vectors",
        "version": 1,
        "command": format!("{command} --vectors"),
        "handshake": {
            "initiatorPrivkey": secret(SecretName::InitiatorPrivkey),
            "initiatorPubk": hex(&exchange.initiator.to_bytes()),
            "recipientPrivkey": secret(SecretName::RecipientPrivkey),
            "recipientPubk": hex(&exchange.recipient.to_bytes()),
            "initiatorEphemeralPrivkey": secret(SecretName::InitiatorEphemeralPrivkey),
            "recipientEphemeralPrivkey": secret(SecretName::RecipientEphemeralPrivkey),
            "auth": packet(0),
            "authR": secret(SecretName::AuthR),
            "authSecret": secret(SecretName::Auth),
            "authBody": exchange.steps.first().and_then(|step| part(step, "auth-body")),
            "staticSharedSecret": secret(SecretName::StaticSharedSecret),
            "signature": of_step(0, "signature"),
            "initiatorNonce": of_step(0, "initiator-nonce"),
            "ack": packet(1),
            "ackR": secret(SecretName::AckR),
            "ackSecret": secret(SecretName::Ack),
            "ackBody": exchange.steps.get(1).and_then(|step| part(step, "ack-body")),
            "recipientNonce": of_step(1, "recipient-nonce"),
            "ephemeralKey": secret(SecretName::EphemeralKey),
            "sharedSecret": of_step(1, "shared-secret"),
            "aesSecret": of_step(1, "aes-secret"),
            "macSecret": of_step(1, "mac-secret"),
        },
        "frames": frames,
    })
}

fn frame(step: &Step) -> Value {
    let mut frame = Map::new();
    frame.insert("from".to_owned(), json!(step.from));
    frame.insert("message".to_owned(), json!(step.title));
    for (key, name) in [
        ("digestBefore", "digest-before"),
        ("headerMacSeed", "header-mac-seed"),
        ("headerMac", "header-mac"),
        ("bodyDigest", "body-digest"),
        ("frameMacSeed", "frame-mac-seed"),
        ("frameMac", "frame-mac"),
        ("frameData", "frame-data"),
    ] {
        frame.insert(key.to_owned(), json!(find(step, name).map(hex)));
    }
    frame.insert("frame".to_owned(), json!(hex(&step.wire())));
    Value::Object(frame)
}

fn part(step: &Step, name: &str) -> Option<String> {
    step.parts.iter().find(|part| part.name == name).map(|part| hex(&part.hex))
}

/// The bytes of the field or value of this name.
fn find<'s>(step: &'s Step, name: &str) -> Option<&'s [u8]> {
    step.parts.iter().find_map(|part| of_part(part, name))
}

fn of_part<'p>(part: &'p NotedPart, name: &str) -> Option<&'p [u8]> {
    let field = part.fields.iter().find(|field| field.what.name == name);
    let value = || part.values.iter().find(|value| value.what.name == name);
    field.map(|field| part.bytes(field)).or_else(|| value().map(|value| &value.hex[..]))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
