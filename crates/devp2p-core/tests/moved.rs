//! A static node that is somewhere else: discovery finds it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use devp2p_core::enode::Enode;
use devp2p_core::events::{Events, PeerEvent};
use devp2p_core::keys::PublicKey;
use devp2p_core::net::{AddPeerError, Config, EndReason, Server, Undialable};
use support::{config, quiet_address, server, soon};

/// A node that everybody knows, and one that it knows.
async fn town() -> (Server, Server) {
    let (hub, friend) = (server("hub", 0).await, server("friend", 1).await);
    let enode = hub.enode();
    soon(friend.discovery().unwrap().ping(&enode)).await.unwrap();
    (hub, friend)
}

/// A node that can ask the hub.
async fn newcomer(hub: &Server) -> Server {
    let bootnodes = vec![hub.enode()];
    Server::start(Config { bootnodes, ..config("newcomer", 4) }).await.unwrap()
}

/// Waits until this node is a peer; what was told about it before.
async fn added(events: &mut Events, id: PublicKey) -> Vec<PeerEvent> {
    let is_it = |event: &PeerEvent| match event {
        PeerEvent::Add { peer } => peer.id == id,
        _ => false,
    };
    let mut told = soon(events.until(is_it)).await;
    assert!(told.pop().is_some_and(|last| is_it(&last)), "{told:?}");
    told
}

#[tokio::test]
async fn a_static_node_that_has_moved_is_found_where_it_is_now() {
    let (hub, friend) = town().await;
    let newcomer = newcomer(&hub).await;
    let mut events = newcomer.subscribe();
    let id = friend.node_info().id;
    newcomer.add_peer(Enode::new(id, quiet_address())).await.unwrap();
    let told = added(&mut events, id).await;
    let failed = told.iter().any(|event| {
        matches!(event, PeerEvent::DialFailed { enode, error: EndReason::Connect(_) }
            if enode.public_key == id)
    });
    assert!(failed, "{told:?}");
    for server in [newcomer, friend, hub] {
        soon(server.stop()).await;
    }
}

#[tokio::test]
async fn a_key_is_enough_where_discovery_can_find_the_node() {
    let (hub, friend) = town().await;
    let only_a_key = Enode { address: None, ..friend.enode() };
    // It knows nobody to ask.
    let refused = hub.add_peer(only_a_key.clone()).await;
    assert!(matches!(refused, Err(AddPeerError::Undialable(Undialable::NoAddress))), "{refused:?}");

    let newcomer = newcomer(&hub).await;
    let mut events = newcomer.subscribe();
    newcomer.add_peer(only_a_key.clone()).await.unwrap();
    added(&mut events, only_a_key.public_key).await;
    let peers = newcomer.peers().await;
    let friend_of_it = peers.iter().find(|peer| peer.id == only_a_key.public_key).unwrap();
    assert!(friend_of_it.is_static);
    for server in [newcomer, friend, hub] {
        soon(server.stop()).await;
    }
}
