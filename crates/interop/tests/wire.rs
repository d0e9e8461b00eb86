//! The wire, byte by byte, with foreign clients: live traces, captures with a key log, vectors.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use common::tools::built;
use common::{Ours, config, connect, echoing, ethereumjs, geth, key_of, peer_event, said, soon};
use devp2p_core::net::{Config, Crossed, Tap};
use devp2p_core::p2p::{Capability, Offer};
use devp2p_core::trace::{Side, Step};
use interop::{Peer, Ready, ethereumjs_peer, our_devp2p};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

type Shared<T> = Arc<Mutex<Vec<T>>>;

/// What a tap has seen of all connections.
#[derive(Clone, Default)]
struct Seen {
    steps: Shared<Step>,
    bytes: Shared<(Side, Vec<u8>)>,
}

impl Seen {
    fn tap(&self) -> Tap {
        let (steps, bytes) = (self.steps.clone(), self.bytes.clone());
        let offer = Offer::new(Capability::new("foo", 42), 1);
        let dissected = Tap::steps(vec![offer], move |step| steps.lock().unwrap().push(step));
        dissected.and(Tap::new(move |_, crossed| {
            if let Crossed::Bytes { from, bytes: crossed } = crossed {
                bytes.lock().unwrap().push((from, crossed.to_vec()));
            }
        }))
    }

    /// Every byte of both directions is in exactly one field; returns the titles of each direction.
    #[track_caller]
    fn check(&self) -> [Vec<String>; 2] {
        let steps = self.steps.lock().unwrap();
        for step in steps.iter() {
            assert_eq!(step.fault, None, "{}", step.id);
            for part in &step.parts {
                let end = part.fields.iter().fold(0, |end, field| {
                    assert_eq!(field.offset, end, "{}", field.what.id);
                    end + field.length
                });
                assert_eq!(end, part.hex.len(), "{} {}", step.id, part.name);
            }
        }
        [Side::Initiator, Side::Recipient].map(|side| {
            let of_side = || steps.iter().filter(move |step| step.from == side);
            let told: Vec<u8> = of_side().flat_map(Step::wire).collect();
            let bytes = self.bytes.lock().unwrap();
            let crossed = bytes.iter().filter(|(from, _)| *from == side);
            let crossed: Vec<u8> = crossed.flat_map(|(_, bytes)| bytes.clone()).collect();
            assert!(told.len() > 400, "{side}");
            assert_eq!(told, crossed, "{side}");
            of_side().map(|step| step.title.clone()).collect()
        })
    }
}

/// Our server, which shows all that crosses its connections.
async fn watched() -> (Ours, Seen) {
    let seen = Seen::default();
    let ours = Config { tap: Some(seen.tap()), discovery: false, ..config(vec![echoing()]) };
    (Ours::start(ours).await, seen)
}

/// Connects, lets the other side say something, hears it back, and parts.
async fn talk(mut them: Peer, is: Ready, mut ours: Ours, we_dial: bool, send: &str) {
    if we_dial {
        ours.dial(&is).await;
        said(&mut them, peer_event("add", &ours)).await;
        ours.added().await;
    } else {
        connect(&mut them, &mut ours).await;
    }
    them.send_line(send).await.unwrap();
    said(&mut them, |line| line["event"] == "message").await;
    soon(ours.server.remove_peer(key_of(&is))).await;
    soon(ours.server.stop()).await;
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn every_byte_of_a_connection_with_geth_is_in_one_field() {
    for we_dial in [false, true] {
        let (ours, seen) = watched().await;
        let (them, is) = geth(&[]).await;
        talk(them, is, ours, we_dial, "send foo 0 86666f6f626172").await;
        let [initiator, recipient] = seen.check();
        assert_eq!(initiator[..3], ["auth", "Hello", "foo/42 code 0"], "{initiator:?}");
        assert_eq!(recipient[..3], ["ack", "Hello", "foo/42 code 0"], "{recipient:?}");
        assert!(initiator.iter().chain(&recipient).any(|title| title == "Disconnect"));
    }
}

#[tokio::test]
#[ignore = "needs Node: just interop"]
async fn every_byte_of_a_connection_with_ethereumjs_is_in_one_field() {
    for we_dial in [false, true] {
        let (ours, seen) = watched().await;
        let (them, is) = ethereumjs().await;
        talk(them, is, ours, we_dial, "send foo 0 86666f6f626172").await;
        let [initiator, recipient] = seen.check();
        assert_eq!((&initiator[0][..], &recipient[0][..]), ("auth", "ack"));
        for titles in [&initiator, &recipient] {
            assert!(titles.iter().any(|title| title == "Hello"), "{titles:?}");
            assert!(titles.iter().any(|title| title == "foo/42 code 0"), "{titles:?}");
        }
    }
}

/// tcpdump, which has begun to listen.
struct Capturing {
    tcpdump: Child,
    file: PathBuf,
}

impl Capturing {
    async fn start(name: &str, port: u16) -> Self {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let mut tcpdump = Command::new("tcpdump")
            .args(["-i", "lo", "-U", "--immediate-mode", "-s", "0", "-w"])
            .arg(&file)
            .arg(format!("tcp port {port}"))
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("tcpdump is needed, as root: {error}"));
        let mut lines = BufReader::new(tcpdump.stderr.take().unwrap()).lines();
        loop {
            let line = soon(lines.next_line()).await.unwrap();
            let line = line.unwrap_or_else(|| panic!("tcpdump has ended: is this root?"));
            if line.contains("listening on") {
                return Self { tcpdump, file };
            }
        }
    }

    /// Ends when `bytes` of the connection are in the file.
    async fn end(mut self, packets: impl Fn(&[u8]) -> bool) -> PathBuf {
        let file = self.file.clone();
        soon(async {
            while !packets(&fs::read(&file).unwrap_or_default()) {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await;
        self.tcpdump.kill().await.unwrap();
        self.file
    }
}

/// The packets of a pcap file: their records, headers included.
fn records(pcap: &[u8]) -> Vec<&[u8]> {
    let mut rest = pcap.get(24..).unwrap_or_default();
    let mut records = Vec::new();
    while rest.len() >= 16 {
        let length = u32::from_le_bytes(rest[8..12].try_into().unwrap());
        let length = 16 + usize::try_from(length).unwrap();
        if rest.len() < length {
            break;
        }
        records.push(&rest[..length]);
        rest = &rest[length..];
    }
    records
}

/// Whether a record of loopback has FIN or RST.
fn is_end(record: &[u8]) -> bool {
    // Record 16, Ethernet 14, IPv4 20; the flags are the 14th byte of TCP.
    record.get(16 + 14 + 20 + 13).is_some_and(|flags| flags & 0b101 != 0)
}

/// How many bytes of the stream a record of loopback carries.
fn carried(record: &[u8]) -> usize {
    let offset = record.get(16 + 14 + 20 + 12).map_or(0, |byte| usize::from(byte >> 4) * 4);
    record.len().saturating_sub(16 + 14 + 20 + offset)
}

async fn decode(log: &Path, capture: &Path) -> (Option<i32>, String, String) {
    let mut devp2p = Command::new(built(our_devp2p).await);
    devp2p.arg("decode").arg("--keylog").args([log, capture]).stdin(Stdio::null());
    let output = soon(devp2p.output()).await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// The first words of the steps in a dump.
fn steps_in(dump: &str) -> Vec<&str> {
    let first = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit());
    dump.lines().filter(first).filter_map(|line| line.split(' ').next()).collect()
}

#[tokio::test]
#[ignore = "needs Go, and tcpdump as root: just interop"]
async fn a_capture_of_geth_and_us_is_read_with_our_key_log() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let log = folder.join("capture-keys.log");
    let tap = Tap::key_log(File::create(&log).unwrap());
    let ours = Config { tap: Some(tap), discovery: false, ..config(vec![echoing()]) };
    let ours = Ours::start(ours).await;
    let port = ours.server.node_info().listen_addr.unwrap().port();
    let capturing = Capturing::start("capture.pcap", port).await;
    let (them, is) = geth(&[]).await;
    talk(them, is, ours, false, "send foo 0 86666f6f626172").await;
    let both_ended =
        |pcap: &[u8]| records(pcap).iter().filter(|record| is_end(record)).count() >= 2;
    let capture = capturing.end(both_ended).await;

    let (code, dump, errors) = decode(&log, &capture).await;
    assert_eq!((code, &errors[..]), (Some(0), ""), "{dump}");
    let steps = steps_in(&dump);
    assert_eq!(steps[..2], ["1-auth", "2-ack"], "{steps:?}");
    assert_eq!(steps.iter().filter(|step| step.ends_with("-Hello")).count(), 2, "{steps:?}");
    assert_eq!(steps.iter().filter(|step| step.ends_with("code-0")).count(), 2, "{steps:?}");
    assert!(dump.contains("string: \"foobar\"") && dump.contains("client-id: "), "{dump}");

    // The same, and a piece of what geth said after its Hello is not in the capture.
    let pcap = fs::read(&capture).unwrap();
    let all = records(&pcap);
    let data: Vec<usize> = (0..all.len()).filter(|number| carried(all[*number]) > 0).collect();
    let lost = data[data.len() - 2];
    let kept = all.iter().enumerate().filter(|(number, _)| *number != lost);
    let kept: Vec<u8> = kept.flat_map(|(_, record)| record.to_vec()).collect();
    let lossy = folder.join("lossy.pcap");
    fs::write(&lossy, [&pcap[..24], &kept].concat()).unwrap();
    let (code, dump, errors) = decode(&log, &lossy).await;
    assert_eq!(code, Some(1), "{dump}");
    assert!(dump.contains("bytes are missing here") && dump.contains("1-auth"), "{dump}");
    assert!(errors.contains("broken"), "{errors}");
}

#[tokio::test]
#[ignore = "needs Node: just interop"]
async fn our_vectors_are_right_by_other_peoples_cryptography() {
    built_ethereumjs().await;
    let checker = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/ethereumjs/vectors.mjs");
    for (seed, lesson) in [("1", "a2"), ("42", "a4"), ("7", "a5")] {
        let mut devp2p = Command::new(built(our_devp2p).await);
        devp2p.args(["trace", "--vectors", "--seed", seed, lesson]);
        let vectors = soon(devp2p.output()).await.unwrap().stdout;
        for flip in [false, true] {
            let mut vectors = String::from_utf8(vectors.clone()).unwrap();
            if flip {
                // A checker that finds everything right checks nothing.
                let at = vectors.find("\"macSecret\":\"").unwrap() + 13;
                let digit = if &vectors[at..=at] == "0" { "1" } else { "0" };
                vectors.replace_range(at..=at, digit);
            }
            let mut node = Command::new("node")
                .arg(&checker)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut stdin = node.stdin.take().unwrap();
            stdin.write_all(vectors.as_bytes()).await.unwrap();
            drop(stdin);
            let output = soon(node.wait_with_output()).await.unwrap();
            let (said, wrong) = (String::from_utf8_lossy(&output.stdout), output.stderr);
            assert_eq!(output.status.success(), !flip, "{}", String::from_utf8_lossy(&wrong));
            assert_eq!(said.contains("values are right"), !flip, "{said}");
        }
    }
}

async fn built_ethereumjs() {
    tokio::task::spawn_blocking(ethereumjs_peer).await.unwrap().unwrap();
}
