use std::collections::HashSet;
use std::convert::Infallible;

use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{SeedableRng, TryCryptoRng};
use serde_json::Value;

use super::*;

// Computed with another implementation (OpenSSL), from the keys of EIP-8.
const INITIATOR: &str = "49a7b37aa6f6645917e7b807e9d1c00d4fa71f18343b0d4122a4d2df64dd6fee";
const INITIATOR_PUBLIC: &str = "fda1cff674c90c9a197539fe3dfb53086ace64f83ed7c6eabec741f7f381cc803e52ab2cd55d5569bce4347107a310dfd5f88a010cd2ffd1005ca406f1842877";
const RECIPIENT: &str = "b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291";
const RECIPIENT_PUBLIC: &str = "ca634cae0d49acb401d8a4c6b6fe8c55b70d115bf400769cc1400f3258cd31387574077f301b421bc84df7266c44e9e6d569fc56be00812904767bf5ccd1fc7f";
const STATIC_SHARED_SECRET: &str =
    "2d21423c1dc3355da36e7f2c2b530eeffcf0680f93201a958b2ec3a7d04958e6";
/// The node id of the example record of EIP-778, which has the recipient's key.
const RECIPIENT_NODE_ID: &str = "a448f24c6d18e575453db13171562b71999873db5b286df957af199ec94617f7";

const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
const FIELD_PRIME: &str = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f";

fn bytes<const N: usize>(digits: &str) -> [u8; N] {
    hex::decode(digits).unwrap().try_into().unwrap()
}

fn key(digits: &str) -> NodeKey {
    NodeKey::from_bytes(bytes(digits)).unwrap()
}

fn any_key() -> impl Strategy<Value = NodeKey> {
    any::<u64>().prop_map(|seed| NodeKey::generate(&mut StdRng::seed_from_u64(seed)))
}

/// Random numbers that begin with the given ones, and are 1 from then on.
struct Draws(Vec<[u8; 32]>);

impl TryRng for Draws {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(1)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(1)
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        let draw = if self.0.is_empty() { [1; 32] } else { self.0.remove(0) };
        to.copy_from_slice(&draw);
        Ok(())
    }
}

impl TryCryptoRng for Draws {}

#[test]
fn public_keys_are_those_of_another_implementation() {
    assert_eq!(key(INITIATOR).public_key().to_string(), INITIATOR_PUBLIC);
    assert_eq!(key(RECIPIENT).public_key().to_string(), RECIPIENT_PUBLIC);
}

#[test]
fn the_node_id_is_that_of_the_example_record_of_eip_778() {
    assert_eq!(key(RECIPIENT).node_id().to_string(), RECIPIENT_NODE_ID);
    assert_eq!(key(RECIPIENT).public_key().node_id().to_bytes(), bytes(RECIPIENT_NODE_ID));
}

#[test]
fn both_ends_agree_on_the_secret_of_another_implementation() {
    let (initiator, recipient) = (key(INITIATOR), key(RECIPIENT));
    let expected: [u8; 32] = bytes(STATIC_SHARED_SECRET);
    assert_eq!(initiator.agree(&recipient.public_key()).as_bytes(), &expected);
    assert_eq!(recipient.agree(&initiator.public_key()).as_bytes(), &expected);
}

#[test]
fn the_signature_of_the_eip_8_auth_names_the_ephemeral_key() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../tests/vectors/rlpx_eip8_handshake.json")).unwrap();
    let field = |name: &str| vectors[name].as_str().unwrap();

    let mut digest: [u8; 32] = bytes(field("initiator_nonce"));
    let static_shared_secret = key(INITIATOR).agree(&key(RECIPIENT).public_key());
    for (byte, secret) in digest.iter_mut().zip(static_shared_secret.as_bytes()) {
        *byte ^= secret;
    }
    let ephemeral = key(field("initiator_ephemeral_key"));
    let signature: [u8; 65] = bytes(field("auth_signature"));

    assert_eq!(PublicKey::recover(digest, &signature), Ok(ephemeral.public_key()));
}

#[test]
fn recovery_ids_above_three_are_refused() {
    let digest = [7; 32];
    let mut signature = key(INITIATOR).sign(digest);
    for recovery_id in 4..=255 {
        signature[64] = recovery_id;
        assert_eq!(PublicKey::recover(digest, &signature), Err(KeyError::InvalidSignature));
    }
}

#[test]
fn a_signature_of_zeros_or_above_the_order_is_refused() {
    for r_s in [0, 255] {
        for recovery_id in 0..4 {
            let mut signature = [r_s; 65];
            signature[64] = recovery_id;
            let recovered = PublicKey::recover([7; 32], &signature);
            assert_eq!(recovered, Err(KeyError::InvalidSignature));
        }
    }
}

#[test]
fn a_changed_signature_never_names_its_maker() {
    let digest = [7; 32];
    let maker = key(INITIATOR);
    let signature = maker.sign(digest);
    for (position, bit) in (0..65).flat_map(|position| (0..8).map(move |bit| (position, bit))) {
        let mut changed = signature;
        changed[position] ^= 1 << bit;
        assert_ne!(PublicKey::recover(digest, &changed), Ok(maker.public_key()));
    }
}

#[test]
fn zero_and_numbers_from_the_order_on_are_no_secret_key() {
    for number in [[0; 32], bytes(ORDER), [255; 32]] {
        assert_eq!(NodeKey::from_bytes(number).unwrap_err(), KeyError::SecretKeyOutOfRange);
    }
}

#[test]
fn one_and_the_order_less_one_are_secret_keys() {
    let mut one = [0; 32];
    one[31] = 1;
    let mut last: [u8; 32] = bytes(ORDER);
    last[31] -= 1;
    let (one, last) = (NodeKey::from_bytes(one).unwrap(), NodeKey::from_bytes(last).unwrap());

    // The two are G and −G: the same x.
    let x = |key: &NodeKey| key.public_key().to_bytes()[..32].to_vec();
    assert_eq!(x(&one), x(&last));
    assert_ne!(one.public_key(), last.public_key());
}

#[test]
fn draws_that_are_no_key_are_drawn_again() {
    let mut draws = Draws(vec![[0; 32], bytes(ORDER), bytes(INITIATOR), bytes(RECIPIENT)]);
    assert_eq!(NodeKey::generate(&mut draws).public_key().to_string(), INITIATOR_PUBLIC);
    assert_eq!(NodeKey::generate(&mut draws).public_key().to_string(), RECIPIENT_PUBLIC);
}

#[test]
fn the_same_seed_gives_the_same_key_and_the_next_draw_another() {
    let mut first = StdRng::seed_from_u64(1);
    let mut second = StdRng::seed_from_u64(1);
    let key = NodeKey::generate(&mut first).public_key();
    assert_eq!(NodeKey::generate(&mut second).public_key(), key);
    assert_ne!(NodeKey::generate(&mut second).public_key(), key);
}

#[test]
fn the_short_form_of_a_key_is_that_of_the_example_record_of_eip_778() {
    let short = "03ca634cae0d49acb401d8a4c6b6fe8c55b70d115bf400769cc1400f3258cd3138";
    assert_eq!(key(RECIPIENT).public_key().to_compressed(), bytes(short));
    assert_eq!(PublicKey::from_compressed(bytes(short)), Ok(key(RECIPIENT).public_key()));
    for first in [0, 1, 4, 6, 7, 255] {
        let mut point: [u8; 33] = bytes(short);
        point[0] = first;
        assert_eq!(PublicKey::from_compressed(point), Err(KeyError::NotOnCurve));
    }
}

#[test]
fn a_signature_belongs_to_one_key_and_one_digest() {
    let signer = key(INITIATOR);
    let [signature @ .., _] = signer.sign([1; 32]);
    assert_eq!(signer.public_key().verify([1; 32], &signature), Ok(()));
    let wrong = Err(KeyError::InvalidSignature);
    assert_eq!(signer.public_key().verify([2; 32], &signature), wrong);
    assert_eq!(key(RECIPIENT).public_key().verify([1; 32], &signature), wrong);
    assert_eq!(signer.public_key().verify([1; 32], &[0xff; 64]), wrong);
}

#[test]
fn of_the_two_signatures_that_anybody_can_make_of_one_only_the_signers_counts() {
    let signer = key(INITIATOR);
    let [mut signature @ .., recovery_id] = signer.sign([1; 32]);
    // s becomes order - s, byte by byte.
    let mut borrow = 0;
    for (s, n) in signature[32..].iter_mut().zip(bytes::<32>(ORDER)).rev() {
        let difference = i32::from(n) - i32::from(*s) - borrow;
        borrow = i32::from(difference < 0);
        *s = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    let mut recoverable = [recovery_id ^ 1; 65];
    recoverable[..64].copy_from_slice(&signature);
    assert_eq!(PublicKey::recover([1; 32], &recoverable), Ok(signer.public_key()));
    let refused = Err(KeyError::InvalidSignature);
    assert_eq!(signer.public_key().verify([1; 32], &signature), refused);
}

#[test]
fn points_off_the_curve_are_refused() {
    let mut off: [u8; 64] = bytes(INITIATOR_PUBLIC);
    off[63] ^= 1;
    for point in [off, [0; 64], [255; 64]] {
        assert_eq!(PublicKey::from_bytes(point), Err(KeyError::NotOnCurve));
    }
}

#[test]
fn coordinates_from_the_field_prime_on_are_refused() {
    // x = 1 is on the curve; x = prime + 1 is the same number, written in a second way.
    let y = "4218f20ae6c646b363db68605822fb14264ca8d2587fdd6fbc750d587e76a7ee";
    let mut point: [u8; 64] = bytes(&format!("{}{y}", "0".repeat(64)));
    point[31] = 1;
    assert!(PublicKey::from_bytes(point).is_ok());

    let mut second_way: [u8; 32] = bytes(FIELD_PRIME);
    second_way[31] += 1;
    point[..32].copy_from_slice(&second_way);
    assert_eq!(PublicKey::from_bytes(point), Err(KeyError::NotOnCurve));
}

#[test]
fn a_public_key_is_read_in_either_case_and_printed_in_lower_case() {
    let upper = INITIATOR_PUBLIC.to_uppercase();
    assert_eq!(upper.parse::<PublicKey>().unwrap().to_string(), INITIATOR_PUBLIC);
}

#[test]
fn text_that_is_no_public_key_says_why() {
    let parse = |text: &str| text.parse::<PublicKey>().unwrap_err();
    assert_eq!(parse(""), KeyError::PublicKeyLength { found: 0 });
    assert_eq!(parse(&"0".repeat(127)), KeyError::PublicKeyLength { found: 127 });
    assert_eq!(parse(&"0".repeat(130)), KeyError::PublicKeyLength { found: 130 });
    assert_eq!(parse("ééé"), KeyError::PublicKeyLength { found: 3 });
    assert_eq!(parse(&"g".repeat(128)), KeyError::PublicKeyNotHex);
    assert_eq!(parse(&"é".repeat(64)), KeyError::PublicKeyNotHex);
    assert_eq!(parse(&"0".repeat(128)), KeyError::NotOnCurve);
}

#[test]
fn public_keys_are_ordered_by_their_bytes() {
    let mut rng = StdRng::seed_from_u64(7);
    let keys: Vec<_> = (0..32).map(|_| NodeKey::generate(&mut rng).public_key()).collect();
    let mut by_key = keys.clone();
    by_key.sort();
    let mut by_bytes = keys;
    by_bytes.sort_by_key(|key| key.to_bytes());
    assert_eq!(by_key, by_bytes);
}

#[test]
fn equal_public_keys_are_one_in_a_set() {
    let keys = [INITIATOR_PUBLIC, RECIPIENT_PUBLIC, INITIATOR_PUBLIC];
    let set: HashSet<PublicKey> = keys.iter().map(|text| text.parse().unwrap()).collect();
    assert_eq!(set.len(), 2);
}

#[test]
fn debug_shows_the_beginning_and_no_secret() {
    let node_key = key(INITIATOR);
    let public_key = node_key.public_key();
    assert_eq!(public_key.short().to_string(), "fda1cff6");
    assert_eq!(format!("{public_key:?}"), "PublicKey(fda1cff6…)");
    assert_eq!(format!("{:?}", key(RECIPIENT).node_id()), "NodeId(a448f24c…)");
    assert_eq!(format!("{node_key:?}"), "NodeKey { public_key: PublicKey(fda1cff6…), .. }");
    assert_eq!(format!("{:?}", node_key.agree(&public_key)), "SharedSecret(…)");
}

#[cfg(feature = "serde")]
#[test]
fn keys_and_ids_are_hex_strings_in_json() {
    let key = key(RECIPIENT);
    assert_eq!(serde_json::to_value(key.public_key()).unwrap(), RECIPIENT_PUBLIC);
    assert_eq!(serde_json::to_value(key.node_id()).unwrap(), RECIPIENT_NODE_ID);
}

proptest! {
    #[test]
    fn every_public_key_survives_bytes_and_text(key in any_key()) {
        let public_key = key.public_key();
        prop_assert_eq!(PublicKey::from_bytes(public_key.to_bytes()), Ok(public_key));
        prop_assert_eq!(PublicKey::from_compressed(public_key.to_compressed()), Ok(public_key));
        prop_assert_eq!(public_key.to_string().parse(), Ok(public_key));
    }

    #[test]
    fn every_two_keys_agree(one in any_key(), other in any_key()) {
        let secret = one.agree(&other.public_key());
        let same = other.agree(&one.public_key());
        prop_assert_eq!(secret.as_bytes(), same.as_bytes());
    }

    #[test]
    fn every_signature_names_its_maker(key in any_key(), digest: [u8; 32]) {
        let signature = key.sign(digest);
        prop_assert_eq!(PublicKey::recover(digest, &signature), Ok(key.public_key()));
    }

    #[test]
    fn recovering_from_any_bytes_never_panics(digest: [u8; 32], r_s: [u8; 64], id: u8) {
        let mut signature = [id; 65];
        signature[..64].copy_from_slice(&r_s);
        let _ = PublicKey::recover(digest, &signature);
    }
}
