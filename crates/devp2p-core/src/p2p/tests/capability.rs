//! What two nodes have in common, and who owns which msg-id.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::{
    BASE_LENGTH, Capability, Codec, MAX_PAYLOAD, MessageError, Offer, Received, Shared, shared,
};
use super::item;

fn ours(offers: &[(&str, u64, u64)]) -> Vec<Offer> {
    let offer =
        |(name, version, len): &(&str, _, _)| Offer::new(Capability::new(*name, *version), *len);
    offers.iter().map(offer).collect()
}

/// Whose message this is: the position in `shared` and the code.
fn locate(shared: &[Shared], msg_id: u64) -> Result<(usize, u64), MessageError> {
    match Codec::new(0, shared.to_vec()).decode(&item(&msg_id))? {
        Received::Message { position, code, .. } => Ok((position, code)),
        _ => Err(MessageError::UnknownMsgId(msg_id)),
    }
}

fn theirs(names: &[(&str, u64)]) -> Vec<Capability> {
    names.iter().map(|(name, version)| Capability::new(*name, *version)).collect()
}

/// What is shared, as index, offset and length.
fn matched(offers: &[(&str, u64, u64)], names: &[(&str, u64)]) -> Vec<(usize, u64, u64)> {
    let shared = shared(&ours(offers), &theirs(names));
    shared.iter().map(|shared| (shared.index, shared.offset, shared.length)).collect()
}

#[test]
fn who_offers_nothing_shares_nothing() {
    assert_eq!(matched(&[], &[]), []);
    assert_eq!(matched(&[], &[("foo", 1)]), []);
    assert_eq!(matched(&[("foo", 1, 3)], &[]), []);
}

#[test]
fn one_in_common_begins_after_the_base_protocol() {
    assert_eq!(matched(&[("foo", 1, 3)], &[("foo", 1)]), [(0, 16, 3)]);
}

#[test]
fn names_that_only_one_side_knows_are_ignored() {
    let offers = [("bar", 1, 5), ("foo", 1, 3)];
    assert_eq!(matched(&offers, &[("aaa", 1), ("foo", 1), ("qux", 1)]), [(1, 16, 3)]);
    assert_eq!(matched(&offers, &[("qux", 1)]), []);
}

#[test]
fn another_version_is_not_in_common() {
    assert_eq!(matched(&[("foo", 1, 3)], &[("foo", 2)]), []);
    assert_eq!(matched(&[("foo", 2, 3)], &[("foo", 1)]), []);
}

#[test]
fn the_highest_common_version_wins() {
    let offers = [("foo", 1, 1), ("foo", 3, 3), ("foo", 2, 2), ("foo", 4, 4)];
    assert_eq!(matched(&offers, &[("foo", 1), ("foo", 2), ("foo", 3), ("foo", 5)]), [(1, 16, 3)]);
    assert_eq!(matched(&offers, &[("foo", 2), ("foo", 1)]), [(2, 16, 2)]);
    // As numbers, not as text.
    assert_eq!(matched(&[("a", 9, 1), ("a", 10, 1)], &[("a", 9), ("a", 10)]), [(1, 16, 1)]);
}

// ANCHOR: offsets
#[test]
fn offsets_go_by_the_alphabet_whoever_lists_what_first() {
    let offers = [("foo", 1, 3), ("bar", 1, 2), ("qux", 1, 4)];
    let expected = [(1, 16, 2), (0, 18, 3), (2, 21, 4)];
    assert_eq!(matched(&offers, &[("bar", 1), ("foo", 1), ("qux", 1)]), expected);
    assert_eq!(matched(&offers, &[("qux", 1), ("foo", 1), ("bar", 1)]), expected);
}

#[test]
fn a_version_that_lost_takes_no_room() {
    let offers = [("bar", 1, 100), ("bar", 2, 2), ("foo", 1, 3)];
    assert_eq!(matched(&offers, &[("bar", 1), ("bar", 2), ("foo", 1)]), [(1, 16, 2), (2, 18, 3)]);
}
// ANCHOR_END: offsets

#[test]
fn a_name_in_another_case_is_another_name() {
    assert_eq!(matched(&[("foo", 1, 3)], &[("Foo", 1), ("FOO", 1)]), []);
    let offers = [("a", 1, 1), ("B", 1, 1)];
    assert_eq!(matched(&offers, &[("a", 1), ("B", 1)]), [(1, 16, 1), (0, 17, 1)]);
}

#[test]
fn what_is_listed_twice_counts_once() {
    let offers = [("foo", 1, 3), ("foo", 1, 5)];
    assert_eq!(matched(&offers, &[("foo", 1), ("foo", 1), ("foo", 1)]), [(0, 16, 3)]);
}

#[test]
fn a_capability_without_messages_takes_no_room() {
    let offers = [("bar", 1, 0), ("foo", 1, 3)];
    assert_eq!(matched(&offers, &[("bar", 1), ("foo", 1)]), [(0, 16, 0), (1, 16, 3)]);
}

#[test]
fn a_range_that_ends_beyond_64_bits_is_left_out_with_all_after_it() {
    let everything = u64::MAX - BASE_LENGTH;
    assert_eq!(matched(&[("a", 1, everything)], &[("a", 1)]), [(0, 16, everything)]);
    let offers = [("a", 1, 2), ("b", 1, everything), ("c", 1, 1)];
    assert_eq!(matched(&offers, &[("a", 1), ("b", 1), ("c", 1)]), [(0, 16, 2)]);
}

#[test]
fn a_message_is_located_at_both_borders_of_its_range() {
    let offers = [("bar", 1, 2), ("empty", 1, 0), ("foo", 1, 3)];
    let shared = shared(&ours(&offers), &theirs(&[("bar", 1), ("empty", 1), ("foo", 1)]));
    let expected = [(16, (0, 0)), (17, (0, 1)), (18, (2, 0)), (20, (2, 2))];
    for (id, found) in expected {
        assert_eq!(locate(&shared, id), Ok(found), "{id}");
    }
    // 272 is 16, and 256 is Hello, to whoever keeps one byte of them.
    for id in [0, 15, 21, 256, 272, u64::MAX] {
        assert_eq!(locate(&shared, id), Err(MessageError::UnknownMsgId(id)), "{id}");
    }
}

#[test]
fn nothing_is_located_where_nothing_is_shared() {
    for id in [0, 15, 16, u64::MAX] {
        assert_eq!(locate(&[], id), Err(MessageError::UnknownMsgId(id)));
    }
}

#[test]
fn the_last_msg_id_of_64_bits_is_located_or_not_without_overflow() {
    let capability = Capability::new("foo", 1);
    let (offset, max_payload) = (u64::MAX - 1, MAX_PAYLOAD);
    let last = [Shared { capability, index: 0, offset, length: 1, max_payload }];
    assert_eq!(locate(&last, u64::MAX - 1), Ok((0, 0)));
    assert_eq!(locate(&last, u64::MAX), Err(MessageError::UnknownMsgId(u64::MAX)));
}

#[test]
fn a_capability_is_printed_as_name_and_version() {
    assert_eq!(Capability::new("foo", 42).to_string(), "foo/42");
}

#[test]
fn a_capability_is_read_as_it_is_printed() {
    for text in ["foo/42", "a/b/0", "/1", "foo/18446744073709551615"] {
        assert_eq!(text.parse::<Capability>().unwrap().to_string(), text);
    }
    for text in ["", "foo", "foo/", "foo/x", "foo/-1", "foo/+1", "foo/18446744073709551616"] {
        let error = text.parse::<Capability>().unwrap_err();
        assert_eq!(error.to_string(), "a capability is written as name/version, as in foo/42");
    }
}

/// Few names and versions, so that they often meet.
fn any_capability() -> impl Strategy<Value = Capability> {
    ("[abAB]{1}", 0..4u64).prop_map(|(name, version)| Capability { name, version })
}

proptest! {
    #[test]
    fn ranges_are_in_order_and_without_gap_or_overlap(
        ours in vec((any_capability(), 0..100u64), 0..12),
        theirs in vec(any_capability(), 0..12),
    ) {
        let offers: Vec<_> =
            ours.into_iter().map(|(capability, length)| Offer::new(capability, length)).collect();
        let shared = shared(&offers, &theirs);
        let mut next = BASE_LENGTH;
        for range in &shared {
            prop_assert_eq!(range.offset, next);
            prop_assert_eq!(range.length, offers[range.index].length);
            prop_assert_eq!(&range.capability, &offers[range.index].capability);
            next += range.length;
        }
        for id in 0..next + 10 {
            let located = locate(&shared, id).ok().map(|(at, code)| shared[at].offset + code);
            prop_assert_eq!(located, (BASE_LENGTH..next).contains(&id).then_some(id));
        }
    }

    #[test]
    fn both_sides_share_the_same(
        ours in vec(any_capability(), 0..12), theirs in vec(any_capability(), 0..12),
    ) {
        let offers = |capabilities: &[Capability]| -> Vec<_> {
            capabilities.iter().map(|capability| Offer::new(capability.clone(), 7)).collect()
        };
        let names = |own: &[Capability], other: &[Capability]| -> Vec<_> {
            shared(&offers(own), other).iter().map(|s| (own[s.index].clone(), s.offset)).collect()
        };
        prop_assert_eq!(names(&ours, &theirs), names(&theirs, &ours));
    }
}
