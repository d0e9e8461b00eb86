//! What no implementation can go below: the protocol's primitives, and nothing else. And what costs
//! most of it all.

use std::hint::black_box;
use std::time::Duration;

use floor::frame::Direction;
use floor::handshake::Nodes;

use crate::case::{Case, Cores, FAN_OUT, Place, Work};
use crate::runtime::block_on;
use crate::samples::time_steps;
use crate::{Result, tcp};

/// What a message is longer as frame-data: its msg-id, and what snappy adds to bytes that do not
/// compress. A few bytes that padding swallows, or a few blocks' headers in 64 KiB.
const MESSAGE_OVERHEAD: usize = 6;

/// Times the floor of a case; nothing where both ends may work at the same time, for that has no
/// floor that one thread could show.
///
/// # Errors
/// The curve library's; in practice none.
pub fn run(case: Case) -> Result<Vec<Duration>> {
    match case.work {
        Work::Handshake(_) | Work::Connection(Cores::One) => handshakes(case),
        Work::Frame(Place::Memory, size) => frames(case, size, 1),
        Work::Message(Cores::One, size) => messages(case, size, 1),
        Work::RoundTrip(Cores::One, size) => messages(case, size, 2),
        Work::FanOut(Cores::One, size) => messages(case, size, FAN_OUT),
        Work::Codec(_)
        | Work::Datagram
        | Work::Frame(Place::Loopback, _)
        | Work::Message(Cores::All, _)
        | Work::RoundTrip(Cores::All, _)
        | Work::Connection(Cores::All)
        | Work::FanOut(Cores::All, _) => Ok(Vec::new()),
    }
}

/// Times what costs most: Keccak of a frame, ECDH of a handshake, TCP of what waits for an answer.
///
/// # Errors
/// As [`run`], and the operating system's.
pub fn share(case: Case) -> Result<Vec<Duration>> {
    match case.work {
        Work::Handshake(Place::Memory) => {
            let nodes = Nodes::new(&mut rand::rng())?;
            time_steps(case, || {
                black_box(nodes.agreements());
                Ok(())
            })
        }
        Work::Frame(Place::Memory, size) => {
            let mut ends = [Direction::new(), Direction::new()];
            let body = vec![7; padded(size)];
            time_steps(case, || {
                for end in &mut ends {
                    end.keccak(&body);
                }
                Ok(())
            })
        }
        Work::RoundTrip(Cores::One, size) => {
            block_on(Cores::One, tcp::round_trips(case, padded(message(size))))
        }
        Work::Connection(Cores::One) => block_on(Cores::One, tcp::connections(case)),
        _ => Ok(Vec::new()),
    }
}

fn handshakes(case: Case) -> Result<Vec<Duration>> {
    let mut rng = rand::rng();
    let nodes = Nodes::new(&mut rng)?;
    time_steps(case, || Ok(nodes.pair(&mut rng)?))
}

/// `times` messages in each step.
fn messages(case: Case, size: usize, times: usize) -> Result<Vec<Duration>> {
    frames(case, message(size), times)
}

/// Bytes of frame-data of a message with `size` bytes of payload.
fn message(size: usize) -> usize {
    size.saturating_add(MESSAGE_OVERHEAD)
}

/// `times` frames with `size` bytes of frame-data are sealed and opened in each step.
fn frames(case: Case, size: usize, times: usize) -> Result<Vec<Duration>> {
    let mut ends = [Direction::new(), Direction::new()];
    let mut body = vec![7; padded(size)];
    time_steps(case, || {
        for _ in 0..times {
            for end in &mut ends {
                end.frame(&mut body);
            }
        }
        Ok(())
    })
}

/// `size` rounded up to whole AES blocks.
fn padded(size: usize) -> usize {
    size.next_multiple_of(16)
}
