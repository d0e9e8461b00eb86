//! Bootnodes: what becomes of them, and clocks that are wrong.

use super::*;

/// A service that begins with the friend.
fn beginner() -> Subject {
    Subject::with(|config| config.bootnodes = vec![friend().node()])
}

/// The friend's answer to a Ping, with this expiration.
fn pong(ping_hash: [u8; 32], expiration: u64) -> Packet {
    Packet::Pong(Pong { to: endpoint(home()), ping_hash, expiration, enr_seq: None })
}

/// Lets it look around; the hash of its Ping to the friend.
fn pinged(subject: &mut Subject) -> [u8; 32] {
    subject.service.tick(at(subject.now));
    let sent = subject.sent();
    let [(to, ping)] = &sent[..] else { panic!("a Ping: {sent:?}") };
    assert_eq!((*to, ping.packet.name()), (friend().address, "Ping"));
    ping.hash
}

fn state(subject: &Subject) -> BootnodeState {
    let states: Vec<_> = subject.service.bootnodes().map(|(_, state)| state).collect();
    let [state] = states[..] else { panic!("one bootnode: {states:?}") };
    state
}

fn looked_around(subject: &mut Subject) -> Vec<bool> {
    let outputs = std::iter::from_fn(|| subject.service.next_output());
    let answered = |output| match output {
        Output::LookedAround { answered } => Some(answered),
        _ => None,
    };
    outputs.filter_map(answered).collect()
}

#[test]
fn a_bootnode_that_says_nothing_is_known_as_silent_and_asked_again() {
    let mut subject = beginner();
    assert_eq!(state(&subject), BootnodeState::Unknown);
    pinged(&mut subject);
    // A datagram may be lost: it is asked twice.
    assert_eq!(subject.wait(ANSWER_TIMEOUT * 2).len(), 1);
    assert_eq!(state(&subject), BootnodeState::Silent);
    assert_eq!(looked_around(&mut subject), [false]);
    let again = subject.wait(Duration::from_secs(10));
    assert!(matches!(&again[..], [(_, Packet::Ping(_))]), "{again:?}");
}

#[test]
fn a_bootnode_that_answers_is_known_as_such_until_it_is_silent() {
    let mut subject = beginner();
    let ping = pinged(&mut subject);
    subject.hear(&friend(), &pong(ping, UNIX + 20));
    assert_eq!(state(&subject), BootnodeState::Answered);
    subject.wait(Duration::from_secs(5));
    assert_eq!(state(&subject), BootnodeState::Silent, "it has never answered a question");
}

#[test]
fn a_pong_that_is_void_by_our_clock_says_since_when() {
    let mut subject = beginner();
    let ping = pinged(&mut subject);
    let again = subject.hear_sealed(&friend(), &pong(ping, UNIX - 80));
    let [ping] = &again[..] else { panic!("it is asked twice: {again:?}") };
    assert_eq!(subject.hear(&friend(), &pong(ping.hash, UNIX - 80)), []);
    assert_eq!(state(&subject), BootnodeState::Expired(80));
    assert!(!subject.knows(&friend()), "it counts as no answer");
    assert_eq!(looked_around(&mut subject), [false]);

    let number = subject.service.ping(at(subject.now), friend().node());
    let hash = subject.sent()[0].1.hash;
    subject.hear(&friend(), &pong(hash, UNIX - 80));
    let result = Err(RequestError::Expired(80));
    assert_eq!(subject.service.next_output(), Some(Output::PingDone { number, result }));
    let text = RequestError::Expired(80).to_string();
    assert!(text.contains("100 s late"), "{text}");
}

#[test]
fn a_void_pong_that_answers_nothing_says_nothing() {
    let mut subject = beginner();
    let ping = pinged(&mut subject);
    let stranger = Stranger::new(2, "127.0.0.1:40002");
    subject.hear(&stranger, &pong(ping, UNIX - 80));
    subject.hear(&friend(), &pong([7; 32], UNIX - 80));
    // What is no time says nothing about clocks.
    subject.hear(&friend(), &pong(ping, u64::MAX));
    assert_eq!(state(&subject), BootnodeState::Unknown);
}

#[test]
fn a_bootnode_that_has_moved_is_asked_where_it_is_now() {
    let mut subject = beginner();
    pinged(&mut subject);
    subject.wait(ANSWER_TIMEOUT * 2);
    let moved = friend().at("127.0.0.1:40007");
    subject.service.set_bootnodes(vec![moved.node()]);
    assert_eq!(state(&subject), BootnodeState::Unknown);
    let sent = subject.wait(Duration::from_secs(10));
    assert!(matches!(&sent[..], [(to, Packet::Ping(_))] if *to == moved.address), "{sent:?}");
}

#[test]
fn a_clock_that_is_set_right_is_believed_at_once() {
    let mut subject = Subject::new();
    let expirations = [300, 0, 1].map(|ahead| {
        let now = Now { since_start: subject.now, unix: UNIX + ahead };
        subject.service.ping(now, friend().node());
        let Packet::Ping(ping) = &subject.sent()[0].1.packet else { panic!("a Ping") };
        ping.expiration
    });
    assert_eq!(expirations, [UNIX + 320, UNIX + 20, UNIX + 21]);
}
