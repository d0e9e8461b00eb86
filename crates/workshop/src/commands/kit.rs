//! `kit`: all that a room without a network needs, in one folder: the sources, every crate that they
//! need, the book.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::{book, cargo, output_of, root};

const FIRST: &str = include_str!("kit.md");

/// Fills `folder`, which must be new or empty.
pub(crate) fn run(folder: &str) -> ExitCode {
    match fill(Path::new(folder)) {
        Ok(bytes) => {
            println!("The kit: {folder}, {} MB. Begin with its KIT.md.", bytes / 1_000_000);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("There is no kit: {error}");
            ExitCode::FAILURE
        }
    }
}

fn fill(folder: &Path) -> Result<u64, String> {
    if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!("there is something in {} already", folder.display()));
    }
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    // The commands below run elsewhere.
    let folder =
        &folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
    if book::run(book::Then::Leave) != ExitCode::SUCCESS {
        return Err("it needs the book".to_owned());
    }
    println!("Copying the sources and the book ...");
    let mut files = sources()?;
    files.extend(below(Path::new("book/book")).map_err(|error| format!("the book: {error}"))?);
    for file in &files {
        copy(file, folder).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    println!("Copying every crate, for all systems ...");
    let mut vendor = cargo("vendor --locked");
    let told = output_of(vendor.arg(folder.join("vendor"))).ok_or("cargo vendor has failed")?;
    let written = use_vendored(folder, &told).and_then(|()| {
        fs::write(folder.join("KIT.md"), FIRST)?;
        size(folder)
    });
    written.map_err(|error| format!("{}: {error}", folder.display()))
}

/// What git does not leave out, and is there.
fn sources() -> Result<Vec<PathBuf>, String> {
    let mut git = Command::new("git");
    let listed = output_of(
        git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root()),
    );
    let listed = listed.ok_or("git lists the sources, and it cannot here")?;
    let names = listed.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from);
    Ok(names.filter(|name| root().join(name).is_file()).collect())
}

/// All files below a folder of the workspace.
fn below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root().join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => files.extend(below(&path)?),
            false => files.push(path),
        }
    }
    Ok(files)
}

fn copy(file: &Path, folder: &Path) -> io::Result<()> {
    let to = folder.join(file);
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::copy(root().join(file), to)?;
    Ok(())
}

/// Adds what cargo has told to its configuration, with a path that is right wherever the kit lies.
fn use_vendored(folder: &Path, told: &str) -> io::Result<()> {
    let sources: Vec<&str> =
        told.lines().filter(|line| !line.starts_with("directory = ")).collect();
    let file = folder.join(".cargo/config.toml");
    let before = fs::read_to_string(&file)?;
    fs::write(
        file,
        format!("{before}\n{}\ndirectory = \"vendor\"\n", sources.join("\n").trim_end()),
    )
}

/// How many bytes all files in it have.
fn size(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0_u64;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        let more = if metadata.is_dir() { size(&entry.path())? } else { metadata.len() };
        bytes = bytes.saturating_add(more);
    }
    Ok(bytes)
}
