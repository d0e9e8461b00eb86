//! `devp2p ping`, as a user sees it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::io::Read;
use std::net::TcpListener;
use std::thread;

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server};
use devp2p_core::protocol::Protocol;
use serde_json::Value;
use support::{
    CLOSED_ADDRESS, Devp2p, KEY_ONE, PUBLIC_KEY_ONE, STRANGER, devp2p, file, keys, more,
};

#[test]
fn it_shows_every_step_and_who_answers() {
    let node = Devp2p::node(&["--name", "Alice"]);
    let enode = node.enode();
    let ping = devp2p(&["ping", &enode]);
    assert_eq!((ping.code, ping.stderr.as_str()), (Some(0), ""));
    let id = enode.strip_prefix("enode://").unwrap().split('@').next().unwrap();
    let expected = ["TCP connect", "RLPx handshake", "Hello", "Ping, Pong", "Alice", id];
    let mut rest = ping.stdout.as_str();
    for text in expected {
        let (_, after) = rest.split_once(text).unwrap_or_else(|| panic!("no {text}: {ping:?}"));
        rest = after;
    }
}

#[test]
fn the_node_sees_it_come_and_go() {
    let node = Devp2p::node(&[]);
    devp2p(&["ping", &node.enode()]);
    node.line_with("peer added    devp2p-ping/");
    let goodbye = node.line_with("peer dropped  devp2p-ping/");
    assert!(goodbye.contains("it said \"client quitting\" (0x08) ["), "{goodbye}");
}

#[test]
fn in_json_it_is_one_object() {
    let key = file("ping_json.key", KEY_ONE);
    let node = Devp2p::node(&["--name", "Alice", "--key", &key]);
    let enode = node.enode();
    let ping = devp2p(&["ping", "--json", &enode]);
    let answer: Value = serde_json::from_str(&ping.stdout).unwrap();
    let expected = ["capabilities", "enode", "id", "milliseconds", "name", "p2pVersion"];
    assert_eq!(keys(&answer), expected);
    assert_eq!(answer["enode"], *enode);
    assert_eq!(answer["id"], PUBLIC_KEY_ONE);
    assert_eq!((&answer["name"], &answer["p2pVersion"]), (&"Alice".into(), &5.into()));
    for step in ["connect", "handshake", "hello", "ping"] {
        assert!(answer["milliseconds"][step].as_f64().unwrap() > 0.0, "{answer}");
    }
}

#[test]
fn a_host_name_is_looked_up() {
    let node = Devp2p::node(&[]);
    let enode = node.enode().replace("@127.0.0.1:", "@localhost:");
    let ping = devp2p(&["ping", &enode]);
    assert_eq!(ping.code, Some(0), "{ping:?}");
    let (look_up, connect) = ping.stdout.split_once("TCP connect").unwrap();
    assert!(look_up.contains("  name look-up ") && connect.contains("Pong"), "{ping:?}");
}

#[test]
fn a_wrong_key_in_the_enode_is_suspected() {
    let node = Devp2p::node(&[]);
    let enode = node.enode();
    let (_, address) = enode.split_once('@').unwrap();
    let ping = devp2p(&["ping", &format!("enode://{STRANGER}@{address}")]);
    assert_eq!(ping.code, Some(1), "{ping:?}");
    assert!(ping.stdout.contains("TCP connect"), "{ping:?}");
    assert!(ping.stderr.contains("is the key in the enode right"), "{ping:?}");
}

#[test]
fn a_node_without_a_free_slot_says_so() {
    let node = Devp2p::node(&["--max-peers", "0"]);
    let ping = devp2p(&["ping", &node.enode()]);
    assert_eq!(ping.code, Some(1), "{ping:?}");
    assert!(ping.stderr.contains("refuses us: too many peers (0x04)"), "{ping:?}");
}

#[test]
fn a_trusted_key_needs_no_free_slot() {
    let key = file("trusted.key", KEY_ONE);
    let enode = devp2p(&["key", "enode", &key]).stdout;
    let node = Devp2p::node(&["--max-peers", "0", "--trusted", enode.trim()]);
    let ping = devp2p(&["ping", "--key", &key, &node.enode()]);
    assert_eq!(ping.code, Some(0), "{ping:?}");
}

#[test]
fn a_node_with_the_same_key_is_told_from_a_stranger() {
    let key = file("same.key", KEY_ONE);
    let node = Devp2p::node(&["--key", &key]);
    let ping = devp2p(&["ping", "--key", &key, &node.enode()]);
    assert_eq!(ping.code, Some(1), "{ping:?}");
    assert!(ping.stderr.contains("connected to self (0x0a)"), "{ping:?}");
}

#[test]
fn a_node_that_finds_us_useless_has_told_who_it_is() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let foo = Protocol::new("foo", 42, 1, |_peer, _pipe| async { Ok(()) });
    let config = Config {
        max_peers: 1,
        protocols: vec![foo],
        ..Config::new(NodeKey::generate(&mut rand::rng()), "Alice")
    };
    let server = runtime.block_on(Server::start(config)).unwrap();
    let ping = devp2p(&["ping", &server.enode().to_string()]);
    assert_eq!((ping.code, ping.stderr.as_str()), (Some(0), ""));
    assert!(ping.stdout.contains("Alice"), "{ping:?}");
    assert!(ping.stdout.contains("foo/42"), "{ping:?}");
    assert!(ping.stdout.contains("After Hello it said \"useless peer\" (0x03)"), "{ping:?}");
    runtime.block_on(server.stop());
}

#[test]
fn a_closed_port_is_told() {
    let ping = devp2p(&["ping", &format!("enode://{STRANGER}@{}", CLOSED_ADDRESS)]);
    assert_eq!(ping.code, Some(1), "{ping:?}");
    assert!(ping.stderr.starts_with("devp2p: cannot connect: connection refused"), "{ping:?}");
}

#[test]
fn another_kind_of_server_is_told_from_a_node() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 2]).unwrap();
        std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let ping = devp2p(&["ping", &format!("enode://{STRANGER}@{address}")]);
    assert_eq!(ping.code, Some(1), "{ping:?}");
    assert!(ping.stderr.starts_with("devp2p: the answer is no RLPx handshake"), "{ping:?}");
    assert_eq!(ping.stderr.lines().count(), 2, "{ping:?}");
    assert!(ping.stderr.ends_with(&more("no-handshake-packet")), "{ping:?}");
    server.join().unwrap();
}
