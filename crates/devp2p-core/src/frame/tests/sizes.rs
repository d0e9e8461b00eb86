//! How long a frame may be, and who says so.

use bytes::BytesMut;
use proptest::prelude::*;

use super::super::{FrameError, HEADER_LEN, MAX_FRAME_SIZE, check_size, size_bytes};
use super::{header_by_hand, open, pair, seal};

#[test]
fn frames_of_all_sizes_come_through_one_after_the_other() {
    let (mut writer, mut reader) = pair();
    for size in [1, 15, 16, 17, 255, 256, 65535, 65536] {
        let frame_data: Vec<u8> = (0..=255).cycle().take(size).collect();
        let mut frame = seal(&mut writer, &frame_data);
        let (header, body) = frame.split_first_chunk_mut().unwrap();
        let header = reader.open_header(header, size).unwrap();
        assert_eq!((header.size(), header.body_len()), (size, body.len()));
        assert_eq!(reader.open_body(header, body).unwrap(), frame_data, "{size}");
    }
}

#[test]
fn a_frame_is_padded_to_whole_blocks_with_48_bytes_more() {
    let (mut writer, _) = pair();
    for (size, on_the_wire) in [(1, 64), (15, 64), (16, 64), (17, 80), (32, 80), (33, 96)] {
        assert_eq!(seal(&mut writer, &vec![7; size]).len(), on_the_wire, "{size}");
    }
}

#[test]
fn the_largest_size_is_what_three_bytes_can_say() {
    assert_eq!(check_size(MAX_FRAME_SIZE, MAX_FRAME_SIZE), Ok(()));
    assert_eq!(size_bytes(MAX_FRAME_SIZE), [0xff; 3]);
    let (size, limit) = (MAX_FRAME_SIZE + 1, usize::MAX);
    assert_eq!(check_size(size, limit), Err(FrameError::TooBig { size, limit }));
}

#[test]
fn the_largest_frame_comes_through() {
    let (mut writer, mut reader) = pair();
    let mut wire = BytesMut::new();
    writer.seal(&vec![0x5a; MAX_FRAME_SIZE], &mut wire).unwrap();
    let (header, body) = wire.split_first_chunk_mut().unwrap();
    let header = reader.open_header(header, MAX_FRAME_SIZE).unwrap();
    let frame_data = reader.open_body(header, body).unwrap();
    assert_eq!(frame_data.len(), MAX_FRAME_SIZE);
    assert!(frame_data.iter().all(|byte| *byte == 0x5a));
}

#[test]
fn what_cannot_be_sealed_leaves_the_writer_as_it_was() {
    let (mut writer, mut reader) = pair();
    let mut wire = BytesMut::from("before");
    assert_eq!(writer.seal(&[], &mut wire), Err(FrameError::Empty));
    let (size, limit) = (MAX_FRAME_SIZE + 1, MAX_FRAME_SIZE);
    let refused = writer.seal(&vec![0; size], &mut wire);
    assert_eq!(refused, Err(FrameError::TooBig { size, limit }));
    assert_eq!(wire, "before");

    let frame = seal(&mut writer, b"foo");
    assert_eq!(open(&mut reader, &frame).unwrap(), b"foo");
}

#[test]
fn a_frame_as_big_as_the_limit_is_opened_and_one_byte_more_refused() {
    let header = |limit| {
        let (mut writer, mut reader) = pair();
        let frame = seal(&mut writer, &[7; 300]);
        reader.open_header(frame.first_chunk().unwrap(), limit).map(|header| header.size())
    };
    assert_eq!(header(300), Ok(300));
    assert_eq!(header(usize::MAX), Ok(300));
    assert_eq!(header(299), Err(FrameError::TooBig { size: 300, limit: 299 }));
    assert_eq!(header(0), Err(FrameError::TooBig { size: 300, limit: 0 }));
}

#[test]
fn the_size_is_not_believed_before_the_mac() {
    for bit in 0..24 {
        let (mut writer, mut reader) = pair();
        let mut frame = seal(&mut writer, b"foo");
        frame[bit / 8] ^= 1 << (bit % 8);
        // With a limit this low, a size that was looked at first would be TooBig.
        let refused = reader.open_header(frame.first_chunk().unwrap(), 0).unwrap_err();
        assert_eq!(refused, FrameError::HeaderMac, "{bit}");
    }
}

/// A cut header cannot even be written: `open_header` takes an array of 32 bytes. A body is a
/// slice, so it can be cut, and its length is compared.
#[test]
fn a_body_of_another_length_than_the_header_says_is_refused() {
    let (mut writer, _) = pair();
    let frame = seal(&mut writer, &[7; 20]);
    for len in (0..100).filter(|len| *len != 32 + 16) {
        let (_, mut reader) = pair();
        let header = reader.open_header(frame.first_chunk().unwrap(), 1000).unwrap();
        let mut body = frame[HEADER_LEN..].to_vec();
        body.resize(len, 0);
        assert_eq!(reader.open_body(header, &mut body), Err(FrameError::BodyLength), "{len}");
    }
}

#[test]
fn a_header_of_an_empty_frame_is_refused() {
    let (mut writer, mut reader) = pair();
    let header = header_by_hand(&mut writer, [0; 16]);
    assert_eq!(reader.open_header(&header, 1000).unwrap_err(), FrameError::Empty);
}

#[test]
fn a_header_of_the_largest_frame_is_measured_against_the_limit() {
    let header = |limit| {
        let (mut writer, mut reader) = pair();
        let mut header = [0; 16];
        header[..3].fill(0xff);
        let header = header_by_hand(&mut writer, header);
        reader.open_header(&header, limit).map(|header| (header.size(), header.body_len()))
    };
    // One byte of padding, 16 of MAC.
    assert_eq!(header(MAX_FRAME_SIZE), Ok((0xff_ffff, 0xff_ffff + 17)));
    let (size, limit) = (MAX_FRAME_SIZE, 2048);
    assert_eq!(header(limit), Err(FrameError::TooBig { size, limit }));
}

proptest! {
    #[test]
    fn any_header_with_a_good_mac_has_a_size_within_the_limit_or_an_error(
        header: [u8; 16], limit: u32,
    ) {
        let (mut writer, mut reader) = pair();
        let [a, b, c, ..] = header;
        let size = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap();
        let limit = usize::try_from(limit >> 6).unwrap();
        let opened = reader.open_header(&header_by_hand(&mut writer, header), limit);
        match opened {
            Ok(header) => prop_assert!(header.size() == size && size <= limit),
            Err(FrameError::Empty) => prop_assert_eq!(size, 0),
            Err(error) => prop_assert_eq!(error, FrameError::TooBig { size, limit }),
        }
    }
}
