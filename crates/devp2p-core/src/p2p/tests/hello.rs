//! Hello: who somebody says they are.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::hello::MAX_HELLO;
use super::super::{Capability, Hello, MessageError, printable};
use super::{item, list};
use crate::keys::{NodeKey, PublicKey};

fn public_key() -> PublicKey {
    NodeKey::from_bytes([0x11; 32]).unwrap().public_key()
}

fn hello() -> Hello {
    let capabilities = vec![Capability::new("foo", 42), Capability::new("bar", 1)];
    Hello::new(public_key(), "foo/v42/linux/rust1.95.0", capabilities)
}

/// The items of a good Hello: version, client-id, capabilities, listen-port, node-key.
fn items() -> [Vec<u8>; 5] {
    let foo = list(&[item("foo"), item(&42u64)]);
    [item(&5u64), item("client"), list(&[foo]), item(&0u64), item(&public_key().to_bytes()[..])]
}

fn with(index: usize, new: Vec<u8>) -> Vec<u8> {
    let mut items = items();
    items[index] = new;
    list(&items)
}

/// A decoded Hello says the same when it is sent on, unless it has grown too big for that: a byte
/// that was replaced takes three.
fn assert_stable(payload: &[u8]) {
    let Ok(hello) = Hello::decode(payload) else {
        return;
    };
    let encoded = hello.encode();
    if encoded.len() <= MAX_HELLO {
        assert_eq!(Hello::decode(&encoded), Ok(hello));
    }
}

#[test]
fn our_hello_is_the_list_of_the_specification() {
    let capability = |name: &str, version: u64| list(&[item(name), item(&version)]);
    let expected = list(&[
        item(&5u64),
        item("foo/v42/linux/rust1.95.0"),
        list(&[capability("bar", 1), capability("foo", 42)]),
        item(&0u64),
        item(&public_key().to_bytes()[..]),
    ]);
    assert_eq!(hello().encode(), expected);
}

#[test]
fn a_hello_survives_encoding() {
    let mut full = hello();
    full.version = u64::MAX;
    full.listen_port = 65536;
    full.client_id = "ünïcode ✓".to_owned();
    for hello in [hello(), full, Hello::new(public_key(), "", vec![])] {
        assert_eq!(Hello::decode(&hello.encode()), Ok(hello));
    }
}

#[test]
fn capabilities_are_sent_in_the_order_of_name_and_version() {
    let unsorted = [("b", 2), ("a", 10), ("b", 1), ("a", 9), ("B", 3)];
    let capabilities = unsorted.map(|(name, version)| Capability::new(name, version)).to_vec();
    let sorted: Vec<_> = Hello::new(public_key(), "", capabilities)
        .capabilities
        .iter()
        .map(Capability::to_string)
        .collect();
    assert_eq!(sorted, ["B/3", "a/9", "a/10", "b/1", "b/2"]);
}

#[test]
fn more_items_and_more_bytes_are_ignored() {
    let plain = Hello::decode(&list(&items())).unwrap();
    let more_items = list(&[&items()[..], &[item("more"), list(&[list(&[])])]].concat());
    let more_bytes = [list(&items()), vec![0xff; 100]].concat();
    let more_in_a_capability = with(2, list(&[list(&[item("foo"), item(&42u64), list(&[])])]));
    for payload in [more_items, more_bytes, more_in_a_capability] {
        assert_eq!(Hello::decode(&payload), Ok(plain.clone()));
    }
}

#[test]
fn any_version_is_accepted() {
    for version in [0, 1, 4, 5, 6, 255, 256, u64::MAX] {
        let hello = Hello::decode(&with(0, item(&version))).unwrap();
        assert_eq!(hello.version, version);
    }
}

#[test]
fn four_hundred_equal_capabilities_are_read() {
    let x_1 = list(&[item("x"), item(&1u64)]);
    let payload = with(2, list(&vec![x_1; 400]));
    assert!(payload.len() <= MAX_HELLO);
    let hello = Hello::decode(&payload).unwrap();
    assert_eq!(hello.capabilities, vec![Capability::new("x", 1); 400]);
}

#[test]
fn a_hello_of_2048_bytes_is_read_and_of_2049_refused() {
    let mut payload = list(&items());
    payload.resize(2048, 0);
    assert!(Hello::decode(&payload).is_ok());
    payload.push(0);
    let refused = MessageError::TooBig { size: 2049, limit: 2048 };
    assert_eq!(Hello::decode(&payload), Err(refused));
}

#[test]
fn what_is_no_such_list_is_refused() {
    let foo = |name: Vec<u8>, version: Vec<u8>| list(&[list(&[name, version])]);
    let malformed = [
        vec![],
        vec![0x80],
        list(&[]),
        item("a string"),
        items().concat(),
        list(&[list(&items())]),
        with(0, item("nine bytes")),
        with(0, vec![0x00]),
        with(0, list(&[])),
        with(1, list(&[])),
        with(2, item("no list")),
        with(2, list(&[item("foo"), item(&42u64)])),
        with(2, list(&[list(&[])])),
        with(2, list(&[list(&[item("foo")])])),
        with(2, foo(list(&[]), item(&42u64))),
        with(2, foo(item("foo"), list(&[]))),
        with(2, foo(item("foo"), item("nine bytes"))),
        with(3, list(&[])),
        with(3, vec![0x82, 0, 1]),
        list(&items()[..3]),
        list(&items()[1..]),
    ];
    for payload in malformed {
        let refused = Hello::decode(&payload);
        assert_eq!(refused, Err(MessageError::Hello), "{}", hex::encode(payload));
    }
}

#[test]
fn a_capability_does_not_reach_into_the_next_one() {
    // The second entry holds what the first one lacks.
    let payload = with(2, list(&[list(&[item("foo")]), item(&42u64)]));
    assert_eq!(Hello::decode(&payload), Err(MessageError::Hello));
}

#[test]
fn a_node_key_that_is_none_is_refused() {
    let key = public_key().to_bytes();
    let mut off_the_curve = key;
    off_the_curve[63] ^= 1;
    let no_keys = [
        item(&[][..]),
        item(&[0; 64][..]),
        item(&[0xff; 64][..]),
        item(&off_the_curve[..]),
        item(&key[..63]),
        item(&[&key[..], &[0]].concat()[..]),
        item(&[&[4], &key[..]].concat()[..]),
        list(&[item(&key[..])]),
    ];
    for no_key in no_keys {
        assert_eq!(Hello::decode(&with(4, no_key)), Err(MessageError::HelloKey));
    }
    assert_eq!(Hello::decode(&list(&items()[..4])), Err(MessageError::HelloKey));
}

#[test]
fn names_cannot_paint_on_a_terminal() {
    let painted = item("a\x1b[2Jb\r\nc\u{9b}\u{202e}d\0");
    let escaped = "a\\u{1b}[2Jb\\r\\nc\\u{9b}\\u{202e}d\\0";
    assert_eq!(Hello::decode(&with(1, painted.clone())).unwrap().client_id, escaped);

    let capability = list(&[list(&[painted, item(&1u64)])]);
    let hello = Hello::decode(&with(2, capability)).unwrap();
    assert_eq!(hello.capabilities, [Capability::new(escaped, 1)]);
}

#[test]
fn names_that_are_no_text_are_made_text() {
    let invalid = item(&b"a\xff\xc3b"[..]);
    let hello = Hello::decode(&with(1, invalid)).unwrap();
    assert_eq!(hello.client_id, "a\u{fffd}\u{fffd}b");
}

#[test]
fn a_hello_cut_anywhere_is_refused() {
    let payload = hello().encode();
    for len in 0..payload.len() {
        assert_eq!(Hello::decode(&payload[..len]), Err(MessageError::Hello), "{len}");
    }
}

#[test]
fn a_hello_with_any_byte_changed_is_refused_or_another_hello() {
    let payload = hello().encode();
    for position in 0..payload.len() {
        for bit in 0..8 {
            let mut changed = payload.clone();
            changed[position] ^= 1 << bit;
            assert_stable(&changed);
            assert_ne!(Hello::decode(&changed), Ok(hello()), "{position} {bit}");
        }
    }
}

proptest! {
    #[test]
    fn every_hello_survives_encoding(
        version: u64,
        client_id in ".{0,30}",
        capabilities in vec((".{0,8}", any::<u64>()), 0..10),
        listen_port: u64,
    ) {
        let printed = |(name, version): (String, _)| Capability { name: printable(&name), version };
        let capabilities = capabilities.into_iter().map(printed).collect();
        let (client_id, public_key) = (printable(&client_id), public_key());
        let hello = Hello { version, client_id, capabilities, listen_port, public_key };
        prop_assert_eq!(Hello::decode(&hello.encode()), Ok(hello));
    }

    #[test]
    fn any_bytes_are_a_hello_or_refused(payload in vec(any::<u8>(), 0..300)) {
        assert_stable(&payload);
    }

    #[test]
    fn any_bytes_in_place_of_any_item_are_a_hello_or_refused(
        index in 0..5usize, new in vec(any::<u8>(), 0..40),
    ) {
        assert_stable(&with(index, new));
    }

    #[test]
    fn any_bytes_as_names_are_made_text(name in vec(any::<u8>(), 0..40)) {
        let hello = Hello::decode(&with(1, item(&name[..]))).unwrap();
        prop_assert_eq!(printable(&hello.client_id), hello.client_id);
    }
}
