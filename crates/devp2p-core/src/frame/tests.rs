//! A writer and a reader with the same secrets, and everything that can happen between them.

#![allow(clippy::arithmetic_side_effects, reason = "small numbers chosen by the tests")]

mod sizes;
mod stream;
mod vectors;

use bytes::BytesMut;
use ctr::cipher::StreamCipher;

use super::{Cipher, FrameError, FrameReader, FrameWriter, HEADER_LEN, Mac};

/// Both ends of one direction.
fn pair() -> (FrameWriter, FrameReader) {
    let mac = || Mac::new(Cipher::new(&[0x22; 32]), &[]);
    (
        FrameWriter::new(Cipher::new(&[0x11; 32]), mac()),
        FrameReader::new(Cipher::new(&[0x11; 32]), mac()),
    )
}

/// Compiles only if the round keys are wiped when a session ends.
#[test]
fn round_keys_are_wiped() {
    fn is_wiped<T: zeroize::ZeroizeOnDrop>() {}
    is_wiped::<aes::Aes256>();
    is_wiped::<aes::Aes128>();
}

/// The bytes of one frame.
fn seal(writer: &mut FrameWriter, frame_data: &[u8]) -> Vec<u8> {
    let mut wire = BytesMut::new();
    writer.seal(frame_data, &mut wire).unwrap();
    wire.to_vec()
}

/// Opens one whole frame.
fn open(reader: &mut FrameReader, frame: &[u8]) -> Result<Vec<u8>, FrameError> {
    let (header, body) = frame.split_first_chunk().unwrap();
    let header = reader.open_header(header, 1000)?;
    reader.open_body(header, &mut body.to_vec()).map(<[u8]>::to_vec)
}

/// The header, MAC included, with these 16 bytes of plaintext.
fn header_by_hand(writer: &mut FrameWriter, mut header: [u8; 16]) -> [u8; HEADER_LEN] {
    writer.keystream.apply_keystream(&mut header);
    [header, writer.mac.header(&header, &mut ())].concat().try_into().unwrap()
}
