//! Every byte of a packet counts: cut, changed, for somebody else, too long, too old.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::{
    HandshakeError, MAX_CIPHERTEXT, ecies, initiate, open_packet, packet_len, respond, seal_packet,
};
use super::support::{
    Eip8, Script, ecies_by_hand, ephemeral, initiator, recipient, rng, seal, waiting,
};
use crate::keys::NodeKey;

/// auth or ack (the size prefix included), and how its receiver answers a changed one.
struct Case {
    packet: Vec<u8>,
    receive: fn(&[u8]) -> Result<(), HandshakeError>,
}

fn generated_auth() -> Case {
    let (_, packet) = initiate(&initiator(), recipient().public_key(), &mut rng());
    Case { packet, receive: |auth| respond(&recipient(), auth, &mut Script::new(&[])).map(|_| ()) }
}

fn generated_ack() -> Case {
    let (_, ack) = respond(&recipient(), &generated_auth().packet, &mut rng()).unwrap();
    Case { packet: ack, receive: |ack| waiting(&initiator()).receive_ack(ack).map(|_| ()) }
}

fn auth2() -> Case {
    let receive = |auth: &[u8]| {
        let key = Eip8::read().key("recipient_static_key");
        respond(&key, auth, &mut Script::new(&[])).map(|_| ())
    };
    Case { packet: Eip8::read().packet("auth2"), receive }
}

fn ack2() -> Case {
    let receive = |ack: &[u8]| {
        waiting(&Eip8::read().key("initiator_static_key")).receive_ack(ack).map(|_| ())
    };
    Case { packet: Eip8::read().packet("ack2"), receive }
}

/// Cut at every length, and with bytes too many: the size prefix tells.
#[track_caller]
fn assert_whole_or_refused(case: &Case) {
    assert_eq!((case.receive)(&case.packet), Ok(()));
    for len in 0..case.packet.len() {
        let refused = (case.receive)(&case.packet[..len]);
        assert_eq!(refused, Err(HandshakeError::PacketLength), "{len}");
    }
    let longer = [&case.packet[..], &[0]].concat();
    assert_eq!((case.receive)(&longer), Err(HandshakeError::PacketLength));
}

/// One bit of every byte changed, another one in each; in the size prefix, every bit.
#[track_caller]
fn assert_every_flip_is_refused(case: &Case) {
    let flipped = |position: usize, bit: usize| {
        let mut packet = case.packet.clone();
        packet[position] ^= 1 << bit;
        (case.receive)(&packet)
    };
    for (position, bit) in (0..2).flat_map(|position| (0..8).map(move |bit| (position, bit))) {
        let error = flipped(position, bit).unwrap_err();
        let by_size = matches!(error, HandshakeError::PacketLength | HandshakeError::PacketSize(_));
        assert!(by_size, "{position} {bit}: {error}");
    }
    for position in 2..case.packet.len() {
        let refused = flipped(position, position % 8);
        assert_eq!(refused, Err(HandshakeError::Undecipherable), "{position}");
    }
}

#[test]
fn a_cut_auth_is_refused() {
    assert_whole_or_refused(&generated_auth());
    assert_whole_or_refused(&auth2());
}

#[test]
fn a_cut_ack_is_refused() {
    assert_whole_or_refused(&generated_ack());
    assert_whole_or_refused(&ack2());
}

#[test]
fn every_flipped_byte_of_our_auth_is_noticed() {
    assert_every_flip_is_refused(&generated_auth());
}

#[test]
fn every_flipped_byte_of_our_ack_is_noticed() {
    assert_every_flip_is_refused(&generated_ack());
}

#[test]
fn every_flipped_byte_of_auth2_is_noticed() {
    assert_every_flip_is_refused(&auth2());
}

#[test]
fn every_flipped_byte_of_ack2_is_noticed() {
    assert_every_flip_is_refused(&ack2());
}

#[test]
fn the_size_prefix_is_from_113_to_2048() {
    let len = |size: u16| packet_len(size.to_be_bytes());
    assert_eq!(len(0), Err(HandshakeError::PacketSize(0)));
    assert_eq!(len(112), Err(HandshakeError::PacketSize(112)));
    assert_eq!(len(113), Ok(113));
    assert_eq!(len(2047), Ok(2047));
    assert_eq!(len(2048), Ok(MAX_CIPHERTEXT));
    assert_eq!(len(2049), Err(HandshakeError::PacketSize(2049)));
    assert_eq!(len(65535), Err(HandshakeError::PacketSize(65535)));
}

#[test]
fn packets_of_the_shortest_and_the_longest_size_are_opened_and_no_others() {
    let open = |plaintext_len: usize| {
        let size = plaintext_len + ecies::OVERHEAD;
        let prefix = u16::try_from(size).unwrap().to_be_bytes();
        let key = recipient();
        let plaintext = vec![5; plaintext_len];
        let c = ecies::encrypt(&key.public_key(), &plaintext, &prefix, &mut rng());
        (open_packet(&key, &[&prefix[..], &c].concat()), plaintext)
    };
    for len in [0, 1, MAX_CIPHERTEXT - ecies::OVERHEAD] {
        let (opened, plaintext) = open(len);
        assert_eq!(opened, Ok(plaintext));
    }
    let too_long = MAX_CIPHERTEXT + 1;
    let (refused, _) = open(too_long - ecies::OVERHEAD);
    assert_eq!(refused, Err(HandshakeError::PacketSize(too_long)));
}

#[test]
fn our_padding_is_from_100_to_227_bytes() {
    for (random_byte, padding) in [(0, 100), (1, 100), (2, 101), (255, 227)] {
        let mut rng = Script::new(&[&[random_byte]]);
        let packet = seal_packet(&recipient().public_key(), vec![1; 50], &mut rng).0;
        assert_eq!(open_packet(&recipient(), &packet).unwrap().len(), 50 + padding);
    }
}

#[test]
fn an_auth_for_another_node_is_undecipherable() {
    let (_, auth) = initiate(&initiator(), ephemeral().public_key(), &mut rng());
    let refused = respond(&recipient(), &auth, &mut rng()).unwrap_err();
    assert_eq!(refused, HandshakeError::Undecipherable);
}

#[test]
fn an_ack_for_another_node_is_undecipherable() {
    let other = waiting(&ephemeral()).receive_ack(&generated_ack().packet).unwrap_err();
    assert_eq!(other, HandshakeError::Undecipherable);
}

#[test]
fn an_ack_is_no_auth_and_an_auth_is_no_ack() {
    let key = recipient();
    let (_, auth) = initiate(&initiator(), key.public_key(), &mut rng());
    assert_eq!(waiting(&key).receive_ack(&auth).unwrap_err(), HandshakeError::Body);
    let ack = generated_ack().packet;
    assert_eq!(respond(&initiator(), &ack, &mut rng()).unwrap_err(), HandshakeError::Body);
}

#[test]
fn the_old_auth_of_307_bytes_is_refused() {
    let key = recipient();
    // signature ‖ keccak256(ephemeral key) ‖ key ‖ nonce ‖ 0, without a size prefix.
    let plaintext = [&[1; 65 + 32][..], &initiator().public_key().to_bytes(), &[2; 32], &[0]];
    let secret = ephemeral().agree(&key.public_key());
    let r = ephemeral().public_key().to_bytes();
    let auth = ecies_by_hand(&secret, r, [9; 16], &plaintext.concat(), &[]);
    assert_eq!(auth.len(), 307);
    let refused = respond(&key, &auth, &mut rng()).unwrap_err();
    assert_eq!(refused, HandshakeError::PacketLength);
}

/// Any bytes, three times in four with a size prefix that agrees with them.
fn any_packet() -> impl Strategy<Value = Vec<u8>> {
    (vec(any::<u8>(), 0..600), 0..4).prop_map(|(mut packet, kind)| {
        let size = u16::try_from(packet.len().saturating_sub(2)).unwrap();
        if let (Some(prefix), 1..) = (packet.first_chunk_mut(), kind) {
            *prefix = size.to_be_bytes();
        }
        if let (Some(first), 2..) = (packet.get_mut(2), kind) {
            *first = 0x04;
        }
        packet
    })
}

proptest! {
    #[test]
    fn every_size_prefix_is_a_size_within_the_limits_or_an_error(prefix: [u8; 2]) {
        let size = usize::from(u16::from_be_bytes(prefix));
        let expected = match size {
            113..=2048 => Ok(size),
            _ => Err(HandshakeError::PacketSize(size)),
        };
        prop_assert_eq!(packet_len(prefix), expected);
    }

    #[test]
    fn any_bytes_are_neither_an_auth_nor_an_ack(packet in any_packet()) {
        prop_assert!(respond(&recipient(), &packet, &mut rng()).is_err());
        prop_assert!(waiting(&initiator()).receive_ack(&packet).is_err());
    }

    #[test]
    fn every_plaintext_survives_a_packet(
        plaintext in vec(any::<u8>(), 0..1700), seed: [u8; 32],
    ) {
        let key = NodeKey::generate(&mut Script::new(&[&seed, &[1; 32]]));
        let opened = open_packet(&key, &seal(&key.public_key(), &plaintext)).unwrap();
        prop_assert!(opened.starts_with(&plaintext));
        prop_assert!((100..=227).contains(&(opened.len() - plaintext.len())));
    }
}
