//! go-ethereum's half: the mode `bench` of the foreign peer.

use std::time::Duration;

use interop::{Peer, Program};
use serde_json::Value;

use crate::Result;
use crate::case::{Case, Cores, FAN_OUT, Place, WITHIN, Work};

/// Times the samples of a case; none of what only we measure.
///
/// # Errors
/// What the foreign peer says.
pub async fn run(program: &Program, case: Case) -> Result<Vec<Duration>> {
    let Some(arguments) = arguments(case) else { return Ok(Vec::new()) };
    let line = ask(program, &arguments, "bench").await?;
    let samples =
        line.get("ns").and_then(Value::as_array).ok_or("go-ethereum printed no figures")?;
    let nanoseconds = samples.iter().filter_map(Value::as_u64);
    Ok(nanoseconds.map(Duration::from_nanos).collect())
}

/// The versions of go-ethereum and Go.
///
/// # Errors
/// As [`run`].
pub async fn versions(program: &Program) -> Result<String> {
    let line = ask(program, &["bench".into(), "versions".into()], "versions").await?;
    let word = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
    Ok(format!("go-ethereum {} with {}", word("geth"), word("go")))
}

async fn ask(program: &Program, arguments: &[String], event: &str) -> Result<Value> {
    let mut peer = Peer::start(program, arguments)?;
    Ok(peer.expect(|line| line["event"] == event, WITHIN).await?)
}

fn arguments(case: Case) -> Option<Vec<String>> {
    let (name, size, flag) = match case.work {
        Work::Handshake(at) => ("handshake", 0, place(at)),
        Work::Frame(at, size) => ("frames", size, place(at)),
        Work::Codec(_) | Work::Datagram => return None,
        Work::Message(on, size) => ("messages", size, cores(on)),
        Work::RoundTrip(on, size) => ("round-trips", size, cores(on)),
        Work::Connection(on) => ("connections", 0, cores(on)),
        Work::FanOut(on, size) => ("fan-out", size, cores(on)),
    };
    Some(vec![
        "bench".to_owned(),
        name.to_owned(),
        flag.to_owned(),
        format!("--size={size}"),
        format!("--count={}", case.count),
        format!("--samples={}", case.samples),
        format!("--peers={FAN_OUT}"),
    ])
}

/// In memory, both ends work on one thread.
fn place(place: Place) -> &'static str {
    match place {
        Place::Memory => "--one-core",
        Place::Loopback => "--loopback",
    }
}

fn cores(cores: Cores) -> &'static str {
    match cores {
        Cores::All => "--one-core=false",
        Cores::One => "--one-core",
    }
}
