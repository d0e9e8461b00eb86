//! A server's two sockets: one port number, or an error that says which of the two is missing.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::net::{SocketAddr, TcpListener, UdpSocket};

use devp2p_core::enode::Host;
use devp2p_core::events::PeerEvent;
use devp2p_core::net::{Config, Server, SocketKind, StartError};
use support::{config, quiet_address, soon};

async fn refusal(listen: SocketAddr) -> StartError {
    Server::start(Config { listen: Some(listen), ..config("late", 1) }).await.unwrap_err()
}

#[tokio::test]
async fn both_sockets_have_the_port_that_was_asked_for_and_give_it_back() {
    let addr = quiet_address();
    for _ in 0..2 {
        let server =
            Server::start(Config { listen: Some(addr), ..config("one", 1) }).await.unwrap();
        let info = server.node_info();
        assert_eq!((info.ports.listener, info.ports.discovery), (addr.port(), addr.port()));
        assert!(UdpSocket::bind(addr).is_err() && TcpListener::bind(addr).is_err());
        soon(server.stop()).await;
    }
    drop((TcpListener::bind(addr).unwrap(), UdpSocket::bind(addr).unwrap()));
}

#[tokio::test]
async fn a_taken_port_is_an_error_that_says_which_one() {
    let addr = quiet_address();
    let taken = TcpListener::bind(addr).unwrap();
    let error = refusal(addr).await;
    assert!(
        matches!(error, StartError::PortTaken { kind: SocketKind::Tcp, addr: at } if at == addr)
    );
    assert!(error.to_string().starts_with(&format!("TCP port {} on 127.0.0.1 is in", addr.port())));
    drop(taken);

    let taken = UdpSocket::bind(addr).unwrap();
    let error = refusal(addr).await;
    assert!(
        matches!(error, StartError::PortTaken { kind: SocketKind::Udp, addr: at } if at == addr)
    );
    assert!(error.to_string().starts_with(&format!("UDP port {} on 127.0.0.1 is in", addr.port())));
    TcpListener::bind(addr).unwrap();

    let hermit = Config { listen: Some(addr), discovery: false, ..config("hermit", 1) };
    soon(Server::start(hermit).await.unwrap().stop()).await;
    drop(taken);
}

#[tokio::test]
async fn an_address_of_another_machine_is_an_error() {
    let elsewhere = "192.0.2.1:0".parse().unwrap();
    let error = refusal(elsewhere).await;
    assert!(
        matches!(error, StartError::Listen { kind: SocketKind::Tcp, addr, .. } if addr == elsewhere)
    );
    assert!(error.to_string().contains("192.0.2.1 is no address of this machine"), "{error}");
}

#[test]
fn a_port_of_the_system_is_explained() {
    let refused = |addr: &str| {
        let error = std::io::ErrorKind::PermissionDenied.into();
        StartError::Listen { kind: SocketKind::Tcp, addr: addr.parse().unwrap(), error }.to_string()
    };
    assert!(refused("127.0.0.1:80").ends_with("choose one from 1024 on"));
    assert!(refused("127.0.0.1:30303").ends_with("permission denied"));
}

#[tokio::test]
async fn when_any_port_will_do_one_is_found_that_is_free_for_both() {
    // So many UDP ports are taken that among so many starts some would fail without another try.
    let taken: Vec<UdpSocket> = (0..200).map(|_| UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
    for _ in 0..500 {
        let server = Server::start(config("one", 1)).await.unwrap();
        let ports = server.node_info().ports;
        assert!(ports.listener > 0);
        assert_eq!(ports.listener, ports.discovery);
        soon(server.stop()).await;
    }
    drop(taken);
}

#[tokio::test]
async fn a_bootnode_that_cannot_be_asked_is_an_error() {
    let id = config("x", 0).key.public_key();
    let table = [("", "no address"), ("@127.0.0.1:30303?discport=0", "UDP port is 0")];
    for (address, why) in table {
        let bootnode = format!("enode://{id}{address}").parse().unwrap();
        let config = Config { bootnodes: vec![bootnode], ..config("one", 1) };
        let error = Server::start(config).await.unwrap_err();
        assert!(matches!(error, StartError::Bootnode { .. }));
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[tokio::test]
async fn a_bootnode_may_have_a_host_name() {
    let bootnode = Server::start(config("one", 1)).await.unwrap();
    let mut named = bootnode.enode();
    named.address.as_mut().unwrap().host = Host::Dns("localhost".to_owned());
    let config = Config { bootnodes: vec![named], ..config("two", 1) };
    let server = Server::start(config).await.unwrap();
    let mut events = server.subscribe();
    let found = soon(events.next()).await;
    assert!(matches!(found, Some(PeerEvent::Add { peer }) if peer.id == bootnode.node_info().id));
    tokio::join!(soon(server.stop()), soon(bootnode.stop()));
}
