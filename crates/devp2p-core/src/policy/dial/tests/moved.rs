//! Static nodes that are somewhere else, as discovery says.

use super::*;

/// Static node 1, whose first dial has failed at second 1, and which can be sought.
fn unreachable() -> (DialState, Admission) {
    let (mut dials, mut admission) = dial_state(1);
    dials.can_seek();
    assert_eq!(dials.due(s(1), &mut admission), [enode(1)]);
    assert_eq!(dials.failed(&key(1), s(1)), Some(s(1)));
    (dials, admission)
}

#[test]
fn it_is_dialed_where_discovery_says_at_once_and_then_here_and_there_in_turn() {
    let (mut dials, mut admission) = unreachable();
    assert_eq!(dials.due(s(1), &mut admission), []);
    let elsewhere = enode_at(1, 40001);
    dials.found(elsewhere.clone(), s(1), &admission);
    let places = [&elsewhere, &enode(1), &elsewhere, &enode(1)];
    for (place, time) in places.into_iter().zip([1, 40, 80, 120]) {
        assert_eq!(dials.due(s(time), &mut admission).first(), Some(place), "at {time}");
        dials.failed(&key(1), s(time));
    }
}

#[test]
fn it_stays_where_it_was_reached() {
    let (mut dials, mut admission) = unreachable();
    let elsewhere = enode_at(1, 40001);
    dials.found(elsewhere.clone(), s(1), &admission);
    assert_eq!(dials.due(s(1), &mut admission).first(), Some(&elsewhere));
    dials.connected(&key(1));
    dials.dropped(&key(1), s(5));
    assert_eq!(dials.due(s(40), &mut admission), [elsewhere]);
}

#[test]
fn hearsay_about_a_node_that_can_be_reached_changes_nothing() {
    let (mut dials, mut admission) = dial_state(1);
    dials.can_seek();
    dials.found(enode_at(1, 40001), s(1), &admission);
    assert_eq!(dials.due(s(1), &mut admission), [enode(1)]);
    // Nor does it while it is being dialed, or with an address that leads nowhere.
    dials.found(enode_at(1, 40001), s(1), &admission);
    dials.failed(&key(1), s(1));
    dials.found(Enode { address: None, ..enode(1) }, s(1), &admission);
    dials.found(enode_at(1, 0), s(1), &admission);
    assert_eq!(dials.due(s(1), &mut admission), []);
    assert_eq!(dials.due(s(2), &mut admission), [enode(1)]);
}

#[test]
fn a_key_alone_waits_for_discovery_and_stays_where_that_found_it() {
    let (mut dials, mut admission) = dial_state(0);
    let only_a_key = Enode { public_key: key(1), address: None };
    assert_eq!(dials.add(only_a_key.clone(), s(0)), Err(Undialable::NoAddress));
    dials.can_seek();
    assert_eq!(dials.add(only_a_key.clone(), s(0)), Ok(()));
    assert_eq!(dials.due(s(0), &mut admission), [only_a_key]);
    dials.failed(&key(1), s(0));
    assert!(dials.seek(&key(1), s(0)));
    dials.found(enode(1), s(3), &admission);
    for time in [3, 40, 80] {
        assert_eq!(dials.due(s(time), &mut admission), [enode(1)], "at {time}");
        dials.failed(&key(1), s(time));
    }
}

#[test]
fn discovery_is_asked_more_and_more_seldom() {
    let (mut dials, _) = unreachable();
    let asked: Vec<u64> = (1..=20_000).filter(|time| dials.seek(&key(1), s(*time))).collect();
    let waits: Vec<u64> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits[..10], [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600]);
    assert!(waits[10..].iter().all(|wait| *wait == 3600), "{waits:?}");
}

#[test]
fn nobody_is_sought_who_can_be_reached_or_is_not_static_or_without_discovery() {
    let (mut dials, mut admission) = dial_state(1);
    dials.due(s(1), &mut admission);
    dials.failed(&key(1), s(1));
    assert!(!dials.seek(&key(1), s(1)), "nobody can be asked");
    let (mut dials, mut admission) = dial_state(1);
    dials.can_seek();
    assert!(!dials.seek(&key(1), s(1)) && !dials.seek(&key(2), s(1)));
    dials.due(s(1), &mut admission);
    dials.refused(&key(1), s(1));
    assert!(!dials.seek(&key(1), s(1)), "it is there, and wants nobody");
}
