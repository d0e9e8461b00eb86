//! Messages as bytes: ours, other clients', and what nobody should send.

#![allow(clippy::arithmetic_side_effects, reason = "small numbers chosen by the tests")]

mod capability;
mod codec;
mod disconnect;
mod hello;

use alloy_rlp::{Encodable, Header};

/// A value as RLP: integers, strings as `&str`, bytes as `&[u8]`.
fn item(value: &(impl Encodable + ?Sized)) -> Vec<u8> {
    let mut out = Vec::new();
    value.encode(&mut out);
    out
}

/// An RLP list of items that are encoded already.
fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let payload = items.concat();
    let mut out = Vec::new();
    Header { list: true, payload_length: payload.len() }.encode(&mut out);
    [out, payload].concat()
}
