//! What a snappy block is made of. Decompressing is the library's work; this only tells the pieces.
//!
//! ```text
//! length (varint) ‖ element, element, …
//!   literal:  (n − 1) << 2 | 00, n bytes                       n from 61 on: 1 to 4 more bytes for it
//!   copy:     …01, …10 or …11, with an offset of 11, 16 or 32 bits, back from here
//! ```
//!
//! Spec: [snappy, format](https://github.com/google/snappy/blob/main/format_description.txt)

use super::fields;
use crate::record::{AS_HEX, Bytes, Recorder};

/// A piece of a block.
#[derive(Debug, PartialEq, Eq)]
enum Element<'a> {
    Literal { tag: &'a [u8], bytes: &'a [u8] },
    Copy { tag: &'a [u8], length: usize, offset: usize },
}

/// Tells what `block` is made of, up to where it is none.
pub(super) fn tell(block: &[u8], recorder: &mut impl Recorder) {
    if !recorder.listens() {
        return;
    }
    recorder.part(&fields::SNAPPY);
    let length = block.iter().position(|byte| byte & 0x80 == 0).filter(|last| *last < 5);
    let Some((length, mut rest)) =
        length.and_then(|last| block.split_at_checked(last.saturating_add(1)))
    else {
        return recorder.fault();
    };
    match snap::raw::decompress_len(block) {
        Ok(bytes) => recorder.field(&fields::LENGTH, length, &Bytes(bytes)),
        Err(_) => return recorder.fault(),
    }
    while !rest.is_empty() {
        match take_element(&mut rest) {
            Some(Element::Literal { tag, bytes }) => {
                let count = Bytes(bytes.len());
                recorder.field(&fields::LITERAL_TAG, tag, &format_args!("{count}"));
                recorder.field(&fields::LITERAL, bytes, &AS_HEX);
            }
            Some(Element::Copy { tag, length, offset }) => {
                recorder.field(
                    &fields::COPY,
                    tag,
                    &format_args!("{}, from {offset} before here", Bytes(length)),
                );
            }
            None => return recorder.fault(),
        }
    }
}

fn take_element<'a>(rest: &mut &'a [u8]) -> Option<Element<'a>> {
    let whole = *rest;
    let tag = usize::from(*whole.first()?);
    let upper = tag >> 2;
    let number = |bytes: &[u8]| {
        bytes.iter().rev().fold(0_usize, |number, byte| (number << 8) | usize::from(*byte))
    };
    // How many bytes of length or offset follow the tag.
    let more = match tag & 3 {
        0 => upper.saturating_sub(59),
        1 => 1,
        2 => 2,
        _ => 4,
    };
    let (tag_bytes, after) = whole.split_at_checked(more.saturating_add(1))?;
    let given = number(tag_bytes.get(1..)?);
    let copy = |length, offset| Element::Copy { tag: tag_bytes, length, offset };
    let (element, after) = match tag & 3 {
        0 => {
            let length = if more == 0 { upper } else { given }.saturating_add(1);
            let (bytes, after) = after.split_at_checked(length)?;
            (Element::Literal { tag: tag_bytes, bytes }, after)
        }
        1 => (copy((upper & 7).saturating_add(4), (tag >> 5 << 8) | given), after),
        _ => (copy(upper.saturating_add(1), given), after),
    };
    *rest = after;
    Some(element)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers chosen by the tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a block becomes, by the pieces that are told.
    fn expand(block: &[u8]) -> Vec<u8> {
        let header = block.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
        let (mut rest, mut out) = (&block[header..], Vec::new());
        while !rest.is_empty() {
            match take_element(&mut rest).unwrap() {
                Element::Literal { bytes, .. } => out.extend_from_slice(bytes),
                Element::Copy { length, offset, .. } => {
                    for _ in 0..length {
                        out.push(out[out.len() - offset]);
                    }
                }
            }
        }
        out
    }

    proptest! {
        #[test]
        fn the_pieces_that_are_told_make_what_the_library_makes(
            words in proptest::collection::vec("(foo|bar|[a-z]{1,3}|.{80,90})", 0..400)
        ) {
            let plain = words.concat().into_bytes();
            let block = snap::raw::Encoder::new().compress_vec(&plain).unwrap();
            prop_assert_eq!(expand(&block), plain);
        }
    }

    #[test]
    fn long_literals_and_all_kinds_of_copies_are_understood() {
        // From the format's description: a literal of 61 bytes and more has its length behind the tag.
        let long = [&[0xf0, 60][..], &[7; 61]].concat();
        let elements = [
            (&long[..], Element::Literal { tag: &[0xf0, 60], bytes: &[7; 61] }),
            (&[0x21, 0x01], Element::Copy { tag: &[0x21, 0x01], length: 4, offset: 0x101 }),
            (&[0xfe, 0x02, 0x01], Element::Copy { tag: &[0xfe, 2, 1], length: 64, offset: 0x102 }),
            (
                &[0x03, 4, 3, 2, 1],
                Element::Copy { tag: &[3, 4, 3, 2, 1], length: 1, offset: 0x1020304 },
            ),
        ];
        for (bytes, element) in elements {
            let mut rest = bytes;
            assert_eq!(take_element(&mut rest), Some(element));
            assert!(rest.is_empty());
            assert_eq!(take_element(&mut &bytes[..bytes.len() - 1]), None, "cut {bytes:02x?}");
        }
    }
}
