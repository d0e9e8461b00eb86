//! `just bench`: see the crate's documentation for what is measured and how.

#![allow(clippy::print_stdout, reason = "a command line tool speaks on stdout")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bench::case::{Case, Place, Work};
use bench::known::Known;
use bench::report::{Idle, Report, Turns};
#[cfg(unix)]
use bench::rpc::{self, Plan};
use bench::samples::{Row, Samples};
use bench::{Result, allocations, floors, geth, hold, idle, known, machine, ours};
use chrono::Local;
use clap::{Parser, Subcommand};
use interop::Program;
use tokio::runtime::Runtime;

/// Measure handshakes, frames and servers against go-ethereum's (needs Go)
#[derive(Debug, Parser)]
struct Args {
    /// How often everything is measured; more rounds find a quieter moment
    #[arg(long, global = true, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Also write the fastest samples to this file, a JSON list of
    /// `{name, ours_ns, geth_ns, floor_ns}`
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure only times, and only those whose name contains this text; the book stays as it is
    #[arg(long, global = true, value_name = "TEXT")]
    only: Option<String>,
    /// Leave go-ethereum out: then nothing but Rust is needed. The book stays as it is
    #[arg(long, global = true)]
    no_go: bool,
    /// Idle peers that are held to measure their memory
    #[arg(long, default_value_t = 2000, value_name = "COUNT")]
    peers: usize,
    #[command(subcommand)]
    mode: Option<Mode>,
}

#[derive(Debug, Subcommand)]
enum Mode {
    /// The other process of the measurement of memory
    #[command(hide = true)]
    Hold {
        /// How many peers it may have
        #[arg(long)]
        peers: usize,
        /// Whether it takes part in discovery
        #[arg(long)]
        discovery: bool,
    },
    #[cfg(unix)]
    /// Measure JSON-RPC, and nothing else
    Rpc {
        /// Idle connections that are held to measure their memory
        #[arg(long, default_value_t = 1000, value_name = "COUNT")]
        connections: usize,
    },
    #[cfg(unix)]
    /// Our server of that measurement
    #[command(hide = true)]
    RpcServer,
    #[cfg(unix)]
    /// The floor of that measurement, of this case
    #[command(hide = true)]
    RpcFloor {
        /// Its number
        case: usize,
    },
}

/// Whether Keccak is in assembly. That changes frames, and there is no need to measure the rest.
const ASM: bool = cfg!(feature = "asm");

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.mode {
        Some(Mode::Hold { peers, discovery }) => {
            idle::raise_limit(peers).and_then(|peers| hold::run(peers, discovery))
        }
        #[cfg(unix)]
        Some(Mode::Rpc { connections }) => measure_rpc(&args, connections),
        #[cfg(unix)]
        Some(Mode::RpcServer) => idle::raise_limit(usize::MAX).and_then(|_| rpc::serve::ours()),
        #[cfg(unix)]
        Some(Mode::RpcFloor { case }) => rpc::serve::floor(case),
        None => measure(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(args: &Args) -> Result<()> {
    let began = Local::now();
    // For the foreign peers' lines; what is timed has a runtime of its own.
    let runtime = Runtime::new()?;
    let geth = if args.no_go { None } else { Some(build_geth()?) };
    let versions = match &geth {
        Some(program) => runtime.block_on(geth::versions(program))?,
        None => "without go-ethereum".to_owned(),
    };
    let mut report = Report {
        origin: format!(
            "Measured on {} with `{}`, {} rounds, on {}; {}, {versions}.",
            began.format("%Y-%m-%d"),
            if ASM { "just bench-asm" } else { "just bench" },
            args.rounds,
            machine::name()?,
            machine::rustc()?,
        ),
        rows: times(args, &runtime, geth.as_ref())?,
        turns: Vec::new(),
        idle: None,
        known: None,
        allocations: Vec::new(),
    };
    if args.only.is_none() && !ASM {
        report.turns = turns(&runtime)?;
        report.idle = geth.as_ref().and_then(|geth| memory(args.peers, &runtime, geth));
        report.known = known(&runtime);
        eprintln!("allocations");
        report.allocations = allocations::count()?;
    }
    if args.only.is_none() && !args.no_go {
        write(&table(), &report.to_string())?;
    }
    if let Some(file) = &args.json {
        write(file, &report.json())?;
    }
    println!("{report}");
    Ok(())
}

#[cfg(unix)]
fn measure_rpc(args: &Args, connections: usize) -> Result<()> {
    let began = Local::now();
    let geth = if args.no_go { None } else { Some(build_geth()?) };
    let versions = match &geth {
        Some(program) => Runtime::new()?.block_on(geth::versions(program))?,
        None => "without go-ethereum".to_owned(),
    };
    eprintln!("building jsonrpsee's server (the first time takes a minute)");
    let connections = if args.only.is_some() { 0 } else { idle::raise_limit(connections)? };
    let plan = Plan {
        rounds: args.rounds,
        only: args.only.clone(),
        geth,
        jsonrpsee: Some(rpc::jsonrpsee()?),
        idle: connections,
    };
    let figures = rpc::measure(&plan)?;
    let allocations = if args.only.is_none() { allocations::count_calls()? } else { Vec::new() };
    let origin = format!(
        "Measured on {} with `just bench-rpc`, {} rounds, on {}; {}, {versions}, jsonrpsee 0.26.0.",
        began.format("%Y-%m-%d"),
        args.rounds,
        machine::name()?,
        machine::rustc()?,
    );
    let table = figures.table(origin, allocations);
    if args.only.is_none() && !args.no_go {
        write(&book("performance-table-rpc.md"), &table.to_string())?;
        write(&book("performance-rpc.json"), &format!("{:#}\n", serde_json::to_value(&table)?))?;
    }
    println!("{table}");
    Ok(())
}

fn build_geth() -> Result<Program> {
    eprintln!("building go-ethereum's part (the first time takes a minute)");
    Ok(interop::geth_bench()?)
}

fn times(args: &Args, runtime: &Runtime, geth: Option<&Program>) -> Result<Vec<Row>> {
    let wanted = |case: &Case| match &args.only {
        Some(text) => case.work.to_string().contains(text),
        None => !ASM || matches!(case.work, Work::Frame(Place::Memory, _) | Work::Message(..)),
    };
    let cases: Vec<Case> = Case::ALL.into_iter().filter(wanted).collect();
    let mut rows: Vec<Row> = cases.iter().map(|case| Row::new(case.work)).collect();
    for round in 1..=args.rounds {
        for (case, row) in cases.iter().zip(&mut rows) {
            eprintln!("round {round} of {}: {}", args.rounds, case.work);
            row.ours.add(*case, ours::run(*case)?);
            row.floor.add(*case, floors::run(*case)?);
            row.share.add(*case, floors::share(*case)?);
            if let Some(program) = geth {
                row.geth.add(*case, runtime.block_on(geth::run(program, *case))?);
            }
        }
    }
    Ok(rows)
}

/// Turns of the main loop, as far as there are files enough for so many peers.
fn turns(runtime: &Runtime) -> Result<Vec<Turns>> {
    let this = Program::new(std::env::current_exe()?);
    let mut all = Vec::new();
    for peers in [10, 1000, 10_000] {
        if idle::raise_limit(peers)? < peers {
            eprintln!("turns with {peers} peers are not measured: too few files may be open");
            continue;
        }
        eprintln!("turns of the main loop with {peers} peers and static nodes");
        let took = runtime.block_on(idle::turns(&this, peers))?;
        all.push(Turns { peers, took: Samples::from_nanoseconds(took) });
    }
    Ok(all)
}

/// Nothing, with a word why, where it cannot be measured.
fn memory(peers: usize, runtime: &Runtime, geth: &Program) -> Option<Idle> {
    let measure = || -> Result<Idle> {
        let peers = idle::raise_limit(peers)?;
        let hold = |program: &Program, arguments: &[&str]| {
            runtime.block_on(idle::memory_per_peer(program, arguments, peers))
        };
        eprintln!("memory of {peers} idle peers");
        let ours = hold(&Program::new(std::env::current_exe()?), &[])?;
        eprintln!("memory of {peers} idle peers, go-ethereum");
        Ok(Idle { peers, ours, geth: hold(geth, &["bench"])? })
    };
    measure().inspect_err(|error| eprintln!("memory was not measured: {error}")).ok()
}

/// As [`memory`].
fn known(runtime: &Runtime) -> Option<Known> {
    eprintln!("a node that knows others, for half a minute");
    let measure = || -> Result<Known> {
        runtime.block_on(known::cost(&Program::new(std::env::current_exe()?)))
    };
    measure().inspect_err(|error| eprintln!("it was not measured: {error}")).ok()
}

/// The file that the book includes.
fn table() -> PathBuf {
    let name = if ASM { "performance-table-asm.md" } else { "performance-table.md" };
    book(name)
}

fn book(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book").join(name)
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text)
        .map_err(|error| format!("cannot write {}: {error}", file.display()).into())
}
