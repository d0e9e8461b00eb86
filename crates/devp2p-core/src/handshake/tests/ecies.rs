//! The encryption of the packets, and an R that is no honest public key.

use super::super::{HandshakeError, initiate, respond};
use super::support::{bytes, ecies_by_hand, ephemeral, initiator, recipient, rng};
use crate::ecies::{self, EciesError};
use crate::keys::PublicKey;

/// y of the point of the curve whose x is 1.
const Y_FOR_X_1: &str = "4218f20ae6c646b363db68605822fb14264ca8d2587fdd6fbc750d587e76a7ee";
const FIELD_PRIME: &str = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f";

fn honest_auth() -> Vec<u8> {
    initiate(&initiator(), recipient().public_key(), &mut rng()).1
}

#[test]
fn a_ciphertext_cut_anywhere_is_refused_even_when_the_size_prefix_agrees() {
    let packet = honest_auth();
    let (_, ciphertext) = packet.split_first_chunk::<2>().unwrap();
    for len in 0..ciphertext.len() {
        let prefix = u16::try_from(len).unwrap().to_be_bytes();
        let refused = ecies::decrypt(&recipient(), &ciphertext[..len], &prefix);
        assert_eq!(refused, Err(EciesError), "{len}");
    }
}

#[test]
fn a_size_prefix_from_another_packet_is_noticed_by_the_tag() {
    let key = recipient();
    let ciphertext = ecies::encrypt(&key.public_key(), b"foo", &[0, 116], &mut rng());
    assert_eq!(ecies::decrypt(&key, &ciphertext, &[0, 116]), Ok(b"foo".to_vec()));
    assert_eq!(ecies::decrypt(&key, &ciphertext, &[0, 117]), Err(EciesError));
    assert_eq!(ecies::decrypt(&key, &ciphertext, &[1, 116]), Err(EciesError));
}

#[track_caller]
fn assert_r_refused(r: [u8; 64]) {
    let mut auth = honest_auth();
    auth[3..67].copy_from_slice(&r);
    let refused = respond(&recipient(), &auth, &mut rng()).unwrap_err();
    assert_eq!(refused, HandshakeError::Undecipherable);
}

#[test]
fn an_r_off_the_curve_is_refused() {
    let mut off = ephemeral().public_key().to_bytes();
    off[63] ^= 1;
    assert_r_refused(off);
}

#[test]
fn an_r_of_zero_is_refused() {
    assert_r_refused([0; 64]);
}

#[test]
fn an_r_with_both_coordinates_above_the_field_prime_is_refused() {
    assert_r_refused([0xff; 64]);
}

#[test]
fn an_r_written_in_a_second_way_is_refused() {
    let key = recipient();
    let mut r = bytes(&format!("{:064x}{Y_FOR_X_1}", 1));
    let secret = key.agree(&PublicKey::from_bytes(r).unwrap());
    let open = |r| {
        let ciphertext = ecies_by_hand(&secret, r, [9; 16], b"foo", &[0, 116]);
        ecies::decrypt(&key, &ciphertext, &[0, 116])
    };
    assert_eq!(open(r), Ok(b"foo".to_vec()));

    // prime + 1 is the same x to whoever forgets to compare.
    r[..32].copy_from_slice(&bytes::<32>(FIELD_PRIME));
    r[31] += 1;
    assert_eq!(open(r), Err(EciesError));
}

#[test]
fn only_an_uncompressed_r_is_read() {
    // The tag does not cover this byte, so nothing but the comparison can notice it.
    for first in (0..=255).filter(|first| *first != 0x04) {
        let mut auth = honest_auth();
        auth[2] = first;
        let refused = respond(&recipient(), &auth, &mut rng()).unwrap_err();
        assert_eq!(refused, HandshakeError::Undecipherable, "{first}");
    }
}

#[test]
fn the_counter_of_the_cipher_carries_past_64_bits() {
    let (key, r) = (recipient(), ephemeral());
    let secret = key.agree(&r.public_key());
    let plaintext = [0x55; 48];
    for iv in [[0xff; 16], (u128::from(u64::MAX)).to_be_bytes()] {
        let ciphertext =
            ecies_by_hand(&secret, r.public_key().to_bytes(), iv, &plaintext, &[0, 161]);
        assert_eq!(ecies::decrypt(&key, &ciphertext, &[0, 161]), Ok(plaintext.to_vec()));
    }
}

#[test]
fn what_cannot_be_decrypted_is_told_apart_by_nobody() {
    let honest = honest_auth();
    let changed = |position: usize, value: u8| {
        let mut auth = honest.clone();
        auth[position] = value;
        respond(&recipient(), &auth, &mut rng()).unwrap_err()
    };
    let first_byte = changed(2, 0x05);
    let r = changed(66, honest[66] ^ 1);
    let iv = changed(67, honest[67] ^ 1);
    let c = changed(90, honest[90] ^ 1);
    let tag = changed(honest.len() - 1, honest[honest.len() - 1] ^ 1);
    let key = respond(&ephemeral(), &honest, &mut rng()).unwrap_err();
    for error in [first_byte, r, iv, c, tag, key] {
        assert_eq!(error, HandshakeError::Undecipherable);
        assert_eq!(error.to_string(), first_byte.to_string());
    }
}
