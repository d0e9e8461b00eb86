//! Bytes that are no packets: cut, flipped, random.

use rand::RngExt;

use super::forms::{sealed, with_hash};
use super::*;

#[test]
fn cut_at_any_length_a_packet_is_refused() {
    for datagram in vectors() {
        for length in 0..datagram.len() {
            let error =
                if length < MIN_PACKET { PacketError::Size(length) } else { PacketError::Hash };
            assert_eq!(decode(&datagram[..length]), Err(error), "{length}");
        }
    }
}

#[test]
fn with_any_bit_flipped_a_packet_is_refused() {
    for datagram in vectors() {
        for position in 0..datagram.len() * 8 {
            let mut flipped = datagram.clone();
            flipped[position / 8] ^= 1 << (position % 8);
            assert_eq!(decode(&flipped), Err(PacketError::Hash), "bit {position}");
        }
    }
}

/// Behind a hash that fits, each change reaches the signature or what is signed.
#[test]
fn with_a_hash_that_fits_a_changed_packet_is_never_its_senders() {
    for datagram in vectors() {
        let sender = decode(&datagram).unwrap().sender;
        for position in 32..datagram.len() {
            let mut flipped = datagram.clone();
            flipped[position] ^= 1;
            let decoded = decode(&with_hash(&flipped[32..]));
            assert!(
                decoded.ok().is_none_or(|received| received.sender != sender),
                "byte {position}"
            );
        }
    }
}

#[test]
fn signed_data_cut_at_any_length_are_refused() {
    for datagram in vectors() {
        let content = &datagram[97..];
        let list = content.len() - decode_list_rest(&content[1..]);
        for length in 1..content.len() {
            let decoded = decode(&sealed(content[0], &content[1..length]));
            // Whole lists are fine: what follows them is ignored.
            assert_eq!(decoded.is_ok(), length >= list, "{length}");
        }
    }
}

/// How many bytes follow the list.
fn decode_list_rest(mut data: &[u8]) -> usize {
    alloy_rlp::Header::decode_bytes(&mut data, true).unwrap();
    data.len()
}

#[test]
fn recovery_ids_from_4_on_are_refused() {
    for mut datagram in vectors() {
        for recovery_id in 4..=255 {
            datagram[96] = recovery_id;
            let decoded = decode(&with_hash(&datagram[32..]));
            assert_eq!(decoded, Err(PacketError::Signature), "{recovery_id}");
        }
    }
}

#[test]
fn a_packet_has_98_to_1280_bytes() {
    let of_length = |length: usize| {
        // [expiration = 1], and bytes behind it that are ignored.
        let data = [&[0xc1, 1], &vec![0; length - 100][..]].concat();
        decode(&sealed(5, &data)).map(|received| received.packet)
    };
    let packet = Packet::EnrRequest(EnrRequest { expiration: 1 });
    assert_eq!(of_length(100), Ok(packet.clone()));
    assert_eq!(of_length(1280), Ok(packet));
    assert_eq!(of_length(1281), Err(PacketError::Size(1281)));
    assert_eq!(decode(&[0; 97]), Err(PacketError::Size(97)));
    assert_eq!(decode(&sealed(5, &[])), Err(PacketError::Malformed));
    assert_eq!(sealed(5, &[]).len(), 98);
}

/// Random bytes, and where to take them from: drawing them anew each time would be slow.
fn random_bytes(seed: u64) -> (StdRng, Vec<u8>) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut bytes = vec![0; 1 << 18];
    rng.fill(&mut bytes[..]);
    (rng, bytes)
}

#[test]
fn a_hundred_thousand_random_datagrams_are_refused() {
    let (mut rng, bytes) = random_bytes(2);
    for round in 0..100_000 {
        let begin = rng.random_range(0..bytes.len() - MAX_PACKET);
        let datagram = &bytes[begin..][..rng.random_range(0..=MAX_PACKET)];
        // Some get past the hash, and a few of them past the signature.
        let decoded = if round % 10 == 0 { decode(&with_hash(datagram)) } else { decode(datagram) };
        assert!(decoded.is_err(), "round {round}");
    }
}

#[test]
fn random_data_that_somebody_has_signed_never_panic() {
    let (mut rng, bytes) = random_bytes(3);
    let read = (0..1000).filter(|_| {
        let begin = rng.random_range(0..bytes.len() - 100);
        let mut data = bytes[begin..][..rng.random_range(1..=100)].to_vec();
        // Most random bytes are no list.
        data[0] |= 0xc0;
        decode(&sealed(rng.random_range(0..8), &data)).is_ok()
    });
    // A few can be read: an EnrRequest is no more than a list with a number.
    assert!(read.count() < 100);
}
