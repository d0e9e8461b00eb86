//! What we need of RLP beyond `alloy_rlp`: lists of different items, and items as they are.
//!
//! Spec: [Recursive length prefix](https://ethereum.org/developers/docs/data-structures-and-encoding/rlp/)

use alloy_rlp::{Error, Header};

/// Wraps encoded items into a list.
pub(crate) fn list(items: &[u8]) -> Vec<u8> {
    let header = Header { list: true, payload_length: items.len() };
    let mut out = Vec::with_capacity(header.length_with_payload());
    header.encode(&mut out);
    out.extend_from_slice(items);
    out
}

/// Takes the next item off `rlp` as it is, header and all; what is in a list is not looked at.
pub(crate) fn take_item<'a>(rlp: &mut &'a [u8]) -> alloy_rlp::Result<&'a [u8]> {
    let whole = *rlp;
    let mut rest = whole;
    let payload_length = Header::decode(&mut rest)?.payload_length;
    let header_length = whole.len().saturating_sub(rest.len());
    let length = header_length.saturating_add(payload_length);
    let (item, rest) = whole.split_at_checked(length).ok_or(Error::InputTooShort)?;
    *rlp = rest;
    Ok(item)
}
