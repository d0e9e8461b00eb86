//! Disconnect, in every form that was ever sent, and in some that nobody should send.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::DisconnectReason;
use super::{item, list};

const JUNK: DisconnectReason = DisconnectReason::Unknown(0xff);

fn compressed(payload: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(payload).unwrap()
}

#[track_caller]
fn assert_reason(payload: &[u8], reason: DisconnectReason) {
    assert_eq!(DisconnectReason::decode(payload), reason, "{}", hex::encode(payload));
}

#[test]
fn every_code_is_read_in_every_form() {
    for code in 0..=255 {
        let reason = DisconnectReason::from_code(code);
        let (bare, in_list) = (item(&code), list(&[item(&code)]));
        for raw in [&bare, &in_list] {
            assert_reason(raw, reason);
            assert_reason(&compressed(raw), reason);
        }
    }
}

#[test]
fn every_code_has_a_reason_of_its_own() {
    for code in 0..=255 {
        assert_eq!(DisconnectReason::from_code(code).code(), code);
    }
}

#[test]
fn the_codes_are_those_of_the_specification() {
    let reasons = [
        (0x00, DisconnectReason::Requested),
        (0x01, DisconnectReason::NetworkError),
        (0x02, DisconnectReason::ProtocolBreach),
        (0x03, DisconnectReason::UselessPeer),
        (0x04, DisconnectReason::TooManyPeers),
        (0x05, DisconnectReason::AlreadyConnected),
        (0x06, DisconnectReason::IncompatibleVersion),
        (0x07, DisconnectReason::InvalidIdentity),
        (0x08, DisconnectReason::Quitting),
        (0x09, DisconnectReason::UnexpectedIdentity),
        (0x0a, DisconnectReason::ConnectedToSelf),
        (0x0b, DisconnectReason::ReadTimeout),
        (0x0c, DisconnectReason::Unknown(0x0c)),
        (0x0f, DisconnectReason::Unknown(0x0f)),
        (0x10, DisconnectReason::SubprotocolError),
        (0x11, DisconnectReason::Unknown(0x11)),
        (0xff, JUNK),
    ];
    for (code, reason) in reasons {
        assert_eq!(DisconnectReason::from_code(code), reason);
    }
}

#[test]
fn we_send_the_list_form() {
    assert_eq!(DisconnectReason::TooManyPeers.encode(), [0xc1, 0x04]);
    assert_eq!(DisconnectReason::Requested.encode(), [0xc1, 0x80]);
    assert_eq!(DisconnectReason::Unknown(0x80).encode(), [0xc2, 0x81, 0x80]);
}

#[test]
fn the_forms_on_the_wire_are_understood() {
    assert_reason(&[0xc1, 0x04], DisconnectReason::TooManyPeers);
    assert_reason(&[0xc1, 0x80], DisconnectReason::Requested);
    assert_reason(&[0x04], DisconnectReason::TooManyPeers);
    assert_reason(&[0x80], DisconnectReason::Requested);
    // No canonical RLP, but on the wire all the same.
    assert_reason(&[0x00], DisconnectReason::Requested);
    assert_reason(&[0xc1, 0x00], DisconnectReason::Requested);
    // Compressed, as go-ethereum sent it in both of its forms.
    assert_reason(&[0x01, 0x00, 0x08], DisconnectReason::Quitting);
    assert_reason(&[0x02, 0x04, 0xc1, 0x08], DisconnectReason::Quitting);
}

#[test]
fn more_items_and_more_bytes_are_ignored() {
    assert_reason(&list(&[item(&4u8), item("because")]), DisconnectReason::TooManyPeers);
    assert_reason(&[0xc1, 0x04, 0xff, 0xff], DisconnectReason::TooManyPeers);
}

#[test]
fn what_holds_no_number_is_junk() {
    let junk = [
        vec![],
        list(&[]),
        list(&[list(&[])]),
        list(&[list(&[item(&4u8)])]),
        item(&256u64),
        item(&u64::MAX),
        list(&[item(&u64::MAX)]),
        item(&[0xff; 9][..]),
        list(&[item(&[0xff; 9][..])]),
        item("too many peers"),
        vec![0x81],
        vec![0xc1],
        vec![0xc5, 0x04],
        vec![0xbf; 9],
        vec![0xff; 9],
    ];
    for payload in junk {
        assert_reason(&payload, JUNK);
    }
}

#[test]
fn the_length_of_a_compressed_block_is_not_a_reason() {
    for block in [&[1, 0, 0xc0][..], &[2, 4, 0x81, 4], &[3, 8, 0xc2, 0x81, 4]] {
        assert!(snap::raw::Decoder::new().decompress_vec(block).is_ok());
        assert_reason(block, JUNK);
    }
}

#[test]
fn a_number_after_the_list_is_not_in_the_list() {
    assert_reason(&[0xc0, 0x04], JUNK);
    assert_reason(&[0xc1, 0x82, 0x01, 0x01], JUNK);
}

#[test]
fn a_kibibyte_of_junk_is_junk() {
    for byte in [0xb9, 0xc0, 0xf9, 0xff] {
        assert_reason(&[byte; 1024], JUNK);
    }
}

#[test]
fn snappy_bombs_do_not_go_off() {
    // A block of 16 MiB of zeros, and claims of 16 MiB and 4 GiB with nothing behind them.
    assert_reason(&compressed(&vec![0; 0xff_ffff]), JUNK);
    for claim in [&[0xff, 0xff, 0xff, 0x07][..], &[0xff, 0xff, 0xff, 0xff, 0x0f]] {
        assert_reason(claim, JUNK);
    }
}

#[test]
fn every_reason_has_a_text_of_its_own() {
    let mut texts: Vec<String> =
        (0..=255).map(|code| DisconnectReason::from_code(code).to_string()).collect();
    assert_eq!(texts[0x04], "too many peers");
    assert_eq!(texts[0x0c], "unknown reason 0x0c");
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 256);
    assert!(texts.iter().all(|text| !text.is_empty()));
}

#[test]
fn every_payload_of_two_bytes_is_some_reason() {
    for payload in (0..=u16::MAX).map(u16::to_be_bytes) {
        let [first, second] = payload;
        let expected = match (first, second) {
            (0xc1, 0x80) => DisconnectReason::Requested,
            (0xc1, 0x00..0x80) => DisconnectReason::from_code(second),
            (0x81, 0x80..) => DisconnectReason::from_code(second),
            (0x80, _) => DisconnectReason::Requested,
            (0x00..0x80, _) => DisconnectReason::from_code(first),
            _ => JUNK,
        };
        assert_reason(&payload, expected);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_some_reason(payload in vec(any::<u8>(), 0..300)) {
        let reason = DisconnectReason::decode(&payload);
        prop_assert_eq!(DisconnectReason::from_code(reason.code()), reason);
    }
}
