#![allow(clippy::arithmetic_side_effects, reason = "small numbers chosen by the tests")]

use super::*;
use crate::keys::NodeKey;

fn who(number: u32) -> Whereabouts {
    (node_id(1), IpAddr::from(number.to_be_bytes()))
}

fn node_id(number: u32) -> NodeId {
    let mut secret = [0; 32];
    secret[28..].copy_from_slice(&number.to_be_bytes());
    NodeKey::from_bytes(secret).unwrap().node_id()
}

const NOW: Duration = Duration::from_secs(1000);

#[test]
fn a_proof_is_good_for_24_hours() {
    let mut bonds = Bonds::default();
    bonds.proved(who(1), NOW);

    let second = Duration::from_secs(1);
    assert!(bonds.is_proved(who(1), NOW));
    assert!(bonds.is_proved(who(1), NOW + BOND_LASTS - second));
    assert!(!bonds.is_proved(who(1), NOW + BOND_LASTS));
}

#[test]
fn a_proof_is_for_one_key_at_one_address() {
    let mut bonds = Bonds::default();
    bonds.proved((node_id(1), who(1).1), NOW);

    assert!(!bonds.is_proved((node_id(2), who(1).1), NOW));
    assert!(!bonds.is_proved((node_id(1), who(2).1), NOW));
}

#[test]
fn who_has_not_proved_anything_is_not_remembered() {
    let mut bonds = Bonds::default();
    bonds.knows_us_since(who(1), NOW);
    bonds.let_speak(who(1), NOW);

    assert!(!bonds.knows_us(who(1), NOW));
    assert_eq!(bonds.quiet_until(who(1)), Duration::ZERO);
    assert_eq!(bonds.bonds.len(), 0);
}

#[test]
fn a_new_proof_keeps_what_else_is_known() {
    let mut bonds = Bonds::default();
    bonds.proved(who(1), NOW);
    bonds.knows_us_since(who(1), NOW);
    bonds.let_speak(who(1), NOW);
    bonds.proved(who(1), NOW + Duration::from_secs(60));

    assert!(bonds.knows_us(who(1), NOW));
    assert_eq!(bonds.quiet_until(who(1)), NOW + QUIET_AFTER_BOND);
    bonds.has_forgotten_us(who(1));
    assert!(!bonds.knows_us(who(1), NOW));
    assert!(bonds.is_proved(who(1), NOW));
}

#[test]
fn the_oldest_proofs_are_forgotten_when_there_are_too_many() {
    let mut bonds = Bonds::default();
    bonds.proved(who(0), NOW);
    bonds.proved(who(1), NOW);
    bonds.proved(who(0), NOW + Duration::from_secs(1));
    for number in 2..=10_000 {
        bonds.proved(who(number), NOW + Duration::from_secs(2));
    }

    assert!(!bonds.is_proved(who(1), NOW));
    assert!(bonds.is_proved(who(0), NOW), "it had renewed its proof");
    assert_eq!((bonds.bonds.len(), bonds.by_age.len()), (MAX_BONDS, MAX_BONDS));
}

#[test]
fn old_proofs_are_forgotten_when_there_is_a_new_one() {
    let mut bonds = Bonds::default();
    bonds.proved(who(1), NOW);
    bonds.proved(who(2), NOW + BOND_LASTS);
    assert_eq!((bonds.bonds.len(), bonds.by_age.len()), (1, 1));
}

#[test]
fn many_keys_at_one_address_drive_out_each_other_and_nobody_else() {
    let mut bonds = Bonds::default();
    bonds.proved(who(1), NOW);
    let crowd = IpAddr::from([127, 0, 0, 3]);
    for number in 1..=300 {
        bonds.proved((node_id(number), crowd), NOW + Duration::from_secs(number.into()));
    }
    let later = NOW + Duration::from_secs(1000);
    assert!(bonds.is_proved(who(1), later));
    assert!(!bonds.is_proved((node_id(44), crowd), later));
    assert!(bonds.is_proved((node_id(45), crowd), later));
    assert_eq!(bonds.bonds.len(), 1 + MAX_BONDS_OF_ONE_IP);
}
