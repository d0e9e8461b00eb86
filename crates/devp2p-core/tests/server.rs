//! Stories about servers, over real sockets on loopback.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use devp2p_core::enode::Enode;
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{
    AddPeerError, Config, Direction, EndReason, Handle, Server, StartError, Undialable, client_name,
};
use devp2p_core::p2p::DisconnectReason;
use devp2p_core::protocol::{Protocol, ProtocolError};
use support::{added, config, dropped, listening, next, quiet_address, said_by_peer, server, soon};

#[tokio::test]
async fn a_server_tells_who_and_where_it_is() {
    let server = Server::start(config(&client_name("foo", "42"), 0)).await.unwrap();
    let info = server.node_info();
    let listens_on = info.listen_addr.unwrap();
    assert!(info.name.starts_with("foo/v42/") && info.name.contains("/rust1."), "{}", info.name);
    let expected = format!("enode://{}@127.0.0.1:{}", info.id, listens_on.port());
    assert_eq!(info.enode.to_string(), expected);
    assert_eq!(info.enr.enode(), info.enode);
    assert_eq!((info.ports.listener, info.ports.discovery), (listens_on.port(), listens_on.port()));
    assert_eq!(info.node_id, info.id.node_id());
    assert!(listens_on.port() > 0 && listens_on.ip() == info.ip);
    soon(server.stop()).await;
}

#[tokio::test]
async fn a_server_without_a_listener_says_port_0() {
    let config = Config { listen: None, ..config("deaf", 1) };
    let server = Server::start(config).await.unwrap();
    let info = server.node_info();
    assert_eq!((info.listen_addr, info.ports.listener), (None, 0));
    assert!(info.ports.discovery > 0);
    let address = format!("@127.0.0.1:0?discport={}", info.ports.discovery);
    assert!(info.enode.to_string().ends_with(&address), "{}", info.enode);
    assert_eq!(info.enr.enode(), info.enode);
}

#[tokio::test]
async fn a_server_without_discovery_says_discport_0() {
    let server = Server::start(Config { discovery: false, ..config("hermit", 1) }).await.unwrap();
    let info = server.node_info();
    assert_eq!((info.ports.listener, info.ports.discovery), (info.listen_addr.unwrap().port(), 0));
    assert!(info.enode.to_string().ends_with("?discport=0"), "{}", info.enode);
    assert_eq!(info.enr.enode(), info.enode);
    let neither = Config { listen: None, discovery: false, ..config("hermit", 1) };
    let server = Server::start(neither).await.unwrap();
    assert!(server.enode().to_string().ends_with("@127.0.0.1:0"));
}

#[tokio::test]
async fn two_servers_connect_and_both_tell() {
    let (one, two) = (server("one", 1).await, server("two", 1).await);
    let (mut events_one, mut events_two) = (one.subscribe(), two.subscribe());
    one.add_peer(two.enode()).await.unwrap();
    assert_eq!(added(&mut events_one).await, two.node_info().id);
    assert_eq!(added(&mut events_two).await, one.node_info().id);
    let (peers_one, peers_two) = (one.peers().await, two.peers().await);
    assert_eq!((peers_one.len(), peers_two.len()), (1, 1));
    assert_eq!((&*peers_one[0].name, &*peers_two[0].name), ("two", "one"));
    assert_eq!(peers_one[0].direction, Direction::Outbound);
    assert_eq!(peers_two[0].direction, Direction::Inbound);
    assert_eq!(peers_one[0].remote, two.node_info().listen_addr);
    assert_eq!(
        (peers_one[0].local, peers_one[0].remote),
        (peers_two[0].remote, peers_two[0].local)
    );
}

#[tokio::test]
async fn stopping_tells_the_peer_and_ends_the_stream_of_events() {
    let (one, two) = (server("one", 1).await, server("two", 1).await);
    let (mut events_one, mut events_two) = (one.subscribe(), two.subscribe());
    one.add_peer(two.enode()).await.unwrap();
    added(&mut events_one).await;
    added(&mut events_two).await;
    soon(two.stop()).await;
    let (_, end) = dropped(&mut events_two).await;
    assert!(matches!(end, EndReason::Local(DisconnectReason::Quitting)), "{end:?}");
    assert!(events_two.next().await.is_none());
    let (_, end) = dropped(&mut events_one).await;
    assert_eq!(said_by_peer(&end), Some(DisconnectReason::Quitting), "{end:?}");
    assert!(one.peers().await.is_empty());
}

#[tokio::test]
async fn a_server_with_0_slots_refuses_everyone_but_the_trusted() {
    let (one, two) = (server("one", 2).await, server("two", 0).await);
    let (mut events_one, mut events_two) = (one.subscribe(), two.subscribe());
    let three = server("three", 2).await;
    let mut events_three = three.subscribe();
    two.add_trusted_peer(three.node_info().id).await;
    one.add_peer(two.enode()).await.unwrap();
    three.add_peer(two.enode()).await.unwrap();
    assert_eq!(added(&mut events_two).await, three.node_info().id);
    added(&mut events_three).await;
    soon(two.stop()).await;
    dropped(&mut events_two).await;
    dropped(&mut events_three).await;
    soon(one.stop()).await;
    assert!(next(&mut events_one).await.is_none(), "one was added although it was not trusted");
}

#[tokio::test]
async fn removing_a_peer_says_requested_and_returns_when_it_is_dropped() {
    let (one, two) = (server("one", 1).await, server("two", 1).await);
    let (mut events_one, mut events_two) = (one.subscribe(), two.subscribe());
    one.add_peer(two.enode()).await.unwrap();
    added(&mut events_one).await;
    added(&mut events_two).await;
    soon(one.remove_peer(two.node_info().id)).await;
    assert!(one.peers().await.is_empty());
    dropped(&mut events_one).await;
    let (_, end) = dropped(&mut events_two).await;
    assert_eq!(said_by_peer(&end), Some(DisconnectReason::Requested), "{end:?}");
    // Nobody to remove: returns at once.
    soon(one.remove_peer(two.node_info().id)).await;
}

#[tokio::test]
async fn a_node_without_a_common_capability_is_refused() {
    let one = Config { protocols: vec![listening("foo", 42)], ..config("one", 1) };
    let two = Config { protocols: vec![listening("bar", 1)], ..config("two", 1) };
    let (one, two) = (Server::start(one).await.unwrap(), Server::start(two).await.unwrap());
    let (mut events_one, mut events_two) = (one.subscribe(), two.subscribe());
    one.add_peer(two.enode()).await.unwrap();
    // A node with both capabilities can still connect to the second: it comes after the refusal.
    let both = vec![listening("foo", 42), listening("bar", 1)];
    let three = Server::start(Config { protocols: both, ..config("three", 2) }).await.unwrap();
    three.add_peer(two.enode()).await.unwrap();
    assert_eq!(added(&mut events_two).await, three.node_info().id);
    soon(one.stop()).await;
    assert!(next(&mut events_one).await.is_none());
}

#[tokio::test]
async fn what_cannot_be_dialed_is_refused_at_once() {
    let one = server("one", 1).await;
    let id = NodeKey::generate(&mut rand::rng()).public_key();
    let refused = |enode: String| {
        let enode: Enode = enode.parse().unwrap();
        one.add_peer(enode)
    };
    let undialable = |error| Err(AddPeerError::Undialable(error));
    assert_eq!(one.add_peer(one.enode()).await, undialable(Undialable::OwnNode));
    assert_eq!(refused(format!("enode://{id}")).await, undialable(Undialable::NoAddress));
    assert_eq!(
        refused(format!("enode://{id}@127.0.0.1:0")).await,
        undialable(Undialable::NoTcpPort)
    );
}

#[tokio::test]
async fn a_host_name_is_looked_up_when_it_is_dialed() {
    let (one, two) = (server("one", 1).await, server("two", 1).await);
    let mut events = one.subscribe();
    let port = two.node_info().listen_addr.unwrap().port();
    let enode = format!("enode://{}@localhost:{port}", two.node_info().id);
    one.add_peer(enode.parse().unwrap()).await.unwrap();
    assert_eq!(added(&mut events).await, two.node_info().id);
}

#[tokio::test]
async fn a_node_that_is_not_there_yet_is_dialed_again() {
    let one = server("one", 1).await;
    let mut events = one.subscribe();
    let (late, addr) = (config("late", 1), quiet_address());
    let enode = Enode::new(late.key.public_key(), addr);
    one.add_peer(enode).await.unwrap();
    let late = Server::start(Config { listen: Some(addr), ..late }).await.unwrap();
    assert_eq!(added(&mut events).await, late.node_info().id);
}

#[tokio::test]
async fn a_hello_that_nobody_would_read_and_a_protocol_given_twice_do_not_start() {
    let error = Server::start(config(&"x".repeat(3000), 1)).await.unwrap_err();
    assert!(matches!(error, StartError::HelloTooLong(len) if len > 3000), "{error}");
    let twins = vec![listening("foo", 42), listening("bar", 1), listening("foo", 42)];
    let error = Server::start(Config { protocols: twins, ..config("x", 1) }).await.unwrap_err();
    assert!(error.to_string().contains("foo/42"), "{error}");
}

#[tokio::test]
async fn crossed_dials_leave_one_connection_on_both_sides() {
    for _ in 0..20 {
        let (one, two) = (server("one", 1).await, server("two", 1).await);
        let (mut events_one, mut events_two) = (one.subscribe(), two.subscribe());
        let (added_one, added_two) =
            tokio::join!(one.add_peer(two.enode()), two.add_peer(one.enode()));
        added_one.and(added_two).unwrap();
        // A first connection may have to give way to the one that both sides keep.
        let settled = async {
            loop {
                let (peers_one, peers_two) = (one.peers().await, two.peers().await);
                if let ([peer_one], [peer_two]) = (&peers_one[..], &peers_two[..]) {
                    if peer_one.local == peer_two.remote && peer_one.remote == peer_two.local {
                        return;
                    }
                }
                tokio::select! {
                    event = events_one.next() => assert!(event.is_some()),
                    event = events_two.next() => assert!(event.is_some()),
                }
            }
        };
        soon(settled).await;
    }
}

#[tokio::test]
async fn a_second_connection_of_the_same_node_is_refused() {
    let two = server("two", 5).await;
    let key = [7; 32];
    let twin = |name| async move {
        let key = NodeKey::from_bytes(key).unwrap();
        Server::start(Config { max_peers: 5, ..Config::new(key, name) }).await.unwrap()
    };
    let (first, second) = (twin("first").await, twin("second").await);
    let (mut events_two, mut events_second) = (two.subscribe(), second.subscribe());
    first.add_peer(two.enode()).await.unwrap();
    added(&mut events_two).await;
    second.add_peer(two.enode()).await.unwrap();
    // A third node that is asked after the second shows that the second was refused, not slow.
    let third = server("third", 1).await;
    third.add_peer(two.enode()).await.unwrap();
    assert_eq!(added(&mut events_two).await, third.node_info().id);
    let names: Vec<_> = two.peers().await.into_iter().map(|peer| peer.name).collect();
    assert!(names.contains(&"first".into()) && !names.contains(&"second".into()));
    soon(second.stop()).await;
    assert!(next(&mut events_second).await.is_none());
}

#[cfg(feature = "serde")]
#[tokio::test]
async fn events_and_infos_become_json_with_the_keys_of_the_document() {
    use devp2p_core::net::{NodeInfo, PeerInfo};

    let (one, two) = (server("one", 1).await, server("two", 1).await);
    let mut events = one.subscribe();
    one.add_peer(two.enode()).await.unwrap();
    let add = serde_json::to_value(soon(events.next()).await.unwrap()).unwrap();
    let peers = serde_json::to_value(one.peers().await).unwrap();
    soon(two.stop()).await;
    let drop = serde_json::to_value(soon(events.next()).await.unwrap()).unwrap();
    let keys = |value: &serde_json::Value| {
        let keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        keys.join(" ")
    };
    assert_eq!(keys(&add), "local peer remote type");
    assert_eq!(keys(&drop), "error local peer remote type");
    assert_eq!((&add["type"], &drop["type"]), (&"add".into(), &"drop".into()));
    assert_eq!(drop["error"], "client quitting");
    assert_eq!(add["peer"].as_str().unwrap().len(), 128);
    assert_eq!(keys(&peers[0]), "capabilities id inbound local name remote shared static trusted");
    let info = serde_json::to_value(one.node_info()).unwrap();
    assert_eq!(keys(&info), "enode enr id ip listenAddr name nodeId ports protocols");
    assert_eq!(keys(&info["ports"]), "discovery listener");
    assert!(info["enr"].as_str().unwrap().starts_with("enr:"));
    let again: NodeInfo = serde_json::from_value(info).unwrap();
    assert_eq!(again, one.node_info());
    let again: Vec<PeerInfo> = serde_json::from_value(peers.clone()).unwrap();
    assert_eq!(serde_json::to_value(again).unwrap(), peers);
    assert_eq!(
        serde_json::to_value(devp2p_core::events::PeerEvent::Missed(7)).unwrap().to_string(),
        r#"{"count":7,"type":"missed"}"#
    );
}

#[tokio::test]
async fn a_handle_asks_and_commands_like_its_server_and_survives_it() {
    let (one, two) = (server("one", 1).await, server("two", 1).await);
    let handle = one.handle().clone();
    let mut events = handle.subscribe();
    let elsewhere = tokio::spawn({
        let (handle, enode) = (handle.clone(), two.enode());
        async move { handle.add_peer(enode).await }
    });
    soon(elsewhere).await.unwrap().unwrap();
    assert_eq!(added(&mut events).await, two.node_info().id);
    assert_eq!(handle.peers().await, one.peers().await);
    assert_eq!(handle.node_info(), one.node_info());

    soon(one.stop()).await;
    dropped(&mut events).await;
    assert!(soon(events.next()).await.is_none(), "a handle does not keep the stream open");
    assert!(soon(handle.subscribe().next()).await.is_none());
    assert!(soon(handle.peers()).await.is_empty());
    assert_eq!(soon(handle.add_peer(two.enode())).await, Err(AddPeerError::Stopped));
    soon(handle.remove_peer(two.node_info().id)).await;
    soon(handle.add_trusted_peer(two.node_info().id)).await;
}

#[tokio::test]
async fn a_protocol_can_hold_a_handle_of_its_server() {
    let config_two = Config { protocols: vec![listening("foo", 42)], ..config("two", 1) };
    let two = Server::start(config_two).await.unwrap();
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let protocols = |handle: &Handle| {
        let handle = handle.clone();
        vec![Protocol::new("foo", 42, 1, move |peer, _pipe| {
            let (handle, tell) = (handle.clone(), tell.clone());
            async move {
                tell.send(handle.peers().await == [peer.clone()]).map_err(ProtocolError::other)?;
                // It is not there any more when this would return.
                handle.remove_peer(peer.id).await;
                Ok(())
            }
        })]
    };
    let one = Server::start_with(config("one", 1), protocols).await.unwrap();
    assert_eq!(one.node_info().protocols[0].to_string(), "foo/42");
    let mut events = one.subscribe();
    one.add_peer(two.enode()).await.unwrap();
    added(&mut events).await;
    assert_eq!(soon(told.recv()).await, Some(true), "the peer is there when its handler begins");
    let (_, end) = dropped(&mut events).await;
    assert!(matches!(end, EndReason::Local(DisconnectReason::Requested)), "{end:?}");
    assert!(one.peers().await.is_empty());
}

#[tokio::test]
async fn protocols_that_do_not_go_together_start_nothing() {
    let addr = quiet_address();
    let twice = |_: &Handle| vec![listening("foo", 42)];
    let protocols = vec![listening("foo", 42)];
    let config = Config { protocols, listen: Some(addr), ..config("one", 1) };
    let started = Server::start_with(config, twice).await;
    assert!(matches!(started, Err(StartError::DuplicateProtocol(_))), "{started:?}");
    std::net::UdpSocket::bind(addr).expect("the ports are free again");
    std::net::TcpListener::bind(addr).expect("the ports are free again");
}

#[tokio::test]
async fn add_and_drop_carry_the_whole_peer() {
    let protocols = || vec![listening("foo", 41), listening("foo", 42), listening("bar", 1)];
    let one = Config { protocols: protocols(), ..config("one", 1) };
    let two = Config { protocols: vec![listening("foo", 42)], ..config("two", 0) };
    let two = Config { trusted: vec![one.key.public_key()], ..two };
    let (one, two) = (Server::start(one).await.unwrap(), Server::start(two).await.unwrap());
    let (mut events_one, mut events_two) = (one.subscribe(), two.subscribe());
    one.add_peer(two.enode()).await.unwrap();

    let mut story_one = vec![soon(events_one.next()).await.unwrap()];
    let mut story_two = vec![soon(events_two.next()).await.unwrap()];
    two.remove_trusted_peer(one.node_info().id).await;
    assert!(!two.peers().await[0].trusted, "trust can be taken back from a peer");
    soon(two.stop()).await;
    story_one.push(soon(events_one.next()).await.unwrap());
    story_two.push(soon(events_two.next()).await.unwrap());

    for event in &story_one {
        let peer = event.peer().unwrap();
        assert_eq!((&*peer.name, peer.id), ("two", story_one[0].peer().unwrap().id));
        assert_eq!((peer.direction, peer.is_static), (Direction::Outbound, true));
        assert_eq!(peer.shared[..], peer.capabilities[..], "it has foo/42 and nothing else");
        assert!(!peer.trusted);
    }
    for event in &story_two {
        let peer = event.peer().unwrap();
        assert_eq!(&*peer.name, "one");
        assert_eq!((peer.direction, peer.is_static), (Direction::Inbound, false));
        assert_eq!((peer.capabilities.len(), peer.shared.len()), (3, 1));
        assert_eq!(peer.shared[0].to_string(), "foo/42");
        assert_eq!(peer.local, story_one[0].peer().unwrap().remote);
    }
    assert!(story_two[0].peer().unwrap().trusted, "there was no slot for anybody else");
    assert!(story_one[1].is_drop() && story_two[1].is_drop());
}
