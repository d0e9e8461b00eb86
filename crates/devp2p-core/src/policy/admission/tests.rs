#![allow(clippy::arithmetic_side_effects, reason = "`1 - n` is the other one of two")]

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::keys::NodeKey;

const REFUSE_ALREADY: Verdict = Verdict::Refuse(DisconnectReason::AlreadyConnected);
const REFUSE_TOO_MANY: Verdict = Verdict::Refuse(DisconnectReason::TooManyPeers);
const REFUSE_SELF: Verdict = Verdict::Refuse(DisconnectReason::ConnectedToSelf);
const TOO_MANY: Result<(), DisconnectReason> = Err(DisconnectReason::TooManyPeers);
const ALREADY: Result<(), DisconnectReason> = Err(DisconnectReason::AlreadyConnected);

/// When most things happen.
const NOW: Duration = Duration::from_secs(100);
/// When a peer of `NOW` is not a new one any more.
const LATER: Duration = Duration::from_secs(110);

fn key(n: u8) -> PublicKey {
    NodeKey::from_bytes([n; 32]).unwrap().public_key()
}

/// Two keys, the smaller one first.
fn small_and_large() -> (PublicKey, PublicKey) {
    (key(1).min(key(2)), key(1).max(key(2)))
}

fn inbound(id: u64, key: PublicKey) -> Candidate {
    Candidate { connection: ConnectionNumber(id), key, direction: Direction::Inbound }
}

fn outbound(id: u64, key: PublicKey) -> Candidate {
    Candidate { connection: ConnectionNumber(id), key, direction: Direction::Outbound }
}

fn make_peer(admission: &mut Admission, candidate: Candidate) {
    assert_eq!(admission.after_handshake(candidate, NOW), Ok(()));
    assert_eq!(admission.after_hello(candidate, NOW), Verdict::Admit);
}

#[test]
fn a_connection_asks_twice_and_gives_its_slot_back() {
    let mut admission = Admission::new(key(1), 1);
    let candidate = inbound(7, key(2));

    assert_eq!(admission.after_handshake(candidate, NOW), Ok(()));
    assert!(!admission.contains(&key(2)), "nothing is proved yet");
    assert_eq!((admission.peers(), admission.free_slots()), (0, 1));

    assert_eq!(admission.after_hello(candidate, NOW), Verdict::Admit);
    assert!(admission.contains(&key(2)));
    assert_eq!((admission.peers(), admission.free_slots()), (1, 0));

    admission.ended(candidate.connection);
    assert!(!admission.contains(&key(2)));
    assert_eq!((admission.peers(), admission.free_slots()), (0, 1));
    make_peer(&mut admission, inbound(8, key(3)));
}

/// Whoever knows a public key can claim it: the handshake alone proves nothing.
#[test]
fn a_claim_keeps_nobody_out_and_ends_nobody() {
    let (small, large) = small_and_large();
    for (own, other) in [(small, large), (large, small)] {
        for make in [inbound, outbound] {
            // A claim that came first does not keep the node itself out.
            let mut admission = Admission::new(own, 1);
            let (claim, real) = (inbound(7, other), make(8, other));
            assert_eq!(admission.after_handshake(claim, NOW), Ok(()));
            make_peer(&mut admission, real);

            // A claim that comes later ends nothing, and takes nothing when it ends.
            for when in [NOW, LATER] {
                let _ = admission.after_handshake(claim, when);
                admission.ended(claim.connection);
                assert!(admission.contains(&other));
                assert_eq!((admission.peers(), admission.free_slots()), (1, 0));
            }
        }
    }
}

#[test]
fn a_connection_that_says_something_else_than_before_puts_no_counter_out_of_step() {
    let mut admission = Admission::new(key(1), 5);
    make_peer(&mut admission, inbound(7, key(2)));
    let another_key = Verdict::Refuse(DisconnectReason::UnexpectedIdentity);
    assert_eq!(admission.after_hello(inbound(7, key(3)), NOW), another_key);
    assert_eq!(admission.after_hello(outbound(7, key(2)), NOW), Verdict::Admit);
    assert_eq!((admission.peers(), admission.free_slots()), (1, 4));
    admission.ended(ConnectionNumber(7));
    assert_eq!((admission.peers(), admission.free_slots()), (0, 5));
    assert!(!admission.contains(&key(2)) && !admission.contains(&key(3)));
}

#[test]
fn zero_slots_refuse_everybody_who_is_not_trusted() {
    let mut admission = Admission::new(key(1), 0);
    for candidate in [inbound(7, key(2)), outbound(8, key(3))] {
        assert_eq!(admission.after_handshake(candidate, NOW), TOO_MANY);
        assert_eq!(admission.after_hello(candidate, NOW), REFUSE_TOO_MANY);
    }
    assert!(!admission.contains(&key(2)), "a refused connection is not recorded");

    admission.trust(key(2));
    make_peer(&mut admission, inbound(9, key(2)));
}

#[test]
fn two_set_ups_may_race_for_the_last_slot_and_one_wins() {
    let mut admission = Admission::new(key(1), 1);
    let (first, second) = (inbound(7, key(2)), inbound(8, key(3)));
    assert_eq!(admission.after_handshake(first, NOW), Ok(()));
    assert_eq!(admission.after_handshake(second, NOW), Ok(()));

    assert_eq!(admission.after_hello(second, NOW), Verdict::Admit);
    assert_eq!(admission.after_hello(first, NOW), REFUSE_TOO_MANY);
    assert_eq!(admission.peers(), 1);

    admission.ended(first.connection);
    assert!(!admission.contains(&key(2)));
    assert!(admission.contains(&key(3)));
}

#[test]
fn a_trusted_peer_needs_no_free_slot_but_takes_one() {
    let mut admission = Admission::new(key(1), 1);
    admission.trust(key(2));
    assert!(admission.is_trusted(&key(2)));
    make_peer(&mut admission, inbound(7, key(2)));
    assert_eq!(admission.after_handshake(inbound(8, key(3)), NOW), TOO_MANY);

    admission.trust(key(3));
    make_peer(&mut admission, inbound(9, key(3)));
    assert_eq!((admission.peers(), admission.free_slots()), (2, 0));
}

#[test]
fn trust_counts_at_the_moment_of_the_question() {
    let mut admission = Admission::new(key(1), 0);
    admission.trust(key(2));
    let candidate = inbound(7, key(2));
    assert_eq!(admission.after_handshake(candidate, NOW), Ok(()));

    admission.distrust(&key(2));
    assert!(!admission.is_trusted(&key(2)));
    assert_eq!(admission.after_hello(candidate, NOW), REFUSE_TOO_MANY);

    admission.trust(key(2));
    assert_eq!(admission.after_hello(candidate, NOW), Verdict::Admit);
    admission.distrust(&key(2));
    assert_eq!(admission.peers(), 1, "a peer stays a peer");
}

#[test]
fn our_own_key_is_told_so_before_anything_else() {
    let mut admission = Admission::new(key(1), 0);
    for _trusted in [false, true] {
        for candidate in [outbound(7, key(1)), inbound(8, key(1))] {
            let told = Err(DisconnectReason::ConnectedToSelf);
            assert_eq!(admission.after_handshake(candidate, NOW), told);
            assert_eq!(admission.after_hello(candidate, NOW), REFUSE_SELF);
        }
        admission.trust(key(1));
    }
}

#[test]
fn a_second_connection_with_a_new_peer_is_refused_unless_it_crossed_and_is_the_one_to_stay() {
    for make in [inbound, outbound] {
        let mut admission = Admission::new(key(1), 1);
        make_peer(&mut admission, make(7, key(2)));

        assert_eq!(admission.after_handshake(make(8, key(2)), NOW), ALREADY);
        assert_eq!(admission.after_hello(make(8, key(2)), NOW), REFUSE_ALREADY);
        admission.trust(key(2));
        assert_eq!(admission.after_handshake(make(8, key(2)), NOW), ALREADY);
        admission.ended(ConnectionNumber(8));
        assert!(admission.contains(&key(2)), "the end of the refused one changes nothing");
    }
}

#[test]
fn a_peer_that_seems_to_have_come_back_is_challenged_when_the_newcomer_has_proved_its_key() {
    for (own, other) in [(key(1), key(2)), (key(2), key(1))] {
        for (old, new) in [
            (inbound(7, other), inbound(8, other)),
            (outbound(7, other), inbound(8, other)),
            (inbound(7, other), outbound(8, other)),
        ] {
            // Both slots of an inbound peer are for the one that comes back.
            for mut admission in [Admission::new(own, 1), split(own, 2)] {
                make_peer(&mut admission, old);
                assert_eq!(admission.after_handshake(new, LATER), Ok(()));
                let challenge = Verdict::Challenge(old.connection);
                assert_eq!(admission.after_hello(new, LATER), challenge);
                assert_eq!(admission.after_hello(new, LATER), challenge, "the old one is there");
                admission.ended(old.connection);
                assert_eq!(admission.after_hello(new, LATER), Verdict::Admit);
                assert_eq!(admission.peers(), 1);
                admission.ended(new.connection);
                assert_eq!(admission.peers(), 0);
            }
        }
    }
}

#[test]
fn already_connected_is_told_before_too_many_peers() {
    let mut admission = Admission::new(key(1), 1);
    make_peer(&mut admission, inbound(7, key(2)));
    assert_eq!(admission.after_handshake(inbound(8, key(2)), NOW), ALREADY);
    assert_eq!(admission.after_handshake(inbound(9, key(3)), NOW), TOO_MANY);
}

#[test]
fn of_crossed_dials_the_one_dialed_by_the_smaller_key_stays() {
    let (small, large) = small_and_large();
    // our own key, the connection that stays, the other one
    let table = [
        (small, outbound(7, large), inbound(8, large)),
        (large, inbound(7, small), outbound(8, small)),
    ];
    for (own, stays, gives_way) in table {
        let mut admission = Admission::new(own, 1);
        make_peer(&mut admission, gives_way);
        let replace = Verdict::Replace(gives_way.connection);
        assert_eq!(admission.after_hello(stays, NOW), replace);
        assert_eq!(admission.after_hello(stays, NOW), replace);
        assert_eq!(
            admission.after_handshake(inbound(9, key(3)), NOW),
            TOO_MANY,
            "it still has its slot"
        );
        admission.ended(gives_way.connection);
        make_peer(&mut admission, stays);

        let mut admission = Admission::new(own, 1);
        make_peer(&mut admission, stays);
        assert_eq!(admission.after_hello(gives_way, NOW), REFUSE_ALREADY);
        for late in [stays, gives_way] {
            let late = Candidate { connection: ConnectionNumber(9), ..late };
            let before_hello = admission.after_handshake(late, NOW);
            assert_eq!(before_hello, ALREADY, "the other side has not seen our Hello on it");
        }
    }
}

#[test]
fn calls_that_do_not_fit_change_nothing() {
    let mut admission = Admission::new(key(1), 2);
    admission.ended(ConnectionNumber(99));
    admission.distrust(&key(9));

    let candidate = inbound(7, key(2));
    make_peer(&mut admission, candidate);
    admission.ended(ConnectionNumber(99));
    assert_eq!(admission.after_hello(candidate, NOW), Verdict::Admit);
    assert_eq!(admission.peers(), 1, "it is one peer, however often it asks");

    let unseen = inbound(8, key(3));
    assert_eq!(admission.after_hello(unseen, NOW), Verdict::Admit);
    assert_eq!(admission.peers(), 2, "the second question alone looks at everything, too");
    assert_eq!(admission.after_hello(candidate, NOW), Verdict::Admit, "also when no slot is left");
    admission.ended(unseen.connection);
    admission.ended(unseen.connection);
    assert_eq!(admission.peers(), 1);
}

/// `max_peers` slots, a third of them for dialed peers.
fn split(own: PublicKey, max_peers: usize) -> Admission {
    let mut admission = Admission::new(own, max_peers);
    admission.split_slots();
    admission
}

#[test]
fn a_third_of_split_slots_but_at_least_one_is_for_those_we_dial() {
    // max_peers, dialed, inbound
    let table =
        [(0, 0, 0), (1, 1, 0), (2, 1, 1), (3, 1, 2), (5, 1, 4), (6, 2, 4), (9, 3, 6), (50, 16, 34)];
    for (max_peers, dialed, inbound_slots) in table {
        let mut admission = split(key(200), max_peers);
        assert_eq!(admission.free_dial_slots(), dialed, "{max_peers} slots");
        for n in 1..=100 {
            let in_time = usize::from(n) <= inbound_slots;
            let expected = if in_time { Verdict::Admit } else { REFUSE_TOO_MANY };
            let verdict = admission.after_hello(inbound(n.into(), key(n)), NOW);
            assert_eq!(verdict, expected, "inbound {n} of {max_peers} slots");
        }
        assert_eq!(admission.free_slots(), dialed);
        assert_eq!(admission.free_dial_slots(), dialed);
    }
}

#[test]
fn unless_they_are_split_no_slot_is_for_found_nodes_and_all_are_for_everyone() {
    let mut admission = Admission::new(key(1), 1);
    assert_eq!(admission.free_dial_slots(), 0);
    make_peer(&mut admission, inbound(7, key(2)));
    assert_eq!(admission.free_slots(), 0);
}

#[test]
fn our_own_dials_may_take_every_slot() {
    let mut admission = split(key(1), 3);
    for n in [2, 3, 4] {
        make_peer(&mut admission, outbound(n.into(), key(n)));
    }
    assert_eq!((admission.free_slots(), admission.free_dial_slots()), (0, 0));
    assert_eq!(admission.after_handshake(outbound(5, key(5)), NOW), TOO_MANY);

    admission.ended(ConnectionNumber(2));
    assert_eq!(admission.free_dial_slots(), 0, "two dialed peers are more than a third");
    make_peer(&mut admission, inbound(6, key(6)));
    assert_eq!(admission.after_handshake(inbound(7, key(7)), NOW), TOO_MANY);
}

#[test]
fn trusted_inbound_peers_take_inbound_slots_and_need_none() {
    let mut admission = split(key(1), 2);
    for n in [2, 3] {
        admission.trust(key(n));
        make_peer(&mut admission, inbound(n.into(), key(n)));
    }
    assert_eq!((admission.free_slots(), admission.free_dial_slots()), (0, 0));
    admission.ended(ConnectionNumber(2));
    assert_eq!(admission.free_dial_slots(), 1);
    assert_eq!(admission.after_handshake(inbound(4, key(4)), NOW), TOO_MANY);
    make_peer(&mut admission, outbound(5, key(5)));
}

#[test]
fn an_inbound_connection_for_which_our_dial_gave_way_may_have_any_slot() {
    let (small, large) = small_and_large();
    // Our key is the larger one: the connection that they dialed stays.
    let mut admission = split(large, 3);
    make_peer(&mut admission, inbound(3, key(3)));
    let (ours, theirs) = (outbound(7, small), inbound(8, small));
    make_peer(&mut admission, ours);
    assert_eq!(admission.after_hello(theirs, NOW), Verdict::Replace(ours.connection));
    make_peer(&mut admission, inbound(4, key(4)));
    admission.ended(ours.connection);
    assert_eq!(admission.after_hello(theirs, NOW), Verdict::Admit);
    assert_eq!((admission.free_slots(), admission.free_dial_slots()), (0, 0));

    admission.ended(ConnectionNumber(3));
    assert_eq!(admission.free_dial_slots(), 1);
    assert_eq!(admission.after_handshake(inbound(9, key(9)), NOW), TOO_MANY);
    admission.ended(theirs.connection);
    make_peer(&mut admission, inbound(9, key(9)));
    assert_eq!(admission.after_handshake(inbound(10, small), NOW), TOO_MANY);
}

/// How one node sees one of the two crossed dials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Stage {
    /// The handshake is under way.
    Handshake,
    /// Past the first question: our Hello is sent.
    Hello,
    /// At the second question, until the other connection is gone.
    Waiting,
    Peer,
    /// Told to end; its goodbye is under way. Whether our Hello was sent before.
    Ending {
        hello_sent: bool,
    },
    Gone,
}

/// Two nodes, two connections: `stages[node][connection]`; node n dialed connection n.
#[derive(Debug, Clone)]
struct CrossedDials {
    keys: [PublicKey; 2],
    admissions: [Admission; 2],
    stages: [[Stage; 2]; 2],
}

impl CrossedDials {
    fn new(keys: [PublicKey; 2], new_admission: impl Fn(PublicKey) -> Admission) -> Self {
        let admissions = keys.map(new_admission);
        Self { keys, admissions, stages: [[Stage::Handshake; 2]; 2] }
    }

    /// The worlds after the next step of `connection` at `node`.
    fn step(&self, node: usize, connection: usize) -> Vec<Self> {
        let other_end = self.stages[1 - node][connection];
        let hello_came = matches!(
            other_end,
            Stage::Hello | Stage::Waiting | Stage::Peer | Stage::Ending { hello_sent: true }
        );
        let end = |world: &Self| world.end(node, connection);
        match self.stages[node][connection] {
            Stage::Gone => vec![],
            Stage::Ending { .. } => vec![end(self)],
            _ if other_end == Stage::Gone => vec![end(self)],
            Stage::Handshake => vec![self.ask(node, connection)],
            // What is seen first: their Hello, or what they said after it.
            Stage::Hello if hello_came => vec![self.ask(node, connection)],
            Stage::Waiting if self.stages[node][1 - connection] == Stage::Gone => {
                vec![self.ask(node, connection)]
            }
            Stage::Hello | Stage::Waiting | Stage::Peer => vec![],
        }
    }

    fn ask(&self, node: usize, connection: usize) -> Self {
        let mut next = self.clone();
        let direction = if node == connection { Direction::Outbound } else { Direction::Inbound };
        let number = |connection| ConnectionNumber(u64::try_from(connection).unwrap());
        let candidate =
            Candidate { connection: number(connection), key: self.keys[1 - node], direction };
        let admission = &mut next.admissions[node];
        next.stages[node][connection] = if self.stages[node][connection] == Stage::Handshake {
            match admission.after_handshake(candidate, NOW) {
                Ok(()) => Stage::Hello,
                Err(_) => Stage::Ending { hello_sent: false },
            }
        } else {
            match admission.after_hello(candidate, NOW) {
                Verdict::Admit => Stage::Peer,
                Verdict::Refuse(_) => Stage::Ending { hello_sent: true },
                Verdict::Replace(other) => {
                    assert_eq!(other, number(1 - connection));
                    next.stages[node][1 - connection] = Stage::Ending { hello_sent: true };
                    Stage::Waiting
                }
                Verdict::Challenge(_) => panic!("both are new"),
            }
        };
        next
    }

    fn end(&self, node: usize, connection: usize) -> Self {
        let mut next = self.clone();
        next.admissions[node].ended(ConnectionNumber(u64::try_from(connection).unwrap()));
        next.stages[node][connection] = Stage::Gone;
        next
    }
}

#[test]
fn crossed_dials_end_with_the_same_peer_on_both_sides_in_every_order_of_events() {
    let (small, large) = small_and_large();
    for (keys, winner) in [([small, large], 0), ([large, small], 1)] {
        let admissions: [fn(PublicKey) -> Admission; 4] = [
            |own| Admission::new(own, 1),
            |own| Admission::new(own, 2),
            |own| split(own, 2),
            |own| split(own, 9),
        ];
        for new_admission in admissions {
            let mut ends = HashSet::new();
            let mut seen = HashSet::new();
            let mut worlds = vec![CrossedDials::new(keys, new_admission)];
            while let Some(world) = worlds.pop() {
                if !seen.insert(world.stages) {
                    continue;
                }
                assert!(world.admissions.iter().all(|admission| admission.peers() <= 1));
                let steps = [(0, 0), (0, 1), (1, 0), (1, 1)];
                let next: Vec<_> = steps
                    .iter()
                    .flat_map(|(node, connection)| world.step(*node, *connection))
                    .collect();
                if next.is_empty() {
                    ends.insert(world.stages);
                }
                worlds.extend(next);
            }
            // Whoever is a peer before the other dial has sent a Hello stays; else the rule decides.
            let stays = |connection: usize| {
                let mut end = [Stage::Gone; 2];
                end[connection] = Stage::Peer;
                [end, end]
            };
            let expected = HashSet::from([stays(winner), stays(1 - winner)]);
            assert_eq!(ends, expected, "one connection, the same on both sides");
            assert!(seen.len() > 50, "only {} worlds: the test looks at too few", seen.len());
        }
    }
}

proptest! {
    /// Counters are kept as nodes come and go: they must never differ from what there is.
    #[test]
    fn slots_are_counted_right_whatever_happens(
        max_peers in 0..6_usize,
        searches: bool,
        steps in prop::collection::vec((0..5_u8, 2..6_u8, any::<bool>(), 0..3_u64), 0..120),
    ) {
        let mut admission = Admission::new(key(1), max_peers);
        if searches {
            admission.split_slots();
        }
        for (what, node, is_inbound, number) in steps {
            // A connection leads to one node, and one of the two has dialed.
            let number = number + 10 * u64::from(node) + 100 * u64::from(is_inbound);
            let candidate = if is_inbound { inbound(number, key(node)) } else { outbound(number, key(node)) };
            match what {
                0 => admission.trust(key(node)),
                1 => admission.ended(ConnectionNumber(number)),
                2 => drop(admission.after_hello(candidate, NOW)),
                3 => drop(admission.after_hello(candidate, LATER)),
                _ => drop(admission.after_handshake(candidate, NOW)),
            }
            let peers = |direction| {
                admission.admitted.values().filter(|other| other.direction == direction).count()
            };
            let (coming, going) = (peers(Direction::Inbound), peers(Direction::Outbound));
            prop_assert_eq!((admission.inbound_peers, admission.outbound_peers), (coming, going));
            prop_assert_eq!(admission.keys.len(), admission.admitted.len());
        }
    }
}
