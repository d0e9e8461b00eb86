//! `devp2p node`, as a user sees it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::net::UdpSocket;

use serde_json::Value;
use support::{
    CLOSED_ADDRESS, Devp2p, KEY_ONE, PUBLIC_KEY_ONE, STRANGER, devp2p, file, keys, more,
};

#[test]
fn it_says_who_it_is_and_how_to_connect() {
    let key = file("introduction.key", KEY_ONE);
    let node = devp2p(&["node", "--listen", "127.0.0.1:0", "--key", &key, "--for", "0"]);
    assert_eq!(node.code, Some(0), "{node:?}");
    let enode = node.stdout.lines().find_map(|line| line.strip_prefix("  enode://")).unwrap();
    assert!(enode.starts_with(&format!("{PUBLIC_KEY_ONE}@127.0.0.1:")), "{enode}");
    for command in [
        // On another port: on the same machine, this one's is taken.
        "node --listen 127.0.0.1:0 --connect",
        "node --listen 127.0.0.1:0 --bootnode",
        "ping",
    ] {
        // Called as it was called, and in quotes that bash, cmd and PowerShell know.
        let line = format!("  {} {command} \"enode://{enode}\"\n", env!("CARGO_BIN_EXE_devp2p"));
        assert!(node.stdout.contains(&line), "{node:?}");
    }
}

#[test]
fn the_lines_to_type_say_what_others_must_speak_and_invite_nobody_without_slots() {
    let base = ["node", "--listen", "127.0.0.1:0", "--for", "0"];
    let echo = devp2p(&[&base[..], &["--echo", "foo/42/1"]].concat()).stdout;
    for command in ["--connect", "--bootnode"] {
        let line = format!(" node --listen 127.0.0.1:0 --echo foo/42/1 {command} \"enode://");
        assert!(echo.contains(&line), "{echo}");
    }
    let closed = devp2p(&[&base[..], &["--max-peers", "0"]].concat()).stdout;
    assert!(closed.contains("It has no slots for peers"), "{closed}");
    assert!(!closed.contains("--connect") && closed.contains(" ping \"enode://"), "{closed}");
}

#[test]
fn without_discovery_it_opens_no_udp_and_is_no_bootnode() {
    let args = ["node", "--listen", "127.0.0.1:0", "--no-discovery", "--for", "0"];
    let node = devp2p(&args);
    assert_eq!(node.code, Some(0), "{node:?}");
    assert!(node.stdout.contains("?discport=0") && !node.stdout.contains("--bootnode"), "{node:?}");
    let info: Value =
        serde_json::from_str(&devp2p(&[&args[..], &["--json"]].concat()).stdout).unwrap();
    assert_eq!(info["ports"]["discovery"], 0);
}

#[test]
fn its_name_says_version_system_and_compiler() {
    let node = devp2p(&["node", "--listen", "127.0.0.1:0", "--json", "--for", "0"]);
    let info: Value = serde_json::from_str(&node.stdout).unwrap();
    let name = info["name"].as_str().unwrap();
    assert!(name.starts_with("devp2p/v") && name.contains("/rust1."), "{name}");
}

#[test]
fn on_all_interfaces_the_enode_has_an_address_to_connect_to() {
    let node = devp2p(&["node", "--listen", "0.0.0.0:0", "--json", "--for", "0"]);
    let info: Value = serde_json::from_str(&node.stdout).unwrap();
    assert_ne!(info["ip"], "0.0.0.0");
    assert!(info["listenAddr"].as_str().unwrap().starts_with("0.0.0.0:"), "{info}");
}

#[test]
fn the_address_in_the_enode_can_be_chosen() {
    let args = ["node", "--listen", "127.0.0.1:0", "--ip", "10.1.2.3", "--json", "--for", "0"];
    let info: Value = serde_json::from_str(&devp2p(&args).stdout).unwrap();
    assert_eq!(info["ip"], "10.1.2.3");
    assert!(info["enode"].as_str().unwrap().contains("@10.1.2.3:"), "{info}");
}

#[test]
fn without_a_listener_it_gives_no_address() {
    let node = devp2p(&["node", "--no-listen", "--for", "0"]);
    assert_eq!(node.code, Some(0), "{node:?}");
    assert!(node.stdout.contains("does not listen"), "{node:?}");
    assert!(!node.stdout.contains('@'), "{node:?}");
}

#[cfg(unix)]
#[test]
fn sigterm_ctrl_c_and_a_closed_terminal_end_it_with_success() {
    // Whoever starts the tests with nohup starts the node so, too: see the next test.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find(|line| {
        line.starts_with("SigIgn:") && line.ends_with(['1', '3', '5', '7', '9', 'b', 'd', 'f'])
    });
    let last = if ignored.is_some() { "-TERM" } else { "-HUP" };
    for signal in ["-TERM", "-INT", last] {
        let node = Devp2p::node(&[]);
        node.enode();
        node.signal(signal);
        let ended = node.wait();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.stderr, "");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_closed_terminal_does_not_end_what_was_started_with_nohup() {
    let node = Devp2p::node_after("trap '' HUP", &["--json"]);
    let enode = node.json()["enode"].as_str().unwrap().to_owned();
    node.signal("-HUP");
    assert_eq!(devp2p(&["ping", &enode]).code, Some(0));
    node.signal("-TERM");
    assert_eq!(node.wait().code, Some(0));
}

#[test]
fn it_ends_quietly_when_nobody_reads_its_output() {
    let args = ["node", "--listen", "127.0.0.1:0", "--json"];
    let node = Devp2p::start_and_read(&args, 1);
    let ended = if cfg!(target_os = "linux") {
        node.wait()
    } else {
        // Elsewhere it finds out when it has something to say.
        let enode = node.json()["enode"].as_str().unwrap().to_owned();
        devp2p(&["ping", &enode]);
        node.wait()
    };
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn json_begins_with_the_node() {
    let key = file("json.key", KEY_ONE);
    let node = Devp2p::node(&["--json", "--key", &key, "--name", "foo"]);
    let info = node.json();
    let all = ["enode", "enr", "id", "ip", "listenAddr", "name", "nodeId", "ports", "protocols"];
    assert_eq!(keys(&info), all);
    assert_eq!(info["id"], PUBLIC_KEY_ONE);
    assert_eq!(info["name"], "foo");
}

#[cfg(unix)]
#[test]
fn two_nodes_tell_in_json_that_they_met_and_parted() {
    let one = Devp2p::node(&["--json"]);
    let one_info = one.json();
    let two = Devp2p::node(&["--json", "--connect", one_info["enode"].as_str().unwrap()]);
    let two_info = two.json();

    for (node, other) in [(&one, &two_info), (&two, &one_info)] {
        let add = node.json();
        assert_eq!(keys(&add), ["local", "peer", "remote", "type"]);
        assert_eq!((&add["type"], &add["peer"]), (&"add".into(), &other["id"]));
    }

    two.signal("-TERM");
    let ended = two.wait();
    let drop: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((ended.code, &drop["type"]), (Some(0), &"drop".into()));
    let drop = one.json();
    assert_eq!((&drop["type"], &drop["peer"]), (&"drop".into(), &two_info["id"]));
    assert_eq!(drop["error"], "client quitting");
}

#[cfg(unix)]
#[test]
fn two_nodes_tell_people_that_they_met_and_parted() {
    let one = Devp2p::node(&["--name", "Alice"]);
    let two = Devp2p::node(&["--name", "Bob", "--connect", &one.enode()]);

    assert!(one.line_with("peer added    Bob (").ends_with(", it dialed"));
    assert!(two.line_with("peer added    Alice (").ends_with(", we dialed"));

    two.signal("-TERM");
    let goodbye = one.line_with("peer dropped  Bob (");
    assert!(goodbye.contains("it said \"client quitting\" (0x08) ["), "{goodbye}");
    let ended = two.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("we said \"client quitting\" (0x08)"), "{ended:?}");
}

#[cfg(unix)]
#[test]
fn a_signal_that_comes_twice_at_once_is_one() {
    let one = Devp2p::node(&[]);
    let enode = one.enode();
    for _ in 0..10 {
        let two = Devp2p::node(&["--connect", &enode]);
        two.line_with("peer added");
        two.signal_twice("-INT");
        let ended = two.wait();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains("we said \"client quitting\""), "{ended:?}");
    }
}

#[test]
fn nodes_that_know_one_find_each_other() {
    let bootnode = Devp2p::node(&["--json", "--max-peers", "0"]);
    let enode = bootnode.json()["enode"].as_str().unwrap().to_owned();
    let node = || Devp2p::node(&["--json", "--max-peers", "2", "--bootnode", &enode]);
    let (one, two) = (node(), node());
    let (one_info, two_info) = (one.json(), two.json());
    let (add_one, add_two) = (one.json(), two.json());
    assert_eq!((&add_one["type"], &add_one["peer"]), (&"add".into(), &two_info["id"]));
    assert_eq!((&add_two["type"], &add_two["peer"]), (&"add".into(), &one_info["id"]));
}

#[test]
fn a_failed_dial_is_shown_and_tried_again() {
    let enode = format!("enode://{STRANGER}@{}", CLOSED_ADDRESS);
    let node = Devp2p::node(&["--json", "--connect", &enode]);
    let warning = node.error_line();
    assert!(warning.contains("WARN dial failed; trying again in 1s"), "{warning}");
    assert!(warning.contains("connection refused"), "{warning}");
    assert!(warning.contains(CLOSED_ADDRESS), "{warning}");
    node.json();
    let event = node.json();
    assert_eq!(keys(&event), ["enode", "error", "peer", "type"]);
    assert_eq!((&event["type"], &event["enode"]), (&"dialfailed".into(), &enode.into()));
}

#[test]
fn the_same_failure_is_told_once() {
    let enode = format!("enode://{STRANGER}@{}", CLOSED_ADDRESS);
    let node = Devp2p::node(&["-v", "--connect", &enode]);
    let lines = std::iter::repeat_with(|| node.error_line());
    let third = |line: &String| line.contains("a dial ended; trying again in 4s");
    let before: Vec<String> = lines.take_while(|line| !third(line)).collect();
    let told = before.iter().filter(|line| line.contains("WARN")).count();
    assert_eq!(told, 1, "{before:?}");
}

#[test]
fn a_node_that_cannot_be_dialed_for_want_of_a_slot_is_told_with_a_way_out() {
    let enode = format!("enode://{STRANGER}@{}", CLOSED_ADDRESS);
    let node = Devp2p::node(&["--max-peers", "0", "--connect", &enode]);
    let warning = node.error_line();
    assert!(warning.contains("WARN all 0 slots are taken, so it is not dialed"), "{warning}");
    assert!(warning.contains("`max_peers`"), "{warning}");
}

#[test]
fn verbose_shows_the_steps() {
    let one = Devp2p::node(&[]);
    let two = Devp2p::node(&["-v", "--connect", &one.enode()]);
    let line = std::iter::repeat_with(|| two.error_line()).find(|line| line.contains("dialing"));
    let line = line.unwrap();
    // Which of several nodes it is.
    let key = two.enode()["enode://".len()..][..8].to_owned();
    assert!(line.contains(&format!("DEBUG node{{devp2p {key}}}: dialing")), "{line}");
}

#[test]
fn a_taken_port_is_told_with_a_way_out() {
    let node = Devp2p::node(&["--json"]);
    let taken = node.json()["listenAddr"].as_str().unwrap().to_owned();
    let second = devp2p(&["node", "--listen", &taken]);
    assert_eq!((second.code, second.stdout.as_str()), (Some(1), ""));
    assert!(second.stderr.starts_with("devp2p: TCP port "), "{second:?}");
    assert!(second.stderr.contains("in use"), "{second:?}");
    let advice = "`--listen 127.0.0.1:0`\n".to_owned() + &more("port-taken");
    assert!(second.stderr.ends_with(&advice), "{second:?}");
}

#[test]
fn a_taken_udp_port_is_told_as_such() {
    // The system may have given the TCP port of the same number to somebody else.
    let node = std::iter::repeat_with(|| {
        let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
        devp2p(&["node", "--listen", &taken.local_addr().unwrap().to_string()])
    });
    let node = node.take(20).find(|node| !node.stderr.starts_with("devp2p: TCP")).unwrap();
    assert_eq!((node.code, node.stdout.as_str()), (Some(1), ""));
    assert!(node.stderr.starts_with("devp2p: UDP port "), "{node:?}");
    let advice = "`--listen 127.0.0.1:0`\n".to_owned() + &more("port-taken");
    assert!(node.stderr.ends_with(&advice), "{node:?}");
}

#[test]
fn connecting_to_itself_fails() {
    let key = file("itself.key", KEY_ONE);
    let enode = format!("enode://{PUBLIC_KEY_ONE}@127.0.0.1:1");
    let node = devp2p(&["node", "--no-listen", "--key", &key, "--connect", &enode]);
    assert_eq!((node.code, node.stdout.as_str()), (Some(1), ""));
    assert!(node.stderr.contains("its own peer") || node.stderr.contains("own enode"), "{node:?}");
}
