//! `devp2p trace` and the traces of live connections, as users see them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use std::fs;

use devp2p_core::trace::file::read;
use devp2p_core::trace::{Side, Step};
use serde_json::Value;
use support::{Devp2p, devp2p, new_path};

/// Compares with what was printed once, by seed and lesson.
#[track_caller]
fn assert_golden(name: &str, printed: &str) {
    support::assert_golden(&format!("traces/{name}"), printed);
}

#[test]
fn the_same_seed_gives_the_same_text_and_the_same_json() {
    for (seed, lesson) in [("1", "a2"), ("7", "a5"), ("42", "a4")] {
        let args = ["trace", "--seed", seed, lesson];
        for _twice in 0..2 {
            let text = devp2p(&args);
            assert_eq!(text.code, Some(0), "{}", text.stderr);
            assert_golden(&format!("{seed}-{lesson}.txt"), &text.stdout);
            let json = devp2p(&[&args[..], &["--json"]].concat());
            assert_golden(&format!("{seed}-{lesson}.jsonl"), &json.stdout);
        }
    }
}

#[test]
fn the_book_has_each_step_of_seed_42_by_itself() {
    let text = devp2p(&["trace", "--seed", "42", "a4"]).stdout;
    let begins = |line: &str| line.starts_with(|c: char| c.is_ascii_digit());
    let lines: Vec<&str> = text.lines().collect();
    let starts: Vec<usize> = (0..lines.len()).filter(|number| begins(lines[*number])).collect();
    assert_eq!(starts.len(), 7);
    for (number, start) in starts.iter().enumerate() {
        let end = starts.get(number + 1).copied().unwrap_or(lines.len());
        let step = lines[*start..end].join("\n").trim_end().to_owned() + "\n";
        let name = step.split_whitespace().next().unwrap();
        assert_golden(&format!("42-a4/{name}.txt"), &step);
    }
}

/// The parts of steps that pages show: a file, its step, and how the titles of its parts begin.
const PARTS: [(&str, usize, &[&str]); 14] = [
    ("1-auth-ciphertext", 0, &["packet:", "ciphertext:"]),
    ("1-auth-keys", 0, &["keys of the packet:"]),
    ("1-auth-body", 0, &["auth-body:"]),
    ("1-auth-ephemeral", 0, &["what auth gives away:"]),
    ("2-ack-body", 1, &["ack-body:"]),
    ("2-ack-secrets", 1, &["secrets of the session:"]),
    ("2-ack-mac", 1, &["where the MAC begins"]),
    ("3-Hello-message", 2, &["Hello:"]),
    ("5-foo-frame", 4, &["frame:"]),
    ("5-foo-state", 4, &["state of this direction:"]),
    ("5-foo-body", 4, &["header:", "body:"]),
    ("5-foo-message", 4, &["frame-data:", "snappy:", "content:"]),
    ("6-foo-frame", 5, &["frame:"]),
    ("7-Disconnect-message", 6, &["frame-data:", "snappy:", "Disconnect:"]),
];

#[test]
fn the_book_has_parts_of_steps_by_themselves() {
    let text = devp2p(&["trace", "--seed", "42", "a4"]).stdout;
    // Parts are set apart by empty lines; a step begins with a digit, its parts with two spaces.
    let mut steps: Vec<Vec<&str>> = Vec::new();
    for piece in text.split("\n\n") {
        if piece.starts_with(|c: char| c.is_ascii_digit()) {
            steps.push(Vec::new());
        } else if let Some(step) = steps.last_mut() {
            step.push(piece.trim_end());
        }
    }
    for (name, step, titles) in PARTS {
        let is_shown =
            |part: &&str| titles.iter().any(|title| part.trim_start().starts_with(title));
        let shown: Vec<&str> = steps[step].iter().copied().filter(is_shown).collect();
        assert!(shown.len() >= titles.len(), "{name}: {shown:?}");
        assert_golden(&format!("42-a4/{name}.txt"), &(shown.join("\n\n") + "\n"));
    }
}

#[test]
fn lesson_a1_says_that_nothing_is_said() {
    let ended = devp2p(&["trace", "a1"]);
    assert_eq!(ended.code, Some(0));
    assert!(ended.stdout.contains("not a byte crosses the wire"), "{}", ended.stdout);
    let wrong = devp2p(&["trace", "a6"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("a1, a2, a3, a4 and a5"), "{}", wrong.stderr);
}

#[test]
fn vectors_are_what_the_trace_shows() {
    let vectors: Value =
        serde_json::from_str(&devp2p(&["trace", "--vectors", "a4"]).stdout).unwrap();
    let trace = devp2p(&["trace", "--json", "a4"]).stdout;
    let (_, steps, _) = read(&trace).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(vectors["handshake"]["auth"], hex(&steps[0].wire()));
    assert_eq!(vectors["handshake"]["ack"], hex(&steps[1].wire()));
    let frames = vectors["frames"].as_array().unwrap();
    assert_eq!(frames.len(), 5);
    for (frame, step) in frames.iter().zip(&steps[2..]) {
        assert_eq!(frame["frame"], hex(&step.wire()));
        let values = frame.as_object().unwrap().values();
        assert!(
            values.into_iter().all(|value| value.as_str().is_some_and(|text| !text.is_empty()))
        );
    }
    let handshake = vectors["handshake"].as_object().unwrap();
    assert!(handshake.values().all(|value| value.as_str().is_some_and(|text| text.len() >= 64)));
}

#[test]
fn a_ping_shows_every_byte_of_both_directions() {
    let node = Devp2p::node(&[]);
    let enode = node.enode();
    let ended = devp2p(&["ping", "--trace", &enode]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for step in ["1-auth  initiator → recipient", "2-ack  ", "3-Hello", "4-Hello", "p2p-version: 5"]
    {
        assert!(ended.stdout.contains(step), "no {step} in {}", ended.stdout);
    }
    // What was done comes behind what was seen of it.
    let order =
        ["TCP connect", "1-auth", "2-ack", "RLPx handshake", "3-Hello", "4-Hello", "\nname "];
    let places: Vec<usize> = order.iter().map(|what| ended.stdout.find(what).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}: {}", ended.stdout);
    assert!(ended.stdout.rfind("→") < ended.stdout.find("\nname "), "{}", ended.stdout);
    // What opens the connection is not shown to who did not ask for it.
    assert!(ended.stdout.contains("aes-secret: withheld"), "{}", ended.stdout);
    assert!(ended.stdout.contains("capabilities  none"), "{}", ended.stdout);
}

/// The steps of a trace file, and both directions by themselves.
fn steps_of(path: &str) -> Vec<Step> {
    let (_, steps, fault) = read(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(fault, None);
    steps
}

fn sent(steps: &[Step], side: Side) -> Vec<u8> {
    steps.iter().filter(|step| step.from == side).flat_map(Step::wire).collect()
}

#[test]
fn a_trace_file_of_either_side_has_the_same_bytes() {
    let [theirs, ours, log] = ["theirs.jsonl", "ours.jsonl", "keys.log"].map(new_path);
    let node = Devp2p::node(&[&format!("--trace={theirs}"), "--keylog", &log, "--for", "5"]);
    let enode = node.enode();
    let ended = devp2p(&["ping", &format!("--trace={ours}"), "--secrets", &enode]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("secrets of these connections"), "{}", ended.stderr);
    let node = node.wait();
    assert_eq!(node.code, Some(0), "{}", node.stderr);
    assert!(node.stderr.contains("whoever has the key log"), "{}", node.stderr);

    let (theirs, ours) = (steps_of(&theirs), steps_of(&ours));
    for side in [Side::Initiator, Side::Recipient] {
        let bytes = sent(&ours, side);
        assert!(bytes.len() > 300);
        assert_eq!(bytes, sent(&theirs, side), "{side}");
    }
    let secrets = |steps: &[Step]| {
        let parts = steps.iter().flat_map(|step| &step.parts).filter(|part| part.secret);
        parts.flat_map(|part| &part.values).filter(|value| !value.hex.is_empty()).count()
    };
    assert_eq!(secrets(&theirs), 0);
    assert!(secrets(&ours) > 10);
    assert_eq!(fs::read_to_string(&log).unwrap().lines().count(), 3);
}

#[test]
fn discovery_shows_every_byte_of_its_packets() {
    let node = Devp2p::start(&["discv4", "listen", "--trace", "--listen", "127.0.0.1:0"]);
    let enode = node.enode();
    assert_eq!(devp2p(&["discv4", "ping", &enode]).code, Some(0));
    let mut text = String::new();
    while !text.contains("ping-hash") {
        text += &(node.line() + "\n");
    }
    for word in ["1-Ping  recipient", "sender-pubk", "= recover(keccak256(packet), signature)"] {
        assert!(text.contains(word), "no {word} in {text}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_key_log_that_cannot_be_written_is_told() {
    let node = Devp2p::node(&[]);
    let ended = devp2p(&["ping", "--keylog", "/dev/full", &node.enode()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("the key log ends here"), "{}", ended.stderr);
}

#[cfg(unix)]
#[test]
fn files_with_secrets_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let [trace, log] = ["private.jsonl", "private.log"].map(new_path);
    // One of them is there already, for everybody.
    fs::write(&log, "").unwrap();
    fs::set_permissions(&log, fs::Permissions::from_mode(0o644)).unwrap();
    let node = Devp2p::node(&[&format!("--trace={trace}"), "--keylog", &log, "--for", "0"]);
    assert_eq!(node.wait().code, Some(0));
    for path in [trace, log] {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{path}");
    }
}

#[test]
fn two_who_want_stdout_are_told() {
    for args in [&["node", "--json", "--trace", "--for", "0"][..], &["node", "--json", "--trace"]] {
        let ended = devp2p(&[args, &["--listen", "127.0.0.1:0"]].concat());
        assert_eq!(ended.code, Some(1));
        assert!(ended.stderr.contains("--trace=FILE"), "{}", ended.stderr);
    }
    let nowhere = devp2p(&["node", "--trace=/nowhere/at/all", "--listen", "127.0.0.1:0"]);
    assert_eq!(nowhere.code, Some(1));
    assert!(nowhere.stderr.contains("cannot write the trace file"), "{}", nowhere.stderr);
}
