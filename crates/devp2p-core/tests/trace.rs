//! Stories about live traces: what a tap sees of connections over real sockets on loopback.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Crossed, Link, Server, Stream, Tap};
use devp2p_core::p2p::{Capability, Offer};
use devp2p_core::protocol::Protocol;
use devp2p_core::trace::{Dissector, SecretName, Side, Step, keylog};
use rand::SeedableRng;
use rand::rngs::StdRng;
use support::{added, config, dropped, soon};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// What was seen, by whoever looks.
type Seen<T> = Arc<Mutex<Vec<T>>>;

fn steps_into(seen: &Seen<Step>) -> Tap {
    let (seen, offer) = (seen.clone(), Offer::new(Capability::new("foo", 42), 1));
    Tap::steps(vec![offer], move |step| seen.lock().unwrap().push(step))
}

/// All bytes of one direction.
fn bytes_into(seen: &Seen<(Side, Vec<u8>)>) -> Tap {
    let seen = seen.clone();
    Tap::new(move |_, crossed| {
        if let Crossed::Bytes { from, bytes } = crossed {
            seen.lock().unwrap().push((from, bytes.to_vec()));
        }
    })
}

fn sent(seen: &Seen<(Side, Vec<u8>)>, side: Side) -> Vec<u8> {
    let seen = seen.lock().unwrap();
    seen.iter().filter(|(from, _)| *from == side).flat_map(|(_, bytes)| bytes.clone()).collect()
}

/// A file that can be read while it is written.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// foo/42, whose handler says a word, hears one, and ends.
fn greeting() -> Protocol {
    Protocol::new("foo", 42, 1, |_, mut pipe| async move {
        pipe.send(0, "foobar").await?;
        pipe.read().await?;
        Ok(())
    })
}

/// Two servers that greet each other and part; each with its tap.
async fn greet(one: Tap, two: Tap) {
    let config = |name, tap| Config {
        protocols: vec![greeting()],
        discovery: false,
        tap: Some(tap),
        ..config(name, 1)
    };
    let one = Server::start(config("one", one)).await.unwrap();
    let two = Server::start(config("two", two)).await.unwrap();
    let mut events = one.subscribe();
    one.add_peer(two.enode()).await.unwrap();
    added(&mut events).await;
    dropped(&mut events).await;
    soon(async { tokio::join!(one.stop(), two.stop()) }).await;
}

#[track_caller]
fn assert_every_byte_has_one_field(steps: &[Step]) {
    for part in steps.iter().flat_map(|step| &step.parts) {
        let end = part.fields.iter().fold(0, |end, field| {
            assert_eq!(field.offset, end, "{}", field.what.id);
            end.saturating_add(field.length)
        });
        assert_eq!(end, part.hex.len(), "{}", part.name);
    }
}

#[tokio::test]
async fn both_nodes_see_the_same_bytes_and_each_is_in_one_field() {
    let (one, two): (Seen<Step>, Seen<Step>) = Default::default();
    let bytes: Seen<(Side, Vec<u8>)> = Seen::default();
    greet(steps_into(&one).and(bytes_into(&bytes)), steps_into(&two)).await;
    let (one, two) = (one.lock().unwrap(), two.lock().unwrap());
    for steps in [&one, &two] {
        assert_every_byte_has_one_field(steps);
        assert!(steps.iter().all(|step| step.fault.is_none() && step.connection == Some(1)));
        for side in [Side::Initiator, Side::Recipient] {
            let told: Vec<u8> =
                steps.iter().filter(|step| step.from == side).flat_map(Step::wire).collect();
            assert_eq!(told, sent(&bytes, side), "{side}");
            let titles: Vec<&str> = steps
                .iter()
                .filter(|step| step.from == side)
                .map(|step| &step.title[..])
                // Only one of them need say goodbye.
                .filter(|title| *title != "Disconnect")
                .collect();
            let packet = if side == Side::Initiator { "auth" } else { "ack" };
            assert_eq!(titles, [packet, "Hello", "foo/42 code 0", "end"], "{side}");
        }
        assert!(steps.iter().any(|step| step.title == "Disconnect"));
    }
}

#[tokio::test]
async fn a_key_log_of_either_side_reads_what_the_other_has_recorded() {
    for writer in [Side::Initiator, Side::Recipient] {
        let (log, bytes) = (Shared::default(), Seen::default());
        let (logging, recording) = (Tap::key_log(log.clone()), bytes_into(&bytes));
        match writer {
            Side::Initiator => greet(logging, recording).await,
            Side::Recipient => greet(recording, logging).await,
        }
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log.lines().count(), 3, "{log}");
        let auth = sent(&bytes, Side::Initiator);
        let secrets = keylog::parse(&log).unwrap()[&keylog::connection_id(&auth).unwrap()].clone();
        let mut dissector = Dissector::new(secrets);
        dissector.push(Side::Initiator, &auth);
        dissector.push(Side::Recipient, &sent(&bytes, Side::Recipient));
        let steps: Vec<Step> = dissector.steps().collect();
        let hellos = steps.iter().filter(|step| step.title == "Hello" && step.fault.is_none());
        assert_eq!(hellos.count(), 2, "by the {writer}: {steps:?}");
    }
}

#[tokio::test]
async fn a_key_log_holds_no_key_of_a_node() {
    let log = Shared::default();
    let key = NodeKey::from_bytes([7; 32]).unwrap();
    let tap = Tap::key_log(log.clone());
    let one = Config { tap: Some(tap), max_peers: 1, ..Config::new(key, "one") };
    let one = Server::start(one).await.unwrap();
    let two = support::server("two", 1).await;
    let mut events = one.subscribe();
    one.add_peer(two.enode()).await.unwrap();
    added(&mut events).await;
    soon(async { tokio::join!(one.stop(), two.stop()) }).await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.starts_with("RLPX_AUTH_SECRET "), "{log}");
    assert!(!log.contains(&"07".repeat(32)));
}

#[tokio::test]
async fn half_an_auth_is_told_when_the_connection_is_gone() {
    let seen: Seen<Step> = Seen::default();
    let config = Config { tap: Some(steps_into(&seen)), discovery: false, ..config("one", 1) };
    let server = Server::start(config).await.unwrap();
    let addr = server.node_info().listen_addr.unwrap();
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(&[0x01, 0x90, 0x04, 1, 2, 3]).await.unwrap();
    stream.shutdown().await.unwrap();
    // The server closes when it has seen that there is no more.
    soon(tokio::io::copy(&mut stream, &mut tokio::io::sink())).await.unwrap();
    soon(server.stop()).await;
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0].wire(), [0x01, 0x90, 0x04, 1, 2, 3]);
    assert!(seen[0].fault.is_some(), "{seen:?}");
}

#[tokio::test]
async fn a_link_by_itself_can_be_tapped() {
    let names: Seen<SecretName> = Seen::default();
    let told = names.clone();
    let tap = Tap::new(move |number, crossed| {
        assert_eq!(number, 5);
        if let Crossed::Secret(name, _) = crossed {
            told.lock().unwrap().push(name);
        }
    });
    let (near, far) = tokio::io::duplex(1024);
    let (one, two) = (NodeKey::from_bytes([1; 32]).unwrap(), NodeKey::from_bytes([2; 32]).unwrap());
    let stream = |half| {
        let (reader, writer) = tokio::io::split(half);
        Stream::new(reader, writer)
    };
    let tapped = Stream { tap: Some(tap.connection(5)), ..stream(near) };
    let (initiated, responded) = tokio::join!(
        Link::initiate(tapped, &one, two.public_key(), StdRng::seed_from_u64(1)),
        Link::respond(stream(far), &two, StdRng::seed_from_u64(2)),
    );
    assert!(initiated.is_ok() && responded.is_ok());
    let expected = [
        SecretName::StaticSharedSecret,
        SecretName::InitiatorEphemeralPrivkey,
        SecretName::AuthR,
        SecretName::Auth,
        SecretName::Ack,
        SecretName::EphemeralKey,
    ];
    assert_eq!(*names.lock().unwrap(), expected);
}

#[test]
fn a_connection_that_is_read_again_holds_up_no_other() {
    let (entered, was_entered) = std::sync::mpsc::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let tap = Tap::steps(Vec::new(), move |step| {
        let _ = entered.send(step.connection);
        // Whoever shows the first connection takes its time.
        if step.connection == Some(1) {
            let _ = may_go_on.lock().unwrap().recv();
        }
    });
    let slow = std::thread::spawn({
        let tap = tap.clone();
        move || drop(tap.connection(1))
    });
    let limit = support::LONG;
    assert_eq!(was_entered.recv_timeout(limit), Ok(Some(1)));
    let second = std::thread::spawn(move || drop(tap.connection(2)));
    assert_eq!(was_entered.recv_timeout(limit), Ok(Some(2)), "the second waits for the first");
    drop(go_on);
    slow.join().unwrap();
    second.join().unwrap();
}
