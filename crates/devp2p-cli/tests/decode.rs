//! `devp2p decode`: what it finds out, and what it says of what is broken.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use std::fs;

use support::{devp2p, file, new_path};

/// The vectors of a made-up exchange, to cut packets from.
fn vectors() -> serde_json::Value {
    serde_json::from_str(&devp2p(&["trace", "--vectors", "a4"]).stdout).unwrap()
}

#[test]
fn it_finds_out_what_it_is_given() {
    let vectors = vectors();
    let text = |pointer: &str| vectors.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let hello = text("/frames/0/frameData");
    let record = "enr:-IS4QHCYrYZbAKWCBRlAy5zzaDZXJBGkcnh4MHcBFZntXNFrdvJjX04jRzjzCBOonrkTfj499SZuOh8R33Ls8RRcy5wBgmlkgnY0gmlwhH8AAAGJc2VjcDI1NmsxoQPKY0yuDUmstAHYpMa2_oxVtw0RW_QAdpzBQA8yWM0xOIN1ZHCCdl8";
    let ping = "71dbda3a79554728d4f94411e42ee1f8b0d561c10e1e5f5893367948c6a7d70bb87b235fa28a77070271b6c164a2dce8c7e13a5739b53b5e96f2e5acb0e458a02902f5965d55ecbeb2ebb6cabb8b2b232896a36b737666c55265ad0a68412f250001ea04cb847f000001820cfa8215a8d790000000000000000000000000000000018208ae820d058443b9a355";
    for (given, title, word) in [
        (text("/handshake/auth"), "1-packet", "form: x and y follow"),
        (text("/handshake/ack"), "1-packet", "form: x and y follow"),
        (text("/frames/4/frame"), "1-frame", "header-mac: not checked"),
        (hello.clone(), "1-Hello", "client-id: \"bar/v666\""),
        (hello[2..].to_owned(), "1-Hello", "client-id: \"bar/v666\""),
        (format!("0x{}", &hello[2..]), "1-Hello", "client-id: \"bar/v666\""),
        ("01c104".to_owned(), "1-Disconnect", "reason: too many peers"),
        ("c104".to_owned(), "1-Disconnect", "reason: too many peers"),
        ("0204c104".to_owned(), "1-Disconnect", "reason: too many peers"),
        ("01 02 04 c1 08".to_owned(), "1-Disconnect", "reason: client quitting"),
        ("02 01 00 c0".to_owned(), "1-Ping", "msg-id: 0x02: Ping"),
        ("c88363617483646f67".to_owned(), "1-RLP", "string: \"cat\""),
        (record.to_owned(), "1-record", "value: 30303"),
        (ping.to_owned(), "1-Ping", "udp-port: 3322"),
    ] {
        let ended = devp2p(&["decode", &given]);
        assert_eq!(ended.code, Some(0), "{given}: {}", ended.stderr);
        assert!(ended.stdout.starts_with(title), "{given}: {}", ended.stdout);
        assert!(ended.stdout.contains(word), "{given}: {}", ended.stdout);
    }
}

#[test]
fn a_handshake_packet_is_opened_with_the_key_of_its_receiver() {
    let vectors = vectors();
    let text = |name: &str| vectors["handshake"][name].as_str().unwrap().to_owned();
    for (packet, key, field) in [
        ("auth", "recipientPrivkey", "initiator-nonce"),
        ("ack", "initiatorPrivkey", "recipient-nonce"),
    ] {
        let path = file(&format!("decode-{key}"), &text(key));
        let opened = devp2p(&["decode", "--key", &path, &text(packet)]);
        assert_eq!(opened.code, Some(0), "{}", opened.stderr);
        assert!(opened.stdout.starts_with(&format!("1-{packet}")), "{}", opened.stdout);
        assert!(opened.stdout.contains(field) && opened.stdout.contains("S: withheld"));
    }
    // The key of the other one.
    let path = file("decode-other-key", &text("initiatorPrivkey"));
    let closed = devp2p(&["decode", "--key", &path, &text("auth")]);
    assert_eq!(closed.code, Some(1));
    assert!(closed.stdout.contains("! at byte"), "{}", closed.stdout);
    assert!(closed.stdout.contains("cannot be decrypted with this node's key"));
}

#[test]
fn what_is_broken_is_shown_up_to_the_fault() {
    let vectors = vectors();
    let auth = vectors["handshake"]["auth"].as_str().unwrap();
    let cut = devp2p(&["decode", &auth[..200]]);
    assert_eq!(cut.code, Some(1));
    assert!(cut.stdout.contains("iv") && cut.stdout.contains("not-read"), "{}", cut.stdout);
    assert!(cut.stdout.contains("! at byte"), "{}", cut.stdout);
    assert!(cut.stderr.contains("explain nothing-known"), "{}", cut.stderr);

    let mut record = "enr:-IS4QHCYrYZbAKWCBRlAy5zzaDZXJBGkcnh4MHcBFZntXNFrdvJjX04jRzjzCBOonrkTfj499SZuOh8R33Ls8RRcy5wBgmlkgnY0gmlwhH8AAAGJc2VjcDI1NmsxoQPKY0yuDUmstAHYpMa2_oxVtw0RW_QAdpzBQA8yWM0xOIN1ZHCCdl8".to_owned();
    record.replace_range(20..21, "A");
    let changed = devp2p(&["decode", &record]);
    assert_eq!(changed.code, Some(1));
    assert!(changed.stdout.contains("30303") && changed.stdout.contains("! at byte"));

    for nothing in ["", "zzz", "0x", "f", "/nowhere/at/all", "\u{1b}[2J"] {
        let ended = devp2p(&["decode", nothing]);
        assert_eq!(ended.code, Some(1), "{nothing:?}: {}", ended.stdout);
        assert!(ended.stdout.is_empty() && !ended.stderr.contains('\u{1b}'), "{}", ended.stderr);
    }
}

#[test]
fn a_trace_file_is_shown_as_it_was_and_a_cut_one_up_to_there() {
    let path = new_path("decode-trace.jsonl");
    let trace = devp2p(&["trace", "--json", "a4"]).stdout;
    fs::write(&path, &trace).unwrap();
    let shown = devp2p(&["decode", "--secrets", &path]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    let text = devp2p(&["trace", "a4"]).stdout;
    assert!(text.ends_with(&shown.stdout), "{}", shown.stdout);

    fs::write(&path, &trace[..trace.len() - 200]).unwrap();
    let cut = devp2p(&["decode", &path]);
    assert_eq!(cut.code, Some(1));
    assert!(cut.stdout.contains("6-foo-42-code-0") && !cut.stdout.contains("7-Disconnect"));
    assert!(cut.stderr.contains("line 8 is no step"), "{}", cut.stderr);

    fs::write(&path, trace.replacen("\"version\":1", "\"version\":9", 1)).unwrap();
    let newer = devp2p(&["decode", &path]);
    assert_eq!((newer.code, &newer.stdout[..]), (Some(1), ""));
    assert!(newer.stderr.contains("version 9"), "{}", newer.stderr);
}

#[test]
fn it_can_be_told_what_bytes_are() {
    let ended = devp2p(&["decode", "--as", "rlp", "c104"]);
    assert!(ended.stdout.starts_with("1-RLP"), "{}", ended.stdout);
    let ended = devp2p(&["decode", "--as", "hello", "c0"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("does not hold the fields"), "{}", ended.stdout);
    let ended = devp2p(&["decode", "--json", "c104"]);
    assert_eq!(ended.stdout.lines().count(), 2);
}

/// A capture of `devp2p ping` and `devp2p discv4 ping`, as tcpdump wrote it.
const CAPTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures/ping.pcap");

#[test]
fn a_capture_without_a_key_log_shows_what_an_eavesdropper_sees() {
    for capture in [CAPTURE.to_owned(), CAPTURE.to_owned() + "ng"] {
        let ended = devp2p(&["decode", &capture]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        for word in ["1-auth", "2-ack", "3-bytes", "form: x and y follow", "1-Ping", "2-Pong"] {
            assert!(ended.stdout.contains(word), "no {word} in {}", ended.stdout);
        }
        assert!(!ended.stdout.contains("client-id"), "{}", ended.stdout);
    }
}

#[test]
fn a_key_log_of_another_run_and_a_cut_capture_are_named() {
    let line = format!("RLPX_AUTH_SECRET {0} {0}\n", "11".repeat(32));
    let log = file("decode-another-run.log", &line);
    let ended = devp2p(&["decode", "--keylog", &log, CAPTURE]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("1-auth"), "{}", ended.stdout);
    assert!(ended.stderr.contains("knows none of the 1 RLPx connection"), "{}", ended.stderr);

    let broken = file("decode-broken.log", "RLPX_AUTH_SECRET 11 22\n");
    let ended = devp2p(&["decode", "--keylog", &broken, CAPTURE]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("line 1 of the key log"), "{}", ended.stderr);

    let cut = new_path("decode-cut.pcap");
    let whole = fs::read(CAPTURE).unwrap();
    fs::write(&cut, &whole[..whole.len() - 100]).unwrap();
    let ended = devp2p(&["decode", &cut]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("2-ack"), "{}", ended.stdout);
    assert!(ended.stderr.contains("the capture is cut off after packet"), "{}", ended.stderr);

    fs::write(&cut, &whole[..24]).unwrap();
    let ended = devp2p(&["decode", &cut]);
    assert_eq!((ended.code, &ended.stdout[..]), (Some(1), ""));
    assert!(ended.stderr.contains("no RLPx connection"), "{}", ended.stderr);
}

#[test]
fn what_a_capture_has_besides_is_said() {
    let whole = fs::read(CAPTURE).unwrap();
    let path = new_path("decode-besides.pcap");
    // Records of 16 bytes and a packet each, after a header of 24.
    let mut records = Vec::new();
    let mut at = 24;
    while at < whole.len() {
        let length: [u8; 4] = whole[at + 8..at + 12].try_into().unwrap();
        let end = at + 16 + usize::try_from(u32::from_le_bytes(length)).unwrap();
        records.push(whole[at..end].to_vec());
        at = end;
    }
    let longest = records.iter().map(Vec::len).max().unwrap();
    // Without auth, the longest packet, nobody knows what the connection is.
    let kept: Vec<u8> =
        records.iter().filter(|one| one.len() < longest).flatten().copied().collect();
    fs::write(&path, [&whole[..24], &kept].concat()).unwrap();
    let ended = devp2p(&["decode", &path]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("1-Ping") && !ended.stdout.contains("1-auth"));
    assert!(ended.stderr.contains("not shown: 1 TCP connection"), "{}", ended.stderr);
}

#[test]
fn options_that_do_not_fit_are_not_passed_over() {
    let log = file("decode-fits-not.log", "");
    let ended = devp2p(&["decode", "--keylog", &log, "01c104"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("--keylog is for captures"), "{}", ended.stderr);

    let path = new_path("decode-withheld.jsonl");
    let first = devp2p(&["decode", "--json", "01c104"]).stdout.lines().next().unwrap().to_owned();
    let steps = devp2p(&["trace", "--json", "a2"]).stdout;
    let steps: String = steps.lines().skip(1).map(|line| line.to_owned() + "\n\n").collect();
    fs::write(&path, format!("\u{feff}{first}\n{steps}")).unwrap();
    let ended = devp2p(&["decode", "--secrets", "--json", &path]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.starts_with(&first) && first.contains("\"secrets\":false"), "{first}");

    fs::write(&path, first).unwrap();
    let ended = devp2p(&["decode", &path]);
    assert!(ended.stderr.contains("not one step"), "{}", ended.stderr);
}
