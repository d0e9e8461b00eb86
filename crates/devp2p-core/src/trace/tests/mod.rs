//! Traces of exchanges, of vectors, and of what is broken.

#![allow(clippy::arithmetic_side_effects, reason = "small numbers chosen by the tests")]

mod broken;
#[cfg(feature = "serde")]
mod files;
mod flipped;
mod formulas;
mod vectors;

use std::path::Path;

use super::*;
use crate::record::SecretName;

/// Every part is tiled by its fields, and the parts that travel are the packets.
#[track_caller]
fn assert_every_byte_has_one_field(steps: &[Step]) {
    for step in steps {
        for part in &step.parts {
            let mut end = 0;
            for field in &part.fields {
                assert_eq!(field.offset, end, "{} {}", step.id, field.what.id);
                assert!(field.length > 0, "{} is empty", field.what.id);
                end += field.length;
            }
            assert_eq!(end, part.hex.len(), "{}: {}", step.id, part.name);
        }
    }
}

/// What `side` has sent, by the steps.
fn sent(steps: &[Step], side: Side) -> Vec<u8> {
    steps.iter().filter(|step| step.from == side).flat_map(Step::wire).collect()
}

fn titles(steps: &[Step]) -> Vec<&str> {
    steps.iter().map(|step| &step.title[..]).collect()
}

/// The value or field of this name, in the first step that has it.
#[track_caller]
fn bytes_of<'s>(steps: &'s [Step], name: &str) -> &'s [u8] {
    for part in steps.iter().flat_map(|step| &step.parts) {
        if let Some(field) = part.fields.iter().find(|field| field.what.name == name) {
            return part.bytes(field);
        }
        if let Some(value) = part.values.iter().find(|value| value.what.name == name) {
            return &value.hex;
        }
    }
    panic!("nothing is called {name}");
}

#[test]
fn every_byte_of_an_exchange_is_in_exactly_one_field() {
    for lesson in Lesson::ALL {
        for seed in 0..20 {
            let Exchange { packets, steps, .. } = exchange(lesson, seed);
            assert_every_byte_has_one_field(&steps);
            assert!(steps.iter().all(|step| step.fault.is_none()));
            let wires: Vec<(Side, Vec<u8>)> =
                steps.iter().map(|step| (step.from, step.wire())).collect();
            assert_eq!(wires, packets, "{lesson:?} {seed}");
        }
    }
}

#[test]
fn the_lessons_say_what_their_programs_say() {
    let of = |lesson| exchange(lesson, 42).steps;
    assert!(of(Lesson::A1).is_empty());
    for lesson in [Lesson::A2, Lesson::A3] {
        assert_eq!(titles(&of(lesson)), ["auth", "ack", "Hello", "Hello", "Disconnect"]);
    }
    let word = "foo/42 code 0";
    let a4 = of(Lesson::A4);
    assert_eq!(titles(&a4), ["auth", "ack", "Hello", "Hello", word, word, "Disconnect"]);
    assert_eq!(bytes_of(&a4[4..], "string"), b"foobar");
    assert_eq!(of(Lesson::A5).len(), 9);
}

#[test]
fn pieces_of_any_size_make_the_same_steps() {
    let whole = exchange(Lesson::A5, 7);
    for size in [1, 2, 31, 33, 500] {
        let mut dissector = Dissector::new(whole.secrets.clone());
        for (from, packet) in &whole.packets {
            packet.chunks(size).for_each(|piece| dissector.push(*from, piece));
        }
        assert_eq!(dissector.steps().collect::<Vec<_>>(), whole.steps, "{size} bytes at once");
    }
}

#[test]
fn what_one_side_says_may_come_before_what_it_answers() {
    let whole = exchange(Lesson::A4, 7);
    let mut dissector = Dissector::new(whole.secrets.clone());
    let all = |side| whole.packets.iter().filter(move |(from, _)| *from == side);
    // All that the recipient said, and then all of the initiator.
    for (from, packet) in all(Side::Recipient).chain(all(Side::Initiator)) {
        dissector.push(*from, packet);
    }
    let steps: Vec<Step> = dissector.steps().collect();
    assert!(steps.iter().all(|step| step.fault.is_none()));
    for side in [Side::Initiator, Side::Recipient] {
        assert_eq!(sent(&steps, side), sent(&whole.steps, side));
    }
}

#[test]
fn three_secrets_are_enough_to_read_everything() {
    let whole = exchange(Lesson::A4, 1);
    let mut secrets = Secrets::default();
    for name in [SecretName::Auth, SecretName::Ack, SecretName::EphemeralKey] {
        secrets.insert(name, *whole.secrets.get(name).unwrap());
    }
    let mut dissector = Dissector::new(secrets);
    whole.packets.iter().for_each(|(from, packet)| dissector.push(*from, packet));
    let steps: Vec<Step> = dissector.steps().collect();
    assert_eq!(titles(&steps), titles(&whole.steps));
    assert_eq!(bytes_of(&steps, "aes-secret"), bytes_of(&whole.steps, "aes-secret"));
}

#[test]
fn one_nodes_key_opens_what_is_sent_to_it_and_no_frame() {
    let whole = exchange(Lesson::A4, 1);
    let mut secrets = Secrets::default();
    let name = SecretName::RecipientPrivkey;
    secrets.insert(name, *whole.secrets.get(name).unwrap());
    let mut dissector = Dissector::new(secrets);
    whole.packets.iter().for_each(|(from, packet)| dissector.push(*from, packet));
    let steps: Vec<Step> = dissector.steps().collect();
    assert_eq!(titles(&steps), ["auth", "ack", "bytes", "bytes", "bytes", "bytes", "bytes"]);
    let nonce = bytes_of(&whole.steps, "initiator-nonce");
    assert_eq!(bytes_of(&steps, "initiator-nonce"), nonce);
    assert!(steps[1].parts.iter().all(|part| part.known_by == Knower::Everybody));
}

#[test]
fn without_secrets_only_what_travels_is_seen() {
    let whole = exchange(Lesson::A4, 1);
    let mut dissector = Dissector::new(Secrets::default());
    whole.packets.iter().for_each(|(from, packet)| dissector.push(*from, packet));
    let steps: Vec<Step> = dissector.steps().collect();
    assert_every_byte_has_one_field(&steps);
    for side in [Side::Initiator, Side::Recipient] {
        assert_eq!(sent(&steps, side), sent(&whole.steps, side));
    }
    let parts = || steps.iter().flat_map(|step| &step.parts);
    assert!(parts().all(|part| part.known_by == Knower::Everybody && part.values.is_empty()));
}

#[test]
fn secrets_are_withheld_from_who_did_not_ask_for_them() {
    let Exchange { steps, secrets, .. } = exchange(Lesson::A4, 3);
    let shown =
        format!("{:?}", steps.iter().cloned().map(Step::without_secrets).collect::<Vec<_>>());
    let open = format!("{steps:?}");
    for name in [
        SecretName::Auth,
        SecretName::Ack,
        SecretName::EphemeralKey,
        SecretName::StaticSharedSecret,
        SecretName::InitiatorPrivkey,
        SecretName::RecipientPrivkey,
        SecretName::InitiatorEphemeralPrivkey,
        SecretName::RecipientEphemeralPrivkey,
        SecretName::AuthR,
        SecretName::AckR,
    ] {
        let secret = format!("{:?}", secrets.get(name).unwrap());
        assert!(open.contains(&secret), "{name:?} is nowhere");
        assert!(!shown.contains(&secret), "{name:?} is shown");
    }
    for name in ["aes-secret", "mac-secret", "shared-secret", "kE", "kM", "mac-key", "K"] {
        let secret = format!("{:?}", bytes_of(&steps, name));
        assert!(open.contains(&secret) && !shown.contains(&secret), "{name} is shown");
    }
}

#[test]
fn the_functions_that_are_named_exist() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let packets = [datagram(1, Side::Initiator, &[7; 200]), record(&[0xc0])];
    let steps = exchange(Lesson::A4, 1).steps;
    for part in steps.iter().chain(&packets).flat_map(|step| &step.parts) {
        let mut path: Vec<&str> = part.code.split("::").collect();
        let function = path.pop().unwrap();
        if path.last().is_some_and(|name| name.starts_with(char::is_uppercase)) {
            path.pop();
        }
        let file = src.join(path.join("/"));
        let text = std::fs::read_to_string(file.with_extension("rs"))
            .or_else(|_| std::fs::read_to_string(file.join("mod.rs")));
        let text = text.unwrap_or_else(|_| panic!("{}: no such module", part.code));
        assert!(text.contains(&format!("fn {function}")), "{}: no such function", part.code);
    }
}

#[test]
fn a_key_log_is_read_as_it_was_written() {
    let Exchange { packets, secrets, .. } = exchange(Lesson::A2, 9);
    let id = keylog::connection_id(&packets[0].1).unwrap();
    let mut text = "# a remark\n\nANOTHER_LABEL of something else\n".to_owned();
    let names = [SecretName::Auth, SecretName::Ack, SecretName::EphemeralKey];
    for name in names {
        text += &keylog::line(&id, name, secrets.get(name).unwrap()).unwrap();
    }
    let read = keylog::parse(&text).unwrap();
    for name in names {
        assert_eq!(read[&id].get(name), secrets.get(name));
    }
    for name in [SecretName::InitiatorPrivkey, SecretName::StaticSharedSecret] {
        assert_eq!(keylog::line(&id, name, secrets.get(name).unwrap()), None);
    }
}

#[test]
fn a_line_of_a_key_log_that_is_broken_is_named() {
    let id = hex::encode([1; 32]);
    for broken in [
        "RLPX_AUTH_SECRET".to_owned(),
        format!("RLPX_AUTH_SECRET {id}"),
        format!("RLPX_AUTH_SECRET {id} {}", "0".repeat(63)),
        format!("RLPX_AUTH_SECRET {id} {}", "g".repeat(64)),
        format!("RLPX_AUTH_SECRET {id} {}", "0".repeat(400)),
    ] {
        let error = keylog::parse(&format!("# fine\n{broken}\n")).unwrap_err();
        assert_eq!(error.line, 2, "{broken}");
    }
}
