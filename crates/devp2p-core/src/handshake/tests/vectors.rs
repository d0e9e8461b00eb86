//! The vectors of EIP-8, one test each.

use bytes::BytesMut;

use super::super::body::{AckBody, AuthBody};
use super::super::secrets::{Contribution, Secrets, xor};
use super::super::{AuthSent, Session, initiate, open_packet, respond};
use super::support::{Eip8, Script};
use crate::frame::{Cipher, FrameReader, FrameWriter, Mac};
use crate::keys::{NodeKey, PublicKey};

/// The secrets as the recipient derives them.
fn derived_secrets(eip8: &Eip8) -> Secrets {
    let initiator_ephemeral = eip8.key("initiator_ephemeral_key").public_key();
    let ephemeral_key = eip8.key("recipient_ephemeral_key").agree(&initiator_ephemeral);
    let (initiator, recipient) = (eip8.bytes("initiator_nonce"), eip8.bytes("recipient_nonce"));
    Secrets::derive(&ephemeral_key, &initiator, &recipient, &mut ())
}

/// The initiator of the vectors, after its auth2.
fn auth2_sent<'k>(eip8: &Eip8, key: &'k NodeKey) -> AuthSent<'k> {
    AuthSent {
        key,
        recipient: eip8.key("recipient_static_key").public_key(),
        ephemeral: eip8.key("initiator_ephemeral_key").secret,
        nonce: eip8.bytes("initiator_nonce"),
        auth: eip8.packet("auth2"),
    }
}

#[track_caller]
fn assert_opens(writer: &mut FrameWriter, reader: &mut FrameReader) {
    let mut wire = BytesMut::new();
    writer.seal(b"foo", &mut wire).unwrap();
    let (header, body) = wire.split_first_chunk_mut().unwrap();
    let header = reader.open_header(header, 3).unwrap();
    assert_eq!(reader.open_body(header, body).unwrap(), b"foo");
}

#[track_caller]
fn assert_auth_body(name: &str) {
    let eip8 = Eip8::read();
    let plaintext = open_packet(&eip8.key("recipient_static_key"), &eip8.packet(name)).unwrap();
    let body = AuthBody::decode(&plaintext, &mut ()).unwrap();
    assert_eq!(body.signature, eip8.bytes("auth_signature"));
    assert_eq!(body.initiator, eip8.key("initiator_static_key").public_key().to_bytes());
    assert_eq!(body.nonce, eip8.bytes("initiator_nonce"));

    let end_of_list = [&body.nonce[..], &eip8.end_of_list(name)].concat();
    assert!(plaintext.windows(end_of_list.len()).any(|window| window == end_of_list));
}

#[track_caller]
fn assert_ephemeral_key_recovered(name: &str) {
    let eip8 = Eip8::read();
    let recipient = eip8.key("recipient_static_key");
    let body =
        AuthBody::decode(&open_packet(&recipient, &eip8.packet(name)).unwrap(), &mut ()).unwrap();
    let static_shared_secret = recipient.agree(&PublicKey::from_bytes(body.initiator).unwrap());
    let signed = *xor(static_shared_secret.as_bytes(), &body.nonce);
    let expected = eip8.key("initiator_ephemeral_key").public_key();
    assert_eq!(PublicKey::recover(signed, &body.signature), Ok(expected));
}

/// `respond` with the random numbers of the vectors.
fn respond_to(eip8: &Eip8, name: &str) -> (Session, Vec<u8>) {
    let ephemeral = eip8.bytes::<32>("recipient_ephemeral_key");
    let nonce = eip8.bytes::<32>("recipient_nonce");
    let mut rng = Script::new(&[&ephemeral, &nonce]);
    respond(&eip8.key("recipient_static_key"), &eip8.packet(name), &mut rng).unwrap()
}

#[track_caller]
fn assert_responds_to(name: &str) {
    let eip8 = Eip8::read();
    let (session, _) = respond_to(&eip8, name);
    assert_eq!(session.remote_key, eip8.key("initiator_static_key").public_key());
}

#[track_caller]
fn assert_ack_body(name: &str) {
    let eip8 = Eip8::read();
    let plaintext = open_packet(&eip8.key("initiator_static_key"), &eip8.packet(name)).unwrap();
    let body = AckBody::decode(&plaintext, &mut ()).unwrap();
    assert_eq!(body.ephemeral, eip8.key("recipient_ephemeral_key").public_key().to_bytes());
    assert_eq!(body.nonce, eip8.bytes("recipient_nonce"));

    let end_of_list = [&body.nonce[..], &eip8.end_of_list(name)].concat();
    assert!(plaintext.windows(end_of_list.len()).any(|window| window == end_of_list));
}

/// `initiate` with the random numbers of the vectors, then the ack.
#[track_caller]
fn assert_initiator_accepts(name: &str) {
    let eip8 = Eip8::read();
    let key = eip8.key("initiator_static_key");
    let recipient = eip8.key("recipient_static_key").public_key();
    let ephemeral = eip8.bytes::<32>("initiator_ephemeral_key");
    let nonce = eip8.bytes::<32>("initiator_nonce");
    let mut rng = Script::new(&[&ephemeral, &nonce]);
    let (sent, auth) = initiate(&key, recipient, &mut rng);

    let ack = eip8.packet(name);
    let mut session = sent.receive_ack(&ack).unwrap();
    assert_eq!(session.remote_key, recipient);
    let ours = Contribution { nonce: &eip8.bytes("recipient_nonce"), packet: &ack };
    let theirs = Contribution { nonce: &nonce, packet: &auth };
    let secrets = eip8.secrets();
    let (mut writer, mut reader) = secrets.directions(ours, theirs);
    assert_opens(&mut session.writer, &mut reader);
    assert_opens(&mut writer, &mut session.reader);
}

#[test]
fn every_vector_has_its_tests() {
    let eip8 = Eip8::read();
    let names = |list: &str| -> Vec<String> {
        eip8.entries(list).iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("auth"), ["auth2", "auth3"]);
    assert_eq!(names("ack"), ["ack2", "ack3"]);
}

#[test]
fn auth2_holds_the_signature_the_key_and_the_nonce() {
    assert_auth_body("auth2");
}

#[test]
fn auth3_of_version_56_with_more_items_holds_the_signature_the_key_and_the_nonce() {
    assert_auth_body("auth3");
}

#[test]
fn the_initiators_ephemeral_key_is_recovered_from_auth2() {
    assert_ephemeral_key_recovered("auth2");
}

#[test]
fn the_initiators_ephemeral_key_is_recovered_from_auth3() {
    assert_ephemeral_key_recovered("auth3");
}

#[test]
fn the_recipient_responds_to_auth2() {
    assert_responds_to("auth2");
}

#[test]
fn the_recipient_responds_to_auth3() {
    assert_responds_to("auth3");
}

#[test]
fn ack2_holds_the_ephemeral_key_and_the_nonce() {
    assert_ack_body("ack2");
}

#[test]
fn ack3_of_version_57_with_more_items_holds_the_ephemeral_key_and_the_nonce() {
    assert_ack_body("ack3");
}

#[test]
fn the_initiator_accepts_ack2() {
    assert_initiator_accepts("ack2");
}

#[test]
fn the_initiator_accepts_ack3() {
    assert_initiator_accepts("ack3");
}

#[test]
fn our_auth_is_that_of_the_vectors_but_for_the_form_of_the_signature() {
    let eip8 = Eip8::read();
    let (key, recipient) = (eip8.key("initiator_static_key"), eip8.key("recipient_static_key"));
    let ephemeral = eip8.key("initiator_ephemeral_key").public_key();
    let nonce = eip8.bytes::<32>("initiator_nonce");
    let auth = || {
        let secret = eip8.bytes::<32>("initiator_ephemeral_key");
        let mut rng = Script::new(&[&secret, &nonce]);
        initiate(&key, recipient.public_key(), &mut rng).1
    };
    assert_eq!(auth(), auth(), "the same random numbers give the same packet");

    let body = AuthBody::decode(&open_packet(&recipient, &auth()).unwrap(), &mut ()).unwrap();
    assert_eq!(body.initiator, key.public_key().to_bytes());
    assert_eq!(body.nonce, nonce);
    // The vectors do not sign as RFC 6979 says, and we do: other bytes, but the same key made
    // both over the same digest.
    let signed = *xor(key.agree(&recipient.public_key()).as_bytes(), &nonce);
    assert_eq!(PublicKey::recover(signed, &body.signature), Ok(ephemeral));
    assert_eq!(PublicKey::recover(signed, &eip8.bytes("auth_signature")), Ok(ephemeral));
}

#[test]
fn our_ack_has_the_ephemeral_key_and_the_nonce_of_the_vectors() {
    let eip8 = Eip8::read();
    let (_, ack) = respond_to(&eip8, "auth2");
    let plaintext = open_packet(&eip8.key("initiator_static_key"), &ack).unwrap();
    let ephemeral = eip8.key("recipient_ephemeral_key").public_key().to_bytes();
    let expected = AckBody { ephemeral, nonce: eip8.bytes("recipient_nonce") };
    assert_eq!(AckBody::decode(&plaintext, &mut ()).unwrap(), expected);
}

#[test]
fn the_aes_secret_is_that_of_the_vectors() {
    let eip8 = Eip8::read();
    assert_eq!(*derived_secrets(&eip8).aes, eip8.derived("aes_secret"));
}

#[test]
fn the_mac_secret_is_that_of_the_vectors() {
    let eip8 = Eip8::read();
    assert_eq!(*derived_secrets(&eip8).mac, eip8.derived("mac_secret"));
}

/// The MAC of the initiator's direction.
fn running_mac(secrets: &Secrets, eip8: &Eip8) -> Mac {
    let nonce = eip8.bytes("recipient_nonce");
    secrets.running_mac(Cipher::new(&secrets.mac), &nonce, &eip8.packet("auth2"), &mut ())
}

#[test]
fn the_recipients_ingress_mac_is_that_of_the_vectors() {
    let eip8 = Eip8::read();
    let mut mac = running_mac(&eip8.secrets(), &eip8);
    // A MAC is the first half of the digest; the vector gives the whole.
    let digest: [u8; 32] = eip8.derived("ingress_mac_digest_after_absorbing_foo");
    assert_eq!(mac.absorb(&[b"foo"]), digest[..16]);
}

#[test]
fn the_recipient_reads_with_the_secrets_of_the_vectors() {
    let eip8 = Eip8::read();
    let (mut session, _) = respond_to(&eip8, "auth2");
    let secrets = eip8.secrets();
    let ingress_mac = running_mac(&secrets, &eip8);
    let mut writer = FrameWriter::new(Cipher::new(&secrets.aes), ingress_mac);
    assert_opens(&mut writer, &mut session.reader);
}

#[test]
fn the_initiator_of_auth2_and_our_recipient_read_each_other() {
    let eip8 = Eip8::read();
    let (mut at_recipient, ack) = respond_to(&eip8, "auth2");
    let key = eip8.key("initiator_static_key");
    let mut at_initiator = auth2_sent(&eip8, &key).receive_ack(&ack).unwrap();
    assert_opens(&mut at_initiator.writer, &mut at_recipient.reader);
    assert_opens(&mut at_recipient.writer, &mut at_initiator.reader);
}

#[test]
fn the_initiator_of_auth2_writes_with_the_secrets_of_the_vectors() {
    let eip8 = Eip8::read();
    let key = eip8.key("initiator_static_key");
    let mut session = auth2_sent(&eip8, &key).receive_ack(&eip8.packet("ack2")).unwrap();
    let secrets = eip8.secrets();
    let egress_mac = running_mac(&secrets, &eip8);
    assert_opens(&mut session.writer, &mut FrameReader::new(Cipher::new(&secrets.aes), egress_mac));
}
