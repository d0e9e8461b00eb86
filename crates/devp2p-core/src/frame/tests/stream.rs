//! Frames on their way: every flipped byte, every wrong order.

use bytes::BytesMut;
use ctr::cipher::StreamCipher;
use proptest::collection::vec;
use proptest::prelude::*;

use super::super::{Cipher, FrameError, FrameReader, HEADER_LEN, Mac};
use super::{header_by_hand, open, pair, seal};

#[test]
fn frames_are_appended_to_what_is_there() {
    let (mut writer, mut reader) = pair();
    let mut wire = BytesMut::from("before");
    writer.seal(b"foo", &mut wire).unwrap();
    writer.seal(b"bar", &mut wire).unwrap();
    assert_eq!(wire[..6], *b"before");
    assert_eq!(open(&mut reader, &wire[6..70]).unwrap(), b"foo");
    assert_eq!(open(&mut reader, &wire[70..]).unwrap(), b"bar");
}

#[test]
fn equal_frames_never_look_alike() {
    let (mut writer, _) = pair();
    let (first, second) = (seal(&mut writer, &[0; 16]), seal(&mut writer, &[0; 16]));
    for part in [0..16, 16..32, 32..48, 48..64] {
        assert_ne!(first[part.clone()], second[part]);
    }
}

#[test]
fn every_flipped_bit_of_the_first_three_frames_is_noticed() {
    let (mut writer, _) = pair();
    let frames = [&b"first"[..], &[2; 16], &[3; 40]].map(|data| seal(&mut writer, data));
    for (index, frame) in frames.iter().enumerate() {
        for bit in 0..frame.len() * 8 {
            let (_, mut reader) = pair();
            for before in &frames[..index] {
                open(&mut reader, before).unwrap();
            }
            let mut flipped = frame.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let in_header = bit / 8 < HEADER_LEN;
            let error = if in_header { FrameError::HeaderMac } else { FrameError::FrameMac };
            assert_eq!(open(&mut reader, &flipped), Err(error), "frame {index}, bit {bit}");
        }
    }
}

#[test]
fn a_body_with_a_wrong_mac_is_not_decrypted() {
    let (mut writer, mut reader) = pair();
    let mut frame = seal(&mut writer, b"a body that stays encrypted");
    *frame.last_mut().unwrap() ^= 1;
    let (header, body) = frame.split_first_chunk_mut().unwrap();
    let before = body.to_vec();
    let header = reader.open_header(header, 1000).unwrap();
    assert_eq!(reader.open_body(header, body), Err(FrameError::FrameMac));
    assert_eq!(body, before);
}

// ANCHOR: swapped
#[test]
fn frames_that_are_swapped_repeated_or_dropped_are_refused() {
    let (mut writer, _) = pair();
    let [a, b, c] = [b"aaa", b"bbb", b"ccc"].map(|data| seal(&mut writer, data));
    let (swapped, repeated, dropped) = ([&b, &a], [&a, &a], [&a, &c]);
    for order in [swapped, repeated, dropped] {
        let (_, mut reader) = pair();
        let opened = order.map(|frame| open(&mut reader, frame));
        assert!(opened.contains(&Err(FrameError::HeaderMac)));
        assert_eq!(opened[0].is_ok(), order[0] == &a);
    }
}
// ANCHOR_END: swapped

#[test]
fn the_body_of_another_frame_is_refused() {
    let (mut writer, mut reader) = pair();
    let (first, second) = (seal(&mut writer, b"aaa"), seal(&mut writer, b"bbb"));
    let mixed = [&first[..HEADER_LEN], &second[HEADER_LEN..]].concat();
    assert_eq!(open(&mut reader, &mixed), Err(FrameError::FrameMac));
}

#[test]
fn header_data_and_padding_are_not_read() {
    let (mut writer, mut reader) = pair();
    for rest in [[0; 13], [0xff; 13], *b"\xc3\x80\x05\x82anything!", *b"nothing known"] {
        let mut header = [0; 16];
        header[2] = 3;
        header[3..].copy_from_slice(&rest);
        let header = header_by_hand(&mut writer, header);
        let header = reader.open_header(&header, 3).unwrap();
        assert_eq!(header.size(), 3);

        let mut body = *b"foo and no zeros";
        writer.keystream.apply_keystream(&mut body);
        let mut body = [body, writer.mac.frame(&body, &mut ())].concat();
        assert_eq!(reader.open_body(header, &mut body).unwrap(), b"foo");
    }
}

#[test]
fn readers_with_another_secret_open_nothing() {
    let (mut writer, _) = pair();
    let frame = seal(&mut writer, b"foo");
    let mut reader =
        FrameReader::new(Cipher::new(&[0x11; 32]), Mac::new(Cipher::new(&[0x23; 32]), &[]));
    assert_eq!(open(&mut reader, &frame), Err(FrameError::HeaderMac));
}

#[test]
fn debug_shows_no_secret() {
    let (mut writer, mut reader) = pair();
    assert_eq!(format!("{writer:?}"), "FrameWriter { .. }");
    assert_eq!(format!("{reader:?}"), "FrameReader { .. }");
    let frame = seal(&mut writer, b"foo");
    let header = reader.open_header(frame.first_chunk().unwrap(), 3).unwrap();
    assert_eq!(format!("{header:?}"), "FrameHeader { size: 3 }");
}

proptest! {
    #[test]
    fn any_frames_come_through_in_order(frames in vec(vec(any::<u8>(), 1..200), 1..8)) {
        let (mut writer, mut reader) = pair();
        for frame_data in frames {
            let frame = seal(&mut writer, &frame_data);
            prop_assert_eq!(open(&mut reader, &frame), Ok(frame_data));
        }
    }

    #[test]
    fn any_bytes_are_no_header(bytes in vec(any::<u8>(), HEADER_LEN), limit: usize) {
        let (_, mut reader) = pair();
        let refused = reader.open_header(bytes.first_chunk().unwrap(), limit).unwrap_err();
        prop_assert_eq!(refused, FrameError::HeaderMac);
    }

    #[test]
    fn any_bytes_are_no_body(mut body in vec(any::<u8>(), 0..100)) {
        let (mut writer, mut reader) = pair();
        let frame = seal(&mut writer, &[7; 20]);
        let header = reader.open_header(frame.first_chunk().unwrap(), 20).unwrap();
        let error = if body.len() == 48 { FrameError::FrameMac } else { FrameError::BodyLength };
        prop_assert_eq!(reader.open_body(header, &mut body), Err(error));
    }
}
