//! Trace files: a line of JSON that says what this is, then a line for each [`Step`].
//!
//! ```text
//! {"schema":"devp2p-trace","version":1,"command":"devp2p trace --seed 42 a4","secrets":true}
//! {"id":"1-auth","title":"auth","from":"initiator","parts":[{"name":"packet", …
//! ```
//!
//! A line at a time, so that a file that is cut somewhere, or still being written, can be read up to
//! there.
//!
//! | | of a step |
//! |---|---|
//! | `id`, `title`, `from` | what it is called, and who did it: `initiator` or `recipient` |
//! | `connection`, `micros` | of live connections: which one, and when, in microseconds since it began |
//! | `parts` | its bytes in each form; those that everybody knows are, one after the other, what travels |
//! | `fault` | what is wrong: `part` (an index), `offset` (a byte of it) and `error` |
//!
//! | | of a part |
//! |---|---|
//! | `name`, `means`, `spec`, `code` | what it is, and where to read about it |
//! | `knownBy` | `everybody`, `both`, `initiator` or `recipient` |
//! | `secret` | whether its values open what is encrypted; without `secrets` in the first line they are empty |
//! | `hex` | its bytes |
//! | `fields` | each with `offset`, `length`, `depth` (in how many lists); together they are all of `hex` |
//! | `values` | what was computed, each with its own `hex` |
//!
//! A field or value has `id`, `name`, `means`, and perhaps `words` (a number, a text), `formula`, and
//! `inputs`: the ids of what the formula names, in its order.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::step::{Step, Text, What};
use crate::p2p::printable;

/// What the first line of a trace file says.
pub const SCHEMA: &str = "devp2p-trace";
/// The version of the form. A new one is needed when what is there changes its meaning; not when
/// something is added.
pub const VERSION: u64 = 1;
/// The longest line, in bytes: a frame of 16 MiB in a few forms, in hex.
const MAX_LINE: usize = 256 << 20;

/// The first line of a trace file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// [`SCHEMA`].
    pub schema: String,
    /// [`VERSION`].
    pub version: u64,
    /// The command that makes the same trace, or such a one.
    pub command: String,
    /// Whether it holds the values that open what is encrypted.
    pub secrets: bool,
}

impl Header {
    /// The header of a trace that this crate writes.
    #[must_use]
    pub fn new(command: impl Into<String>, secrets: bool) -> Self {
        Self { schema: SCHEMA.to_owned(), version: VERSION, command: command.into(), secrets }
    }
}

/// What every version of the first line must say.
#[derive(Deserialize)]
struct Which {
    schema: String,
    version: u64,
}

/// Why a trace file cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FileError {
    /// The first line is no header.
    #[error("this is no trace file: its first line is not {{\"schema\":\"devp2p-trace\", …}}")]
    NoTrace,
    /// Somebody else's schema, or a newer one.
    #[error(
        "this file is of the schema \"{schema}\", version {version}; this program knows \
         \"devp2p-trace\", version 1"
    )]
    UnknownSchema {
        /// What it says.
        schema: String,
        /// And of which version.
        version: u64,
    },
    /// A line that is no step.
    #[error("line {line} is no step of a trace: it is cut off, or was changed")]
    Step {
        /// Which one, from 1 on.
        line: usize,
    },
}

/// Reads a trace file as far as it can be read.
///
/// # Errors
/// [`FileError::NoTrace`], [`FileError::UnknownSchema`]. A fault further down comes with what stands
/// before it.
pub fn read(text: &str) -> Result<(Header, Vec<Step>, Option<FileError>), FileError> {
    // Editors put a mark in front.
    let mut lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines();
    let first = lines.next().filter(|line| line.len() <= MAX_LINE).unwrap_or_default();
    let is: Which = serde_json::from_str(first).map_err(|_| FileError::NoTrace)?;
    if (&is.schema[..], is.version) != (SCHEMA, VERSION) {
        let schema = printable(&is.schema).chars().take(40).collect();
        return Err(FileError::UnknownSchema { schema, version: is.version });
    }
    let header = serde_json::from_str(first).map_err(|_| FileError::NoTrace)?;
    let mut steps = Vec::new();
    for (line, number) in lines.zip(2..).filter(|(line, _)| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(step) if line.len() <= MAX_LINE && is_sound(&step) => steps.push(printed(step)),
            _ => return Ok((header, steps, Some(FileError::Step { line: number }))),
        }
    }
    Ok((header, steps, None))
}

/// Whether every byte is in one field, as in every step that was written here.
fn is_sound(step: &Step) -> bool {
    step.parts.iter().all(|part| {
        let end = part.fields.iter().try_fold(0, |end: usize, field| {
            let follows = field.offset == end && field.length > 0;
            if follows { end.checked_add(field.length) } else { None }
        });
        end == Some(part.hex.len())
    })
}

/// The file may come from anybody: its words must not be able to paint on a terminal.
fn printed(mut step: Step) -> Step {
    fn clean(text: &mut String) {
        *text = printable(text);
    }
    fn clean_cow(text: &mut Text) {
        *text = printable(text).into();
    }
    fn clean_what(what: &mut What) {
        clean(&mut what.id);
        clean(&mut what.words);
        what.inputs.iter_mut().for_each(clean);
        [&mut what.name, &mut what.means, &mut what.formula].into_iter().for_each(clean_cow);
    }
    clean(&mut step.id);
    clean(&mut step.title);
    for part in &mut step.parts {
        [&mut part.name, &mut part.means, &mut part.spec, &mut part.code]
            .into_iter()
            .for_each(clean_cow);
        part.fields.iter_mut().for_each(|field| clean_what(&mut field.what));
        part.values.iter_mut().for_each(|value| clean_what(&mut value.what));
    }
    if let Some(fault) = &mut step.fault {
        clean(&mut fault.error);
    }
    step
}
