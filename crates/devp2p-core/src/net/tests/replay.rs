//! Two whole servers, sockets and all, on a simulated network and a simulated clock: the same seed
//! makes the same bytes.

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use turmoil::net::{TcpListener, TcpStream};

use super::super::{Config, Replay, Server};
use super::*;
use crate::enode::Enode;

/// Everything that crossed the wire and was told, in order.
type Record = Rc<RefCell<Vec<String>>>;

/// How long the simulated servers run: some pings are among it.
const LIFE: Duration = Duration::from_secs(40);

/// Where the second server listens, and where the first one thinks that it does.
const PORT: u16 = 30303;

type Failure = Box<dyn std::error::Error>;

/// Says a few words, and hears as many.
fn chatting() -> Protocol {
    Protocol::new("foo", 42, 2, |peer, mut pipe| async move {
        for n in 0..3u64 {
            pipe.send(0, &n).await?;
            pipe.send(1, &*peer.name).await?;
        }
        for _ in 0..6 {
            pipe.read().await?;
        }
        // Quiet from now on: only pings.
        pipe.read().await?;
        Ok(())
    })
}

fn config(n: u8, seed: u8) -> Config {
    Config {
        max_peers: 5,
        listen: Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT))),
        protocols: vec![chatting()],
        message_events: true,
        replay: Some(Replay { seed: [seed ^ n; 32], unix: Duration::from_secs(1_700_000_000) }),
        ..Config::new(key(n), format!("node-{n}"))
    }
}

/// Tells everything that a server tells, and stops it after a while.
async fn live(server: Server, record: Record, name: &'static str) -> Result<(), Failure> {
    let mut events = server.subscribe();
    let mut datagrams = server.discovery().ok_or("no discovery")?.watch().await;
    let life = tokio::time::sleep(LIFE);
    tokio::pin!(life);
    loop {
        let line = tokio::select! {
            biased;
            () = &mut life => break,
            Some(event) = events.next() => event.to_string(),
            Some(datagram) = datagrams.next() => {
                format!("{:?} {} {}", datagram.way, datagram.remote, hex::encode(&datagram.bytes))
            }
        };
        record.borrow_mut().push(format!("{name}: {line}"));
    }
    server.stop().await;
    for event in events.until(|_| false).await {
        record.borrow_mut().push(format!("{name}: {event}"));
    }
    Ok(())
}

/// Hands on what comes, and writes it down.
async fn tap(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    record: Record,
    way: &str,
) {
    let mut bytes = [0; 4096];
    while let Ok(len @ 1..) = from.read(&mut bytes).await {
        record.borrow_mut().push(format!("{way} {}", hex::encode(&bytes[..len])));
        if to.write_all(&bytes[..len]).await.is_err() {
            break;
        }
    }
    // The other side may be gone.
    let _ = to.shutdown().await;
}

/// Stands between the two servers: the first one dials it.
async fn stand_between(record: Record) -> Result<(), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
    loop {
        let (near, _) = listener.accept().await?;
        let far = TcpStream::connect(("two", PORT)).await?;
        let (near_reader, near_writer) = near.into_split();
        let (far_reader, far_writer) = far.into_split();
        tokio::join!(
            tap(near_reader, far_writer, record.clone(), "one ▶ two"),
            tap(far_reader, near_writer, record.clone(), "one ◀ two"),
        );
    }
}

/// Runs both servers on a new network; what there was to see.
fn run(seed: u8) -> Vec<String> {
    let record = Record::default();
    let mut network = turmoil::Builder::new();
    // By the end of it, both must have stopped.
    network.simulation_duration(LIFE.saturating_mul(2)).rng_seed(7);
    let mut network = network.build();

    let (of_tap, of_one, of_two) = (record.clone(), record.clone(), record.clone());
    network.host("tap", move || stand_between(of_tap.clone()));
    network.client("two", async move {
        let server = Server::start(config(2, seed)).await?;
        live(server, of_two, "two").await
    });
    network.client("one", async move {
        let at = |name| SocketAddr::new(turmoil::lookup(name), PORT);
        // Discovery knows where it is, and the tap's address is in no record.
        let bootnodes = vec![Enode::new(key(2).public_key(), at("two"))];
        let server = Server::start(Config { bootnodes, ..config(1, seed) }).await?;
        server.add_peer(Enode::new(key(2).public_key(), at("tap"))).await?;
        live(server, of_one, "one").await
    });
    network.run().unwrap();
    record.take()
}

#[test]
fn two_servers_send_the_same_bytes_whenever_they_have_the_same_seed() {
    let (first, second, other) = (run(1), run(1), run(2));
    let count = |begin: &str| first.iter().filter(|line| line.starts_with(begin)).count();
    // auth, Hello, six messages, pings, a goodbye: not one packet for each, but several.
    assert!(count("one ▶ two") >= 5 && count("one ◀ two") >= 5, "{first:#?}");
    assert!(count("one: Out") >= 5 && count("two: In") >= 5, "{first:#?}");
    for node in ["one", "two"] {
        assert_eq!(count(&format!("{node}: add")), 1, "{first:#?}");
        assert_eq!(count(&format!("{node}: drop")), 1, "{first:#?}");
        assert_eq!(count(&format!("{node}: msg")), 12, "{first:#?}");
    }
    for (line, again) in first.iter().zip(&second) {
        assert_eq!(line, again);
    }
    assert_eq!(first.len(), second.len());
    let auth = |record: &[String]| record.iter().find(|line| line.starts_with("one ▶")).cloned();
    assert_ne!(auth(&first), auth(&other), "the seed changes nothing");
}
