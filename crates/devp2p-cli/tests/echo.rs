//! `devp2p node --echo`, as the nodes that talk to it see it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::time::Duration;

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server};
use devp2p_core::protocol::{MsgPipe, Protocol, ProtocolError};
use serde_json::Value;
use support::{Devp2p, devp2p, keys, more};
use tokio::sync::mpsc;
use tokio::time::timeout;

const A_WHILE: Duration = Duration::from_secs(60);

/// What is sent: message codes and payloads, empty, short, and of more than one TCP segment.
fn messages() -> [(u64, Vec<u8>); 4] {
    let noise = (0..300_000u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    [(0, vec![]), (2, b"\x86foobar".to_vec()), (1, noise), (0, vec![0x80])]
}

/// Sends the messages to the node at `enode`, and returns what comes back.
#[tokio::main(flavor = "current_thread")]
async fn call(enode: &str, name: &str, version: u64) -> Vec<(u64, Vec<u8>)> {
    let (done, mut answers) = mpsc::channel(1);
    let caller = Protocol::new(name, version, 3, move |_, pipe| {
        let done = done.clone();
        async move { done.send(exchange(pipe).await?).await.map_err(ProtocolError::other) }
    });
    let key = NodeKey::generate(&mut rand::rng());
    let config = Config { max_peers: 1, protocols: vec![caller], ..Config::new(key, "caller") };
    let server = Server::start(config).await.unwrap();
    server.add_peer(enode.parse().unwrap()).await.unwrap();
    let answers = timeout(A_WHILE, answers.recv()).await.unwrap().unwrap();
    server.stop().await;
    answers
}

async fn exchange(mut pipe: MsgPipe) -> Result<Vec<(u64, Vec<u8>)>, ProtocolError> {
    let mut answers = Vec::new();
    for (code, payload) in messages() {
        pipe.write(code, &payload).await?;
        let answer = pipe.read().await?;
        answers.push((answer.code, answer.payload.to_vec()));
    }
    Ok(answers)
}

#[test]
fn every_message_comes_back_and_is_told_as_events() {
    let node = Devp2p::node(&["--json", "--echo", "foo/42/3", "--echo", "bar/1/3"]);
    let info = node.json();
    assert_eq!(info["protocols"], serde_json::json!(["foo/42", "bar/1"]));
    let enode = info["enode"].as_str().unwrap();
    for (name, version) in [("foo", 42), ("bar", 1)] {
        assert_eq!(call(enode, name, version), messages());

        assert_eq!(node.json()["type"], "add");
        for (code, payload) in messages() {
            for kind in ["msgrecv", "msgsend"] {
                let event = node.json();
                let all = ["local", "msg_code", "msg_size", "peer", "protocol", "remote", "type"];
                assert_eq!(keys(&event), all);
                assert_eq!((&event["type"], &event["protocol"]), (&kind.into(), &name.into()));
                assert_eq!(event["msg_code"], code);
                assert_eq!(event["msg_size"], payload.len());
            }
        }
        let drop = node.json();
        assert_eq!((&drop["type"], &drop["error"]), (&"drop".into(), &"client quitting".into()));
    }
}

#[test]
fn people_are_told_whose_message_it_is_and_how_long() {
    let node = Devp2p::node(&["--echo", "foo/42/3"]);
    call(&node.enode(), "foo", 42);
    for kind in ["msg received", "msg sent"] {
        let told = node.line_with(&format!("{kind:<14}caller ("));
        assert!(told.ends_with("): foo code 0, 0 bytes"), "{told}");
    }
    assert!(node.line().ends_with("): foo code 2, 7 bytes"));
}

#[test]
fn people_are_told_who_may_stay() {
    let node = Devp2p::node(&["--echo", "foo/42/3", "--echo", "bar/1/1"]);
    assert!(node.line_with("It speaks ").starts_with("It speaks foo/42, bar/1. "));
}

#[test]
fn two_echoes_of_one_protocol_are_refused() {
    let args = ["node", "--listen", "127.0.0.1:0", "--echo", "foo/42/1", "--echo", "foo/42/2"];
    let node = devp2p(&args);
    assert_eq!((node.code, node.stdout.as_str()), (Some(1), ""));
    let told = "devp2p: the protocol foo/42 is configured twice\n".to_owned();
    assert_eq!(node.stderr, told + &more("protocol-twice"));
}

#[test]
fn messages_can_be_asked_for_without_an_echo() {
    let args = ["node", "--listen", "127.0.0.1:0", "--json", "--message-events", "--for", "0"];
    let node = devp2p(&args);
    let info: Value = serde_json::from_str(&node.stdout).unwrap();
    assert_eq!((node.code, &info["protocols"]), (Some(0), &serde_json::json!([])));
}
