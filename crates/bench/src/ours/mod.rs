//! Our half.

mod in_memory;
mod loopback;
pub(crate) mod servers;
pub(crate) mod visitor;
mod visitors;

use std::time::Duration;

use devp2p_core::keys::NodeKey;

use crate::Result;
use crate::case::{Case, Cores, Place, Work};
use crate::runtime::block_on;

/// Times the samples of a case.
///
/// # Errors
/// Whatever went wrong in it.
pub fn run(case: Case) -> Result<Vec<Duration>> {
    match case.work {
        Work::Handshake(Place::Memory) => in_memory::handshakes(case),
        Work::Frame(Place::Memory, size) => in_memory::frames(case, size),
        Work::Codec(size) => in_memory::codec(case, size),
        Work::Datagram => in_memory::datagrams(case),
        Work::Handshake(Place::Loopback) => block_on(Cores::All, loopback::handshakes(case)),
        Work::Frame(Place::Loopback, size) => block_on(Cores::All, loopback::frames(case, size)),
        Work::Message(cores, size) => block_on(cores, servers::messages(case, size)),
        Work::RoundTrip(cores, size) => block_on(cores, servers::round_trips(case, size)),
        Work::Connection(cores) => block_on(cores, visitors::connections(case)),
        Work::FanOut(cores, size) => block_on(cores, visitors::fan_out(case, size)),
    }
}

pub(crate) fn new_key() -> NodeKey {
    NodeKey::generate(&mut rand::rng())
}

/// The same bytes as in go-ethereum's half: they do not compress.
pub(crate) fn noise(size: usize) -> Vec<u8> {
    let mut state = 1u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let [lowest, ..] = state.to_le_bytes();
        lowest
    };
    std::iter::repeat_with(next).take(size).collect()
}
