//! Packets that decrypt well and say nonsense: the fields of auth and ack.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::body::{AckBody, AuthBody};
use super::super::{HandshakeError, respond};
use super::support::{ephemeral, initiator, item, list, recipient, rng, seal, waiting};

/// The items of a good auth: signature, key, nonce, version.
fn auth_items() -> [Vec<u8>; 4] {
    let key = initiator();
    let static_shared_secret = key.agree(&recipient().public_key());
    // With a nonce of zeros the secret itself is what is signed.
    let signature = ephemeral().sign(*static_shared_secret.as_bytes());
    [item(&signature), item(&key.public_key().to_bytes()), item(&[0; 32]), item(&[4])]
}

/// The items of a good ack: ephemeral key, nonce, version.
fn ack_items() -> [Vec<u8>; 3] {
    [item(&ephemeral().public_key().to_bytes()), item(&[0; 32]), item(&[4])]
}

fn receive_auth(plaintext: &[u8]) -> Result<(), HandshakeError> {
    let auth = seal(&recipient().public_key(), plaintext);
    respond(&recipient(), &auth, &mut rng()).map(|_| ())
}

fn receive_ack(plaintext: &[u8]) -> Result<(), HandshakeError> {
    let ack = seal(&initiator().public_key(), plaintext);
    waiting(&initiator()).receive_ack(&ack).map(|_| ())
}

fn with<const N: usize>(mut items: [Vec<u8>; N], index: usize, new: Vec<u8>) -> Vec<u8> {
    items[index] = new;
    list(&items)
}

/// Lists of the right items gone wrong; `lengths` are those of the items before the version.
fn malformed(items: &[Vec<u8>], lengths: &[usize]) -> Vec<Vec<u8>> {
    let mut plaintexts = vec![
        vec![],
        list(&[]),
        list(&[list(items)]),
        item(&items.concat()),
        items.concat(),
        vec![0xff; 9],
    ];
    for index in 0..items.len() {
        let replaced = |new: Vec<u8>| {
            let mut items = items.to_vec();
            items[index] = new;
            list(&items)
        };
        plaintexts.push(list(&[&items[..index], &items[index + 1..]].concat()));
        plaintexts.push(replaced(list(&[items[index].clone()])));
        plaintexts.push(replaced(list(&[])));
        if let Some(len) = lengths.get(index) {
            for wrong in [0, len - 1, len + 1, 2 * len] {
                plaintexts.push(replaced(item(&vec![1; wrong])));
            }
        }
    }
    plaintexts
}

#[test]
fn a_malformed_auth_body_is_refused() {
    assert_eq!(receive_auth(&list(&auth_items())), Ok(()));
    for plaintext in malformed(&auth_items(), &[65, 64, 32]) {
        let refused = receive_auth(&plaintext);
        assert_eq!(refused, Err(HandshakeError::Body), "{}", hex::encode(plaintext));
    }
}

#[test]
fn a_malformed_ack_body_is_refused() {
    assert_eq!(receive_ack(&list(&ack_items())), Ok(()));
    for plaintext in malformed(&ack_items(), &[64, 32]) {
        let refused = receive_ack(&plaintext);
        assert_eq!(refused, Err(HandshakeError::Body), "{}", hex::encode(plaintext));
    }
}

#[test]
fn a_body_cut_anywhere_is_refused() {
    let auth = list(&auth_items());
    for len in 0..auth.len() {
        assert_eq!(AuthBody::decode(&auth[..len], &mut ()), Err(HandshakeError::Body), "{len}");
    }
    let ack = list(&ack_items());
    for len in 0..ack.len() {
        assert_eq!(AckBody::decode(&ack[..len], &mut ()), Err(HandshakeError::Body), "{len}");
    }
}

#[test]
fn a_body_that_announces_more_than_there_is_is_refused() {
    for announced in [&[0xf9, 0xff, 0xff][..], &[0xfb, 0xff, 0xff, 0xff, 0xff], &[0xff; 9]] {
        let plaintext = [announced, &auth_items().concat()].concat();
        assert_eq!(AuthBody::decode(&plaintext, &mut ()), Err(HandshakeError::Body));
    }
}

#[test]
fn more_items_more_bytes_and_any_version_are_accepted() {
    let more = [item(b"more"), list(&[item(&[1]), list(&[])])];
    for version in [item(&[]), item(&[1]), item(&[56]), item(&[0xff; 8])] {
        let auth = list(&[&auth_items()[..3], std::slice::from_ref(&version), &more].concat());
        assert_eq!(receive_auth(&[&auth[..], &[0xff; 50]].concat()), Ok(()));
        let ack = list(&[&ack_items()[..2], &[version], &more].concat());
        assert_eq!(receive_ack(&[&ack[..], &[0xff; 50]].concat()), Ok(()));
    }
}

#[test]
fn keys_off_the_curve_are_refused() {
    let mut off = ephemeral().public_key().to_bytes();
    off[63] ^= 1;
    for key in [off, [0; 64], [0xff; 64]] {
        let auth = with(auth_items(), 1, item(&key));
        assert_eq!(receive_auth(&auth), Err(HandshakeError::PublicKey));
        let ack = with(ack_items(), 0, item(&key));
        assert_eq!(receive_ack(&ack), Err(HandshakeError::PublicKey));
    }
}

#[test]
fn recovery_ids_above_three_are_refused() {
    let static_shared_secret = initiator().agree(&recipient().public_key());
    let mut signature = ephemeral().sign(*static_shared_secret.as_bytes());
    for recovery_id in 4..=255 {
        signature[64] = recovery_id;
        let auth = with(auth_items(), 0, item(&signature));
        assert_eq!(receive_auth(&auth), Err(HandshakeError::Signature), "{recovery_id}");
    }
}

#[test]
fn a_signature_that_names_no_key_is_refused() {
    for signature in [[0; 65], [[0xff; 64].as_slice(), &[0]].concat().try_into().unwrap()] {
        let auth = with(auth_items(), 0, item(&signature));
        assert_eq!(receive_auth(&auth), Err(HandshakeError::Signature));
    }
}

proptest! {
    #[test]
    fn every_body_survives_encoding(
        signature in vec(any::<u8>(), 65), initiator in vec(any::<u8>(), 64), nonce: [u8; 32],
    ) {
        let (signature, initiator) =
            (signature.try_into().unwrap(), <[u8; 64]>::try_from(initiator).unwrap());
        let auth = AuthBody { signature, initiator, nonce };
        prop_assert_eq!(AuthBody::decode(&auth.encode(), &mut ()), Ok(auth));
        let ack = AckBody { ephemeral: initiator, nonce };
        prop_assert_eq!(AckBody::decode(&ack.encode(), &mut ()), Ok(ack));
    }

    #[test]
    fn any_bytes_are_no_body_but_never_a_panic(plaintext in vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(AuthBody::decode(&plaintext, &mut ()), Err(HandshakeError::Body));
        prop_assert_eq!(AckBody::decode(&plaintext, &mut ()), Err(HandshakeError::Body));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_signature_and_any_key_in_a_good_list_never_panic(
        signature in vec(any::<u8>(), 65), recovery_id in 0..5u8, seed: [u8; 64],
    ) {
        let signature = [&signature[..64], &[recovery_id]].concat();
        let _any_answer = receive_auth(&with(auth_items(), 0, item(&signature)));
        let _any_answer = receive_auth(&with(auth_items(), 1, item(&seed)));
        let _any_answer = receive_ack(&with(ack_items(), 0, item(&seed)));
    }
}
