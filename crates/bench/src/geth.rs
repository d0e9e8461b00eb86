//! go-ethereum's half: the mode `bench` of the foreign peer.

use std::time::Duration;

use interop::{Peer, Program};

use super::{BenchError, Case, Traffic};

/// How long one message (or round trip) took, in nanoseconds.
pub(crate) async fn run(program: &Program, case: Case) -> Result<f64, BenchError> {
    let (size, count) = (case.size.to_string(), case.count.to_string());
    let mut arguments = vec!["bench", "--size", &size, "--count", &count];
    if case.traffic == Traffic::RoundTrips {
        arguments.push("--answers");
    }
    let mut peer = Peer::start(program, &arguments)?;
    let line = peer.expect(|line| line["event"] == "bench", Duration::from_secs(90)).await?;
    let took = line.get("ns").and_then(serde_json::Value::as_u64).ok_or(BenchError::NoFigure)?;
    Ok(super::table::nanoseconds_each(Duration::from_nanos(took), case.count))
}
