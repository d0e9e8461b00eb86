//! Tells the crate which compiler builds it: a client name says so, as in `rust1.95.0`.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output();
    // "rustc 1.95.0 (59807616e 2026-04-14)"
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let text = text.unwrap_or_default();
    let version = text.split_whitespace().nth(1).unwrap_or("-unknown");
    println!("cargo:rustc-env=RUSTC_VERSION={version}");
}
