//! msg-ids and snappy: the first bytes of a frame, and how many come out of the rest.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::super::message::{Compression, MAX_PAYLOAD, declared_len, encode, split_id};
use super::super::{EMPTY_LIST, MessageError, PING};
use crate::frame::MAX_FRAME_SIZE;

fn compressed(payload: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(payload).unwrap()
}

fn decompress(block: &[u8]) -> Result<Vec<u8>, MessageError> {
    Compression::Snappy.decompress(block, MAX_PAYLOAD)
}

/// Bytes without repetitions (xorshift).
fn incompressible(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

#[test]
fn the_golden_frame_holds_message_8() {
    let vector: Value =
        serde_json::from_str(include_str!("../../../tests/vectors/rlpx_frame.json")).unwrap();
    let content = hex::decode(vector["frame_content"].as_str().unwrap()).unwrap();
    let payload = hex::decode(vector["payload_rlp"].as_str().unwrap()).unwrap();
    let code = vector["message_code"].as_u64().unwrap();
    assert_eq!(split_id(&content), Ok((code, &payload[..])));
    assert_eq!(encode(code, &payload, Compression::Off), Ok(content));
}

#[test]
fn a_compressed_ping_is_four_bytes() {
    let ping = encode(PING, EMPTY_LIST, Compression::Snappy).unwrap();
    assert_eq!(ping, [0x02, 0x01, 0x00, 0xc0]);
}

#[test]
fn msg_id_0_is_0x80() {
    assert_eq!(encode(0, &[5], Compression::Off), Ok(vec![0x80, 5]));
    assert_eq!(split_id(&[0x80, 5]), Ok((0, &[5][..])));
}

#[test]
fn msg_ids_up_to_64_bits_are_split_off() {
    for id in [1, 0x7f, 0x80, 0xff, 0x100, u64::from(u32::MAX), u64::MAX] {
        let frame_data = encode(id, b"payload", Compression::Off).unwrap();
        assert_eq!(split_id(&frame_data), Ok((id, &b"payload"[..])));
        let alone = encode(id, b"", Compression::Off).unwrap();
        assert_eq!(split_id(&alone), Ok((id, &b""[..])));
        for len in 0..alone.len() {
            assert_eq!(split_id(&alone[..len]), Err(MessageError::Id), "{id} {len}");
        }
    }
}

#[test]
fn what_is_no_canonical_integer_is_no_msg_id() {
    let refused: [&[u8]; 10] = [
        &[],
        &[0x00],
        &[0x00, 0xc0],
        &[0x81, 0x01],
        &[0x81, 0x00],
        &[0x82, 0x00, 0x80],
        &[0x89, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        &[0xc0],
        &[0xc1, 0x01],
        &[0xb8, 0x01, 0x80],
    ];
    for frame_data in refused {
        assert_eq!(split_id(frame_data), Err(MessageError::Id), "{}", hex::encode(frame_data));
    }
}

#[test]
fn versions_below_5_are_not_compressed() {
    for version in 0..5 {
        assert_eq!(Compression::for_version(version), Compression::Off);
    }
    for version in [5, 6, u64::MAX] {
        assert_eq!(Compression::for_version(version), Compression::Snappy);
    }
}

#[test]
fn a_declared_length_above_the_limit_is_refused() {
    let declaring = |varint: &[u8]| decompress(&[varint, &[0; 100]].concat());
    let too_big = |size| Err(MessageError::TooBig { size, limit: MAX_PAYLOAD });
    assert_eq!(declaring(&[0x80, 0x80, 0x80, 0x08]), too_big(1 << 24));
    assert_eq!(declaring(&[0x81, 0x80, 0x80, 0x08]), too_big((1 << 24) + 1));
    assert_eq!(declaring(&[0xff, 0xff, 0xff, 0xff, 0x0f]), too_big(0xffff_ffff));
}

#[test]
fn a_declared_length_that_is_no_number_of_32_bits_is_refused() {
    for varint in [&[0xff, 0xff, 0xff, 0xff, 0x1f][..], &[0xff; 10], &[0x80; 20], &[0x80], &[]] {
        assert_eq!(decompress(varint), Err(MessageError::Snappy), "{}", hex::encode(varint));
    }
}

#[test]
fn the_limit_of_the_caller_counts() {
    let off = |limit| Compression::Off.decompress(&[7; 100], limit);
    let snappy = |limit| Compression::Snappy.decompress(&compressed(&[7; 100]), limit);
    let too_big = Err(MessageError::TooBig { size: 100, limit: 99 });
    assert_eq!((off(100), snappy(100)), (Ok(vec![7; 100]), Ok(vec![7; 100])));
    assert_eq!((off(99), snappy(99)), (too_big.clone(), too_big));
}

#[test]
fn a_length_that_the_block_cannot_hold_is_refused_before_memory_is_taken() {
    // Five bytes that claim 0xFFFFFF.
    let claim = [0xff, 0xff, 0xff, 0x07, 0x00];
    assert_eq!(snap::raw::decompress_len(&claim).unwrap(), MAX_PAYLOAD);
    assert_eq!(declared_len(&claim, MAX_PAYLOAD), Err(MessageError::Snappy));
    assert_eq!(decompress(&claim), Err(MessageError::Snappy));
}

#[test]
fn the_densest_block_there_can_be_is_decompressed() {
    // One literal byte, then copies of 64 bytes at distance 1: three bytes each.
    for copies in [0, 1, 2, 10, 1000, 262_143] {
        let len = 1 + 64 * copies;
        let copy = [63 << 2 | 0b10, 1, 0];
        let mut varint = Vec::new();
        let mut rest = len;
        while rest >= 0x80 {
            varint.push(u8::try_from(rest % 0x80).unwrap() | 0x80);
            rest /= 0x80;
        }
        varint.push(u8::try_from(rest).unwrap());
        let block = [&varint[..], &[0, b'x'], &copy.repeat(copies)].concat();
        assert!(decompress(&block).unwrap() == vec![b'x'; len], "{copies}");
    }
}

#[test]
fn a_block_cut_anywhere_is_refused() {
    let block = compressed(&[&b"some text, some text, some more text"[..], &[7; 200]].concat());
    for len in 0..block.len() {
        assert_eq!(decompress(&block[..len]), Err(MessageError::Snappy), "{len}");
    }
    assert_eq!(decompress(&[&block[..], &[0]].concat()), Err(MessageError::Snappy));
}

#[test]
fn a_block_with_any_bit_changed_never_panics() {
    let block = compressed(&[&b"some text, some text, some more text"[..], &[7; 200]].concat());
    for bit in 0..block.len() * 8 {
        let mut changed = block.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        if let Ok(payload) = decompress(&changed) {
            assert_eq!(payload.len(), snap::raw::decompress_len(&changed).unwrap());
        }
    }
}

#[test]
fn the_longest_payload_passes_when_it_can_be_compressed_and_one_byte_more_is_refused() {
    let mut payload = vec![0; MAX_PAYLOAD];
    let frame_data = encode(16, &payload, Compression::Snappy).unwrap();
    let (id, block) = split_id(&frame_data).unwrap();
    assert_eq!(id, 16);
    assert!(decompress(block).unwrap() == payload);

    payload.push(0);
    let too_big = MessageError::TooBig { size: MAX_PAYLOAD + 1, limit: MAX_PAYLOAD };
    for compression in [Compression::Off, Compression::Snappy] {
        assert_eq!(encode(16, &payload, compression), Err(too_big.clone()));
    }
}

#[test]
fn random_bytes_must_leave_room_for_what_snappy_adds() {
    // Four bytes of length, three more for each 64 KiB, and one for the msg-id.
    let longest = MAX_FRAME_SIZE - 1 - 4 - 3 * 256;
    let mut payload = incompressible(longest);
    assert_eq!(encode(16, &payload, Compression::Snappy).unwrap().len(), MAX_FRAME_SIZE);

    payload = incompressible(longest + 1);
    let too_big = MessageError::TooBig { size: MAX_FRAME_SIZE + 1, limit: MAX_FRAME_SIZE };
    assert_eq!(encode(16, &payload, Compression::Snappy), Err(too_big));
}

#[test]
fn uncompressed_bytes_must_leave_room_for_the_msg_id() {
    let mut payload = vec![0; MAX_FRAME_SIZE - 1];
    assert_eq!(encode(16, &payload, Compression::Off).unwrap().len(), MAX_FRAME_SIZE);
    payload.push(0);
    let too_big = MessageError::TooBig { size: MAX_FRAME_SIZE + 1, limit: MAX_FRAME_SIZE };
    assert_eq!(encode(16, &payload, Compression::Off), Err(too_big));
}

proptest! {
    #[test]
    fn every_message_survives_encoding(
        id: u64, payload in vec(any::<u8>(), 0..300), version in 4..6u64,
    ) {
        let compression = Compression::for_version(version);
        let frame_data = encode(id, &payload, compression).unwrap();
        let (split, rest) = split_id(&frame_data).unwrap();
        prop_assert_eq!(split, id);
        prop_assert_eq!(compression.decompress(rest, 300), Ok(payload));
    }

    #[test]
    fn what_can_be_split_is_encoded_the_same_again(frame_data in vec(any::<u8>(), 0..12)) {
        if let Ok((id, payload)) = split_id(&frame_data) {
            prop_assert_eq!(encode(id, payload, Compression::Off), Ok(frame_data.clone()));
        }
    }

    #[test]
    fn any_bytes_decompress_within_the_limit_or_not_at_all(
        block in vec(any::<u8>(), 0..200), limit in 0..2000usize,
    ) {
        if let Ok(payload) = Compression::Snappy.decompress(&block, limit) {
            prop_assert!(payload.len() <= limit);
        }
    }

    #[test]
    fn repetitive_payloads_survive_compression(
        pattern in vec(any::<u8>(), 1..70), times in 0..3000usize,
    ) {
        let payload = pattern.repeat(times);
        prop_assert_eq!(decompress(&compressed(&payload)), Ok(payload));
    }
}
