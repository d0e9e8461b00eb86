//! The node records of `vectors/enr_records.json`: one test each.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails may panic")]

use std::net::IpAddr;

use devp2p_core::enr::{Enr, EnrError};
use devp2p_core::keys::NodeKey;
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/enr_records.json")).unwrap()
}

fn key(vector: &Value) -> NodeKey {
    let bytes = hex::decode(vector["private_key"].as_str().unwrap()).unwrap();
    NodeKey::from_bytes(bytes.try_into().unwrap()).unwrap()
}

#[track_caller]
fn assert_says(record: &Enr, vector: &Value) {
    assert_eq!(record.seq(), vector["seq"]);
    assert_eq!(record.public_key(), key(vector).public_key());
    let ip: IpAddr = vector["ip"].as_str().unwrap().parse().unwrap();
    assert_eq!(record.ip(), Some(ip));
    assert_eq!((record.udp(), record.tcp()), (30303, 0));
    assert_eq!(record.udp(), vector["udp"]);
}

#[track_caller]
fn assert_refused(index: usize, text: &str, why: &str, error: EnrError) {
    let vector = &vectors()["invalid"][index];
    assert!(vector["text"].as_str().unwrap().starts_with(text));
    assert_eq!(vector["why"], why);
    assert_eq!(vector["text"].as_str().unwrap().parse::<Enr>(), Err(error));
}

#[test]
fn every_vector_has_its_test() {
    assert_eq!(vectors()["records"].as_array().unwrap().len(), 2);
    assert_eq!(vectors()["invalid"].as_array().unwrap().len(), 3);
}

#[test]
fn the_example_of_eip_778_is_read_and_written() {
    let vector = &vectors()["records"][0];
    let rlp = hex::decode(vector["rlp"].as_str().unwrap()).unwrap();
    let record = Enr::decode(&rlp).unwrap();
    assert_says(&record, vector);
    assert_eq!(record.node_id().to_string(), vector["node_id"].as_str().unwrap());
    assert_eq!(record.to_rlp(), rlp);
}

fn at_home(seq: u64, vector: &Value) -> Enr {
    Enr::builder(seq).ip([127, 0, 0, 1].into()).udp(30303).sign(&key(vector)).unwrap()
}

#[test]
fn the_example_of_eip_778_is_what_we_sign() {
    let vector = &vectors()["records"][0];
    let record = at_home(1, vector);
    assert_eq!(hex::encode(record.to_rlp()), vector["rlp"].as_str().unwrap());
}

#[test]
fn the_record_of_go_ethereum_is_read_and_written() {
    let vector = &vectors()["records"][1];
    let text = vector["text"].as_str().unwrap();
    let record: Enr = text.parse().unwrap();
    assert_says(&record, vector);
    assert_eq!(record.to_string(), text);
}

#[test]
fn the_record_of_go_ethereum_is_what_we_sign() {
    let vector = &vectors()["records"][1];
    let record = at_home(99, vector);
    assert_eq!(record.to_string(), vector["text"].as_str().unwrap());
}

#[test]
fn an_empty_record_is_refused() {
    assert_refused(0, "enr:", "empty", EnrError::Malformed);
}

#[test]
fn bad_base64_is_refused() {
    assert_refused(1, "enr:x", "bad base64", EnrError::Base64);
}

#[test]
fn an_invalid_signature_is_refused() {
    assert_refused(2, "enr:-EmGZm9v", "invalid signature", EnrError::Signature);
}
