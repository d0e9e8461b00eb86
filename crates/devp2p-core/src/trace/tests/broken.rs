//! What is cut, changed, or not what it says: everything up to the fault is told, and no byte is lost.

use proptest::prelude::*;

use super::*;

/// A dissector with the keys of both nodes, but not with what follows from them: so a change is found
/// where the nodes would find it.
fn with_keys(whole: &Exchange) -> Dissector {
    let mut secrets = Secrets::default();
    for name in [
        SecretName::InitiatorPrivkey,
        SecretName::RecipientPrivkey,
        SecretName::InitiatorEphemeralPrivkey,
        SecretName::RecipientEphemeralPrivkey,
    ] {
        secrets.insert(name, *whole.secrets.get(name).unwrap());
    }
    Dissector::new(secrets)
}

/// All steps of an exchange whose streams were changed, with both ends.
fn dissect(whole: &Exchange, streams: &[(Side, Vec<u8>)]) -> Vec<Step> {
    let mut dissector = with_keys(whole);
    streams.iter().for_each(|(side, bytes)| dissector.push(*side, bytes));
    dissector.end(Side::Initiator);
    dissector.end(Side::Recipient);
    dissector.steps().collect()
}

#[track_caller]
fn assert_nothing_is_lost(steps: &[Step], streams: &[(Side, Vec<u8>)]) {
    assert_every_byte_has_one_field(steps);
    for side in [Side::Initiator, Side::Recipient] {
        let all = streams.iter().filter(|(from, _)| *from == side);
        let all: Vec<u8> = all.flat_map(|(_, bytes)| bytes.iter().copied()).collect();
        assert_eq!(sent(steps, side), all, "{side}");
    }
}

#[test]
fn a_stream_that_is_cut_anywhere_is_told_up_to_there() {
    let whole = exchange(Lesson::A4, 1);
    for (number, (side, packet)) in whole.packets.iter().enumerate() {
        for length in 0..packet.len() {
            let mut streams = whole.packets[..number].to_vec();
            streams.push((*side, packet[..length].to_vec()));
            let steps = dissect(&whole, &streams);
            assert_nothing_is_lost(&steps, &streams);
            let faults = steps.iter().filter(|step| step.fault.is_some()).count();
            assert_eq!(faults, usize::from(length > 0), "packet {number}, {length} bytes of it");
        }
    }
}

#[test]
fn a_packet_that_is_cut_shows_what_is_there() {
    let whole = exchange(Lesson::A2, 1);
    let steps = dissect(&whole, &[(Side::Initiator, whole.packets[0].1[..100].to_vec())]);
    let cut = &steps[0];
    assert!(cut.fault.as_ref().unwrap().error.contains("not as long as its size prefix says"));
    let names: Vec<&str> =
        cut.parts.iter().flat_map(|part| &part.fields).map(|field| &*field.what.name).collect();
    assert_eq!(names, ["size", "form", "R", "iv", "not-read"]);
}

#[test]
fn every_byte_that_is_flipped_is_noticed_and_nothing_is_lost() {
    let whole = exchange(Lesson::A4, 1);
    for (number, (side, packet)) in whole.packets.iter().enumerate() {
        for at in 0..packet.len() {
            let mut streams = whole.packets.clone();
            streams[number].1[at] ^= 1;
            let steps = dissect(&whole, &streams);
            assert_nothing_is_lost(&steps, &streams);
            let fault = steps.iter().find(|step| step.fault.is_some());
            let fault =
                fault.unwrap_or_else(|| panic!("packet {number}, byte {at}: nothing noticed"));
            assert_eq!(fault.from, *side, "packet {number}, byte {at}");
        }
    }
}

#[test]
fn bytes_that_are_missing_end_what_can_be_read_in_their_direction() {
    let whole = exchange(Lesson::A4, 1);
    let mut dissector = Dissector::new(whole.secrets.clone());
    for (number, (side, packet)) in whole.packets.iter().enumerate() {
        if number == 4 {
            dissector.lose(*side, 64);
        } else {
            dissector.push(*side, packet);
        }
    }
    let steps: Vec<Step> = dissector.steps().collect();
    let word = "foo/42 code 0";
    assert_eq!(titles(&steps), ["auth", "ack", "Hello", "Hello", "gap", word, "bytes"]);
    assert!(steps[4].fault.as_ref().unwrap().error.contains("64 bytes are missing"));
}

#[test]
fn a_secret_of_another_connection_is_named_as_the_fault() {
    let (whole, other) = (exchange(Lesson::A4, 1), exchange(Lesson::A4, 2));
    let mut dissector = Dissector::new(other.secrets);
    whole.packets.iter().for_each(|(side, packet)| dissector.push(*side, packet));
    let steps: Vec<Step> = dissector.steps().collect();
    assert_nothing_is_lost(&steps, &whole.packets);
    assert!(steps[0].fault.as_ref().unwrap().error.contains("cannot be decrypted"));
}

#[test]
fn a_message_of_a_million_items_has_few_fields() {
    let mut notes = notebook::Notebook::new(Side::Initiator);
    let items = vec![1; 1_000_000];
    let rlp = crate::rlp::list(&items);
    crate::record::Recorder::part(&mut notes, &crate::enr::RECORD);
    crate::rlp::tell_tree(&rlp, &mut notes).unwrap();
    let step = notes.close("1".to_owned(), String::new(), &mut notebook::Names::default());
    assert_every_byte_has_one_field(std::slice::from_ref(&step));
    assert!(step.parts[0].fields.len() <= 2_000);
    assert_eq!(step.parts[0].hex, rlp);
}

#[test]
fn a_list_in_a_list_in_a_list_is_no_danger() {
    let mut rlp = vec![0xc0];
    for _ in 0..20_000 {
        rlp = crate::rlp::list(&rlp);
    }
    let mut notes = notebook::Notebook::new(Side::Initiator);
    crate::record::Recorder::part(&mut notes, &crate::enr::RECORD);
    crate::rlp::tell_tree(&rlp, &mut notes).unwrap();
}

proptest! {
    #[test]
    fn any_bytes_are_told_whole(
        one in proptest::collection::vec(any::<u8>(), 0..600),
        two in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let whole = exchange(Lesson::A2, 1);
        let streams = [(Side::Initiator, one), (Side::Recipient, two)];
        assert_nothing_is_lost(&dissect(&whole, &streams), &streams);
    }

    #[test]
    fn any_datagram_and_any_record_is_told_whole(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let key = crate::keys::NodeKey::from_bytes([7; 32]).unwrap();
        let packets =
            [handshake_packet(&bytes, None), handshake_packet(&bytes, Some(&key)), frame(&bytes)];
        let others = [datagram(1, Side::Recipient, &bytes), super::record(&bytes), tree(&bytes)];
        for step in others.into_iter().chain(packets) {
            assert_every_byte_has_one_field(std::slice::from_ref(&step));
            prop_assert_eq!(step.wire(), bytes.clone(), "{}", step.title);
        }
        for step in [hello(&bytes), disconnect(&bytes), message(&bytes)] {
            assert_every_byte_has_one_field(std::slice::from_ref(&step));
            let first = step.parts.first().map_or(&[][..], |part| &part.hex);
            // An unreadable Disconnect is a reason, too; and what is compressed is told twice.
            prop_assert!(step.fault.is_none() || first == bytes, "{step:?}");
        }
    }
}
