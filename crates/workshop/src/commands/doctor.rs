//! `doctor`: whether this computer can run the lessons, and what to do if not.

use std::env::{self, consts::OS};
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use workshop::doctor::{self, Finding};

use super::book::{INSTALL, SERIES};
use super::{cargo, root};

/// Looks at everything, and says what it finds, line by line.
pub(crate) fn run() -> ExitCode {
    let folder = match doctor::folder() {
        Ok(folder) => folder,
        Err(error) => {
            eprintln!("There is no folder to try anything in: {error}");
            return ExitCode::FAILURE;
        }
    };
    let is_missing = look(&folder);
    // Whatever is left there harms nobody.
    let _ = fs::remove_dir_all(folder);
    if is_missing {
        println!("\nThe lessons need what is MISSING. Mend the first, and look again.");
        return ExitCode::FAILURE;
    }
    println!("\nThe lessons will run here.");
    ExitCode::SUCCESS
}

/// Whether something is missing that the lessons need.
fn look(folder: &Path) -> bool {
    let rustc = PathBuf::from(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap_or_default();
    let wanted = doctor::rust_version(&manifest);
    let named = env::var("CC").ok();
    let version = |command: &mut Command| doctor::printed(command.arg("--version"));
    let checks: [(&str, &dyn Fn() -> Finding); 9] = [
        ("rustc", &|| doctor::rust(version(&mut Command::new(&rustc)).as_deref(), wanted)),
        ("cargo", &|| doctor::rust(version(&mut cargo("")).as_deref(), wanted)),
        ("linker", &|| doctor::linker(&rustc, folder, OS)),
        ("C compiler", &|| doctor::c_compiler(named.as_deref(), folder, OS)),
        ("crates", &|| doctor::crates(&mut cargo(&fetch(&rustc)))),
        ("loopback", &|| doctor::loopback(Ipv4Addr::LOCALHOST.into(), OS)),
        ("port", &|| doctor::port(doctor::PORT)),
        ("mdBook", &|| {
            doctor::mdbook(version(&mut Command::new("mdbook")).as_deref(), SERIES, INSTALL)
        }),
        ("firewall", &|| doctor::firewall(told_of_firewall().as_deref(), OS)),
    ];
    let mut is_missing = false;
    for (what, check) in checks {
        let finding = check();
        println!("{}", finding.line(what));
        is_missing |= matches!(finding, Finding::Missing(_));
    }
    is_missing
}

/// Only the crates of this system: those of others are not needed here, and no build fetches them.
fn fetch(rustc: &Path) -> String {
    let told = doctor::printed(Command::new(rustc).arg("-vV")).unwrap_or_default();
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    let target = host.map(|host| format!(" --target {host}")).unwrap_or_default();
    format!("fetch --locked --offline{target}")
}

/// What this system tells everybody about its firewall, if it does.
fn told_of_firewall() -> Option<String> {
    match OS {
        "macos" => {
            let program = "/usr/libexec/ApplicationFirewall/socketfilterfw";
            doctor::printed(Command::new(program).arg("--getglobalstate"))
        }
        "linux" => fs::read_to_string("/etc/ufw/ufw.conf").ok(),
        _ => None,
    }
}
