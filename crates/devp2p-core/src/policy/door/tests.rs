use super::*;

const NOW: Duration = Duration::ZERO;
/// [`MAX_PENDING`].
const PLACES: u64 = 50;

/// A door at which connections get their numbers from 0 on.
#[derive(Default)]
struct Doorman {
    door: Door,
    next: u64,
}

impl Doorman {
    /// Lets one in at `at` milliseconds; the number of the one that has to leave,
    /// itself if it has no place.
    fn enter(&mut self, ip: &str, at: u64) -> Option<u64> {
        let number = ConnectionNumber(self.next);
        self.next = self.next.saturating_add(1);
        let at = Duration::from_millis(at);
        let leaves = self.door.enter(number, ip.parse().unwrap(), true, at);
        assert!(self.door.pending.len() <= MAX_PENDING);
        let leaves = leaves.unwrap_or_else(|error| {
            assert_eq!(error, TurnedAway::TooOften);
            Some(number)
        });
        leaves.map(|ConnectionNumber(number)| number)
    }

    /// All places are taken, by these in turn, one each millisecond.
    fn full(ips: &[&str]) -> Self {
        let mut doorman = Self::default();
        for (ip, at) in ips.iter().cycle().zip(0..PLACES) {
            assert_eq!(doorman.enter(ip, at), None);
        }
        assert_eq!(doorman.door.pending.len(), MAX_PENDING);
        doorman
    }
}

#[test]
fn who_has_come_first_leaves_first() {
    let mut doorman = Doorman::full(&["192.168.0.1"]);
    for first in 0..100 {
        assert_eq!(doorman.enter("192.168.0.1", 1000), Some(first));
    }
}

#[test]
fn who_moves_on_stays_longer() {
    let mut doorman = Doorman::full(&["192.168.0.1"]);
    doorman.door.moves_on(ConnectionNumber(0), Duration::from_millis(500));
    for first in 1..PLACES {
        assert_eq!(doorman.enter("192.168.0.1", 1000), Some(first));
    }
    assert_eq!(doorman.enter("192.168.0.1", 1000), Some(0));
}

#[test]
fn an_address_takes_places_from_itself_only() {
    let mut doorman = Doorman::default();
    assert_eq!(doorman.enter("192.168.0.7", 0), None);
    for _ in 1..MAX_PENDING {
        assert_eq!(doorman.enter("192.168.0.1", 1), None);
    }
    for first in 1..1000 {
        assert_eq!(
            doorman.enter("192.168.0.1", 2),
            Some(first),
            "not its neighbour, who was first"
        );
    }
    // Also of two.
    assert_eq!(doorman.enter("192.168.0.8", 3), Some(1000));
}

#[test]
fn a_network_takes_places_from_itself_only() {
    for (network, others) in [
        (["10.0.0.1", "10.0.0.2", "10.0.0.3"], ["10.0.1.1", "11.0.0.1"]),
        (["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ff::3"], ["2001:db8:0:1::1", "10.0.0.1"]),
    ] {
        let mut doorman = Doorman::full(&network);
        assert_eq!(doorman.enter(others[0], 100), Some(0), "of the first address");
        assert_eq!(doorman.enter(others[1], 100), Some(1), "which has one less now");
        for ip in network.iter().cycle().take(1000) {
            let leaves = doorman.enter(ip, 101);
            assert!(leaves.is_some_and(|number| number != 50 && number != 51), "{leaves:?}");
        }
    }
}

#[test]
fn who_comes_again_and_again_leaves_before_who_is_slow() {
    let networks = (0..2 * MAX_PENDING).map(|n| format!("10.0.{n}.1")).collect::<Vec<_>>();
    let mut again = networks.iter().cycle();
    let mut doorman = Doorman::default();
    for ip in again.by_ref().take(300) {
        doorman.enter(ip, 1);
    }
    assert!(doorman.enter("10.9.9.9", 2).is_some_and(|leaves| leaves < 300));
    for ip in again.take(10_000) {
        assert!(doorman.enter(ip, 3).is_some_and(|leaves| leaves != 300));
    }
    // Until it has come as often.
    for _ in 0..500 {
        doorman.enter("10.9.9.9", 4);
    }
    assert_eq!(doorman.enter("10.9.9.8", 4), Some(doorman.next - 2));
}

#[test]
fn the_newcomer_itself_may_have_come_most_often() {
    let networks = (0..MAX_PENDING).map(|n| format!("10.0.{n}.1")).collect::<Vec<_>>();
    let mut doorman = Doorman::full(&networks.iter().map(String::as_str).collect::<Vec<_>>());
    let ip = "10.1.0.1";
    assert_eq!(doorman.enter(ip, 100), Some(0));
    assert_eq!(doorman.enter(ip, 100), Some(50), "its own");
    doorman.door.leave(ConnectionNumber(51));
    assert_eq!(doorman.enter("10.2.0.1", 100), None);
    assert_eq!(doorman.enter(ip, 100), Some(53), "the newcomer");
    // After a while it is forgotten.
    let visits = &mut doorman.door.visits;
    for (times, left) in [(1, 3), (2, 0)] {
        visits.note("10.3.0.1".parse().unwrap(), REMEMBERED_FOR * times);
        assert_eq!(visits.of(Of::Address(ip.parse().unwrap())), left);
    }
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut visits = Visits::default();
    for n in 0..100_000_u32 {
        visits.note(IpAddr::from(n.wrapping_mul(257).to_be_bytes()), NOW);
        assert!(visits.recent.len() <= MAX_REMEMBERED + 2);
        assert!(visits.earlier.len() <= MAX_REMEMBERED + 2);
    }
}

#[test]
fn among_strangers_who_moved_on_longest_ago_leaves() {
    let networks = (0..MAX_PENDING).map(|n| format!("10.0.{n}.1")).collect::<Vec<_>>();
    let networks = networks.iter().map(String::as_str).collect::<Vec<_>>();
    let mut doorman = Doorman::full(&networks);
    assert_eq!(doorman.enter("10.1.0.1", 100), Some(0));
    doorman.door.moves_on(ConnectionNumber(1), Duration::from_millis(101));
    assert_eq!(doorman.enter("10.1.1.1", 102), Some(2));
    assert_eq!(doorman.enter("10.1.1.2", 103), Some(51), "now this network has most");
}

#[test]
fn who_leaves_gives_the_place_back_once() {
    let mut doorman = Doorman::full(&["192.168.0.1"]);
    doorman.door.leave(ConnectionNumber(1000));
    assert_eq!(doorman.enter("192.168.0.1", 100), Some(0));
    doorman.door.leave(ConnectionNumber(7));
    doorman.door.leave(ConnectionNumber(7));
    assert_eq!(doorman.enter("192.168.0.1", 100), None);
    assert_eq!(doorman.enter("192.168.0.1", 100), Some(1));
}

#[test]
fn who_is_throttled_gets_no_place() {
    let mut door = Door::default();
    let far = IpAddr::from([8, 8, 8, 8]);
    assert_eq!(door.enter(ConnectionNumber(0), far, false, NOW), Ok(None));
    door.leave(ConnectionNumber(0));
    for number in 0..2 * PLACES {
        assert_eq!(door.enter(ConnectionNumber(number), far, false, NOW), Err(TurnedAway::TooSoon));
    }
    assert!(door.pending.is_empty());
}
