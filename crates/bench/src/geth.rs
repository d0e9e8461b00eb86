//! go-ethereum's half: the mode `bench` of the foreign peer.

use std::time::Duration;

use interop::{Peer, Program};
use serde_json::Value;

use crate::Result;
use crate::case::{Case, Cores, FAN_OUT, Place, Work};

/// Longer than a case takes on any machine.
const WITHIN: Duration = Duration::from_secs(120);

/// Times the samples of a case.
///
/// # Errors
/// What the foreign peer says.
pub async fn run(program: &Program, case: Case) -> Result<Vec<Duration>> {
    let line = ask(program, &arguments(case), "bench").await?;
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

fn arguments(case: Case) -> Vec<String> {
    let (name, size, flag) = match case.work {
        Work::Handshake(place) => ("handshake", 0, loopback(place)),
        Work::Frame(place, size) => ("frames", size, loopback(place)),
        Work::Message(cores, size) => ("messages", size, one_core(cores)),
        Work::RoundTrip(cores, size) => ("round-trips", size, one_core(cores)),
        Work::Connection(cores) => ("connections", 0, one_core(cores)),
        Work::FanOut(cores, size) => ("fan-out", size, one_core(cores)),
    };
    let mut arguments = vec!["bench".to_owned(), name.to_owned()];
    arguments.push(format!("--size={size}"));
    arguments.push(format!("--count={}", case.count));
    arguments.push(format!("--samples={}", case.samples));
    arguments.push(format!("--peers={FAN_OUT}"));
    arguments.extend(flag.map(str::to_owned));
    arguments
}

fn loopback(place: Place) -> Option<&'static str> {
    (place == Place::Loopback).then_some("--loopback")
}

fn one_core(cores: Cores) -> Option<&'static str> {
    (cores == Cores::One).then_some("--one-core")
}
