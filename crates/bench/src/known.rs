//! What a node costs that does nothing but know others: its table is nearly full, and it checks
//! whether they are still there. They would do so too, but each has as many others to check: what
//! comes from them is next to nothing, and left out.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use devp2p_core::discv4::distance::Distance;
use devp2p_core::discv4::packet::{Endpoint, MAX_PACKET, Packet, Ping, Pong, decode};
use devp2p_core::discv4::table::BUCKETS;
use devp2p_core::discv4::{K, Node};
use devp2p_core::enode::Enode;
use devp2p_core::keys::{NodeId, NodeKey};
use interop::Program;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::Result;
use crate::holder::Holder;
use crate::ours::new_key;

/// Keys that are drawn to find some in every distance. Twice as many make the table one bucket
/// fuller.
const KEYS: usize = 100_000;
/// How long it is watched.
const WATCHED: Duration = Duration::from_secs(30);
/// How long both ends may take to see that the other one is there.
const BOND: Duration = Duration::from_secs(15);

/// A packet with this expiration, in Unix seconds, is never void.
const NEVER: u64 = i64::MAX.unsigned_abs();

/// A running neighbor; ends when it is dropped.
type Neighbor = JoinSet<()>;

/// What it costs.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// How many nodes it knows.
    pub nodes: usize,
    /// The part of a core that it takes.
    pub cores: f64,
    /// Its memory, all of it, in bytes.
    pub memory: usize,
}

/// Measures a node of `holder`, a program with the mode `hold`.
///
/// # Errors
/// If it cannot be measured here, as on systems without `/proc`, or where 127.1.0.0/16 is not ours.
pub async fn cost(holder: &Program) -> Result<Known> {
    let mut holder = Holder::start(holder, &["hold", "--peers=0", "--discovery"]).await?;
    let keys = neighbors(holder.enode.public_key.node_id());
    let mut neighbors = Vec::new();
    for (number, key) in keys.into_iter().enumerate() {
        neighbors.push(neighbor(&holder.enode, number, key).await?);
    }
    let before = holder.worked()?;
    sleep(WATCHED).await;
    let worked = holder.worked()?.saturating_sub(before);
    let known = Known {
        nodes: neighbors.len(),
        cores: worked.as_secs_f64() / WATCHED.as_secs_f64(),
        memory: holder.memory().await?,
    };
    holder.stop().await?;
    Ok(known)
}

/// Keys that all have room in the table of `own`.
fn neighbors(own: NodeId) -> Vec<NodeKey> {
    let lowest = 257 - BUCKETS;
    let mut buckets: BTreeMap<usize, Vec<NodeKey>> = BTreeMap::new();
    for _ in 0..KEYS {
        let key = new_key();
        let bits = Distance::between(own, key.node_id()).bits();
        let bucket =
            buckets.entry(usize::try_from(bits).unwrap_or_default().max(lowest)).or_default();
        if bucket.len() < K {
            bucket.push(key);
        }
    }
    buckets.into_values().flatten().collect()
}

/// A node at an address of its own that does nothing but answer Pings. Returns when `node` has its
/// answer, and knows it.
async fn neighbor(node: &Enode, number: usize, key: NodeKey) -> Result<Neighbor> {
    let [.., high, low] = number.to_be_bytes();
    let socket = UdpSocket::bind((Ipv4Addr::new(127, 1, high, low), 0)).await?;
    let node = Node::from_enode(node).ok_or("the node takes no part in discovery")?.udp_addr();
    socket.connect(node).await?;
    let (from, to) = (endpoint(socket.local_addr()?), endpoint(node));
    let ping = Packet::Ping(Ping { from, to, expiration: NEVER, enr_seq: None });
    socket.send(&ping.encode(&key)?.datagram).await?;
    timeout(BOND, answer_ping(&socket, &key)).await??;
    let mut running = JoinSet::new();
    running.spawn(async move { while answer_ping(&socket, &key).await.is_ok() {} });
    Ok(running)
}

/// Waits for a Ping and answers it.
async fn answer_ping(socket: &UdpSocket, key: &NodeKey) -> Result<()> {
    let mut buffer = [0; MAX_PACKET];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let received = decode(buffer.get(..length).unwrap_or_default())?;
        if let Packet::Ping(_) = received.packet {
            let (to, ping_hash) = (endpoint(socket.peer_addr()?), received.hash);
            let pong = Packet::Pong(Pong { to, ping_hash, expiration: NEVER, enr_seq: None });
            socket.send(&pong.encode(key)?.datagram).await?;
            return Ok(());
        }
    }
}

fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint { ip: address.ip(), udp: address.port(), tcp: 0 }
}
