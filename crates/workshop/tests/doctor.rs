//! `cargo workshop doctor` sees what is missing: here on computers that are made up to lack it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where something is not as expected"
)]

mod made_up;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use made_up::Folder;
use workshop::doctor::{
    Finding, PORT, c_compiler, crates, firewall, linker, loopback, mdbook, port, rust, rust_version,
};

const SYSTEMS: [&str; 3] = ["linux", "macos", "windows"];

/// An address that is set aside for documentation, so no computer has it.
const NOT_OURS: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[track_caller]
fn missing(finding: Finding) -> String {
    let Finding::Missing(text) = finding else { panic!("not missing: {finding:?}") };
    text
}

#[track_caller]
fn optional(finding: Finding) -> String {
    let Finding::Optional(text) = finding else { panic!("not optional: {finding:?}") };
    text
}

#[test]
fn an_old_rust_is_named_with_what_to_do() {
    let wanted = rust_version("[workspace.package]\nrust-version = \"1.85\"\n");
    assert_eq!(wanted, Some("1.85"));
    assert_eq!(
        missing(rust(Some("rustc 1.84.1 (e71f9a9a9 2025-01-27)\n"), wanted)),
        "rustc 1.84.1 (e71f9a9a9 2025-01-27) is older than 1.85: rustup update; if there is no \
         rustup: https://rustup.rs"
    );
    assert!(missing(rust(Some("cargo nonsense"), wanted)).starts_with("cargo nonsense is older"));
    assert_eq!(
        missing(rust(None, wanted)),
        "install Rust from https://rustup.rs, and open a new terminal"
    );
    for new in ["rustc 1.85.0 (x)", "rustc 1.100.0 (x)", "cargo 2.0.0-nightly (x)"] {
        assert_eq!(rust(Some(new), wanted), Finding::Fine(new.to_owned()));
    }
    assert!(matches!(rust(Some("rustc 1.85.0"), rust_version("")), Finding::Unknown(_)));
}

#[test]
fn our_manifest_says_which_rust_it_needs() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let wanted = rust_version(&manifest).unwrap();
    assert!(wanted.starts_with("1."), "{wanted}");
}

#[test]
fn a_linker_that_is_missing_gets_the_advice_of_its_system() {
    let folder = Folder::with(&[("doctor.rs", "")]);
    let told = SYSTEMS.map(|os| missing(linker(Path::new("no-such-rustc"), folder.path(), os)));
    assert!(told.iter().all(|text| text.starts_with("Rust cannot make a program (")), "{told:?}");
    for (text, advice) in told.iter().zip(["build-essential", "xcode-select", "Build Tools"]) {
        assert!(text.contains(advice), "{text}");
    }
}

#[test]
fn a_c_compiler_that_is_missing_gets_the_advice_of_its_system() {
    let folder = Folder::with(&[("doctor.c", "")]);
    for (os, advice) in SYSTEMS.into_iter().zip(["build-essential", "xcode-select", "Build Tools"])
    {
        let text = missing(c_compiler(Some("no-such-compiler --fast"), folder.path(), os));
        assert!(text.starts_with("no-such-compiler --fast cannot make a program of C ("), "{text}");
        assert!(text.contains(advice), "{text}");
    }
}

/// A compiler may be there and do nothing: here it is cargo, which knows no C.
#[test]
fn what_a_compiler_complains_of_is_told() {
    let folder = Folder::with(&[("doctor.c", "")]);
    let text = missing(c_compiler(Some(env!("CARGO")), folder.path(), "linux"));
    assert!(text.contains(" (error: "), "{text}");
}

#[test]
fn crates_that_are_not_here_are_missing() {
    let workspace = workspace("\n[dependencies]\nhex = \"0.4\"\n", HEX);
    let text = missing(crates(&mut fetch(&workspace)));
    assert_eq!(text, "some crates are not here; while there is a network: cargo fetch --locked");
    let without = self::workspace("", "");
    assert!(matches!(crates(&mut fetch(&without)), Finding::Fine(_)));
}

#[test]
fn a_loopback_that_is_silent_gets_the_advice_of_its_system() {
    for (os, advice) in SYSTEMS.into_iter().zip(["ip link set lo up", "a VPN", "a VPN"]) {
        let text = missing(loopback(NOT_OURS, os));
        assert!(text.starts_with("203.0.113.1 over TCP ("), "{text}");
        assert!(text.contains(advice), "{text}");
    }
    assert!(matches!(loopback(Ipv4Addr::LOCALHOST.into(), "linux"), Finding::Fine(_)));
}

#[test]
fn a_taken_port_is_told_for_each_of_the_two() {
    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let taken = tcp.local_addr().unwrap().port();
    let text = optional(port(taken));
    assert!(text.starts_with(&format!("{taken} cannot be had for TCP (")), "{text}");
    assert!(text.ends_with("another one will do: cargo lesson a2 --port 0"), "{text}");

    let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let taken = udp.local_addr().unwrap().port();
    let text = optional(port(taken));
    assert!(text.starts_with(&format!("{taken} cannot be had for UDP (")), "{text}");

    assert!(matches!(port(0), Finding::Fine(_)));
}

#[test]
fn the_port_is_the_one_of_the_lesson() {
    let lesson = fs::read_to_string(root().join("lessons/a2_connect/src/main.rs")).unwrap();
    assert!(lesson.contains(&format!("start_with_port({PORT})")), "it is not {PORT}");
}

#[test]
fn another_mdbook_is_told_and_is_optional() {
    let told = |printed| mdbook(printed, "mdbook v0.5.", "install it");
    assert_eq!(
        optional(told(Some("mdbook v0.4.1\n"))),
        "mdbook v0.4.1 is another one than the book wants; for building the book: install it"
    );
    assert_eq!(optional(told(None)), "only for building the book: install it");
    assert_eq!(told(Some("mdbook v0.5.4\n")), Finding::Fine("mdbook v0.5.4".to_owned()));
}

#[test]
fn a_firewall_is_only_told_where_it_is_known() {
    let unknown = Finding::Unknown("it only matters between two computers".to_owned());
    for os in SYSTEMS {
        assert_eq!(firewall(None, os), unknown);
        assert_eq!(firewall(Some("ENABLED=no\n# ENABLED=yes\n"), os), unknown);
    }
    assert!(optional(firewall(Some("ENABLED=yes\n"), "linux")).ends_with("sudo ufw allow 30303"));
    let mac = |told| firewall(Some(told), "macos");
    assert!(optional(mac("Firewall is enabled. (State = 1)\n")).starts_with("it is on"));
    assert!(matches!(mac("Firewall is disabled. (State = 0)\n"), Finding::Fine(_)));
}

#[test]
fn a_computer_that_has_all_passes_and_what_is_optional_does_not_count() {
    let workspace = workspace("", "");
    let output = doctor(&workspace).output().unwrap();
    let told = text(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    for line in ["  ok       linker ", "  ok       crates ", "  ok       loopback "] {
        assert!(told.contains(line), "{told}");
    }
    assert!(told.ends_with("\n\nThe lessons will run here.\n"), "{told}");

    let bare = doctor(&workspace).env("PATH", system_path_without("mdbook")).output().unwrap();
    let pinned = fs::read_to_string(root().join(".ci/run")).unwrap();
    let pinned = pinned.lines().find_map(|line| line.strip_prefix("mdbook_version=")).unwrap();
    let advice = format!(
        "  optional mdBook      only for building the book: cargo install --locked mdbook@{pinned}\n"
    );
    assert!(text(&bare).contains(&advice), "{}", text(&bare));
    assert_eq!(bare.status.code(), Some(0), "{}", text(&bare));
}

#[test]
fn an_old_rust_fails_it() {
    let manifest = "[package]\nname = \"one\"\nversion = \"0.1.0\"\n";
    let rust = "[workspace.package]\nrust-version = \"99.0\"\n";
    let workspace = Folder::with(&[("Cargo.toml", &format!("{manifest}\n{rust}"))]);
    let output = doctor(&workspace).output().unwrap();
    let told = text(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("  MISSING  rustc       rustc "), "{told}");
    assert!(told.contains(" is older than 99.0: rustup update"), "{told}");
    assert!(told.ends_with("need what is MISSING. Mend the first, and look again.\n"), "{told}");
}

/// A PATH without `cc`. Elsewhere compilers are not found by the PATH alone.
#[cfg(target_os = "linux")]
#[test]
fn a_path_without_cc_fails_it() {
    let workspace = workspace("", "");
    let output = doctor(&workspace).env("PATH", workspace.path()).output().unwrap();
    let told = text(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("  MISSING  linker      Rust cannot make a program ("), "{told}");
    assert!(told.contains("linker `cc` not found"), "{told}");
    assert!(told.contains("  MISSING  C compiler  cc cannot make a program of C ("), "{told}");
    assert!(told.contains("sudo apt install build-essential"), "{told}");
}

#[test]
fn nothing_is_left_behind() {
    let workspace = workspace("", "");
    let mut child = doctor(&workspace);
    let child = child.stdout(std::process::Stdio::null()).spawn().unwrap();
    let id = child.id();
    assert!(child.wait_with_output().unwrap().status.success());
    let beside = Path::new(env!("CARGO_BIN_EXE_workshop")).parent().unwrap();
    assert!(!beside.join(format!("doctor-{id}")).exists());
}

/// What a lock file has for a crate that is only in the registry.
const HEX: &str = "\n[[package]]\nname = \"hex\"\nversion = \"0.4.3\"\n\
    source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
    checksum = \"7f24254aa9a54b5c858eaee2f5bccdb46aaf0e486a595ed5fd8f86ba55232a70\"\n";

/// A package with this behind its manifest, and these packages in its lock file.
fn workspace(behind: &str, locked: &str) -> Folder {
    let manifest = "[package]\nname = \"one\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
        rust-version = \"1.85\"\n";
    let needs = if locked.is_empty() { "" } else { "dependencies = [\"hex\"]\n" };
    let lock =
        format!("version = 4\n{locked}\n[[package]]\nname = \"one\"\nversion = \"0.1.0\"\n{needs}");
    Folder::with(&[
        ("Cargo.toml", &format!("{manifest}{behind}")),
        ("Cargo.lock", &lock),
        ("src/lib.rs", ""),
    ])
}

/// `cargo fetch` without a network, by a cargo that has fetched nothing yet.
fn fetch(workspace: &Folder) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(["fetch", "--locked", "--offline"]).current_dir(workspace.path());
    command.env("CARGO_HOME", workspace.path().join("cargo-home"));
    command
}

/// `workshop doctor` in this workspace, with the compiler that has built this test.
fn doctor(workspace: &Folder) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workshop"));
    command.arg("doctor").env("CARGO_MANIFEST_DIR", workspace.path().join("crates/workshop"));
    command.env("RUSTC", rustc()).env("CARGO", env!("CARGO")).env_remove("CC");
    command
}

/// The compiler itself, not what chooses one: that needs a PATH.
fn rustc() -> PathBuf {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    let sysroot = String::from_utf8(sysroot.stdout).unwrap();
    Path::new(sysroot.trim()).join("bin").join(format!("rustc{}", std::env::consts::EXE_SUFFIX))
}

/// The PATH without the folders that have this program.
fn system_path_without(program: &str) -> std::ffi::OsString {
    let path = std::env::var_os("PATH").unwrap();
    let program = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let kept = std::env::split_paths(&path).filter(|folder| !folder.join(&program).exists());
    std::env::join_paths(kept).unwrap()
}

fn text(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}
