//! What a node says when something is wrong around it: names, bootnodes, clocks, terminals.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod support;

use std::net::UdpSocket;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use devp2p_core::discv4::packet::{Endpoint, Packet, Ping, Pong, decode};
use devp2p_core::enr::Enr;
use devp2p_core::keys::NodeKey;
use serde_json::Value;
use support::{CLOSED_ADDRESS, Devp2p, STRANGER, devp2p};

/// The next line of stderr with `text` in it.
fn error_with(node: &Devp2p, text: &str) -> String {
    std::iter::repeat_with(|| node.error_line()).find(|line| line.contains(text)).unwrap()
}

fn unix() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The enode of a node whose clock is so many seconds late: it answers Pings, until the test ends.
fn late_by(seconds: u64) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let key = NodeKey::generate(&mut rand::rng());
    let enode = format!("enode://{}@{address}", key.public_key());
    thread::spawn(move || {
        let mut buffer = [0; 1280];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).unwrap();
            let Ok(received) = decode(&buffer[..length]) else { continue };
            if !matches!(received.packet, Packet::Ping(_)) {
                continue;
            }
            let to = Endpoint { ip: from.ip(), udp: from.port(), tcp: 0 };
            let expiration = unix() + 20 - seconds;
            let pong = Pong { to, ping_hash: received.hash, expiration, enr_seq: None };
            let pong = Packet::Pong(pong).encode(&key).unwrap();
            socket.send_to(&pong.datagram, from).unwrap();
        }
    });
    enode
}

#[test]
fn an_answer_that_is_late_by_our_clock_tells_by_how_much() {
    let enode = late_by(100);
    let ping = devp2p(&["discv4", "ping", &enode]);
    assert_eq!(ping.code, Some(1));
    let late = "by the clock of this machine 100 s late: one of the two clocks is wrong";
    // A second may begin between the two looks at the clock.
    let is_told = |text: &str| text.replace("101 s", "100 s").contains(late);
    assert!(is_told(&ping.stderr), "{ping:?}");

    let node = Devp2p::node(&["--bootnode", &enode]);
    let warning = error_with(&node, "no bootnode answers").replace("101 s", "100 s");
    assert!(warning.contains("answers 100 s late by the clock of this machine"), "{warning}");
}

#[test]
fn a_packet_that_is_void_is_shown_as_such() {
    let listen = Devp2p::start(&["discv4", "listen", "--listen", "127.0.0.1:0"]);
    let address = listen.enode().split_once("discport=").unwrap().1.to_owned();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let at = |port| Endpoint { ip: [127, 0, 0, 1].into(), udp: port, tcp: 0 };
    let ping = Ping { from: at(1), to: at(2), expiration: unix() - 80, enr_seq: None };
    let ping = Packet::Ping(ping).encode(&NodeKey::generate(&mut rand::rng())).unwrap();
    socket.send_to(&ping.datagram, format!("127.0.0.1:{address}")).unwrap();
    let line = listen.line_with("in   Ping").replace("81 s", "80 s");
    assert!(line.contains("(expired 80 s ago: one of the two clocks is wrong)"), "{line}");
}

#[test]
fn a_bootnode_that_is_not_there_is_told_once_with_what_to_look_at() {
    let enode = format!("enode://{STRANGER}@{CLOSED_ADDRESS}");
    let node = Devp2p::node(&["--bootnode", &enode]);
    let warning = error_with(&node, "WARN");
    assert!(warning.contains("WARN no bootnode answers, so no nodes are found: 1dd9d65c at"));
    assert!(warning.contains("127.0.0.1:1: no answer; do they run, does a firewall"), "{warning}");
}

#[test]
fn a_bootnode_that_cannot_be_reached_from_here_is_told_at_once() {
    let table = [
        ("192.0.2.1:30303", "from a loopback address nobody on another machine can be reached"),
        ("[2001:db8::1]:30303", "its address is IPv6, and our socket is IPv4"),
    ];
    for (address, why) in table {
        let enode = format!("enode://{STRANGER}@{address}");
        let node = Devp2p::node(&["--bootnode", &enode]);
        let warning = error_with(&node, "WARN");
        assert!(warning.contains("a bootnode cannot be reached: ") && warning.contains(why));
        assert!(warning.contains("bootnode=1dd9d65c"), "{warning}");
    }
}

#[test]
fn one_bootnode_that_can_be_asked_is_enough() {
    let bootnode = Devp2p::node(&["--json", "--max-peers", "5"]);
    let good = bootnode.json()["enode"].as_str().unwrap().to_owned();
    let bad = format!("enode://{STRANGER}@boot2.invalid:30303");
    let node = Devp2p::node(&["--json", "--bootnode", &format!("{good},{bad}")]);
    let warning = node.error_line();
    assert!(warning.contains("WARN this bootnode cannot be asked: its host name"), "{warning}");
    assert!(warning.contains(&bad) && warning.contains("looked up again"), "{warning}");
    node.json();
    assert_eq!(node.json()["type"], "add");

    let alone = devp2p(&["node", "--listen", "127.0.0.1:0", "--bootnode", &bad]);
    assert_eq!(alone.code, Some(1));
    assert!(alone.stderr.contains("its host name cannot be looked up"), "{alone:?}");
}

#[test]
fn behind_a_nat_the_ports_outside_are_told_and_both_families() {
    let outside = ["--ip", "203.0.113.7:40000?discport=40001", "--ip", "[2001:db8::7]:50000"];
    let args = [&["node", "--listen", "127.0.0.1:0", "--json", "--for", "0"], &outside[..]];
    let node: Value = serde_json::from_str(&devp2p(&args.concat()).stdout).unwrap();
    let enode = node["enode"].as_str().unwrap();
    assert!(enode.ends_with("@203.0.113.7:40000?discport=40001"), "{node}");
    let record: Enr = node["enr"].as_str().unwrap().parse().unwrap();
    let ports = ["tcp", "udp", "tcp6", "udp6"].map(|key| record.entry::<u16>(key).unwrap());
    assert_eq!(ports, [40000, 40001, 50000, 50000]);
    assert_eq!(record.entry::<[u8; 4]>("ip"), Some([203, 0, 113, 7]));
    assert!(record.entry::<[u8; 16]>("ip6").is_some());

    let twice = devp2p(&["node", "--ip", "10.0.0.1", "--ip", "10.0.0.2", "--for", "0"]);
    assert_eq!(twice.code, Some(1));
    assert!(twice.stderr.contains("one address for IPv4 and one for IPv6 at most"), "{twice:?}");
}

#[test]
fn why_there_are_no_peers_is_said_once() {
    let enode = format!("enode://{STRANGER}@{CLOSED_ADDRESS}");
    let node = Devp2p::node(&["--patience", "1", "--connect", &enode]);
    let warning = error_with(&node, "no peers after 1 s: ");
    assert!(warning.contains("no peer: ") || warning.contains("made a peer: "), "{warning}");
    assert!(warning.contains("connection refused"), "{warning}");
    let program = env!("CARGO_BIN_EXE_devp2p");
    assert!(warning.ends_with(&format!("give its options to `{program} diagnose`")), "{warning}");
}

#[test]
fn diagnose_names_what_keeps_peers_away() {
    let silent = format!("enode://{STRANGER}@{CLOSED_ADDRESS}");
    let base = ["diagnose", "--listen", "127.0.0.1:0"];
    let table = [
        (&["--for", "0"][..], "it knows nobody to connect to"),
        (&["--for", "0"], "where only this machine reaches it"),
        (&["--for", "0", "--max-peers", "0"], "it may have no peers: the limit is 0"),
        (
            &["--for", "3", "--bootnode", &silent],
            "no bootnode has answered: 1dd9d65c at 127.0.0.1:1",
        ),
        (&["--for", "1", "--connect", &silent], " × cannot connect: connection refused"),
    ];
    for (args, reason) in table {
        let diagnosis = devp2p(&[&base, args].concat());
        assert_eq!(diagnosis.code, Some(1), "{diagnosis:?}");
        assert!(diagnosis.stdout.contains(reason), "{reason}: {diagnosis:?}");
        assert!(diagnosis.stderr.ends_with("devp2p: no peers, see above\n"), "{diagnosis:?}");
    }
}

#[test]
fn that_it_does_not_start_is_a_diagnosis() {
    let nowhere = format!("enode://{STRANGER}@nowhere.invalid:30303");
    let args = ["diagnose", "--listen", "127.0.0.1:0", "--bootnode", &nowhere];
    let why = "it does not start: this bootnode cannot be asked: its host name cannot be looked up";
    let text = devp2p(&args);
    assert_eq!((text.code, &*text.stderr), (Some(1), "devp2p: no peers, see above\n"));
    assert!(text.stdout.starts_with(&format!("Why it has no peers:\n\n- {why}")), "{text:?}");
    let json: Value =
        serde_json::from_str(&devp2p(&[&args[..], &["--json"]].concat()).stdout).unwrap();
    assert!(json["whyNoPeers"][0].as_str().unwrap().starts_with(why), "{json}");
}

#[test]
fn a_peer_that_leaves_at_once_is_none_and_why_it_left_is_told() {
    let node = Devp2p::node(&["--echo", "foo/42/1"]);
    let args = ["diagnose", "--listen", "127.0.0.1:0", "--connect", &node.enode()];
    let diagnosis = devp2p(&args);
    assert_eq!(diagnosis.code, Some(1), "{diagnosis:?}");
    let why =
        "peers that it had dialed have gone: 1 × it said \"useless peer\" (0x03): we share no";
    assert!(diagnosis.stdout.contains(why), "{diagnosis:?}");
}

#[test]
fn an_outside_address_that_does_not_lead_to_it_is_warned_of() {
    let table =
        [("127.0.0.1:0", "10.1.2.3", "only this machine"), ("0.0.0.0:0", "2001:db8::7", "IPv6")];
    for (listen, ip, why) in table {
        let node = devp2p(&["node", "--listen", listen, "--ip", ip, "--for", "0"]);
        assert_eq!(node.code, Some(0), "{node:?}");
        assert!(node.stderr.contains(&format!("WARN --ip {ip} does not lead to where it listens")));
        assert!(node.stderr.contains(why), "{node:?}");
    }
}

#[test]
fn diagnose_takes_any_time() {
    let node = Devp2p::node(&[]);
    let longest = u64::MAX.to_string();
    let args = ["diagnose", "--listen", "127.0.0.1:0", "--for", &longest, "--connect"];
    let diagnosis = devp2p(&[&args[..], &[&node.enode()]].concat());
    assert_eq!((diagnosis.code, &*diagnosis.stderr), (Some(0), ""), "{diagnosis:?}");
}

#[test]
fn diagnose_prints_what_the_book_shows() {
    let silent = format!("enode://{STRANGER}@{CLOSED_ADDRESS}");
    let args = ["diagnose", "--listen", "127.0.0.1:0", "--for", "3", "--bootnode", &silent];
    let diagnosis = devp2p(&args).stdout;
    let enode = diagnosis.lines().find_map(|line| line.trim().strip_prefix("enode://")).unwrap();
    let (key, port) = enode.split_once("@127.0.0.1:").unwrap();
    let clock = diagnosis.lines().find(|line| line.starts_with("clock")).unwrap();
    let time = &clock["clock        ".len()..clock.find(" UTC").unwrap()];
    let told = diagnosis.replace(key, "<key 1>").replace(port, "<port 1>").replace(time, "<time>");
    let told = told.replace(env!("CARGO_BIN_EXE_devp2p"), "devp2p");
    let without_time = |line: &str| match line.get(2..3) {
        Some(":") => format!("<time>{}\n", &line["12:34:56".len()..]),
        _ => format!("{line}\n"),
    };
    let told: String = told.lines().map(without_time).collect();
    assert_eq!(told, include_str!("expected-diagnose.txt"));
}

#[test]
fn diagnose_is_content_when_there_is_a_peer() {
    let node = Devp2p::node(&[]);
    let args = ["diagnose", "--listen", "127.0.0.1:0", "--connect", &node.enode()];
    let diagnosis = devp2p(&args);
    assert_eq!((diagnosis.code, &*diagnosis.stderr), (Some(0), ""), "{diagnosis:?}");
    assert!(diagnosis.stdout.contains("has a peer: devp2p/"), "{diagnosis:?}");
    assert!(diagnosis.stdout.ends_with("It has peers.\n"), "{diagnosis:?}");

    let json: Value =
        serde_json::from_str(&devp2p(&[&args[..], &["--json"]].concat()).stdout).unwrap();
    assert_eq!(support::keys(&json), ["clock", "node", "status", "whyNoPeers"]);
    assert_eq!(json["status"]["peers"], 1);
}
