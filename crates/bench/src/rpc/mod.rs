//! JSON-RPC: our server, go-ethereum's, jsonrpsee's, and a floor that sends the same bytes.
//!
//! Each server is a process of its own, on one core where `taskset` is found; one thread here is all
//! clients, and does nothing but frame. They take turns, as everything does here, and the fastest sample
//! counts.

pub mod case;
mod client;
pub mod figures;
mod idle;
pub mod serve;
mod wire;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use interop::{Peer, Program};
use serde_json::Value;
use tokio::runtime::Builder;

use crate::Result;
use crate::samples::Samples;
use case::{Case, Transport};
use client::{Client, samples};
use figures::{Figures, Row};

/// Samples of a case in one round.
const SAMPLES: u32 = 10;
/// Calls before the first sample, so that what is made once is made.
const WARM_UP: usize = 200;
/// How long a server may take to say a word.
const WITHIN: Duration = Duration::from_secs(15);

/// What is run, and how often.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How often everything is measured.
    pub rounds: u32,
    /// Only cases whose name contains this.
    pub only: Option<String>,
    /// go-ethereum's half; its servers are measured if it is there.
    pub geth: Option<Program>,
    /// jsonrpsee's server, the same.
    pub jsonrpsee: Option<Program>,
    /// Idle connections that are held to weigh them; none: they are not weighed.
    pub idle: usize,
}

/// A running server.
struct Server {
    process: Peer,
    /// What it said of itself.
    ready: Value,
}

impl Server {
    async fn start(program: &Program, arguments: &[&str]) -> Result<Self> {
        let mut process = Peer::start(program, arguments)?;
        let ready = process.expect(|line| line["event"] == "ready", WITHIN).await?;
        Ok(Self { process, ready })
    }

    async fn stop(self) -> Result<()> {
        Ok(self.process.stop().await?)
    }
}

/// Measures all of it.
///
/// # Errors
/// If a server does not do what it should.
pub fn measure(plan: &Plan) -> Result<Figures> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut figures = Figures { rows: rows(plan).await?, ..Figures::default() };
        if plan.idle > 0 {
            figures.idle = idle::weigh(plan).await?;
        }
        Ok(figures)
    })
}

async fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let this = on_one_core(Program::new(env::current_exe()?));
    let ours = Server::start(&this, &["rpc-server"]).await?;
    let geth = start(plan.geth.as_ref(), &["bench", "rpc"]).await?;
    let jsonrpsee = start(plan.jsonrpsee.as_ref(), &[]).await?;
    let wanted = |case: &Case| plan.only.as_ref().is_none_or(|it| case.to_string().contains(it));
    let mut rows: Vec<Row> = Case::ALL.into_iter().filter(wanted).map(Row::new).collect();
    for round in 1..=plan.rounds {
        for row in &mut rows {
            eprintln!("round {round} of {}: {}", plan.rounds, row.case);
            add(&mut row.ours, row.case, Some(&ours)).await?;
            add(&mut row.geth, row.case, geth.as_ref()).await?;
            let jsonrpsee = jsonrpsee.as_ref().filter(|_| row.case.transport != Transport::Ipc);
            add(&mut row.jsonrpsee, row.case, jsonrpsee).await?;
            let number = Case::ALL.iter().position(|case| *case == row.case).unwrap_or_default();
            let floor = Server::start(&this, &["rpc-floor", &number.to_string()]).await?;
            add(&mut row.floor, row.case, Some(&floor)).await?;
            floor.stop().await?;
        }
    }
    for server in [Some(ours), geth, jsonrpsee].into_iter().flatten() {
        server.stop().await?;
    }
    Ok(rows)
}

async fn start(program: Option<&Program>, arguments: &[&str]) -> Result<Option<Server>> {
    match program {
        Some(program) => Ok(Some(Server::start(&on_one_core(program.clone()), arguments).await?)),
        None => Ok(None),
    }
}

/// Takes samples of a case, in nanoseconds for each call or event.
async fn add(to: &mut Samples, case: Case, server: Option<&Server>) -> Result<()> {
    let Some(Server { ready, .. }) = server else { return Ok(()) };
    if matches!(case.load, case::Load::Calls { under_way: 1, .. }) {
        Client::connect(case.transport, ready).await?.call(WARM_UP, 1).await?;
    }
    let each = case.count().saturating_mul(case.connections());
    to.add_each(each, samples(case, SAMPLES, ready).await?);
    Ok(())
}

/// The same program, on the first core only, if there is a program that does so.
fn on_one_core(program: Program) -> Program {
    match Command::new("taskset").arg("--version").output() {
        Ok(_) => program.through("taskset", &["--cpu-list", "0"]),
        Err(_) => program,
    }
}

/// Builds jsonrpsee's server.
///
/// # Errors
/// If it does not compile.
pub fn jsonrpsee() -> Result<Program> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = here.join("../../target/jsonrpsee");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--release", "--locked", "--target-dir"])
        .arg(&target)
        .current_dir(here.join("jsonrpsee"))
        .status()?;
    if !built.success() {
        return Err("the server with jsonrpsee does not compile".into());
    }
    let program: PathBuf = target.join("release/bench-jsonrpsee");
    Ok(Program::new(program.with_extension(env::consts::EXE_EXTENSION)))
}
