//! `devp2p discv4`, as a user sees it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::net::UdpSocket;

use serde_json::Value;
use support::{Devp2p, Ended, KEY_ONE, PUBLIC_KEY_ONE, STRANGER, devp2p, file, keys, new_path};

/// A node of the discovery network on the loopback address.
fn listen(args: &[&str]) -> Devp2p {
    Devp2p::start(&[&["discv4", "listen", "--listen", "127.0.0.1:0"], args].concat())
}

/// Runs `devp2p discv4 …` to its end.
fn discv4(args: &[&str]) -> Ended {
    devp2p(&[&["discv4"], args].concat())
}

/// What it printed, which is JSON.
fn json(ended: &Ended) -> Value {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    serde_json::from_str(&ended.stdout).unwrap()
}

/// The UDP port of an enode.
fn udp_port(enode: &str) -> &str {
    enode.rsplit_once("discport=").unwrap().1
}

/// The enode of a node that is not there, and a socket that keeps its port.
fn silent() -> (UdpSocket, String) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    (socket, format!("enode://{STRANGER}@{address}"))
}

#[test]
fn ping_shows_how_long_it_takes_and_where_the_node_sees_us() {
    let node = listen(&[]);
    let ping = discv4(&["ping", &node.enode()]);
    assert_eq!((ping.code, ping.stderr.as_str()), (Some(0), ""));
    for text in ["Ping, Pong", " ms", "sees us at    127.0.0.1:", "record        seq "] {
        assert!(ping.stdout.contains(text), "no {text} in {ping:?}");
    }
}

#[test]
fn a_name_that_leads_nowhere_is_named() {
    let enode = format!("enode://{STRANGER}@nowhere.invalid:30303");
    for command in ["ping", "enr"] {
        let ended = discv4(&[command, &enode]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
        assert!(ended.stderr.starts_with("devp2p: nowhere.invalid: "), "{ended:?}");
    }
}

#[test]
fn ping_in_json_is_one_object() {
    let key = file("discv4_ping.key", KEY_ONE);
    let node = listen(&["--key", &key]);
    let enode = node.enode();
    let answer = json(&discv4(&["ping", "--json", &enode]));
    assert_eq!(keys(&answer), ["enode", "enrSeq", "milliseconds", "seenAt"]);
    assert_eq!(answer["enode"], *enode);
    assert!(answer["milliseconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn enr_shows_the_record_that_the_node_has_signed() {
    let key = file("discv4_enr.key", KEY_ONE);
    let node = listen(&["--key", &key, "--json"]);
    let introduction = node.json();
    assert_eq!(keys(&introduction), ["enode", "enr", "id", "listenAddr"]);
    let enode = introduction["enode"].as_str().unwrap();

    let text = discv4(&["enr", enode]);
    assert!(text.stdout.starts_with(introduction["enr"].as_str().unwrap()), "{text:?}");
    let record = json(&discv4(&["enr", "--json", enode]));
    assert_eq!((&record["enr"], &record["enode"]), (&introduction["enr"], &introduction["enode"]));
    assert_eq!((&record["id"], &record["ip"]), (&PUBLIC_KEY_ONE.into(), &"127.0.0.1".into()));
    assert_eq!(record["udp"].to_string(), udp_port(enode));
    assert_eq!(record["pairs"]["id"], "827634");
}

#[test]
fn a_record_names_a_node_as_well_as_an_enode() {
    let node = listen(&["--json"]);
    let introduction = node.json();
    let enr = introduction["enr"].as_str().unwrap();
    assert_eq!(json(&discv4(&["ping", "--json", enr]))["enode"], introduction["enode"]);
}

#[test]
fn resolve_finds_a_node_by_its_key_alone() {
    let key = file("discv4_resolve.key", KEY_ONE);
    let bootnode = listen(&[]);
    let bootnode_enode = bootnode.enode();
    let node = listen(&["--key", &key, "--bootnode", &bootnode_enode]);
    let enode = node.enode();
    // They have met: it has asked, and was told.
    node.line_with("in   Neighbors");
    let record =
        json(&discv4(&["resolve", PUBLIC_KEY_ONE, "--bootnode", &bootnode_enode, "--json"]));
    assert_eq!(record["enode"], *enode);
}

#[test]
fn resolve_says_when_nobody_knows_the_node() {
    let bootnode = listen(&[]);
    let resolve = discv4(&["resolve", STRANGER, "--bootnode", &bootnode.enode()]);
    assert_eq!((resolve.code, resolve.stdout.as_str()), (Some(1), ""));
    assert!(resolve.stderr.contains("nobody knows the node 1dd9d65c"), "{resolve:?}");
}

#[test]
fn resolve_without_anybody_to_ask_says_what_to_add() {
    let resolve = discv4(&["resolve", STRANGER]);
    assert_eq!(resolve.code, Some(1));
    assert!(resolve.stderr.contains("--bootnode ENODE"), "{resolve:?}");
}

#[test]
fn crawl_lists_every_node_once() {
    let bootnode = listen(&[]);
    let bootnode_enode = bootnode.enode();
    let others = [(); 3].map(|()| listen(&["--bootnode", &bootnode_enode]));
    let mut enodes: Vec<String> = others.iter().map(Devp2p::enode).collect();
    for other in &others {
        // They have met: it has asked, and was told.
        other.line_with("in   Neighbors");
    }
    let crawl = discv4(&["crawl", "--bootnode", &bootnode_enode]);
    assert_eq!(crawl.code, Some(0), "{crawl:?}");
    assert!(crawl.stderr.contains("4 found in "), "{crawl:?}");
    assert!(crawl.stderr.ends_with("nobody knows of more.\n"), "{crawl:?}");
    let mut found: Vec<&str> = crawl.stdout.lines().collect();
    enodes.push(bootnode_enode);
    found.sort_unstable();
    enodes.sort_unstable();
    assert_eq!(found, enodes);

    let crawl = discv4(&["crawl", "--json", "--bootnode", &enodes[0]]);
    let nodes: Vec<Value> =
        crawl.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(nodes.len(), 4, "{crawl:?}");
    assert_eq!(keys(&nodes[0]), ["enode", "id", "nodeId"]);
}

#[test]
fn listen_shows_every_packet() {
    let node = listen(&["--json"]);
    let enode = node.json()["enode"].as_str().unwrap().to_owned();
    discv4(&["ping", &enode]);
    let (ping, pong) = (node.json(), node.json());
    assert_eq!(keys(&ping), ["bytes", "id", "packet", "remote", "way"]);
    assert_eq!((&ping["way"], &ping["packet"]), (&"in".into(), &"Ping".into()));
    assert_eq!((&pong["way"], &pong["packet"]), (&"out".into(), &"Pong".into()));
    assert_eq!(ping["remote"], pong["remote"]);
}

#[test]
fn listen_says_of_a_datagram_that_is_no_packet_why() {
    let node = listen(&[]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(b"hello", format!("127.0.0.1:{}", udp_port(&node.enode()))).unwrap();
    let line = node.line_with("in   no packet");
    assert!(
        line.ends_with("5 bytes: a discovery packet has 98 to 1280 bytes, this datagram has 5")
    );
}

#[test]
fn listen_ends_by_itself() {
    let ended = listen(&["--for", "0"]).wait();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_taken_port_says_so() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let ended = discv4(&["listen", "--listen", &address]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.starts_with("devp2p: UDP port "), "{ended:?}");
    assert!(ended.stderr.contains("for example with `--listen 127.0.0.1:0`"), "{ended:?}");
}

#[test]
fn a_silent_node_is_told_with_what_to_check() {
    let (socket, enode) = silent();
    let address = socket.local_addr().unwrap().to_string();
    for command in ["ping", "enr"] {
        let ended = discv4(&[command, &enode]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
        let expected = format!("devp2p: no answer from UDP {address}, asked 3 times: ");
        assert!(ended.stderr.starts_with(&expected), "{ended:?}");
    }
    for command in [&["crawl"][..], &["resolve", PUBLIC_KEY_ONE]] {
        let ended = discv4(&[command, &["--bootnode", &enode]].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
        assert!(ended.stderr.contains("devp2p: no bootnode answers: "), "{ended:?}");
    }
}

#[test]
fn a_key_file_that_is_not_there_is_told() {
    let (_socket, enode) = silent();
    let ended = discv4(&["ping", &enode, "--key", &new_path("discv4_none.key")]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.starts_with("devp2p: there is no key file"), "{ended:?}");
}

/// The example of EIP-778.
const RECORD: &str = "enr:-IS4QHCYrYZbAKWCBRlAy5zzaDZXJBGkcnh4MHcBFZntXNFrdvJjX04jRzjzCBOonrkTfj499SZu\
                      Oh8R33Ls8RRcy5wBgmlkgnY0gmlwhH8AAAGJc2VjcDI1NmsxoQPKY0yuDUmstAHYpMa2_oxVtw0RW_QA\
                      dpzBQA8yWM0xOIN1ZHCCdl8";

#[test]
fn a_record_is_shown_without_asking_anybody_and_numbers_as_numbers() {
    for record in [RECORD.to_owned(), format!(" {RECORD} ")] {
        let shown = discv4(&["enr", &record]);
        assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""));
        for line in ["  id          v4", "  ip          127.0.0.1", "  udp         30303"] {
            assert!(shown.stdout.lines().any(|shown| shown == line), "{line}: {}", shown.stdout);
        }
        assert!(shown.stdout.contains("  secp256k1   a103ca634cae"), "{}", shown.stdout);
    }
}
