//! Measures our server against go-ethereum's, in one run: `just bench`.
//!
//! Both do the same: two servers in one process, connected over loopback, one protocol. Machines
//! are noisy, so rounds are interleaved (ours, theirs, ours, theirs …), and the fastest round of
//! each counts. What matters is the ratio; the same command on another machine gives other times.

#![allow(clippy::print_stdout, reason = "a command line tool speaks on stdout")]

mod geth;
mod ours;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use table::Row;

/// What is measured.
#[derive(Debug, Clone, Copy)]
struct Case {
    name: &'static str,
    /// Bytes of payload in each message; they do not compress.
    size: usize,
    /// Messages (or round trips) in one round.
    count: u64,
    traffic: Traffic,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Traffic {
    /// One side writes, the other reads.
    OneWay,
    /// Each message is sent back before the next one is written.
    RoundTrips,
}

const CASES: [Case; 5] = [
    Case { name: "message, 64 B", size: 64, count: 100_000, traffic: Traffic::OneWay },
    Case { name: "message, 1 KiB", size: 1024, count: 50_000, traffic: Traffic::OneWay },
    Case { name: "message, 16 KiB", size: 16 * 1024, count: 6_000, traffic: Traffic::OneWay },
    Case { name: "message, 64 KiB", size: 64 * 1024, count: 2_000, traffic: Traffic::OneWay },
    Case { name: "round trip, 64 B", size: 64, count: 10_000, traffic: Traffic::RoundTrips },
];

/// Measure our server against go-ethereum's (needs Go)
#[derive(Debug, Parser)]
struct Args {
    /// How often each case is measured; the fastest counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Also write {name, ours_ns, geth_ns} as JSON to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
enum BenchError {
    #[error(transparent)]
    Geth(#[from] interop::InteropError),
    #[error("go-ethereum's part printed no figure")]
    NoFigure,
    #[error(transparent)]
    Start(#[from] devp2p_core::net::StartError),
    #[error(transparent)]
    AddPeer(#[from] devp2p_core::net::AddPeerError),
    #[error("our two servers were not done within a minute")]
    NotDone,
    #[error("cannot write {}: {}", .0.display(), .1)]
    Write(PathBuf, std::io::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    match measure(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(args: &Args) -> Result<(), BenchError> {
    eprintln!("building go-ethereum's part (the first time takes a minute)");
    let program = interop::geth_peer()?;
    let mut rows = CASES.map(Row::new);
    for round in 1..=args.rounds {
        for row in &mut rows {
            eprintln!("round {round} of {}: {}", args.rounds, row.case.name);
            row.ours.push(ours::run(row.case).await?);
            row.geth.push(geth::run(&program, row.case).await?);
        }
    }
    println!("{}", table::markdown(&rows));
    match &args.json {
        Some(file) => std::fs::write(file, table::json(&rows))
            .map_err(|error| BenchError::Write(file.clone(), error)),
        None => Ok(()),
    }
}
