//! What a finished handshake is worth.

use bytes::BytesMut;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

use super::super::body::{AckBody, AuthBody};
use super::super::{HandshakeError, Session, initiate, open_packet, respond, seal_packet};
use super::support::{ephemeral, initiator, recipient, rng, waiting};
use crate::frame::{FrameError, FrameReader, FrameWriter};

/// A handshake in memory, with the system's random numbers: the initiator's session, the
/// recipient's, auth and ack.
fn shake_hands() -> (Session, Session, Vec<u8>, Vec<u8>) {
    let (initiator, recipient) = (initiator(), recipient());
    let mut rng = UnwrapErr(SysRng);
    let (sent, auth) = initiate(&initiator, recipient.public_key(), &mut rng);
    let (at_recipient, ack) = respond(&recipient, &auth, &mut rng).unwrap();
    let at_initiator = sent.receive_ack(&ack).unwrap();
    (at_initiator, at_recipient, auth, ack)
}

fn send(
    writer: &mut FrameWriter,
    reader: &mut FrameReader,
    frame_data: &[u8],
) -> Result<Vec<u8>, FrameError> {
    let mut wire = BytesMut::new();
    writer.seal(frame_data, &mut wire).unwrap();
    let (header, body) = wire.split_first_chunk_mut().unwrap();
    let header = reader.open_header(header, 1000)?;
    reader.open_body(header, body).map(<[u8]>::to_vec)
}

#[test]
fn both_sides_know_each_other_and_read_each_other() {
    let (mut a, mut b, ..) = shake_hands();
    assert_eq!(a.remote_key, recipient().public_key());
    assert_eq!(b.remote_key, initiator().public_key());
    for frame_data in [&b"first"[..], b"second", &[0x55; 300]] {
        assert_eq!(send(&mut a.writer, &mut b.reader, frame_data).unwrap(), frame_data);
        assert_eq!(send(&mut b.writer, &mut a.reader, frame_data).unwrap(), frame_data);
    }
}

#[test]
fn nobody_reads_what_they_wrote_themselves() {
    let (mut a, mut b, ..) = shake_hands();
    assert_eq!(send(&mut a.writer, &mut a.reader, b"foo"), Err(FrameError::HeaderMac));
    assert_eq!(send(&mut b.writer, &mut b.reader, b"foo"), Err(FrameError::HeaderMac));
}

#[test]
fn two_sessions_of_the_same_nodes_share_nothing() {
    let (mut a1, _, auth1, ack1) = shake_hands();
    let (_, mut b2, auth2, ack2) = shake_hands();
    assert_eq!(send(&mut a1.writer, &mut b2.reader, b"foo"), Err(FrameError::HeaderMac));

    let auth =
        |packet: &[u8]| AuthBody::decode(&open_packet(&recipient(), packet).unwrap(), &mut ());
    let ack = |packet: &[u8]| AckBody::decode(&open_packet(&initiator(), packet).unwrap(), &mut ());
    let (auth1, auth2) = (auth(&auth1).unwrap(), auth(&auth2).unwrap());
    let (ack1, ack2) = (ack(&ack1).unwrap(), ack(&ack2).unwrap());
    let nonces = [auth1.nonce, auth2.nonce, ack1.nonce, ack2.nonce];
    for (index, nonce) in nonces.iter().enumerate() {
        assert!(!nonces[..index].contains(nonce));
    }
    assert_ne!(auth1.signature, auth2.signature);
    assert_ne!(ack1.ephemeral, ack2.ephemeral);
}

#[test]
fn the_same_handshake_is_encrypted_differently_each_time() {
    let mut rng = rng();
    let mut ciphertext = || {
        let packet = seal_packet(&recipient().public_key(), vec![0; 200], &mut rng).0;
        (packet[3..67].to_vec(), packet[67..83].to_vec(), packet[83..115].to_vec())
    };
    let ((r1, iv1, c1), (r2, iv2, c2)) = (ciphertext(), ciphertext());
    assert_ne!(r1, r2);
    assert_ne!(iv1, iv2);
    assert_ne!(c1, c2);
}

#[test]
fn whoever_names_a_key_that_is_not_theirs_can_neither_read_nor_write() {
    let (victim, recipient, impostor) = (initiator(), recipient(), ephemeral());
    let (mut sent, auth) = initiate(&impostor, recipient.public_key(), &mut rng());
    let mut body = AuthBody::decode(&open_packet(&recipient, &auth).unwrap(), &mut ()).unwrap();
    body.initiator = victim.public_key().to_bytes();
    let auth = seal_packet(&recipient.public_key(), body.encode(), &mut rng()).0;
    sent.auth.clone_from(&auth);

    let (mut session, ack) = respond(&recipient, &auth, &mut rng()).unwrap();
    assert_eq!(session.remote_key, victim.public_key());
    let refused = waiting(&impostor).receive_ack(&ack).unwrap_err();
    assert_eq!(refused, HandshakeError::Undecipherable);

    // Even if the victim helped with the ack, the session would have other keys.
    sent.key = &victim;
    let mut helped = sent.receive_ack(&ack).unwrap();
    assert_eq!(send(&mut helped.writer, &mut session.reader, b"foo"), Err(FrameError::HeaderMac));
    assert_eq!(send(&mut session.writer, &mut helped.reader, b"foo"), Err(FrameError::HeaderMac));
}

#[test]
fn an_ack_to_another_auth_gives_a_session_that_reads_nothing() {
    let (initiator, recipient) = (initiator(), recipient());
    let mut rng = rng();
    let (first, _) = initiate(&initiator, recipient.public_key(), &mut rng);
    let (_, second) = initiate(&initiator, recipient.public_key(), &mut rng);
    let (mut at_recipient, ack) = respond(&recipient, &second, &mut rng).unwrap();
    let mut at_initiator = first.receive_ack(&ack).unwrap();
    let refused = send(&mut at_recipient.writer, &mut at_initiator.reader, b"foo");
    assert_eq!(refused, Err(FrameError::HeaderMac));
}

#[test]
fn debug_shows_whom_we_talk_to_and_no_secret() {
    let (initiator, recipient) = (initiator(), recipient());
    let short = recipient.public_key().short();
    let (sent, auth) = initiate(&initiator, recipient.public_key(), &mut rng());
    assert_eq!(format!("{sent:?}"), format!("AuthSent {{ recipient: PublicKey({short}…), .. }}"));

    let (_, ack) = respond(&recipient, &auth, &mut rng()).unwrap();
    let session = sent.receive_ack(&ack).unwrap();
    assert_eq!(
        format!("{session:?}"),
        format!("Session {{ remote_key: PublicKey({short}…), .. }}")
    );
}
