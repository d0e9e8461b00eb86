//! What the user asks for, and how that ends.

use super::*;

#[test]
fn pings_to_one_node_are_never_the_same_packet() {
    let mut subject = Subject::new();
    let mut hashes = BTreeSet::new();
    for _ in 0..30 {
        for _ in 0..3 {
            subject.service.ping(at(subject.now), friend().node());
        }
        hashes.extend(subject.sent().into_iter().map(|(_, received)| received.hash));
        subject.wait(Duration::from_millis(700));
    }
    assert_eq!(hashes.len(), 90);
}

#[test]
fn an_unanswered_ping_is_over_after_half_a_second() {
    let mut subject = Subject::new();
    let number = subject.service.ping(at(subject.now), friend().node());
    assert_eq!(subject.sent().len(), 1);
    subject.wait(ANSWER_TIMEOUT - Duration::from_nanos(1));
    assert_eq!(subject.service.next_output(), None);
    subject.wait(Duration::from_nanos(1));
    let expected = Output::PingDone { number, result: Err(RequestError::Timeout) };
    assert_eq!(subject.service.next_output(), Some(expected));
}

#[test]
fn a_question_to_ourselves_is_refused() {
    let mut subject = Subject::new();
    let own = Node { public_key: key(1).public_key(), ..friend().node() };
    let number = subject.service.ping(at(subject.now), own);
    let expected = Output::PingDone { number, result: Err(RequestError::OwnNode) };
    assert_eq!(subject.service.next_output(), Some(expected));
}

#[test]
fn a_closed_service_ends_its_requests_and_says_nothing_more() {
    let mut subject = Subject::with(|config| config.bootnodes = vec![friend().node()]);
    let now = at(subject.now);
    let ping = subject.service.ping(now, friend().node());
    let enr = subject.service.request_enr(now, friend().node());
    let lookup = subject.service.lookup(now, [7; 64]);
    subject.sent();
    subject.service.close();

    let error = RequestError::Closed;
    let expected = [
        Output::PingDone { number: ping, result: Err(error) },
        Output::EnrDone { number: enr, result: Err(error) },
        Output::LookupDone { number: lookup, result: Err(error) },
    ];
    let outputs: Vec<Output> = std::iter::from_fn(|| subject.service.next_output()).collect();
    assert_eq!(outputs, expected);
    assert_eq!(subject.hear(&friend(), &friend().ping()), []);
    assert_eq!(subject.service.next_wake(), None);
    let number = subject.service.lookup(now, [7; 64]);
    let expected = Output::LookupDone { number, result: Err(error) };
    assert_eq!(subject.service.next_output(), Some(expected));
}

#[test]
fn the_user_is_told_when_it_asks_too_much() {
    let mut subject = Subject::with(|config| config.bootnodes = vec![friend().node()]);
    let now = at(subject.now);
    let is_busy = |output: &Output| {
        matches!(
            output,
            Output::PingDone { result: Err(RequestError::Busy), .. }
                | Output::LookupDone { result: Err(RequestError::Busy), .. }
        )
    };
    for _ in 0..MAX_LOOKUPS {
        subject.service.lookup(now, [7; 64]);
    }
    for _ in 0..2000 {
        subject.service.ping(now, friend().node());
    }
    subject.sent();
    let busy = subject.service.outputs.iter().filter(|output| is_busy(output)).count();
    let lookups = MAX_LOOKUPS - 2;
    assert_eq!(busy, 2 + 2000 - (1024 - lookups));
}
