//! What we need of RLP beyond `alloy_rlp`: lists of different items, items as they are, and a cursor
//! that says what it reads.
//!
//! Spec: [Recursive length prefix](https://ethereum.org/developers/docs/data-structures-and-encoding/rlp/)

use std::fmt::Display;

use alloy_rlp::{Decodable, Error, Header, Result};

use crate::record::{AS_HEX, Bytes, Field, Recorder};

/// Wraps encoded items into a list.
pub(crate) fn list(items: &[u8]) -> Vec<u8> {
    let header = Header { list: true, payload_length: items.len() };
    let mut out = Vec::with_capacity(header.length_with_payload());
    header.encode(&mut out);
    out.extend_from_slice(items);
    out
}

/// Takes the next item off `rlp` as it is, header and all; what is in a list is not looked at.
pub(crate) fn take_item<'a>(rlp: &mut &'a [u8]) -> Result<&'a [u8]> {
    let Item { header, payload, .. } = take_parts(&mut { *rlp })?;
    let length = header.len().saturating_add(payload.len());
    let (item, rest) = rlp.split_at_checked(length).ok_or(Error::InputTooShort)?;
    *rlp = rest;
    Ok(item)
}

/// An item, taken apart.
pub(crate) struct Item<'a> {
    pub(crate) is_list: bool,
    /// None for a byte that stands for itself.
    pub(crate) header: &'a [u8],
    pub(crate) payload: &'a [u8],
}

/// Takes the next item off `rlp`, and apart.
pub(crate) fn take_parts<'a>(rlp: &mut &'a [u8]) -> Result<Item<'a>> {
    let whole = *rlp;
    let mut rest = whole;
    let Header { list: is_list, payload_length } = Header::decode(&mut rest)?;
    let header_length = whole.len().saturating_sub(rest.len());
    let (header, rest) = whole.split_at_checked(header_length).ok_or(Error::InputTooShort)?;
    let (payload, rest) = rest.split_at_checked(payload_length).ok_or(Error::InputTooShort)?;
    *rlp = rest;
    Ok(Item { is_list, header, payload })
}

const PREFIX: Field = Field::new("prefix", "RLP: a string of bytes follows, of this length");
const LIST: Field = Field::new("list", "RLP: a list begins");
const MORE: Field =
    Field::new("more", "for later versions of the protocol: whatever stands here is ignored");

/// The items of a list, read one after the other and told to a recorder. What is left of the list at
/// the end is told, too.
pub(crate) struct Items<'a, 'r, R: Recorder> {
    rest: &'a [u8],
    is_list: bool,
    recorder: &'r mut R,
}

impl<'a, 'r, R: Recorder> Items<'a, 'r, R> {
    /// Takes a list off `rlp`.
    ///
    /// # Errors
    /// Those of RLP: what is next is no list, or not all of it is there.
    pub(crate) fn take(
        rlp: &mut &'a [u8],
        field: &'static Field,
        recorder: &'r mut R,
    ) -> Result<Self> {
        let mut after = *rlp;
        match take_parts(&mut after) {
            Ok(Item { is_list: true, header, payload: rest }) => {
                *rlp = after;
                let length = Bytes(rest.len());
                recorder.field(field, header, &format_args!("a list of {length}"));
                recorder.inside();
                Ok(Self { rest, is_list: true, recorder })
            }
            other => {
                recorder.fault();
                Err(other.err().unwrap_or(Error::UnexpectedString))
            }
        }
    }

    /// Items without a list around them.
    pub(crate) fn bare(rlp: &'a [u8], recorder: &'r mut R) -> Self {
        Self { rest: rlp, is_list: false, recorder }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What is left, as it is.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next item, a list.
    pub(crate) fn list(&mut self, field: &'static Field) -> Result<Items<'a, '_, R>> {
        Items::take(&mut self.rest, field, self.recorder)
    }

    /// The next item, a string, as what `read` makes of its bytes; and in words.
    pub(crate) fn string<T>(
        &mut self,
        field: &'static Field,
        read: impl FnOnce(&'a [u8]) -> Result<T>,
        in_words: impl FnOnce(&T) -> String,
    ) -> Result<T> {
        let mut after = self.rest;
        let read = take_parts(&mut after).and_then(|item| match item.is_list {
            true => Err(Error::UnexpectedList),
            false => Ok((read(item.payload)?, item)),
        });
        match read {
            Ok((value, item)) => {
                self.rest = after;
                if self.recorder.listens() {
                    tell_string(field, &item, &in_words(&value), self.recorder);
                }
                Ok(value)
            }
            Err(error) => {
                self.recorder.fault();
                Err(error)
            }
        }
    }

    /// The next item, a string of bytes.
    pub(crate) fn bytes(&mut self, field: &'static Field) -> Result<&'a [u8]> {
        self.string(field, Ok, |_| AS_HEX.to_owned())
    }

    /// The next item, `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self, field: &'static Field) -> Result<[u8; N]> {
        let read = |bytes: &[u8]| bytes.try_into().map_err(|_| Error::UnexpectedLength);
        self.string(field, read, |_| AS_HEX.to_owned())
    }

    /// The next item, a number without zeros in front.
    pub(crate) fn number(&mut self, field: &'static Field) -> Result<u64> {
        let mut whole = self.rest;
        let number = u64::decode(&mut whole);
        self.string(field, |_| number, u64::to_string)
    }

    /// The next item, if it is a number.
    pub(crate) fn number_if_it_is_one(&mut self, field: &'static Field) -> Option<u64> {
        u64::decode(&mut { self.rest }).ok()?;
        self.number(field).ok()
    }

    /// The next item as it is, for somebody else to read, and to tell.
    pub(crate) fn embedded<T>(&mut self, read: impl FnOnce(&'a [u8], &mut R) -> T) -> Result<T> {
        let item = take_item(&mut self.rest).inspect_err(|_| self.recorder.fault())?;
        Ok(read(item, self.recorder))
    }

    /// The next item as it is, header and all, whatever it is.
    pub(crate) fn item(
        &mut self,
        field: &'static Field,
        in_words: impl FnOnce(&[u8]) -> String,
    ) -> Result<&'a [u8]> {
        match take_item(&mut self.rest) {
            Ok(item) => {
                if self.recorder.listens() {
                    self.recorder.field(field, item, &in_words(item));
                }
                Ok(item)
            }
            Err(error) => {
                self.recorder.fault();
                Err(error)
            }
        }
    }
}

impl<R: Recorder> Drop for Items<'_, '_, R> {
    fn drop(&mut self) {
        if !self.rest.is_empty() {
            self.recorder.field(&MORE, self.rest, &AS_HEX);
        }
        if self.is_list {
            self.recorder.outside();
        }
    }
}

/// Tells what `rlp` is made of, as far as it is RLP; its words are no more than that.
pub(crate) fn tell_tree(mut rlp: &[u8], recorder: &mut impl Recorder) -> Result<()> {
    // What is still to be told of each list that we are in.
    let mut lists = Vec::new();
    loop {
        while rlp.is_empty() {
            match lists.pop() {
                Some(outer) => rlp = outer,
                None => return Ok(()),
            }
            recorder.outside();
        }
        let item = take_parts(&mut rlp).inspect_err(|_| recorder.fault())?;
        if item.is_list {
            let length = Bytes(item.payload.len());
            recorder.field(&LIST, item.header, &format_args!("a list of {length}"));
            recorder.inside();
            lists.push(rlp);
            rlp = item.payload;
        } else {
            let words = match item.payload {
                [] => "empty, or the number 0".to_owned(),
                payload => words_for(payload),
            };
            tell_string(&STRING, &item, &words, recorder);
        }
    }
}

const STRING: Field =
    Field::new("string", "RLP: bytes, of which only sender and receiver know more");

fn tell_string(
    field: &'static Field,
    item: &Item<'_>,
    in_words: &dyn Display,
    recorder: &mut impl Recorder,
) {
    match (item.header, item.payload) {
        // An empty string is its header.
        (header, []) => recorder.field(field, header, in_words),
        (header, payload) => {
            let length = Bytes(payload.len());
            if !header.is_empty() {
                recorder.field(&PREFIX, header, &format_args!("{length}"));
            }
            recorder.field(field, payload, in_words);
        }
    }
}

/// What a string could be: text, or a small number.
fn words_for(payload: &[u8]) -> String {
    let is_text = payload.iter().all(|byte| (0x20..0x7f).contains(byte));
    match (is_text, payload) {
        (true, _) => format!("\"{}\"", String::from_utf8_lossy(payload)),
        (false, [first, ..]) if *first != 0 && payload.len() <= 8 => {
            let number =
                payload.iter().fold(0, |number: u64, byte| (number << 8) | u64::from(*byte));
            number.to_string()
        }
        _ => AS_HEX.to_owned(),
    }
}
