//! Looks whether a computer can run the lessons, by trying, and says what to do where it cannot.
//!
//! Each check takes what it looks at as an argument, so a test can make up a computer that lacks it.
//! Which system it is comes as [`std::env::consts::OS`] gives it: `linux`, `macos`, `windows`.

use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Where lesson A2 listens, unless told otherwise.
pub const PORT: u16 = 31234;

/// How long our own loopback interface may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// With a header, because a compiler can be there and its headers not.
const C_PROGRAM: &str = "#include <string.h>\nint main(void) { return (int) strlen(\"\"); }\n";

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is there: what exactly.
    Fine(String),
    /// It is not there, and nothing works without it: what to do.
    Missing(String),
    /// It is not there, and one can do without: what it would be good for.
    Optional(String),
    /// It cannot be found out: why that does not matter, or what to look at.
    Unknown(String),
}

use Finding::{Fine, Missing, Optional, Unknown};

impl Finding {
    /// One line for people about `what`.
    #[must_use]
    pub fn line(&self, what: &str) -> String {
        let (state, text) = match self {
            Fine(text) => ("ok", text),
            Missing(text) => ("MISSING", text),
            Optional(text) => ("optional", text),
            Unknown(text) => ("unknown", text),
        };
        format!("  {state:<8} {what:<11} {text}")
    }
}

/// What `Cargo.toml` states as the oldest Rust.
#[must_use]
pub fn rust_version(manifest: &str) -> Option<&str> {
    let line = manifest.lines().find_map(|line| line.trim().strip_prefix("rust-version"))?;
    Some(line.trim_start().strip_prefix('=')?.trim().trim_matches('"'))
}

/// Whether what `rustc --version` or `cargo --version` has printed is at least `wanted`, as in `1.85`.
#[must_use]
pub fn rust(printed: Option<&str>, wanted: Option<&str>) -> Finding {
    let Some(printed) = printed.map(str::trim) else {
        return Missing("install Rust from https://rustup.rs, and open a new terminal".to_owned());
    };
    let Some(wanted) = wanted else {
        return Unknown(format!("{printed}, but Cargo.toml does not say which one it needs"));
    };
    let version = printed.split_whitespace().nth(1).unwrap_or_default();
    match numbers(version) >= numbers(wanted) {
        true => Fine(printed.to_owned()),
        false => Missing(format!(
            "{printed} is older than {wanted}: rustup update; if there is no rustup: \
             https://rustup.rs"
        )),
    }
}

/// Major and minor.
fn numbers(version: &str) -> Vec<u32> {
    version.split('.').take(2).map_while(|number| number.parse().ok()).collect()
}

/// Compiles, links and runs a program in `folder`.
#[must_use]
pub fn linker(rustc: &Path, folder: &Path, os: &str) -> Finding {
    let (source, program) = (folder.join("doctor.rs"), folder.join("doctor-rs.exe"));
    let mut compile = Command::new(rustc);
    compile.arg(&source).arg("-o").arg(&program);
    match tried(&source, "fn main() {}\n", &mut compile, &program) {
        Ok(()) => Fine("Rust links a program, and it runs".to_owned()),
        Err(why) => Missing(format!("Rust cannot make a program ({why}): {}", c_advice(os))),
    }
}

/// Compiles, links and runs a program in C in `folder`: the elliptic curve is written in C. `named` is
/// what the environment says in `CC`.
#[must_use]
pub fn c_compiler(named: Option<&str>, folder: &Path, os: &str) -> Finding {
    let compilers = match (named, os) {
        (Some(named), _) => vec![named],
        (None, "windows") => vec!["cl", "clang", "gcc"],
        (None, _) => vec!["cc"],
    };
    let mut last = String::new();
    for compiler in compilers {
        let (source, program) = (folder.join("doctor.c"), folder.join("doctor-c.exe"));
        match tried(&source, C_PROGRAM, &mut c_command(compiler, folder), &program) {
            Ok(()) => return Fine(format!("{compiler} makes a program of C, and it runs")),
            Err(why) => last = format!("{compiler} cannot make a program of C ({why})"),
        }
    }
    if os == "windows" && named.is_none() {
        // Builds find the one of Visual Studio in the registry, where we cannot look.
        return Unknown(format!(
            "none is on the PATH, and it need not be: where Rust links, there mostly is one. If \
             cargo lesson a1 fails: {}",
            c_advice(os)
        ));
    }
    Missing(format!("{last}: {}", c_advice(os)))
}

/// Makes `doctor-c.exe` of `doctor.c`.
fn c_command(compiler: &str, folder: &Path) -> Command {
    // `CC` may have arguments, or a path with spaces.
    let mut words = match Path::new(compiler).exists() {
        true => vec![compiler],
        false => compiler.split_whitespace().collect(),
    }
    .into_iter();
    let mut command = Command::new(words.next().unwrap_or(compiler));
    command.args(words).arg("doctor.c").current_dir(folder);
    match compiler == "cl" {
        true => command.arg("/Fedoctor-c.exe"),
        false => command.args(["-o", "doctor-c.exe"]),
    };
    command
}

/// Writes the source, compiles it and runs the program; or says what went wrong.
fn tried(source: &Path, text: &str, compile: &mut Command, program: &Path) -> Result<(), String> {
    fs::write(source, text).map_err(|error| format!("{}: {error}", source.display()))?;
    let compiled = compile.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if !compiled.status.success() {
        let said = [compiled.stderr, compiled.stdout].concat();
        return Err(first_error(&String::from_utf8_lossy(&said)));
    }
    let mut run = Command::new(program);
    run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match run.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("it was linked, but does not run: {status}")),
        Err(error) => Err(format!("it was linked, but cannot be started: {error}")),
    }
}

/// The first line of a compiler that tells of an error.
fn first_error(said: &str) -> String {
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines().find(|line| line.contains("error")).or_else(|| lines().next());
    first.unwrap_or("it does not say why").to_owned()
}

fn c_advice(os: &str) -> &'static str {
    match os {
        "windows" => {
            "install the Visual Studio Build Tools, with \"Desktop development with C++\", and open \
             a new terminal"
        }
        "macos" => "xcode-select --install",
        _ => {
            "install a C compiler (Debian, Ubuntu: sudo apt install build-essential; Fedora: sudo \
             dnf install gcc; Arch: sudo pacman -S base-devel)"
        }
    }
}

/// Whether every crate is here already, which `cargo fetch --offline` finds out.
#[must_use]
pub fn crates(fetch: &mut Command) -> Finding {
    match quiet(fetch) {
        true => Fine("all crates are here: no network is needed".to_owned()),
        false => Missing(
            "some crates are not here; while there is a network: cargo fetch --locked".to_owned(),
        ),
    }
}

/// Says something to itself at `address`, over TCP and UDP.
#[must_use]
pub fn loopback(address: IpAddr, os: &str) -> Finding {
    let (what, error) = match (tcp_loopback(address), udp_loopback(address)) {
        (Ok(()), Ok(())) => {
            return Fine("this computer can talk to itself, over TCP and UDP".to_owned());
        }
        (Err(error), _) => ("TCP", error),
        (_, Err(error)) => ("UDP", error),
    };
    let advice = match os {
        "linux" => "is it switched on? sudo ip link set lo up; or a firewall forbids it: allow it",
        _ => "a firewall or a VPN forbids it: allow it, or switch that off while you learn",
    };
    Missing(format!("{address} over {what} ({error}): {advice}"))
}

fn tcp_loopback(address: IpAddr) -> io::Result<()> {
    let listener = TcpListener::bind((address, 0))?;
    let mut one = TcpStream::connect_timeout(&listener.local_addr()?, PATIENCE)?;
    let (mut two, _) = listener.accept()?;
    two.set_read_timeout(Some(PATIENCE))?;
    one.write_all(b"a")?;
    two.read_exact(&mut [0])
}

fn udp_loopback(address: IpAddr) -> io::Result<()> {
    let (one, two) = (UdpSocket::bind((address, 0))?, UdpSocket::bind((address, 0))?);
    two.set_read_timeout(Some(PATIENCE))?;
    one.send_to(b"a", two.local_addr()?)?;
    two.recv(&mut [0]).map(drop)
}

/// Whether a lesson can have this port, for TCP and UDP.
#[must_use]
pub fn port(port: u16) -> Finding {
    let (what, error) = match (
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)),
        UdpSocket::bind((Ipv4Addr::LOCALHOST, port)),
    ) {
        (Ok(_), Ok(_)) => return Fine(format!("{port} is free, for TCP and UDP")),
        (Err(error), _) => ("TCP", error),
        (_, Err(error)) => ("UDP", error),
    };
    Optional(format!(
        "{port} cannot be had for {what} ({error}); another one will do: cargo lesson a2 --port 0"
    ))
}

/// Whether `mdbook --version` says that it is of this series.
#[must_use]
pub fn mdbook(printed: Option<&str>, series: &str, install: &str) -> Finding {
    match printed.map(str::trim) {
        Some(printed) if printed.starts_with(series) => Fine(printed.to_owned()),
        Some(printed) => Optional(format!(
            "{printed} is another one than the book wants; for building the book: {install}"
        )),
        None => Optional(format!("only for building the book: {install}")),
    }
}

/// Whether a firewall is on, as far as anybody can tell who is no administrator. `told` is what macOS
/// prints about its own, or the configuration of ufw on Linux.
#[must_use]
pub fn firewall(told: Option<&str>, os: &str) -> Finding {
    let told = told.unwrap_or_default();
    let is_on = match os {
        "macos" => ["State = 1", "State = 2"].iter().any(|state| told.contains(state)),
        "linux" => told.lines().any(|line| line.trim() == "ENABLED=yes"),
        _ => false,
    };
    match (os, is_on) {
        ("macos", true) => Optional(
            "it is on; between two computers: allow the program when macOS asks".to_owned(),
        ),
        ("linux", true) => {
            Optional("ufw is on; between two computers: sudo ufw allow 30303".to_owned())
        }
        ("macos", false) if told.contains("State = 0") => {
            Fine("the one of macOS is off".to_owned())
        }
        _ => Unknown("it only matters between two computers".to_owned()),
    }
}

/// What the program prints; none if it cannot be started, or fails.
pub fn printed(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether it can be started, and ends well. Whatever it prints is not shown.
fn quiet(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// An empty folder of our own, for what is tried. It lies beside this program, because programs can be
/// run there; on some computers they cannot where temporary files are.
///
/// # Errors
/// The operating system's.
pub fn folder() -> io::Result<PathBuf> {
    let here = env::current_exe()?.parent().map_or_else(env::temp_dir, Path::to_owned);
    let folder = here.join(format!("doctor-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
