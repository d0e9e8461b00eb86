//! `book`: builds the book, believing mdBook's words rather than its exit code.

use std::process::{Command, ExitCode};

use super::{cargo, root, succeeds};
use workshop::book_lint::EXPLORER;

pub(super) const INSTALL: &str = "cargo install --locked mdbook@0.5.4";

/// Older ones know no note boxes, newer ones may want another `book.toml`.
pub(super) const SERIES: &str = "mdbook v0.5.";

/// What to do with the book once it is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Show it in the browser.
    Open,
    /// Nothing more.
    Leave,
}

/// Builds the book, says where it is, and opens it if asked to.
pub(crate) fn run(then: Then) -> ExitCode {
    if !is_mdbook_here() {
        eprintln!("The book is built by mdbook 0.5, which is not on the PATH. Install it with");
        eprintln!("    {INSTALL}");
        return ExitCode::FAILURE;
    }
    println!("Making the explorer, a page of the book ...");
    let trace = format!(
        "run --quiet --package devp2p-cli --locked -- trace --html {EXPLORER} --seed 42 a4"
    );
    if !succeeds(&mut cargo(&trace)) {
        return ExitCode::FAILURE;
    }
    if !builds_without_complaint() {
        eprintln!("\nThe book is not in order: see the lines above.");
        return ExitCode::FAILURE;
    }
    println!("The book: {}", root().join("book/book/index.html").display());
    if then == Then::Open && !succeeds(mdbook().arg("--open")) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn is_mdbook_here() -> bool {
    let version = Command::new("mdbook").arg("--version").output();
    version.is_ok_and(|output| output.stdout.starts_with(SERIES.as_bytes()))
}

/// A missing include is an ERROR line for mdBook, and success all the same.
fn builds_without_complaint() -> bool {
    let output = match mdbook().output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("cannot start mdbook: {error}");
            return false;
        }
    };
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    eprint!("{said}");
    output.status.success() && !said.contains("WARN") && !said.contains("ERROR")
}

fn mdbook() -> Command {
    let mut command = Command::new("mdbook");
    command.args(["build", "book"]).current_dir(root());
    // Either could silence the lines we look for.
    command.env_remove("RUST_LOG").env_remove("MDBOOK_LOG");
    command
}
