//! `doctor`: whether this computer can run the lessons, and what to do if not.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use workshop::doctor::{self, Finding};

use super::book::{INSTALL, SERIES};
use super::{cargo, root};

/// Where lesson A2 listens.
const PORT: u16 = 31234;

/// Looks at everything, and says what it finds.
pub(crate) fn run() -> ExitCode {
    let folder = match doctor::folder() {
        Ok(folder) => folder,
        Err(error) => {
            eprintln!("There is no folder for temporary files: {error}");
            return ExitCode::FAILURE;
        }
    };
    let rustc = PathBuf::from(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let wanted = wanted_rust();
    let named = env::var("CC").ok();
    let mut offline = cargo("fetch --locked --offline");
    offline.stdout(Stdio::null()).stderr(Stdio::null());
    let fetched = offline.status().is_ok_and(|status| status.success());
    let printed = version(&rustc.to_string_lossy());
    let book = version("mdbook");
    let install = format!("install it with: {INSTALL}");
    let findings = [
        ("Rust", doctor::rust(printed.as_deref(), &wanted)),
        ("linker", doctor::linker(&rustc, &folder)),
        ("C compiler", doctor::c_compiler(named.as_deref(), &folder)),
        ("loopback", doctor::loopback()),
        ("crates", doctor::crates(fetched)),
        ("port", doctor::port(PORT)),
        ("mdBook", doctor::mdbook(book.as_deref(), SERIES, &install)),
    ];
    // Whatever is left there harms nobody.
    let _ = fs::remove_dir_all(folder);
    tell(&findings)
}

fn tell(findings: &[(&str, Finding)]) -> ExitCode {
    for (what, finding) in findings {
        let (state, text) = match finding {
            Finding::Fine(text) => ("ok", text),
            Finding::Missing(text) => ("MISSING", text),
            Finding::Optional(text) => ("not yet", text),
        };
        println!("  {state:<8} {what:<11} {text}");
    }
    println!("  unknown  {:<11} it only matters between two computers", "firewall");
    match findings.iter().any(|(_, finding)| matches!(finding, Finding::Missing(_))) {
        true => {
            println!("\nThe lessons need what is missing above.");
            ExitCode::FAILURE
        }
        false => {
            println!("\nThe lessons will run here.");
            ExitCode::SUCCESS
        }
    }
}

/// What a program says to `--version`; none if it cannot be started.
fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The `rust-version` of the workspace.
fn wanted_rust() -> String {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap_or_default();
    let line = manifest.lines().find_map(|line| line.strip_prefix("rust-version = "));
    line.unwrap_or_default().trim_matches('"').to_owned()
}
