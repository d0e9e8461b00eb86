//! Messages: several protocols at once, every code, every size, and what both sides tell of them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use common::{
    Ours, config, dial_us, ethereumjs_speaking, event, geth, geth_speaking, noise, peer_event,
    said, soon,
};
use devp2p_core::events::PeerEvent;
use devp2p_core::net::Direction;
use devp2p_core::net::TransportError;
use devp2p_core::net::{Config, EndReason};
use devp2p_core::p2p::Capability;
use devp2p_core::p2p::{MAX_PAYLOAD, MessageError};
use devp2p_core::protocol::{Msg, Protocol, ProtocolError};
use interop::{Peer, Ready};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

/// What we speak: name, version, number of codes. Every version has another number, so that a
/// wrong one moves the codes of those behind it.
const OURS: [(&str, u64, u64); 4] = [("bar", 1, 2), ("foo", 41, 3), ("foo", 42, 5), ("qux", 9, 1)];

/// The longest payload that does not compress: snappy puts four bytes of length before it and
/// three before each 64 KiB, and the msg-id takes one of what a frame can hold.
const LONGEST_NOISE: usize = 0xFF_FFFF - 1 - 4 - 3 * 256;

/// As much noise as anybody needs: the shorter begins as the longer does.
static NOISE: LazyLock<Vec<u8>> = LazyLock::new(|| noise(LONGEST_NOISE + 1));

/// What a protocol says: a message of each of its codes. And foo says more.
fn script(name: &str, length: u64, more: &[Vec<u8>]) -> Arc<[Msg]> {
    let each_code = (0..length).map(|code| (code, format!("{name} {code}").into_bytes()));
    let more = more.iter().filter(|_| name == "foo").map(|payload| (0, payload.clone()));
    each_code.chain(more).map(|(code, payload)| Msg { code, payload: payload.into() }).collect()
}

/// Payloads of every length that matters, up to 1 MiB.
fn payloads() -> Vec<Vec<u8>> {
    let noise = [0, 1, 55, 56, 255, 256, 4096, 65_535, 65_536, 65_537, 1 << 20];
    noise
        .map(|len| NOISE[..len].to_vec())
        .into_iter()
        .chain([vec![0; 65_536], vec![0; 1 << 20]])
        .collect()
}

/// And up to what a message can hold.
fn larger_payloads() -> Vec<Vec<u8>> {
    [payloads(), vec![NOISE[..LONGEST_NOISE].to_vec(), vec![0; MAX_PAYLOAD]]].concat()
}

/// Our protocols, each of which says its script and waits for each message to come back. Which of
/// them are done is reported.
fn asking(more: &[Vec<u8>]) -> (Vec<Protocol>, mpsc::UnboundedReceiver<Capability>) {
    let (report, done) = mpsc::unbounded_channel();
    let protocols = OURS.map(|(name, version, length)| {
        let (script, report) = (script(name, length, more), report.clone());
        Protocol::new(name, version, length, move |_, mut pipe| {
            let (script, report) = (script.clone(), report.clone());
            async move {
                for msg in &*script {
                    pipe.write(msg.code, &msg.payload).await?;
                    assert!(pipe.read().await? == *msg, "a message came back changed");
                }
                report.send(Capability::new(name, version)).unwrap();
                std::future::pending().await
            }
        })
    });
    (protocols.to_vec(), done)
}

/// Our protocols, each of which sends everything back, and reports it first.
fn answering() -> (Vec<Protocol>, mpsc::UnboundedReceiver<(Capability, Msg)>) {
    let (report, got) = mpsc::unbounded_channel();
    let protocols = OURS.map(|(name, version, length)| {
        let report = report.clone();
        Protocol::new(name, version, length, move |_, mut pipe| {
            let report = report.clone();
            async move {
                loop {
                    let msg = pipe.read().await?;
                    report.send((Capability::new(name, version), msg.clone())).unwrap();
                    pipe.write(msg.code, &msg.payload).await?;
                }
            }
        })
    });
    (protocols.to_vec(), got)
}

/// Our server, connected to them; both sides have told.
async fn meet(
    protocols: Vec<Protocol>,
    (mut them, is): (Peer, Ready),
    direction: Direction,
) -> (Ours, Peer) {
    let mut ours = Ours::start(Config { message_events: true, ..config(protocols) }).await;
    match direction {
        Direction::Inbound => dial_us(&mut them, &ours).await,
        Direction::Outbound => ours.dial(&is).await,
    }
    said(&mut them, peer_event("add", &ours)).await;
    ours.added().await;
    (ours, them)
}

/// Whether a line shows exactly this message. Long payloads are shown as their hash.
fn shows(line: &Value, msg: &Msg) -> bool {
    let (shown, expected) = match line.get("sha256") {
        Some(hash) => (hash, hex::encode(Sha256::digest(&msg.payload))),
        None => (&line["payload"], hex::encode(&msg.payload)),
    };
    line["code"] == msg.code && line["size"] == msg.payload.len() && *shown == expected
}

/// They have read these messages of a protocol, in this order.
async fn have_read(them: &mut Peer, (name, version): (&str, u64), script: &[Msg]) {
    for msg in script {
        let of_protocol = |line: &Value| {
            line["event"] == "message" && line["protocol"] == name && line["version"] == version
        };
        let line = said(them, of_protocol).await;
        let Msg { code, payload } = msg;
        assert!(shows(&line, msg), "{name}/{version} {code}, {} bytes: {line}", payload.len());
    }
}

/// A story of messages, as both sides tell it of one protocol: kind, code and size.
type Story = Vec<(String, u64, usize)>;

/// What the side tells that sends each message of a script and reads it again; the other side
/// tells the same, the other way round.
fn story(script: &[Msg], [first, second]: [&str; 2]) -> Story {
    let told =
        |msg: &Msg| [first, second].map(|kind| (kind.to_owned(), msg.code, msg.payload.len()));
    script.iter().flat_map(told).collect()
}

/// The next `count` events of our server, all of them about messages, by protocol.
async fn our_stories(ours: &mut Ours, count: usize) -> BTreeMap<String, Story> {
    let mut told: BTreeMap<String, Story> = BTreeMap::new();
    for _ in 0..count {
        let event = soon(ours.events.next()).await.unwrap();
        let (PeerEvent::MsgSend(msg) | PeerEvent::MsgRecv(msg)) = &event else {
            panic!("{event:?} instead of a message")
        };
        let message = (event.kind().to_owned(), msg.msg_code, msg.msg_size);
        told.entry(msg.protocol.to_string()).or_default().push(message);
    }
    told
}

/// The next `count` events of go-ethereum about messages of a protocol.
async fn geths_story(them: &mut Peer, name: &str, count: usize) -> Story {
    let mut told = Vec::new();
    for _ in 0..count {
        let line = said(them, |line| {
            line["event"] == "peer" && line["protocol"] == name && line["msg_code"].is_u64()
        })
        .await;
        let kind = line["type"].as_str().unwrap().to_owned();
        let size = usize::try_from(line["msg_size"].as_u64().unwrap()).unwrap();
        told.push((kind, line["msg_code"].as_u64().unwrap(), size));
    }
    told
}

const SEND_AND_RECV: [&str; 2] = ["msgsend", "msgrecv"];
const RECV_AND_SEND: [&str; 2] = ["msgrecv", "msgsend"];

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn geth_reads_and_sends_back_every_code_and_size_of_every_protocol() {
    for direction in [Direction::Inbound, Direction::Outbound] {
        let payloads = larger_payloads();
        let (protocols, mut done) = asking(&payloads);
        let geth = geth_speaking(&["foo/41/3", "bar/1/2", "foo/42/5", "qux/9/1"], &["--echo"]);
        let (mut ours, mut them) = meet(protocols, geth.await, direction).await;
        let shared = [("bar", 1, 2), ("foo", 42, 5), ("qux", 9, 1)];
        let scripts = shared.map(|(name, _, length)| script(name, length, &payloads));
        for _ in shared {
            let protocol = soon(done.recv()).await.unwrap();
            assert_ne!(protocol, Capability::new("foo", 41), "the higher version runs");
        }
        let events = scripts.iter().map(|script| script.len() * 2).sum();
        let ours_told = our_stories(&mut ours, events).await;
        for ((name, version, _), script) in shared.into_iter().zip(&scripts) {
            have_read(&mut them, (name, version), script).await;
            assert_eq!(ours_told[name], story(script, SEND_AND_RECV));
            let theirs = geths_story(&mut them, name, script.len() * 2).await;
            assert_eq!(theirs, story(script, RECV_AND_SEND));
        }
        assert_eq!(ours.server.peers().await.len(), 1);
    }
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn we_read_and_send_back_every_code_and_size_of_every_protocol_of_geth() {
    for direction in [Direction::Inbound, Direction::Outbound] {
        let (protocols, mut got) = answering();
        // Of foo it has only the lower version.
        let geth = geth_speaking(&["foo/41/3", "qux/9/1", "bar/1/2"], &[]);
        let (mut ours, mut them) = meet(protocols, geth.await, direction).await;
        for (name, version, length) in [("bar", 1, 2), ("foo", 41, 3), ("qux", 9, 1)] {
            said(&mut them, |line| line["event"] == "started" && line["protocol"] == name).await;
            let script = script(name, length, &larger_payloads());
            we_answer((&mut ours, &mut them), &mut got, (name, version), &script).await;
            // There, one thread sends and another one reads: each kind for itself is in order.
            let theirs = geths_story(&mut them, name, script.len() * 2).await;
            for kind in SEND_AND_RECV {
                let only = |story: Story| -> Story {
                    story.into_iter().filter(|(told, _, _)| *told == kind).collect()
                };
                assert_eq!(only(theirs.clone()), only(story(&script, SEND_AND_RECV)));
            }
        }
    }
}

/// They send the messages of a script one by one; each arrives here and comes back to them.
async fn we_answer(
    (ours, them): (&mut Ours, &mut Peer),
    got: &mut mpsc::UnboundedReceiver<(Capability, Msg)>,
    (name, version): (&str, u64),
    script: &[Msg],
) {
    for msg in script {
        ask(them, name, msg).await;
        let (protocol, there) = soon(got.recv()).await.unwrap();
        assert_eq!(protocol, Capability::new(name, version));
        assert!(there == *msg, "code {}, {} bytes", msg.code, msg.payload.len());
    }
    have_read(them, (name, version), script).await;
    let ours_told = our_stories(ours, script.len() * 2).await;
    assert_eq!(ours_told[name], story(script, RECV_AND_SEND));
}

/// Lets a foreign peer send a message. What is too long for a line is all zeros or our noise.
async fn ask(them: &mut Peer, name: &str, Msg { code, payload }: &Msg) {
    let payload = match payload.len() {
        0..=0x10_0000 => hex::encode(payload),
        len if payload.iter().all(|&byte| byte == 0) => format!("zeros:{len}"),
        len => format!("noise:{len}"),
    };
    them.send_line(&format!("send {name} {code} {payload}")).await.unwrap();
}

#[tokio::test]
#[ignore = "needs Node: just interop"]
async fn ethereumjs_reads_and_sends_back_every_code_and_size_of_every_protocol() {
    for direction in [Direction::Inbound, Direction::Outbound] {
        let (protocols, mut done) = asking(&payloads());
        let ethereumjs =
            ethereumjs_speaking(&["foo/41/3", "bar/1/2", "foo/42/5", "qux/9/1"], &["--echo"]);
        let (mut ours, mut them) = meet(protocols, ethereumjs.await, direction).await;
        let shared = [("bar", 1, 2), ("foo", 42, 5), ("qux", 9, 1)];
        let scripts = shared.map(|(name, _, length)| script(name, length, &payloads()));
        for _ in shared {
            soon(done.recv()).await.unwrap();
        }
        let events = scripts.iter().map(|script| script.len() * 2).sum();
        let ours_told = our_stories(&mut ours, events).await;
        for ((name, version, _), script) in shared.into_iter().zip(&scripts) {
            have_read(&mut them, (name, version), script).await;
            assert_eq!(ours_told[name], story(script, SEND_AND_RECV));
        }
    }
}

#[tokio::test]
#[ignore = "needs Node: just interop"]
async fn we_read_and_send_back_every_code_and_size_of_every_protocol_of_ethereumjs() {
    for direction in [Direction::Inbound, Direction::Outbound] {
        let (protocols, mut got) = answering();
        let ethereumjs = ethereumjs_speaking(&["foo/41/3", "qux/9/1", "bar/1/2"], &[]);
        let (mut ours, mut them) = meet(protocols, ethereumjs.await, direction).await;
        for (name, version, length) in [("bar", 1, 2), ("foo", 41, 3), ("qux", 9, 1)] {
            let script = script(name, length, &payloads());
            we_answer((&mut ours, &mut them), &mut got, (name, version), &script).await;
        }
    }
}

#[tokio::test]
#[ignore = "needs Go: just interop"]
async fn what_cannot_be_sent_is_an_error_at_the_sender_and_the_connection_lives() {
    let (report, mut reported) = mpsc::unbounded_channel();
    let bold = Protocol::new("foo", 42, 1, move |_, mut pipe| {
        let report = report.clone();
        async move {
            let attempts = [
                (0, vec![0; MAX_PAYLOAD + 1]),
                (0, NOISE.clone()),
                (1, vec![]),
                (u64::MAX, vec![]),
            ];
            for (code, payload) in attempts {
                match pipe.write(code, &payload).await {
                    Err(ProtocolError::Message(error)) => report.send(error).unwrap(),
                    other => panic!("{other:?}"),
                }
            }
            pipe.write(0, b"the connection lives").await?;
            pipe.read().await?;
            pipe.write(0, b"in both directions").await?;
            std::future::pending().await
        }
    });
    let (mut ours, mut them) = meet(vec![bold], geth(&[]).await, Direction::Inbound).await;
    let message = said(&mut them, event("message")).await;
    assert_eq!(message["payload"], hex::encode("the connection lives"));
    let (limit, capability) = (0xFF_FFFF, || Capability::new("foo", 42));
    for expected in [
        MessageError::TooBig { size: limit + 1, limit },
        MessageError::TooBig { size: limit + 1, limit },
        MessageError::CodeOutOfRange { capability: capability(), code: 1 },
        MessageError::CodeOutOfRange { capability: capability(), code: u64::MAX },
    ] {
        assert_eq!(reported.recv().await, Some(expected));
    }
    // The same at go-ethereum: a code too many is an error …
    them.send_line("send foo 1").await.unwrap();
    let error = said(&mut them, event("error")).await;
    assert_eq!(error["error"], "invalid message code: not handled");
    them.send_line("send foo 0").await.unwrap();
    let message = said(&mut them, event("message")).await;
    assert_eq!(message["payload"], hex::encode("in both directions"));
    // … and a byte too many is one too, but ends its connection.
    our_stories(&mut ours, 3).await;
    them.send_line(&format!("send foo 0 noise:{}", LONGEST_NOISE + 1)).await.unwrap();
    let error = said(&mut them, event("error")).await;
    assert_eq!(error["error"], "message length >= 16MB");
    let end = ours.dropped().await;
    assert!(matches!(end, EndReason::Transport(TransportError::Closed)), "{end:?}");
}

#[tokio::test]
#[ignore = "needs Node: just interop"]
async fn a_code_too_many_of_ethereumjs_ends_the_connection_without_a_goodbye() {
    let protocol = common::listening();
    let them = ethereumjs_speaking(&["foo/42/1"], &[]).await;
    let (mut ours, mut them) = meet(vec![protocol], them, Direction::Inbound).await;
    let dropped = peer_event("drop", &ours);
    them.send_line("send foo 1 c0").await.unwrap();
    let end = ours.dropped().await.to_string();
    assert_eq!(end, "message id 17 belongs to no shared capability");
    let drop = said(&mut them, dropped).await;
    assert_eq!(drop["reason"], Value::Null, "{drop}");
}
