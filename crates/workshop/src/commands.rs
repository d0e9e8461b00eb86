//! The subcommands, one file each, and what they share: where we are and how to start cargo.

pub(crate) mod book;
pub(crate) mod check;
pub(crate) mod doctor;
pub(crate) mod interop;
pub(crate) mod kit;
pub(crate) mod lesson;
pub(crate) mod program;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The workspace folder.
///
/// Asked for at run time: the binary may be older than the place its folder was moved to.
fn root() -> PathBuf {
    let here = env::var_os("CARGO_MANIFEST_DIR")
        .unwrap_or_else(|| OsString::from(env!("CARGO_MANIFEST_DIR")));
    Path::new(&here).ancestors().nth(2).unwrap_or(Path::new(".")).to_owned()
}

/// The same cargo that started us, with the arguments of `line`, in the workspace folder.
fn cargo(line: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(line.split_whitespace()).current_dir(root());
    command
}

/// Becomes the program: its exit code, its signals and Ctrl-C need no passing on.
#[cfg(unix)]
fn hand_over_to(command: &mut Command) -> ExitCode {
    use std::os::unix::process::CommandExt;

    eprintln!("cannot start cargo: {}", command.exec());
    ExitCode::FAILURE
}

/// Waits for the program and ends as it ended.
#[cfg(not(unix))]
fn hand_over_to(command: &mut Command) -> ExitCode {
    match command.status().map(|status| status.code()) {
        Ok(Some(code)) => std::process::exit(code),
        Ok(None) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cannot start cargo: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs `command` to its end; false, with a word about it, if that did not go well.
fn succeeds(command: &mut Command) -> bool {
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("cannot start {}: {error}", command.get_program().to_string_lossy());
            false
        }
    }
}

/// What `command` prints on stdout; none, with a word about it, if it did not go well.
fn output_of(command: &mut Command) -> Option<String> {
    match command.stderr(std::process::Stdio::inherit()).output() {
        Ok(output) if output.status.success() => {
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Ok(_) => None,
        Err(error) => {
            eprintln!("cannot start {}: {error}", command.get_program().to_string_lossy());
            None
        }
    }
}

/// Whether the program can be started at all. (`go` knows no `--version`, but to complain
/// about it is an answer too.)
fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// Sets what follows apart from what was before.
fn heading(title: &str) {
    println!("\n== {title}");
}
