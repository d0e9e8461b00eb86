//! Every case can be measured: our half and the floor, once. go-ethereum's half is run by
//! `just bench` alone.

use std::collections::HashSet;

use bench::case::{Case, Cores, Place, Work};
use bench::{floors, ours};

#[test]
fn every_case_gives_as_many_samples_as_it_says() {
    for case in Case::ALL {
        let once = Case { count: 1, samples: 2, ..case };
        let took = ours::run(once).unwrap();
        assert_eq!(took.len(), 2, "{}", case.work);
    }
}

#[test]
fn there_is_a_floor_where_one_thread_does_all_the_work() {
    for case in Case::ALL {
        let one_thread = match case.work {
            Work::Handshake(_) | Work::Frame(Place::Memory, _) => true,
            Work::Frame(Place::Loopback, _) | Work::Codec(_) | Work::Datagram => false,
            Work::Message(cores, _)
            | Work::RoundTrip(cores, _)
            | Work::Connection(cores)
            | Work::FanOut(cores, _) => cores == Cores::One,
        };
        let took = floors::run(Case { count: 1, samples: 1, ..case }).unwrap();
        assert_eq!(!took.is_empty(), one_thread, "{}", case.work);
    }
}

#[test]
fn what_costs_most_is_known_of_frames_handshakes_and_what_waits_for_answers() {
    for case in Case::ALL {
        let known = match case.work {
            Work::Handshake(place) | Work::Frame(place, _) => place == Place::Memory,
            Work::RoundTrip(cores, _) | Work::Connection(cores) => cores == Cores::One,
            Work::Codec(_) | Work::Datagram | Work::Message(..) | Work::FanOut(..) => false,
        };
        let took = floors::share(Case { count: 1, samples: 1, ..case }).unwrap();
        assert_eq!(!took.is_empty(), known, "{}", case.work);
    }
}

#[test]
fn every_case_has_a_name_of_its_own() {
    let names: HashSet<String> = Case::ALL.iter().map(|case| case.work.to_string()).collect();
    assert_eq!(names.len(), Case::ALL.len());
}
