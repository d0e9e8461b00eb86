#![allow(clippy::arithmetic_side_effects, reason = "small numbers chosen by the tests")]

use super::*;
use crate::keys::NodeKey;

fn node_id(number: u8) -> NodeId {
    let mut secret = [0; 32];
    secret[31] = number;
    NodeKey::from_bytes(secret).unwrap().node_id()
}

#[test]
fn a_node_is_at_distance_0_from_itself_only() {
    assert_eq!(Distance::between(node_id(1), node_id(1)).bits(), 0);
    assert_ne!(Distance::between(node_id(1), node_id(2)).bits(), 0);
}

#[test]
fn distance_is_the_same_both_ways() {
    assert_eq!(
        Distance::between(node_id(1), node_id(2)),
        Distance::between(node_id(2), node_id(1))
    );
}

#[test]
fn bits_are_counted_from_the_first_that_differs() {
    let mut number = [0; 32];
    for (position, bits) in [(0, 256), (1, 248), (31, 8)] {
        number[position] = 0x80;
        assert_eq!(Distance(number).bits(), bits);
        number[position] = 0x01;
        assert_eq!(Distance(number).bits(), bits - 7);
        number[position] = 0;
    }
}

#[test]
fn a_number_with_fewer_bits_is_closer() {
    let mut near = [0xff; 32];
    near[0] = 0x0f;
    let mut far = [0; 32];
    far[0] = 0x10;
    assert!(Distance(near) < Distance(far));
    assert!(Distance(near).bits() < Distance(far).bits());
}
