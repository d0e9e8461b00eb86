//! What a flood does to a node: little. Alone in its process, so that its memory can be measured.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod support;

use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Weak};
use std::time::{SystemTime, UNIX_EPOCH};

use devp2p_core::discv4::packet::{Endpoint, Packet, Ping};
use devp2p_core::keys::NodeKey;
use devp2p_core::net::discovery::{Discovery, DiscoveryConfig};
use devp2p_core::policy::RateLimit;
use rand::RngExt;
use support::soon;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

const FLOOD: usize = 100_000;
/// Less than the default, and than what this machine could answer.
const PER_SECOND: u32 = 50;
const BURST: u32 = 100;

fn key() -> NodeKey {
    NodeKey::generate(&mut rand::rng())
}

async fn node() -> Discovery {
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let rate_limit = RateLimit::new(PER_SECOND, BURST);
    let config = DiscoveryConfig { rate_limit, ..DiscoveryConfig::new(Arc::new(key())) };
    Discovery::start(Some(loopback), config).await.unwrap()
}

/// Resident memory of this process, in KiB.
fn memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

/// A Ping that is good for an hour.
fn ping() -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let somewhere = Endpoint { ip: Ipv4Addr::LOCALHOST.into(), udp: 1, tcp: 0 };
    let (from, to, expiration) = (somewhere, somewhere, now + 3600);
    let ping = Packet::Ping(Ping { from, to, expiration, enr_seq: None });
    ping.encode(&key()).unwrap().datagram
}

/// Sends datagrams as fast as it can, `FLOOD` at least, and as long as what `goes_on` leads to is
/// there; counts what comes back.
fn flood(
    from: Ipv4Addr,
    to: SocketAddr,
    goes_on: &Weak<()>,
    mut datagram: impl FnMut() -> Vec<u8>,
) -> u32 {
    let socket = UdpSocket::bind((from, 0)).unwrap();
    socket.set_nonblocking(true).unwrap();
    let mut answers = 0;
    let mut sent = 0;
    while sent < FLOOD || goes_on.strong_count() > 0 {
        sent += 1;
        match socket.send_to(&datagram(), to) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => panic!("{error}"),
            _ => {}
        }
        while socket.recv_from(&mut [0; 1500]).is_ok() {
            answers += 1;
        }
    }
    answers
}

/// Pings until there is an answer.
async fn is_answered(honest: &Discovery, node: &Discovery) {
    while honest.ping(&node.local_enr().enode()).await.is_err() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_flood_an_honest_node_is_answered_and_memory_does_not_grow() {
    let (flooded, honest) = (node().await, node().await);
    let to = flooded.local_addr();
    soon(is_answered(&honest, &flooded)).await;
    let (begin, before) = (Instant::now(), memory());

    let one_ping = ping();
    let waits = Arc::new(());
    let goes_on = Arc::downgrade(&waits);
    let pings = spawn_blocking(move || {
        flood(Ipv4Addr::new(127, 0, 0, 3), to, &goes_on, || one_ping.clone())
    });
    soon(is_answered(&honest, &flooded)).await;
    drop(waits);
    let answers = soon(pings).await.unwrap();
    // At most one Pong and one Ping for each Ping that the limit let through.
    let seconds = u32::try_from(begin.elapsed().as_secs()).unwrap() + 1;
    let let_through = BURST + seconds * PER_SECOND;
    assert!(answers <= 2 * let_through, "{answers} answers in {seconds} s");

    let waits = Arc::new(());
    let goes_on = Arc::downgrade(&waits);
    let random = spawn_blocking(move || {
        let mut rng = rand::rng();
        let mut bytes = [0; 2048];
        rng.fill(&mut bytes);
        let one = || bytes[..rng.random_range(0..2048)].to_vec();
        flood(Ipv4Addr::new(127, 0, 0, 4), to, &goes_on, one)
    });
    soon(is_answered(&honest, &flooded)).await;
    drop(waits);
    assert_eq!(soon(random).await.unwrap(), 0, "nobody answers what is no packet");
    soon(is_answered(&honest, &flooded)).await;

    let grown = memory().saturating_sub(before);
    assert!(grown < 8 * 1024, "{grown} KiB more");
    soon(flooded.stop()).await;
}
