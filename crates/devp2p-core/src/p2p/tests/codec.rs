//! msg-ids and snappy: the first bytes of a frame, and how many come out of the rest.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::super::codec::decompress;
use super::super::{
    Capability, Codec, DISCONNECT, EMPTY_LIST, MAX_PAYLOAD, MessageError, Offer, PING, Received,
    shared, split_msg_id,
};
use crate::frame::MAX_FRAME_SIZE;

/// Speaks no protocol, and does not compress.
fn plain() -> Codec {
    Codec::new(4, Vec::new())
}

/// Speaks no protocol, and compresses.
fn snappy() -> Codec {
    Codec::new(5, Vec::new())
}

/// Speaks foo/42 with four codes and payloads of up to `max_payload` bytes.
fn foo(version: u64, max_payload: usize) -> Codec {
    let capability = Capability::new("foo", 42);
    let offer = Offer { max_payload, ..Offer::new(capability.clone(), 4) };
    Codec::new(version, shared(&[offer], &[capability]))
}

fn encode(msg_id: u64, payload: &[u8], codec: &Codec) -> Result<Vec<u8>, MessageError> {
    codec.encode(msg_id, payload, &mut Vec::new()).map(<[u8]>::to_vec)
}

fn compressed(payload: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(payload).unwrap()
}

fn decompress_all(block: &[u8]) -> Result<Vec<u8>, MessageError> {
    decompress(block, MAX_PAYLOAD)
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
    assert_eq!(split_msg_id(&content), Ok((code, &payload[..])));
    assert_eq!(encode(code, &payload, &plain()), Ok(content));
}

#[test]
fn a_compressed_ping_is_four_bytes() {
    let ping = encode(PING, EMPTY_LIST, &snappy()).unwrap();
    assert_eq!(ping, [0x02, 0x01, 0x00, 0xc0]);
}

#[test]
fn msg_id_0_is_0x80() {
    assert_eq!(encode(0, &[5], &plain()), Ok(vec![0x80, 5]));
    assert_eq!(split_msg_id(&[0x80, 5]), Ok((0, &[5][..])));
}

#[test]
fn msg_ids_up_to_64_bits_are_split_off() {
    for id in [1, 0x7f, 0x80, 0xff, 0x100, u64::from(u32::MAX), u64::MAX] {
        let frame_data = encode(id, b"payload", &plain()).unwrap();
        assert_eq!(split_msg_id(&frame_data), Ok((id, &b"payload"[..])));
        let alone = encode(id, b"", &plain()).unwrap();
        assert_eq!(split_msg_id(&alone), Ok((id, &b""[..])));
        for len in 0..alone.len() {
            assert_eq!(split_msg_id(&alone[..len]), Err(MessageError::MsgId), "{id} {len}");
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
        assert_eq!(
            split_msg_id(frame_data),
            Err(MessageError::MsgId),
            "{}",
            hex::encode(frame_data)
        );
    }
}

#[test]
fn versions_below_5_are_not_compressed() {
    for version in 0..5 {
        let codec = Codec::new(version, Vec::new());
        assert_eq!(encode(PING, EMPTY_LIST, &codec), Ok(vec![0x02, 0xc0]));
    }
    for version in [5, 6, u64::MAX] {
        let codec = Codec::new(version, Vec::new());
        assert_eq!(encode(PING, EMPTY_LIST, &codec), Ok(vec![0x02, 0x01, 0x00, 0xc0]));
    }
}

#[test]
fn a_declared_length_above_the_limit_is_refused() {
    let declaring = |varint: &[u8]| decompress_all(&[varint, &[0; 100]].concat());
    let too_big = |size| Err(MessageError::TooBig { size, limit: MAX_PAYLOAD });
    assert_eq!(declaring(&[0x80, 0x80, 0x80, 0x08]), too_big(1 << 24));
    assert_eq!(declaring(&[0x81, 0x80, 0x80, 0x08]), too_big((1 << 24) + 1));
    assert_eq!(declaring(&[0xff, 0xff, 0xff, 0xff, 0x0f]), too_big(0xffff_ffff));
}

#[test]
fn a_declared_length_that_is_no_number_of_32_bits_is_refused() {
    for varint in [&[0xff, 0xff, 0xff, 0xff, 0x1f][..], &[0xff; 10], &[0x80; 20], &[0x80], &[]] {
        assert_eq!(decompress_all(varint), Err(MessageError::Snappy), "{}", hex::encode(varint));
    }
}

#[test]
fn the_limit_of_the_capability_counts_before_anything_is_decompressed() {
    let too_big = MessageError::TooBig { size: 100, limit: 99 };
    // What says that it is 100 bytes long, and is nothing.
    let claim = [0x10, 100];
    for (version, block) in [(4, vec![7; 100]), (5, compressed(&[7; 100]))] {
        let frame_data = [&[0x10][..], &block].concat();
        let received = Received::Message { position: 0, code: 0, payload: vec![7; 100].into() };
        assert_eq!(foo(version, 100).decode(&frame_data), Ok(received));
        assert_eq!(foo(version, 99).decode(&frame_data), Err(too_big.clone()));
    }
    assert_eq!(foo(5, 99).decode(&claim), Err(too_big));
    assert_eq!(foo(5, 100).decode(&claim), Err(MessageError::Snappy));
}

#[test]
fn what_the_capability_does_not_allow_is_not_encoded() {
    let codec = foo(5, 99);
    let mut buffer = Vec::new();
    assert_eq!(codec.encode_message(0, 3, &[7; 99], &mut buffer).unwrap()[0], 0x13);
    let too_big = Err(MessageError::TooBig { size: 100, limit: 99 });
    assert_eq!(codec.encode_message(0, 3, &[7; 100], &mut buffer), too_big);
    let out_of_range = codec.encode_message(0, 4, &[], &mut buffer).unwrap_err();
    assert_eq!(out_of_range.to_string(), "foo/42 has no message code 4");
    assert!(codec.encode_message(1, 0, &[], &mut buffer).is_err(), "there is one capability");
}

#[test]
fn no_capability_allows_more_than_a_message_can_be() {
    assert_eq!(foo(5, usize::MAX).shared()[0].max_payload, MAX_PAYLOAD);
}

/// Blocks that snappy cannot read: uncompressed lists, a length without an end, one that says more or
/// less than there is, a copy of what was never there, a literal cut off, a claim of 4 GiB.
const BROKEN_BLOCKS: [&[u8]; 9] = [
    &[0xc0],
    &[0xc1, 0x04],
    &[0x80, 0x80],
    &[0xff; 9],
    &[0x02, 0x00, 0xc0],
    &[0x01, 0x04, 0xc0, 0xc0],
    &[0x04, 0x01, 0x01],
    &[0x01, 0x00],
    &[0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0xc0],
];

#[test]
fn what_cannot_be_decompressed_is_an_error_whatever_the_message_is() {
    for msg_id in [0x80, 0x02, 0x03, 0x04, 0x0f, 0x10] {
        for block in BROKEN_BLOCKS {
            let frame_data = [&[msg_id], block].concat();
            let codec = foo(5, 100);
            let decoded = codec.decode(&frame_data);
            let is_error =
                matches!(decoded, Err(MessageError::Snappy | MessageError::TooBig { .. }));
            assert!(is_error, "{msg_id:#x} {block:x?}: {decoded:?}");
        }
        // Nor one that is larger than a base message, or a message of this protocol, may be.
        let large = [vec![msg_id], compressed(&[0; 2049])].concat();
        let too_big =
            MessageError::TooBig { size: 2049, limit: if msg_id == 0x10 { 100 } else { 2048 } };
        assert_eq!(foo(5, 100).decode(&large), Err(too_big));
    }
    // A goodbye is understood however badly it is said.
    for block in BROKEN_BLOCKS {
        let goodbye = [&[DISCONNECT.try_into().unwrap()], block].concat();
        assert_eq!(foo(5, 100).decode(&goodbye), Ok(Received::Disconnect(block)));
    }
}

#[test]
fn base_messages_are_told_apart() {
    for codec in [plain(), snappy(), foo(5, 0)] {
        assert_eq!(codec.decode(&[0x01, 0xc1, 0x04]), Ok(Received::Disconnect(&[0xc1, 0x04])));
        let ping = encode(PING, EMPTY_LIST, &codec).unwrap();
        assert_eq!(codec.decode(&ping), Ok(Received::Ping));
        for msg_id in [0x00, 0x03, 0x04, 0x0f] {
            let frame_data = encode(msg_id, EMPTY_LIST, &codec).unwrap();
            assert_eq!(codec.decode(&frame_data), Ok(Received::Other(msg_id)));
        }
    }
    assert_eq!(encode(DISCONNECT, &[0xc1, 4], &plain()).unwrap(), [0x01, 0xc1, 0x04]);
}

#[test]
fn a_length_that_the_block_cannot_hold_is_refused_before_memory_is_taken() {
    // Five bytes that claim 0xFFFFFF.
    let claim = [0xff, 0xff, 0xff, 0x07, 0x00];
    assert_eq!(snap::raw::decompress_len(&claim).unwrap(), MAX_PAYLOAD);
    assert_eq!(decompress_all(&claim), Err(MessageError::Snappy));
    // The four that became 1.7 MB elsewhere: the list of one text, sent as it is.
    let list = [0xc3, 0x82, 0x68, 0x69];
    assert_eq!(snap::raw::decompress_len(&list).unwrap(), 1_704_259);
    assert_eq!(decompress_all(&list), Err(MessageError::Snappy));
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
        assert!(decompress_all(&block).unwrap() == vec![b'x'; len], "{copies}");
    }
}

#[test]
fn a_block_cut_anywhere_is_refused() {
    let block = compressed(&[&b"some text, some text, some more text"[..], &[7; 200]].concat());
    for len in 0..block.len() {
        assert_eq!(decompress_all(&block[..len]), Err(MessageError::Snappy), "{len}");
    }
    assert_eq!(decompress_all(&[&block[..], &[0]].concat()), Err(MessageError::Snappy));
}

#[test]
fn a_block_with_any_bit_changed_never_panics() {
    let block = compressed(&[&b"some text, some text, some more text"[..], &[7; 200]].concat());
    for bit in 0..block.len() * 8 {
        let mut changed = block.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        if let Ok(payload) = decompress_all(&changed) {
            assert_eq!(payload.len(), snap::raw::decompress_len(&changed).unwrap());
        }
    }
}

#[test]
fn the_longest_payload_passes_when_it_can_be_compressed_and_one_byte_more_is_refused() {
    let mut payload = vec![0; MAX_PAYLOAD];
    let frame_data = encode(16, &payload, &snappy()).unwrap();
    let (id, block) = split_msg_id(&frame_data).unwrap();
    assert_eq!(id, 16);
    assert!(decompress_all(block).unwrap() == payload);

    payload.push(0);
    let too_big = MessageError::TooBig { size: MAX_PAYLOAD + 1, limit: MAX_PAYLOAD };
    for codec in [plain(), snappy()] {
        assert_eq!(encode(16, &payload, &codec), Err(too_big.clone()));
    }
}

#[test]
fn random_bytes_must_leave_room_for_what_snappy_adds() {
    // Four bytes of length, three more for each 64 KiB, and one for the msg-id.
    let longest = MAX_FRAME_SIZE - 1 - 4 - 3 * 256;
    let mut payload = incompressible(longest);
    assert_eq!(encode(16, &payload, &snappy()).unwrap().len(), MAX_FRAME_SIZE);

    payload = incompressible(longest + 1);
    let too_big = MessageError::TooBig { size: MAX_FRAME_SIZE + 1, limit: MAX_FRAME_SIZE };
    assert_eq!(encode(16, &payload, &snappy()), Err(too_big));
}

#[test]
fn uncompressed_bytes_must_leave_room_for_the_msg_id() {
    let mut payload = vec![0; MAX_FRAME_SIZE - 1];
    assert_eq!(encode(16, &payload, &plain()).unwrap().len(), MAX_FRAME_SIZE);
    payload.push(0);
    let too_big = MessageError::TooBig { size: MAX_FRAME_SIZE + 1, limit: MAX_FRAME_SIZE };
    assert_eq!(encode(16, &payload, &plain()), Err(too_big));
}

proptest! {
    #[test]
    fn every_message_survives_encoding(
        code in 0..4u64, payload in vec(any::<u8>(), 0..300), version in 4..6u64,
    ) {
        let codec = foo(version, 300);
        let mut buffer = Vec::new();
        let frame_data = codec.encode_message(0, code, &payload, &mut buffer).unwrap();
        let payload = payload.into();
        let received = Received::Message { position: 0, code, payload };
        prop_assert_eq!(codec.decode(frame_data), Ok(received));
    }

    #[test]
    fn any_frame_is_decoded_or_refused(
        frame_data in vec(any::<u8>(), 0..200), version in 4..6u64, max_payload in 0..2000usize,
    ) {
        if let Ok(Received::Message { payload, .. }) = foo(version, max_payload).decode(&frame_data) {
            prop_assert!(payload.len() <= max_payload);
        }
    }

    #[test]
    fn what_can_be_split_is_encoded_the_same_again(frame_data in vec(any::<u8>(), 0..12)) {
        if let Ok((id, payload)) = split_msg_id(&frame_data) {
            prop_assert_eq!(encode(id, payload, &plain()), Ok(frame_data.clone()));
        }
    }

    #[test]
    fn any_bytes_decompress_within_the_limit_or_not_at_all(
        block in vec(any::<u8>(), 0..200), limit in 0..2000usize,
    ) {
        if let Ok(payload) = decompress(&block, limit) {
            prop_assert!(payload.len() <= limit);
        }
    }

    #[test]
    fn repetitive_payloads_survive_compression(
        pattern in vec(any::<u8>(), 1..70), times in 0..3000usize,
    ) {
        let payload = pattern.repeat(times);
        prop_assert_eq!(decompress_all(&compressed(&payload)), Ok(payload));
    }
}
