//! Where a server says it is: at any moment, what other nodes have told it.

use std::net::{Ipv4Addr, SocketAddr};

use turmoil::net::UdpSocket;

use super::super::{Config, Replay, Server};
use super::*;
use crate::discv4::packet::{Endpoint, Packet, Ping, Pong, decode};

/// As many hosts must agree.
const HOSTS: u8 = 10;
const PORT: u16 = 30303;
/// When a host comes again that has not heard anything.
const AGAIN: Duration = Duration::from_secs(1);
/// An expiration that is never over.
const NEVER: u64 = i64::MAX.unsigned_abs();

type Failure = Box<dyn std::error::Error>;

/// Where the router's outside is.
fn outside() -> Endpoint {
    Endpoint { ip: [81, 2, 69, 142].into(), udp: 7777, tcp: 0 }
}

/// Comes to the server until it is asked who it is, and says in each Pong that it sees the server
/// outside. The first Ping may come before the server is there.
async fn say_where(n: u8) -> Result<(), Failure> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
    let server = SocketAddr::new(turmoil::lookup("server"), PORT);
    let (key, here) = (key(n), Endpoint { ip: [1, 1, 1, n].into(), udp: PORT, tcp: 0 });
    let ping = Packet::Ping(Ping { from: here, to: here, expiration: NEVER, enr_seq: None });
    let mut buffer = [0; 1280];
    loop {
        socket.send_to(&ping.encode(&key)?.datagram, server).await?;
        while let Ok(received) = timeout(AGAIN, socket.recv_from(&mut buffer)).await {
            let opened = decode(&buffer[..received?.0])?;
            if let Packet::Ping(_) = opened.packet {
                let (to, ping_hash) = (outside(), opened.hash);
                let pong = Packet::Pong(Pong { to, ping_hash, expiration: NEVER, enr_seq: None });
                socket.send_to(&pong.encode(&key)?.datagram, server).await?;
            }
        }
    }
}

#[test]
fn node_info_and_enode_follow_the_record_when_the_outside_address_is_learned() {
    let mut network = turmoil::Builder::new();
    let mut network = network.simulation_duration(Duration::from_secs(30)).rng_seed(7).build();
    for n in 10..10 + HOSTS {
        network.host(format!("host-{n}"), move || say_where(n));
    }
    network.client("server", async {
        let replay = Replay { seed: [1; 32], unix: Duration::from_secs(1_700_000_000) };
        let listen = Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT)));
        let server =
            Server::start(Config { listen, replay: Some(replay), ..Config::new(key(1), "inside") });
        let server = server.await?;
        let (handle, at_start) = (server.handle().clone(), server.node_info());
        while handle.node_info().enode == at_start.enode {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let info = handle.node_info();
        assert_eq!(
            info.enode.to_string(),
            format!("enode://{}@81.2.69.142:30303?discport=7777", info.id)
        );
        assert_eq!((info.ip, info.ports.discovery), (outside().ip, outside().udp));
        assert_eq!(info.enr.enode(), info.enode);
        assert!(info.enr.seq() > at_start.enr.seq());
        assert_eq!(server.enode(), info.enode);
        server.stop().await;
        Ok(())
    });
    network.run().unwrap();
}
