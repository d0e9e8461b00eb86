//! What the pages of the book show of `devp2p decode`, and the key log that they explain.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests, with small numbers"
)]

mod support;

use std::fs;
use std::path::Path;

use devp2p_core::net::client_name;
use serde_json::Value;
use support::{Devp2p, KEY_ONE, assert_golden, devp2p, file, new_path};

fn vectors(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../devp2p-core/tests/vectors");
    serde_json::from_str(&fs::read_to_string(path.join(name)).unwrap()).unwrap()
}

/// What `devp2p trace --seed 42 a4 --vectors` says.
fn exchange() -> Value {
    let printed = devp2p(&["trace", "--seed", "42", "a4", "--vectors"]);
    serde_json::from_str(&printed.stdout).unwrap()
}

#[test]
fn packets_of_discovery_are_shown() {
    let packets = vectors("discv4_packets.json");
    let later = vectors("discv4_eip8_packets.json");
    for (name, packet) in [
        ("ping", &packets["packets"][0]["packet"]),
        ("pong", &later["pong"]),
        ("findnode", &packets["packets"][2]["packet"]),
        ("neighbors", &packets["packets"][3]["packet"]),
    ] {
        let ended = devp2p(&["decode", packet.as_str().unwrap()]);
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.stderr);
        if name == "ping" {
            assert_golden("decoded/ping.txt", &ended.stdout);
            continue;
        }
        // Envelopes are all alike.
        let (_, data) = ended.stdout.split_once("\n\n  packet: ").unwrap();
        assert_golden(&format!("decoded/{name}-data.txt"), &format!("  packet: {data}"));
    }
}

#[test]
fn a_node_record_is_shown() {
    let bytes = vectors("enr_records.json")["records"][0]["rlp"].as_str().unwrap().to_owned();
    let ended = devp2p(&["decode", "--as", "enr", &bytes]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_golden("decoded/record.txt", &ended.stdout);
}

#[test]
fn all_four_forms_of_a_disconnect_are_shown() {
    let mut shown = String::new();
    for payload in ["c104", "04", "0204c104", "010004"] {
        let ended = devp2p(&["decode", "--as", "disconnect", payload]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let lines = ended.stdout.lines();
        let bytes = lines.filter(|line| line.starts_with("  00")).collect::<Vec<_>>().join("\n");
        assert!(bytes.ends_with("reason: too many peers"), "{bytes}");
        shown += &format!("devp2p decode --as disconnect {payload}\n{bytes}\n\n");
    }
    assert_golden("decoded/disconnects.txt", &format!("{}\n", shown.trim_end()));
}

#[test]
fn the_key_log_of_the_book_opens_the_exchange_of_the_book() {
    let exchange = exchange();
    let text = |name: &str| exchange["handshake"][name].as_str().unwrap();
    let connection = &text("auth")[..64];
    let mut log = "# devp2p trace --seed 42 a4\n".to_owned();
    for (label, secret) in [
        ("RLPX_AUTH_SECRET", "authSecret"),
        ("RLPX_ACK_SECRET", "ackSecret"),
        ("RLPX_EPHEMERAL_KEY", "ephemeralKey"),
    ] {
        log += &format!("{label} {connection} {}\n", text(secret));
    }
    assert_golden("decoded/keys.log", &log);

    let capture = new_path("book.pcap");
    fs::write(&capture, pcap(&exchange)).unwrap();
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/decoded/keys.log");
    let opened = devp2p(&["decode", "--keylog", keys.to_str().unwrap(), &capture]);
    assert_eq!(opened.code, Some(0), "{}", opened.stderr);
    assert_golden("decoded/titles.txt", &titles(&opened.stdout));
    // What was said, as if the two nodes had told us.
    assert_eq!(opened.stdout.matches("\"foobar\"").count(), 2);

    // Without the log, only what everybody sees.
    let closed = devp2p(&["decode", &capture]);
    assert_golden("decoded/titles-without-keys.txt", &titles(&closed.stdout));
    assert!(!closed.stdout.contains("foobar"));
}

/// The first line of every step.
fn titles(printed: &str) -> String {
    let titles = printed.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    titles.map(|line| format!("{line}\n")).collect()
}

/// The exchange as a capture: raw IP, a packet every millisecond.
fn pcap(exchange: &Value) -> Vec<u8> {
    let bytes = |hex: &Value| -> Vec<u8> {
        let digits: Vec<char> = hex.as_str().unwrap().chars().collect();
        let byte = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).unwrap();
        digits.chunks(2).map(byte).collect()
    };
    let mut said = vec![(true, vec![]), (false, vec![])];
    said.push((true, bytes(&exchange["handshake"]["auth"])));
    said.push((false, bytes(&exchange["handshake"]["ack"])));
    for frame in exchange["frames"].as_array().unwrap() {
        said.push((frame["from"] == "initiator", bytes(&frame["frame"])));
    }
    let mut file = [&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0][..], &[0; 8]].concat();
    file.extend([65535_u32, 101].map(u32::to_le_bytes).concat());
    let mut sent = [1_u32; 2];
    for ((from_dialer, payload), millisecond) in said.into_iter().zip(0_u32..) {
        let packet = segment(from_dialer, &mut sent, &payload);
        let len = u32::try_from(packet.len()).unwrap();
        file.extend([0, millisecond * 1000, len, len].map(u32::to_le_bytes).concat());
        file.extend(packet);
    }
    file
}

/// A TCP segment from one of the two to the other; without payload: SYN.
fn segment(from_dialer: bool, sent: &mut [u32; 2], payload: &[u8]) -> Vec<u8> {
    let (ours, theirs, ports) =
        if from_dialer { (0, 1, [50000_u16, 30303]) } else { (1, 0, [30303, 50000]) };
    let mut packet = vec![0x45, 0];
    packet.extend(u16::try_from(40 + payload.len()).unwrap().to_be_bytes());
    packet.extend([0, 1, 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
    packet.extend(ports.map(u16::to_be_bytes).concat());
    let is_syn = payload.is_empty();
    let acknowledged = if is_syn && from_dialer { 0 } else { sent[theirs] };
    packet.extend([sent[ours], acknowledged].map(u32::to_be_bytes).concat());
    let flags = match (is_syn, from_dialer) {
        (true, true) => 0x02,
        (true, false) => 0x12,
        (false, _) => 0x10,
    };
    packet.extend([5 << 4, flags, 1, 0, 0, 0, 0, 0]);
    packet.extend(payload);
    sent[ours] += if is_syn { 1 } else { u32::try_from(payload.len()).unwrap() };
    packet
}

/// What differs from run to run gets a name.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    for line in text.lines() {
        let line = match line.trim_end().strip_suffix(" ms").and_then(|line| line.rsplit_once(' '))
        {
            Some((step, _)) => format!("{:<20} <time> ms", step.trim_end()),
            None => line.to_owned(),
        };
        let words = line.split(' ').map(|word| match word {
            word if word.len() == 8 && word.matches(':').count() == 2 => "<time>".to_owned(),
            word if word.starts_with('(')
                && word.trim_end_matches(['(', ')', ',', ':']).len() == 9 =>
            {
                format!("(<key>{}", &word[9..])
            }
            word => match word.split_once("127.0.0.1:") {
                Some((before, port)) => {
                    let after = port.trim_start_matches(|c: char| c.is_ascii_digit());
                    format!("{before}127.0.0.1:<port>{after}")
                }
                None => word.to_owned(),
            },
        });
        masked += &words.collect::<Vec<_>>().join(" ");
        masked.push('\n');
    }
    let version = env!("CARGO_PKG_VERSION");
    let name = |program: &str| client_name(program, version);
    for program in ["devp2p", "devp2p-ping"] {
        masked =
            masked.replace(&name(program), &format!("{program}/v<version>/<os>/rust<version>"));
    }
    masked.replace(env!("CARGO_BIN_EXE_devp2p"), "devp2p")
}

#[test]
fn a_node_and_a_ping_are_shown() {
    let key = file("book_node.key", KEY_ONE);
    let node = Devp2p::node(&["--key", &key]);
    let ping = devp2p(&["ping", &node.enode()]);
    assert_eq!((ping.code, ping.stderr.as_str()), (Some(0), ""));
    assert_golden("decoded/tool-ping.txt", &masked(&ping.stdout));
    let lines = [node.line_with("peer added"), node.line_with("peer dropped")];
    assert_golden("decoded/tool-node.txt", &masked(&lines.join("\n")));
}

#[test]
fn a_new_key_is_shown() {
    let path = new_path("book_new.key");
    let made = devp2p(&["key", "new", &path]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    fs::remove_file(&path).unwrap();
    let path = file("book_known.key", KEY_ONE);
    let shown = devp2p(&["key", "enode", &path, "--ip", "203.0.113.7"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert_golden("decoded/tool-key.txt", &shown.stdout);
}

/// The payload of A5's ping; and what is in an enode, for A1.
#[test]
fn what_the_lessons_send_is_shown() {
    let ended = devp2p(&["decode", "--as", "rlp", "c280c0"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_golden("decoded/lesson-ping.txt", &ended.stdout);
    let key = file("book_id.key", KEY_ONE);
    let enode = devp2p(&["key", "enode", &key, "--ip", "127.0.0.1"]).stdout;
    let ended = devp2p(&["decode", enode.trim()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_golden("decoded/lesson-enode.txt", &ended.stdout);
}
