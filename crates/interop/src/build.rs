//! Finds the foreign peers' programs, and builds them on first use.

use std::env::consts::EXE_SUFFIX;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::InteropError;

/// A foreign peer, ready to run: what stands on its command line before its arguments.
#[derive(Debug, Clone)]
pub struct Program {
    pub(crate) command: OsString,
    pub(crate) first_arguments: Vec<OsString>,
}

impl Program {
    /// Any program that speaks as the foreign peers do.
    pub fn new(command: impl Into<OsString>) -> Self {
        Self { command: command.into(), first_arguments: Vec::new() }
    }

    /// The same program, started by another one, as `taskset --cpu-list 0 PROGRAM`.
    #[must_use]
    pub fn through(self, command: &str, arguments: &[&str]) -> Self {
        let mut first_arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        first_arguments.push(self.command);
        first_arguments.extend(self.first_arguments);
        Self { command: command.into(), first_arguments }
    }
}

/// Built programs. Tests run side by side: one of them builds, and the others wait for it.
static GETH_PEER: Mutex<Option<Program>> = Mutex::new(None);
static GETH_BENCH: Mutex<Option<Program>> = Mutex::new(None);
static GETH_DEVP2P: Mutex<Option<PathBuf>> = Mutex::new(None);
static GETH_RPC: Mutex<Option<Program>> = Mutex::new(None);
static GETH: Mutex<Option<PathBuf>> = Mutex::new(None);
static OUR_DEVP2P: Mutex<Option<PathBuf>> = Mutex::new(None);
static ETHEREUMJS: Mutex<Option<Program>> = Mutex::new(None);
static RPC_ALLOY: Mutex<Option<Program>> = Mutex::new(None);
static RPC_VIEM: Mutex<Option<Program>> = Mutex::new(None);
static LEARNERS: Mutex<Option<PathBuf>> = Mutex::new(None);
static BROWSER: Mutex<()> = Mutex::new(());

/// A tool that we run, and where a person gets it.
struct Tool {
    command: &'static str,
    name: &'static str,
    url: &'static str,
}

const GO: Tool = Tool { command: "go", name: "Go", url: "https://go.dev/dl" };
const CARGO: Tool = Tool { command: "cargo", name: "Rust", url: "https://rustup.rs" };
const NODE: Tool = Tool { command: "node", name: "Node", url: "https://nodejs.org/en/download" };
const CHROMIUM: Tool = Tool {
    command: "chromium",
    name: "Chromium",
    url: "your distribution: apt-get install chromium",
};
const NPM: Tool = Tool {
    // Windows finds a script only by its whole name.
    command: if cfg!(windows) { "npm.cmd" } else { "npm" },
    ..NODE
};

/// The program around go-ethereum, `peers/geth`, built into the target directory. Go's own
/// cache makes every build after the first one short.
///
/// # Errors
///
/// [`InteropError::MissingTool`] without Go, [`InteropError::Build`] if it does not compile.
pub fn geth_peer() -> Result<Program, InteropError> {
    once(&GETH_PEER, || Ok(Program::new(go_build("geth", ".", "geth-peer", WITHOUT_C)?)))
}

/// The same program as [`geth_peer`], to measure how fast it is: built as go-ethereum is, with its
/// cryptography in C where a C compiler is found.
///
/// # Errors
///
/// As [`geth_peer`].
pub fn geth_bench() -> Result<Program, InteropError> {
    once(&GETH_BENCH, || Ok(Program::new(go_build("geth", ".", "geth-bench", &[])?)))
}

/// go-ethereum's own test tool `devp2p`, built into the target directory: not a peer to talk
/// to, but a program that runs once, judges us by its exit code and explains itself in text.
///
/// # Errors
///
/// As [`geth_peer`].
pub fn geth_devp2p() -> Result<PathBuf, InteropError> {
    let package = "github.com/ethereum/go-ethereum/cmd/devp2p";
    once(&GETH_DEVP2P, || go_build("geth-devp2p", package, "geth-devp2p", WITHOUT_C))
}

/// go-ethereum's own JSON-RPC server, `peers/geth-rpc`. It takes longer to build than [`geth_peer`].
///
/// # Errors
///
/// As [`geth_peer`].
pub fn geth_rpc() -> Result<Program, InteropError> {
    once(&GETH_RPC, || Ok(Program::new(go_build("geth-rpc", ".", "geth-rpc", WITHOUT_C)?)))
}

/// The command `geth` itself, for its console: see [`attach`](crate::attach).
///
/// # Errors
///
/// As [`geth_peer`].
pub fn geth() -> Result<PathBuf, InteropError> {
    let package = "github.com/ethereum/go-ethereum/cmd/geth";
    once(&GETH, || go_build("geth-rpc", package, "geth", WITHOUT_C))
}

/// Our own tool `devp2p`: what a person types, against what others have built.
///
/// # Errors
///
/// [`InteropError::Build`] if it does not compile.
pub fn our_devp2p() -> Result<PathBuf, InteropError> {
    once(&OUR_DEVP2P, || cargo_build("devp2p-cli", "devp2p"))
}

/// What learners write, right or wrong: see the exercises' own tests.
///
/// # Errors
///
/// As [`our_devp2p`].
pub fn learners_programs() -> Result<PathBuf, InteropError> {
    once(&LEARNERS, || cargo_build("exercises", "exercise-programs"))
}

/// A script that tests pages in a browser, its packages installed beside it. What it wants to be told,
/// and where it may put what it photographs, stands in its head.
///
/// # Errors
///
/// [`InteropError::MissingTool`] without Node or a browser, [`InteropError::Build`] if `npm ci` fails.
pub fn browser_test(script: &str) -> Result<Program, InteropError> {
    let _one_installs = BROWSER.lock().unwrap_or_else(PoisonError::into_inner);
    let mut chromium = Command::new(CHROMIUM.command);
    chromium.arg("--version");
    run(&CHROMIUM, chromium)?;
    node_program("browser", script)
}

/// The program around EthereumJS, `peers/ethereumjs`, its packages installed beside it.
///
/// # Errors
///
/// [`InteropError::MissingTool`] without Node, [`InteropError::Build`] if `npm ci` fails.
pub fn ethereumjs_peer() -> Result<Program, InteropError> {
    once(&ETHEREUMJS, || node_program("ethereumjs", "main.mjs"))
}

/// A client of JSON-RPC around viem, `peers/rpc-viem`, its packages installed beside it.
///
/// # Errors
///
/// As [`ethereumjs_peer`].
pub fn rpc_viem() -> Result<Program, InteropError> {
    once(&RPC_VIEM, || node_program("rpc-viem", "main.mjs"))
}

/// A client of JSON-RPC around alloy, `peers/rpc-alloy`: a Rust program that is no part of the
/// workspace, and wants a newer Rust.
///
/// # Errors
///
/// As [`our_devp2p`].
pub fn rpc_alloy() -> Result<Program, InteropError> {
    once(&RPC_ALLOY, || {
        let target = target_dir().join("interop").join("rpc-alloy");
        let mut cargo = Command::new(CARGO.command);
        cargo.args(["build", "--locked", "--target-dir"]).arg(&target);
        cargo.current_dir(peer_dir("rpc-alloy"));
        run(&CARGO, cargo)?;
        Ok(Program::new(target.join("debug").join(format!("rpc-alloy{EXE_SUFFIX}"))))
    })
}

/// A script of `peers/<name>`, its packages installed beside it.
fn node_program(name: &str, script: &str) -> Result<Program, InteropError> {
    let directory = peer_dir(name);
    let mut node = Command::new(NODE.command);
    node.arg("--version");
    run(&NODE, node)?;
    if !is_installed(&directory) {
        let mut npm = Command::new(NPM.command);
        npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(&directory);
        run(&NPM, npm)?;
    }
    Ok(Program {
        command: NODE.command.into(),
        first_arguments: vec![directory.join(script).into()],
    })
}

fn cargo_build(package: &str, program: &str) -> Result<PathBuf, InteropError> {
    let mut cargo = Command::new(CARGO.command);
    cargo.args(["build", "--package", package, "--bin", program, "--locked"]);
    cargo.arg("--target-dir").arg(target_dir());
    run(&CARGO, cargo)?;
    Ok(target_dir().join("debug").join(format!("{program}{EXE_SUFFIX}")))
}

/// Without cgo no C compiler is needed; go-ethereum has its cryptography in Go as well.
const WITHOUT_C: &[(&str, &str)] = &[("CGO_ENABLED", "0")];

/// Builds the Go package `package`, as the module `peers/<module>` sees it.
fn go_build(
    module: &str,
    package: &str,
    name: &str,
    environment: &[(&str, &str)],
) -> Result<PathBuf, InteropError> {
    let program = target_dir().join("interop").join(format!("{name}{EXE_SUFFIX}"));
    let mut go = Command::new(GO.command);
    go.args(["build", "-o"]).arg(&program).arg(package).current_dir(peer_dir(module));
    go.envs(environment.iter().copied());
    run(&GO, go)?;
    Ok(program)
}

fn once<T: Clone>(
    built: &Mutex<Option<T>>,
    build: impl FnOnce() -> Result<T, InteropError>,
) -> Result<T, InteropError> {
    let mut built = built.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(program) = built.as_ref() {
        return Ok(program.clone());
    }
    let program = build()?;
    Ok(built.insert(program).clone())
}

/// Whether `npm ci` ran since `package-lock.json` was changed. npm writes its own copy of
/// that file last.
fn is_installed(directory: &Path) -> bool {
    let changed = |file: &str| directory.join(file).metadata()?.modified();
    match (changed("node_modules/.package-lock.json"), changed("package-lock.json")) {
        (Ok(installed), Ok(wanted)) => installed >= wanted,
        (Err(_), _) | (_, Err(_)) => false,
    }
}

fn run(tool: &Tool, mut command: Command) -> Result<(), InteropError> {
    let output = command.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => InteropError::MissingTool { name: tool.name, url: tool.url },
        _ => InteropError::Io(error),
    })?;
    if output.status.success() {
        return Ok(());
    }
    Err(InteropError::Build {
        command: format!("{command:?}"),
        output: [output.stdout, output.stderr]
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .concat(),
    })
}

fn peer_dir(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(name)
}

fn target_dir() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // An absolute directory replaces the root.
    root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}
