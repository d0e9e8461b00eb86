use alloy_rlp::Encodable;
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::keys::NodeKey;

fn key() -> NodeKey {
    NodeKey::generate(&mut StdRng::seed_from_u64(1))
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A record with these pairs, whatever they are, and a signature that fits.
fn signed(pairs: &[(&str, &dyn Encodable)]) -> Enr {
    let mut rlp = Vec::new();
    for (key, value) in pairs {
        key.encode(&mut rlp);
        value.encode(&mut rlp);
    }
    let [signature @ .., _recovery_id] = key().sign(digest(1, &rlp));
    Enr { signature, seq: 1, pairs: rlp.into(), public_key: key().public_key() }
}

/// A record that says where its node is.
fn record(seq: u64, ip: Option<IpAddr>, udp: u16, tcp: u16) -> Enr {
    let record = Enr::builder(seq).udp(udp).tcp(tcp);
    let record = match ip {
        Some(ip) => record.ip(ip),
        None => record,
    };
    record.sign(&key()).unwrap()
}

/// What comes out when such a record is read.
fn read(pairs: &[(&str, &dyn Encodable)]) -> Result<Enr, EnrError> {
    Enr::decode(&signed(pairs).to_rlp())
}

/// The record of a node with these addresses and ports.
fn located(pairs: &[(&str, &dyn Encodable)]) -> Enr {
    let public_key = key().public_key().to_compressed();
    let mut all: Vec<(&str, &dyn Encodable)> = vec![("id", SCHEME), ("secp256k1", &public_key)];
    all.extend_from_slice(pairs);
    all.sort_by_key(|(key, _)| *key);
    read(&all).unwrap()
}

fn addresses(v4: &str, v6: &str) -> Enr {
    let (v4, v6) = (v4.parse::<std::net::Ipv4Addr>(), v6.parse::<std::net::Ipv6Addr>());
    located(&[
        ("ip", &v4.unwrap().octets()),
        ("udp", &4u16),
        ("ip6", &v6.unwrap().octets()),
        ("udp6", &6u16),
    ])
}

#[test]
fn a_record_says_what_was_signed() {
    let record = record(7, Some(ip("10.1.2.3")), 30303, 30304);
    assert_eq!(Enr::decode(&record.to_rlp()), Ok(record.clone()));
    assert_eq!(record.seq(), 7);
    assert_eq!(record.public_key(), key().public_key());
    assert_eq!(record.node_id(), key().node_id());
    assert_eq!((record.ip(), record.udp(), record.tcp()), (Some(ip("10.1.2.3")), 30303, 30304));
    let enode = format!("enode://{}@10.1.2.3:30304?discport=30303", key().public_key());
    assert_eq!(record.enode().to_string(), enode);
}

#[test]
fn a_record_without_an_address_says_who_but_not_where() {
    let record = record(1, None, 0, 0);
    assert_eq!((record.ip(), record.udp(), record.tcp()), (None, 0, 0));
    assert_eq!(record.enode().to_string(), format!("enode://{}", key().public_key()));
    let keys: Vec<&[u8]> = record.pairs().map(|(key, _)| key).collect();
    assert_eq!(keys, [b"id".as_slice(), b"secp256k1"]);
}

#[test]
fn an_ipv6_address_has_its_own_key_and_the_same_ports() {
    let record = record(1, Some(ip("2001:db8::1")), 1, 2);
    assert_eq!((record.ip(), record.udp(), record.tcp()), (Some(ip("2001:db8::1")), 1, 2));
    let mapped = self::record(1, Some(ip("::ffff:1.2.3.4")), 1, 2);
    assert_eq!(mapped.ip(), Some(ip("1.2.3.4")));
}

#[test]
fn the_longest_record_that_we_sign_is_short_enough() {
    let record = record(u64::MAX, Some(ip("2001:db8::1")), u16::MAX, u16::MAX);
    assert_eq!(record.to_rlp().len(), 162);
}

#[test]
fn any_key_may_be_in_a_record_and_keys_are_sorted_whatever_comes_first() {
    let entry = Enr::builder(1).entry("zebra", &7u64).tcp(1).entry("eth", &[1u8, 2, 3]);
    let record = entry.entry([0xff, 0x00], "bytes").entry("a", "").sign(&key()).unwrap();
    assert_eq!(Enr::decode(&record.to_rlp()), Ok(record.clone()));
    let keys: Vec<&[u8]> = record.pairs().map(|(key, _)| key).collect();
    let expected: [&[u8]; 7] = [b"a", b"eth", b"id", b"secp256k1", b"tcp", b"zebra", &[0xff, 0x00]];
    assert_eq!(keys, expected);
    assert_eq!(record.entry("zebra"), Some(7u64));
    assert_eq!(record.entry("eth"), Some([1u8, 2, 3]));
    assert_eq!(record.entry::<u16>("eth"), None, "it is too long for that");
    assert_eq!(record.entry::<u64>("nothing"), None);
}

#[test]
fn a_key_that_is_given_twice_has_its_last_value_and_scheme_and_key_are_ours() {
    let entry = Enr::builder(1).udp(1).udp(2).entry("id", "v5").entry("secp256k1", &[0u8; 33]);
    let record = entry.sign(&key()).unwrap();
    assert_eq!(Enr::decode(&record.to_rlp()), Ok(record.clone()));
    assert_eq!((record.udp(), record.public_key()), (2, key().public_key()));
}

#[test]
fn a_port_of_0_takes_an_earlier_one_back() {
    let record = Enr::builder(1).udp(1).tcp(2).udp(0).sign(&key()).unwrap();
    assert_eq!((record.udp(), record.tcp()), (0, 2));
}

#[test]
fn a_value_that_is_not_one_item_is_not_signed() {
    struct Wrong(&'static [u8]);
    impl Encodable for Wrong {
        fn encode(&self, out: &mut dyn alloy_rlp::BufMut) {
            out.put_slice(self.0);
        }
    }
    for wrong in [&[][..], &[1, 2], &[0x82, 1], &[0xc2, 1]] {
        let record = Enr::builder(1).entry("x", &Wrong(wrong)).sign(&key());
        assert_eq!(record, Err(EnrError::Malformed), "{wrong:?}");
    }
}

#[test]
fn a_record_of_300_bytes_is_signed_and_one_of_301_is_not() {
    let with = |len: usize| Enr::builder(1).entry("x", &vec![7u8; len][..]).sign(&key());
    let longest = (0..MAX_RECORD).rev().find(|len| with(*len).is_ok()).unwrap();
    assert_eq!(with(longest).unwrap().to_rlp().len(), MAX_RECORD);
    assert!(Enr::decode(&with(longest).unwrap().to_rlp()).is_ok());
    assert_eq!(with(longest + 1), Err(EnrError::TooLong));
}

#[test]
fn of_two_addresses_the_one_that_more_can_reach_counts() {
    // As in go-ethereum's tests.
    let global = "2001::ff00:42:8329";
    for (v4, v6, chosen, udp) in [
        ("127.0.0.1", global, global, 6),
        ("0.0.0.0", "::1", "::1", 6),
        ("192.168.2.2", global, global, 6),
        ("169.254.2.6", global, global, 6),
        ("192.168.2.2", "fd00::abcd:1", "192.168.2.2", 4),
        ("192.168.2.2", "fe80::1", "192.168.2.2", 4),
        ("99.22.33.1", global, "99.22.33.1", 4),
        ("224.0.0.1", "fe80::1", "fe80::1", 6),
        ("127.0.0.1", "ff02::1", "127.0.0.1", 4),
        ("127.0.0.1", "::ffff:10.0.0.1", "10.0.0.1", 4),
    ] {
        let record = addresses(v4, v6);
        assert_eq!((record.ip(), record.udp()), (Some(ip(chosen)), udp), "{v4} {v6}");
    }
    assert_eq!(addresses("224.0.0.1", "ff02::1").ip(), None);
}

#[test]
fn ports_of_ipv6_fall_back_to_the_common_ones() {
    let v6 = [0x20; 16];
    let record = located(&[("ip6", &v6), ("udp", &1u16), ("tcp", &2u16)]);
    assert_eq!((record.udp(), record.tcp()), (1, 2));
    let record = located(&[("ip6", &v6), ("udp", &1u16), ("tcp", &2u16), ("tcp6", &3u16)]);
    assert_eq!((record.udp(), record.tcp()), (1, 3));
    let record = located(&[("ip", &[1u8; 4]), ("udp6", &1u16), ("tcp6", &2u16)]);
    assert_eq!((record.udp(), record.tcp()), (0, 0));
}

#[test]
fn an_address_or_port_of_the_wrong_size_is_as_if_it_were_not_there() {
    let record = located(&[("ip", &[1u8; 16]), ("ip6", &[1u8; 4]), ("udp", &70_000u32)]);
    assert_eq!((record.ip(), record.udp()), (None, 0));
}

#[test]
fn keys_that_we_do_not_know_are_kept() {
    let list = [1u8, 2].map(u64::from).to_vec();
    let record = located(&[("eth", &list), ("zzz", &"?"), ("", &0u8)]);
    let again: Enr = record.to_string().parse().unwrap();
    let pairs: Vec<_> = again.pairs().filter(|(key, _)| key.len() == 3).collect();
    assert_eq!(pairs, [(&b"eth"[..], &[0xc2, 1, 2][..]), (b"zzz", b"?")]);
    assert_eq!(again, record);
}

#[test]
fn keys_out_of_order_and_keys_that_are_there_twice_are_refused() {
    let public_key = key().public_key().to_compressed();
    let (id, owner): ((_, &dyn Encodable), (_, &dyn Encodable)) =
        (("id", SCHEME), ("secp256k1", &public_key));
    assert!(read(&[id, owner]).is_ok());
    assert_eq!(read(&[owner, id]), Err(EnrError::Unsorted));
    assert_eq!(read(&[id, id, owner]), Err(EnrError::Unsorted));
    assert_eq!(read(&[id, owner, ("sec", &1u8)]), Err(EnrError::Unsorted));
}

#[test]
fn a_record_of_another_scheme_is_refused() {
    let public_key = key().public_key().to_compressed();
    let refused = Err(EnrError::UnknownScheme);
    assert_eq!(read(&[("secp256k1", &public_key)]), refused);
    assert_eq!(read(&[("id", b"v5"), ("secp256k1", &public_key)]), refused);
    assert_eq!(read(&[("id", b"v44"), ("secp256k1", &public_key)]), refused);
}

#[test]
fn a_record_without_a_valid_key_is_refused() {
    assert_eq!(read(&[("id", SCHEME)]), Err(EnrError::PublicKey));
    for bad in [vec![2; 32], vec![5; 33], vec![0xff; 33], key().public_key().to_bytes().to_vec()] {
        assert_eq!(read(&[("id", SCHEME), ("secp256k1", &&bad[..])]), Err(EnrError::PublicKey));
    }
}

#[test]
fn a_record_that_somebody_else_signed_is_refused() {
    let stranger = NodeKey::generate(&mut StdRng::seed_from_u64(2));
    let public_key = stranger.public_key().to_compressed();
    assert_eq!(read(&[("id", SCHEME), ("secp256k1", &public_key)]), Err(EnrError::Signature));
}

#[test]
fn a_key_without_a_value_is_refused() {
    let mut record = signed(&[("id", SCHEME)]);
    record.pairs = b"\x82id"[..].into();
    assert_eq!(Enr::decode(&record.to_rlp()), Err(EnrError::Malformed));
}

#[test]
fn a_record_has_at_most_300_bytes() {
    let public_key = key().public_key().to_compressed();
    let with = |padding: &[u8]| {
        signed(&[("id", SCHEME), ("secp256k1", &public_key), ("x", &padding)]).to_rlp()
    };
    let longest = with(&[1; 177]);
    assert_eq!(longest.len(), 300);
    assert!(Enr::decode(&longest).is_ok());
    assert_eq!(Enr::decode(&with(&[1; 178])), Err(EnrError::TooLong));
}

#[test]
fn cut_at_any_length_a_record_is_refused() {
    let rlp = addresses("1.2.3.4", "2001:db8::1").to_rlp();
    for length in 0..rlp.len() {
        assert_eq!(Enr::decode(&rlp[..length]), Err(EnrError::Malformed), "{length}");
    }
    let longer = [&rlp[..], &[0]].concat();
    assert_eq!(Enr::decode(&longer), Err(EnrError::Malformed));
}

#[test]
fn with_any_bit_flipped_a_record_is_refused() {
    let rlp = addresses("1.2.3.4", "2001:db8::1").to_rlp();
    for position in 0..rlp.len() * 8 {
        let mut flipped = rlp.clone();
        flipped[position / 8] ^= 1 << (position % 8);
        assert!(Enr::decode(&flipped).is_err(), "bit {position}");
    }
}

#[test]
fn text_that_is_no_record_says_why() {
    let parse = |text: &str| text.parse::<Enr>().unwrap_err();
    let text = record(1, None, 0, 0).to_string();
    assert!(text.parse::<Enr>().is_ok());
    assert_eq!(parse(&text[4..]), EnrError::MissingPrefix);
    assert_eq!(parse(&text.replace("enr:", "ENR:")), EnrError::MissingPrefix);
    assert_eq!(parse(&format!("{text}==")), EnrError::Base64);
    assert_eq!(parse(&format!("{text}\n")), EnrError::Base64);
    assert_eq!(parse(&text.replace(['-', '_'], "+")), EnrError::Base64);
    assert_eq!(parse(&format!("enr:{}", "A".repeat(401))), EnrError::TooLong);
    assert_eq!(parse("enr:é"), EnrError::Base64);
}

#[cfg(feature = "serde")]
#[test]
fn a_record_is_its_text_in_json() {
    let record = record(1, None, 0, 0);
    let json = serde_json::to_string(&record).unwrap();
    assert_eq!(json, format!("\"{record}\""));
    assert_eq!(serde_json::from_str::<Enr>(&json).unwrap(), record);
    assert!(serde_json::from_str::<Enr>("\"enr:x\"").is_err());
}

proptest! {
    #[test]
    fn every_record_survives_bytes_and_text(seq: u64, ip: Option<IpAddr>, udp: u16, tcp: u16) {
        let record = record(seq, ip, udp, tcp);
        prop_assert_eq!(Enr::decode(&record.to_rlp()), Ok(record.clone()));
        prop_assert_eq!(record.to_string().parse(), Ok(record.clone()));
        let seen = (record.seq(), record.udp(), record.tcp());
        prop_assert_eq!(seen, (seq, udp, tcp));
        let ip = ip.map(|ip| ip.to_canonical()).filter(|ip| !ip.is_multicast());
        prop_assert_eq!(record.ip(), ip);
    }

    #[test]
    fn reading_any_bytes_never_panics(bytes: Vec<u8>) {
        prop_assert!(Enr::decode(&bytes).is_err());
        prop_assert!(Enr::decode(&rlp::list(&bytes)).is_err());
    }

    #[test]
    fn reading_any_text_never_panics(text: String) {
        prop_assert!(text.parse::<Enr>().is_err());
        let base64 = BASE64URL_NOPAD.encode(text.as_bytes());
        prop_assert!(["enr:", &base64].concat().parse::<Enr>().is_err());
    }
}
