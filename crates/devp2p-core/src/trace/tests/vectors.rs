//! The published vectors, as traces.

use serde_json::Value;

use super::*;

fn eip8() -> Value {
    serde_json::from_str(include_str!("../../../tests/vectors/rlpx_eip8_handshake.json")).unwrap()
}

fn bytes(vectors: &Value, name: &str) -> [u8; 32] {
    hex::decode(vectors[name].as_str().unwrap()).unwrap().try_into().unwrap()
}

fn packet(vectors: &Value, kind: &str, name: &str) -> Vec<u8> {
    let entries = vectors[kind].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["name"] == name).unwrap();
    hex::decode(entry["packet"].as_str().unwrap()).unwrap()
}

#[test]
fn the_vectors_of_eip_8_give_the_published_secrets() {
    let vectors = eip8();
    let mut secrets = Secrets::default();
    for (name, key) in [
        (SecretName::InitiatorPrivkey, "initiator_static_key"),
        (SecretName::RecipientPrivkey, "recipient_static_key"),
        (SecretName::InitiatorEphemeralPrivkey, "initiator_ephemeral_key"),
        (SecretName::RecipientEphemeralPrivkey, "recipient_ephemeral_key"),
    ] {
        secrets.insert(name, bytes(&vectors, key));
    }
    let (auth, ack) = (packet(&vectors, "auth", "auth2"), packet(&vectors, "ack", "ack2"));
    let mut dissector = Dissector::new(secrets);
    dissector.push(Side::Initiator, &auth);
    dissector.push(Side::Recipient, &ack);
    let steps: Vec<Step> = dissector.steps().collect();
    assert_every_byte_has_one_field(&steps);
    assert_eq!(sent(&steps, Side::Initiator), auth);
    assert_eq!(sent(&steps, Side::Recipient), ack);

    let derived = &vectors["derived_by_recipient_from_auth2_ack2"];
    assert_eq!(bytes_of(&steps, "aes-secret"), bytes(derived, "aes_secret"));
    assert_eq!(bytes_of(&steps, "mac-secret"), bytes(derived, "mac_secret"));
    assert_eq!(bytes_of(&steps, "initiator-nonce"), bytes(&vectors, "initiator_nonce"));
    assert_eq!(bytes_of(&steps, "recipient-nonce"), bytes(&vectors, "recipient_nonce"));
    let signature = hex::decode(vectors["auth_signature"].as_str().unwrap()).unwrap();
    assert_eq!(bytes_of(&steps, "signature"), signature);
}

#[test]
fn items_for_later_versions_are_told_as_such() {
    let vectors = eip8();
    let mut secrets = Secrets::default();
    secrets.insert(SecretName::RecipientPrivkey, bytes(&vectors, "recipient_static_key"));
    let mut dissector = Dissector::new(secrets);
    dissector.push(Side::Initiator, &packet(&vectors, "auth", "auth3"));
    let steps: Vec<Step> = dissector.steps().collect();
    assert_eq!(steps[0].fault, None);
    assert_eq!(bytes_of(&steps, "auth-vsn"), [56]);
    assert_eq!(bytes_of(&steps, "more"), [0x01, 0x02, 0xc2, 0x04, 0x05]);
}

#[test]
fn every_discovery_packet_of_the_vectors_is_tiled() {
    for (text, packets) in [
        (include_str!("../../../tests/vectors/discv4_packets.json"), 4),
        (include_str!("../../../tests/vectors/discv4_eip8_packets.json"), 2),
    ] {
        let mut count = 0;
        let vectors: Value = serde_json::from_str(text).unwrap();
        for_each_hex(&vectors, &mut |bytes| {
            let step = datagram(1, Side::Initiator, bytes);
            assert_every_byte_has_one_field(std::slice::from_ref(&step));
            assert_eq!(step.wire(), bytes);
            count += usize::from(step.fault.is_none());
        });
        assert_eq!(count, packets, "so many packets could be read");
    }
}

/// Calls `with` for every text in `json` that is hex and could be a packet.
fn for_each_hex(json: &Value, with: &mut impl FnMut(&[u8])) {
    match json {
        Value::String(text) => {
            if let Some(bytes) = hex::decode(text).ok().filter(|bytes| bytes.len() >= 98) {
                with(&bytes);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| for_each_hex(item, with)),
        Value::Object(items) => items.values().for_each(|item| for_each_hex(item, with)),
        _ => {}
    }
}

#[test]
fn a_record_is_tiled_and_its_numbers_are_told_as_numbers() {
    let key = crate::keys::NodeKey::from_bytes([7; 32]).unwrap();
    let record =
        crate::enr::Enr::builder(5).ip([127, 0, 0, 1].into()).udp(30303).sign(&key).unwrap();
    let step = super::record(&record.to_rlp());
    assert_eq!((step.fault.as_ref(), step.wire()), (None, record.to_rlp()));
    assert_every_byte_has_one_field(std::slice::from_ref(&step));
    let words: Vec<&str> = step.parts[0].fields.iter().map(|field| &field.what.words[..]).collect();
    for expected in ["5", "v4", "127.0.0.1", "30303", "secp256k1"] {
        assert!(words.contains(&expected), "{expected} is not among {words:?}");
    }
}
