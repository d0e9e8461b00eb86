//! Our server and EthereumJS: connections, goodbyes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use common::{
    Ours, config, connect, dial_us, ethereumjs, event, key_of, listening, peer_event, said, soon,
};
use devp2p_core::net::Config;
use devp2p_core::net::Direction;
use devp2p_core::p2p::{Capability, DisconnectReason};
use serde_json::json;

#[tokio::test]
#[ignore = "needs Node: just interop"]
async fn whoever_dials_both_sides_know_each_other() {
    for direction in [Direction::Inbound, Direction::Outbound] {
        let mut ours = Ours::listening().await;
        let (mut them, is) = ethereumjs().await;
        match direction {
            Direction::Inbound => dial_us(&mut them, &ours).await,
            Direction::Outbound => ours.dial(&is).await,
        }
        let line = said(&mut them, peer_event("add", &ours)).await;
        assert_eq!(line["publicKey"], ours.server.node_info().id.to_string());
        assert_eq!(ours.added().await, key_of(&is));

        let [peer] = &ours.server.peers().await[..] else { panic!("not one peer") };
        assert_eq!((peer.id, peer.direction), (key_of(&is), direction));
        assert_eq!(&*peer.name, "ethereumjs-peer");
        assert_eq!(peer.capabilities[..], [Capability::new("foo", 42)]);
        them.send_line("peers").await.unwrap();
        let peers = said(&mut them, event("peers")).await;
        let we = &peers["peers"][0];
        assert_eq!(we["name"], ours.server.node_info().name);
        assert_eq!(we["caps"], json!(["foo/42"]));
    }
}

#[tokio::test]
#[ignore = "needs Node: just interop"]
async fn its_goodbyes_bare_and_not_compressed_are_understood() {
    for code in [0x00, 0x01, 0x03, 0x04, 0x05, 0x08, 0x0b, 0x10] {
        let mut ours = Ours::listening().await;
        let (mut them, _) = ethereumjs().await;
        connect(&mut them, &mut ours).await;
        them.send_line(&format!("disconnect {code}")).await.unwrap();
        assert_eq!(ours.told_goodbye().await, DisconnectReason::from_code(code));
    }
}

#[tokio::test]
#[ignore = "needs Node: just interop"]
async fn we_hear_0x08_when_it_stops() {
    let mut ours = Ours::listening().await;
    let (mut them, _) = ethereumjs().await;
    connect(&mut them, &mut ours).await;
    them.send_line("stop").await.unwrap();
    assert_eq!(ours.told_goodbye().await, DisconnectReason::Quitting);
}

#[tokio::test]
#[ignore = "needs Node: just interop"]
async fn it_hears_0x00_when_we_remove_it_and_0x08_when_we_stop() {
    let mut ours = Ours::listening().await;
    let (mut removed, removed_is) = ethereumjs().await;
    let (mut left, _) = ethereumjs().await;
    connect(&mut removed, &mut ours).await;
    connect(&mut left, &mut ours).await;
    let about_us = || peer_event("drop", &ours);
    let (first, second) = (about_us(), about_us());

    soon(ours.server.remove_peer(key_of(&removed_is))).await;
    assert_eq!(said(&mut removed, first).await["reason"], 0x00);
    soon(ours.server.stop()).await;
    assert_eq!(said(&mut left, second).await["reason"], 0x08);
}

#[tokio::test]
#[ignore = "needs Node: just interop"]
async fn it_hears_0x04_from_a_server_without_slots() {
    let ours = Ours::start(Config { max_peers: 0, ..config(vec![listening()]) }).await;
    let (mut them, _) = ethereumjs().await;
    dial_us(&mut them, &ours).await;
    let closed = said(&mut them, |line| line["msg"] == "connection closed").await;
    assert_eq!(closed["attrs"]["connected"], false);
    assert_eq!(closed["attrs"]["reason"], 0x04, "{closed}");
}
