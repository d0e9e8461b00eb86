#![allow(clippy::arithmetic_side_effects, reason = "small numbers chosen by the tests")]

//! What go-ethereum encrypted and signed, and what must be refused.

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;

use super::*;

fn vectors(list: &str) -> Vec<Value> {
    let text = include_str!("../../tests/vectors/ecies_and_signatures.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    vectors[list].as_array().unwrap().clone()
}

fn bytes(vector: &Value, field: &str) -> Vec<u8> {
    hex::decode(vector[field].as_str().unwrap()).unwrap()
}

fn array<const N: usize>(vector: &Value, field: &str) -> [u8; N] {
    bytes(vector, field).try_into().unwrap()
}

fn key(n: u8) -> NodeKey {
    NodeKey::from_bytes([n; 32]).unwrap()
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

#[track_caller]
fn assert_decrypts(name: &str) {
    let vectors = vectors("ecies");
    let vector = vectors.iter().find(|vector| vector["name"] == name).unwrap();
    let key = NodeKey::from_bytes(array(vector, "recipient_key")).unwrap();
    let (ciphertext, shared) = (bytes(vector, "ciphertext"), bytes(vector, "shared_data"));
    assert_eq!(decrypt(&key, &ciphertext, &shared).unwrap(), bytes(vector, "plaintext"));
    let other = [&shared[..], b"!"].concat();
    assert_eq!(decrypt(&key, &ciphertext, &other), Err(EciesError), "the tag covers shared data");
}

#[test]
fn vector_without_shared_data() {
    assert_decrypts("without_shared_data");
}

#[test]
fn vector_with_shared_data() {
    assert_decrypts("with_shared_data");
}

#[test]
fn vector_one_byte() {
    assert_decrypts("one_byte");
}

#[test]
fn vector_longer_than_a_block() {
    assert_decrypts("longer_than_a_block");
}

#[test]
fn vector_signatures_name_their_keys() {
    let vectors = vectors("signatures");
    assert_eq!(vectors.len(), 5);
    for vector in &vectors {
        let recovered = PublicKey::recover(array(vector, "digest"), &array(vector, "signature"));
        assert_eq!(recovered.unwrap().to_bytes(), array(vector, "public_key"), "{vector}");
        // Of the published one nobody has told the secret key.
        if vector["key"].is_string() {
            let key = NodeKey::from_bytes(array(vector, "key")).unwrap();
            assert_eq!(key.sign(array(vector, "digest")), array(vector, "signature"), "{vector}");
        }
    }
}

#[test]
fn anything_is_read_again_by_its_recipient_alone() {
    for len in [0, 1, 15, 16, 17, 1000] {
        let plaintext = vec![7; len];
        let ciphertext = encrypt(&key(1).public_key(), &plaintext, b"shared", &mut rng());
        assert_eq!(ciphertext.len(), len + OVERHEAD);
        assert_eq!(decrypt(&key(1), &ciphertext, b"shared"), Ok(plaintext));
        assert_eq!(decrypt(&key(2), &ciphertext, b"shared"), Err(EciesError));
        assert_eq!(decrypt(&key(1), &ciphertext, b""), Err(EciesError));
    }
}

#[test]
fn a_cut_longer_or_changed_ciphertext_is_refused() {
    let ciphertext = encrypt(&key(1).public_key(), b"foobar", b"", &mut rng());
    for len in 0..ciphertext.len() {
        assert_eq!(decrypt(&key(1), &ciphertext[..len], b""), Err(EciesError), "{len}");
    }
    assert_eq!(decrypt(&key(1), &[&ciphertext[..], &[0]].concat(), b""), Err(EciesError));
    for bit in 0..ciphertext.len() * 8 {
        let mut changed = ciphertext.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(decrypt(&key(1), &changed, b""), Err(EciesError), "{bit}");
    }
}
