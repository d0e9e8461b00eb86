//! The golden frame of go-ethereum, and the running MAC as EthereumJS computes it.

use serde_json::Value;

use super::super::{Cipher, FrameWriter, Mac};
use super::seal;

fn unhex(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

#[test]
fn the_golden_frame_has_our_header_and_body() {
    let vector: Value =
        serde_json::from_str(include_str!("../../../tests/vectors/rlpx_frame.json")).unwrap();
    let secret = unhex(&vector["aes_secret"]).try_into().unwrap();
    let mut writer = FrameWriter::new(Cipher::new(&secret), Mac::new(Cipher::new(&secret), &[]));

    let frame = seal(&mut writer, &unhex(&vector["frame_content"]));
    let golden = unhex(&vector["frame"]);
    assert_eq!(frame.len(), golden.len());
    // The vector's MAC is a stub that always says 01…: only what is encrypted can be compared.
    assert_eq!(frame[..16], golden[..16], "header");
    assert_eq!(frame[32..48], golden[32..48], "body");
}

fn mac_vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/vectors/rlpx_mac.json")).unwrap()
}

/// Does the steps of one case and compares the digest; `names` are the steps that it must have.
#[track_caller]
fn assert_digest(case: usize, names: &[&str]) {
    let vectors = mac_vectors();
    let case = &vectors["cases"][case];
    let steps = case["steps"].as_array().unwrap();
    assert!(steps.iter().map(|step| &step[0]).eq(names));

    let mut mac = Mac::new(Cipher::new(&unhex(&vectors["secret"]).try_into().unwrap()), &[]);
    for step in steps {
        let text = step[1].as_str().unwrap();
        match step[0].as_str().unwrap() {
            "update" => mac.absorb(&[text.as_bytes()]),
            "update_header" => mac.header(&unhex(&step[1]).try_into().unwrap(), &mut ()),
            "update_body" => mac.frame(text.as_bytes(), &mut ()),
            other => panic!("unknown step {other}"),
        };
    }
    assert_eq!(mac.absorb(&[]), *unhex(&case["digest"]));
}

#[test]
fn every_mac_vector_has_its_test() {
    assert_eq!(mac_vectors()["cases"].as_array().unwrap().len(), 5);
}

#[test]
fn the_digest_of_a_fresh_mac() {
    assert_digest(0, &[]);
}

#[test]
fn the_digest_after_absorbing_a_text() {
    assert_digest(1, &["update"]);
}

#[test]
fn the_digest_after_a_header() {
    assert_digest(2, &["update_header"]);
}

#[test]
fn the_digest_after_a_body() {
    assert_digest(3, &["update_body"]);
}

#[test]
fn the_digest_after_a_header_and_a_body() {
    assert_digest(4, &["update_header", "update_body"]);
}
