//! Looks whether a computer can run the lessons, by trying, and says what to do where it cannot.

use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// How long our own loopback interface may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is there: what exactly.
    Fine(String),
    /// It is not there, and nothing works without it: what to do.
    Missing(String),
    /// It is not there, and one can do without: what it would be good for.
    Optional(String),
}

use Finding::{Fine, Missing, Optional};

/// Whether the first of `rustc --version`, or of nothing, is at least `wanted`, as in `1.85`.
#[must_use]
pub fn rust(printed: Option<&str>, wanted: &str) -> Finding {
    let Some(printed) = printed.map(str::trim) else {
        return Missing("install Rust: https://rustup.rs; then open a new terminal".to_owned());
    };
    let version = printed.split_whitespace().nth(1).unwrap_or_default();
    match numbers(version) >= numbers(wanted) {
        true => Fine(printed.to_owned()),
        false => Missing(format!("{printed} is older than {wanted}: rustup update")),
    }
}

/// Major and minor.
fn numbers(version: &str) -> Vec<u32> {
    version.split('.').take(2).map_while(|number| number.parse().ok()).collect()
}

/// Compiles a program in `folder`, and runs it: that needs a linker.
#[must_use]
pub fn linker(rustc: &Path, folder: &Path) -> Finding {
    let (source, program) = (folder.join("doctor.rs"), folder.join("doctor-rs.exe"));
    if let Err(error) = fs::write(&source, "fn main() {}") {
        return Missing(format!("{} cannot be written: {error}", source.display()));
    }
    let linked = quiet(Command::new(rustc).arg(&source).arg("-o").arg(&program));
    match linked && quiet(&mut Command::new(&program)) {
        true => Fine("a program was linked, and runs".to_owned()),
        false => Missing(format!("Rust cannot link a program: {}", c_compiler_advice())),
    }
}

/// Compiles a file of C in `folder`: the elliptic curve is written in C. `named` is what the
/// environment says in `CC`.
#[must_use]
pub fn c_compiler(named: Option<&str>, folder: &Path) -> Finding {
    if cfg!(windows) && named.is_none() {
        return Fine("comes with what Rust links with".to_owned());
    }
    let compiler = named.unwrap_or("cc");
    let source = folder.join("doctor.c");
    if let Err(error) = fs::write(&source, "int doctor(void) { return 0; }\n") {
        return Missing(format!("{} cannot be written: {error}", source.display()));
    }
    let object = folder.join("doctor.o");
    match quiet(Command::new(compiler).arg("-c").arg(&source).arg("-o").arg(object)) {
        true => Fine(format!("{compiler} compiles C")),
        false => Missing(format!("{compiler} does not compile C: {}", c_compiler_advice())),
    }
}

fn c_compiler_advice() -> &'static str {
    if cfg!(windows) {
        "install the Visual Studio Build Tools, with \"Desktop development with C++\""
    } else if cfg!(target_os = "macos") {
        "xcode-select --install"
    } else {
        "install a C compiler (Debian, Ubuntu: sudo apt install build-essential; Fedora: sudo dnf \
         install gcc)"
    }
}

/// Says something to itself, over TCP and UDP.
#[must_use]
pub fn loopback() -> Finding {
    let (tcp, udp) = (tcp_loopback(), udp_loopback());
    match (tcp, udp) {
        (Ok(()), Ok(())) => Fine("this computer can talk to itself, over TCP and UDP".to_owned()),
        (Err(error), _) => Missing(format!("127.0.0.1 over TCP: {error}; a firewall?")),
        (_, Err(error)) => Missing(format!("127.0.0.1 over UDP: {error}; a firewall?")),
    }
}

fn tcp_loopback() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut one = TcpStream::connect_timeout(&listener.local_addr()?, PATIENCE)?;
    let (mut two, _) = listener.accept()?;
    two.set_read_timeout(Some(PATIENCE))?;
    one.write_all(b"a")?;
    two.read_exact(&mut [0])
}

fn udp_loopback() -> io::Result<()> {
    let (one, two) =
        (UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?, UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?);
    two.set_read_timeout(Some(PATIENCE))?;
    one.send_to(b"a", two.local_addr()?)?;
    two.recv(&mut [0]).map(drop)
}

/// Whether a lesson can have this port, for TCP and UDP.
#[must_use]
pub fn port(port: u16) -> Finding {
    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(drop);
    let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).map(drop);
    match tcp.and(udp) {
        Ok(()) => Fine(format!("{port} is free")),
        Err(error) => {
            Optional(format!("{port} cannot be had: {error}; give lesson a2 another: --port 0"))
        }
    }
}

/// Whether every crate is here already, which `fetched` says.
#[must_use]
pub fn crates(fetched: bool) -> Finding {
    match fetched {
        true => Fine("all crates are here: no network is needed".to_owned()),
        false => Optional(
            "some crates are not here yet. Fetch them while there is a network: cargo fetch --locked"
                .to_owned(),
        ),
    }
}

/// Whether `mdbook --version` says that it is of this series.
#[must_use]
pub fn mdbook(printed: Option<&str>, series: &str, install: &str) -> Finding {
    match printed.map(str::trim) {
        Some(printed) if printed.starts_with(series) => Fine(printed.to_owned()),
        Some(printed) => {
            Optional(format!("{printed} is another one than the book wants: {install}"))
        }
        None => Optional(format!("only for building the book: {install}")),
    }
}

/// Whether it can be started, and ends well. Whatever it prints is not shown.
fn quiet(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// An empty folder of our own, for what is tried.
///
/// # Errors
/// The operating system's.
pub fn folder() -> io::Result<std::path::PathBuf> {
    let folder = env::temp_dir().join(format!("workshop-doctor-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_rust_is_named_with_what_to_do() {
        let old = rust(Some("rustc 1.84.1 (e71f9a9a9 2025-01-27)\n"), "1.85");
        assert!(matches!(&old, Missing(text) if text.ends_with("older than 1.85: rustup update")));
        assert!(matches!(rust(Some("rustc 1.100.0 (x)"), "1.85"), Fine(_)));
        assert!(matches!(rust(Some("rustc 2.0.0-nightly (x)"), "1.85"), Fine(_)));
        assert!(matches!(rust(Some("nonsense"), "1.85"), Missing(_)));
        assert!(matches!(rust(None, "1.85"), Missing(text) if text.contains("rustup.rs")));
    }

    #[test]
    fn a_compiler_that_is_none_is_missing() {
        let folder = folder().unwrap();
        let missing = c_compiler(Some("no-such-compiler"), &folder);
        assert!(matches!(missing, Missing(text) if text.contains("no-such-compiler does not")));
        assert!(matches!(linker(Path::new("no-such-rustc"), &folder), Missing(_)));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_taken_port_is_told_for_each_of_the_two() {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(matches!(port(tcp.local_addr().unwrap().port()), Optional(_)));
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let told = port(udp.local_addr().unwrap().port());
        assert!(matches!(told, Optional(text) if text.ends_with("--port 0")));
        assert!(matches!(port(0), Fine(_)));
    }

    #[test]
    fn what_is_not_needed_is_only_told() {
        assert!(matches!(crates(false), Optional(text) if text.ends_with("cargo fetch --locked")));
        let told = mdbook(Some("mdbook v0.4.1"), "mdbook v0.5.", "install it");
        assert!(matches!(told, Optional(text) if text.starts_with("mdbook v0.4.1 is another")));
        assert!(matches!(mdbook(None, "mdbook v0.5.", "install it"), Optional(_)));
        assert_eq!(
            loopback(),
            Fine("this computer can talk to itself, over TCP and UDP".to_owned())
        );
    }
}
