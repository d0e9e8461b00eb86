//! `devp2p explain`: what a reason, an error or the end of a connection means, who says it and what to
//! try next.
//!
//! ```text
//! 4, 0x04, c104, 01c104, 0204c104 ──▶ bytes ──▶ DisconnectReason ──▶ errors ──▶ Topic
//! a text that was printed, or a part of it ──▶ words ─────────────────────────▶ Topic
//! an error of ours, where it is printed ─────────────────────────────▶ errors ──▶ Topic ──▶ "More: …"
//! ```
//!
//! What stands in an explanation is in [`topics`]; this module decides nothing about errors.

mod bytes;
mod errors;
mod find;
#[cfg(test)]
mod tests;
mod topic;
mod topics;
mod words;

use std::ffi::OsString;

use serde::Serialize;

use crate::failure::Failure;
use crate::output;

pub(crate) use errors::Explained;
pub(crate) use find::of_text;
pub(crate) use topic::Topic;
pub(crate) use topics::{
    CLOSED_AFTER_ACK, CLOSED_AFTER_HELLO, EXTERNAL_ADDRESS, IPC_PATH, KEY_LOG, KNOWS_NOBODY,
    NAME_NOT_FOUND, NO_BOOTNODE, NO_PONG, NO_RPC, NO_UDP_ANSWER, NODE_NOT_FOUND, OPERATING_SYSTEM,
    PORT_TAKEN, RPC_LOST, RPC_REFUSED, STOPPED, UNREADABLE,
};

/// Explain a reason, an error text, or the end of a connection
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  devp2p explain                      lists all topics
  devp2p explain too-many-peers
  devp2p explain 0x04                 a reason as a number
  devp2p explain 01c104               the bytes of a Disconnect, in hex
  devp2p explain \"closed after auth\"
  devp2p explain \"peer dropped  Bob (1dd9d65c): it said \\\"useless peer\\\" (0x03)\"")]
pub(crate) struct Args {
    /// What to explain: a topic, a reason, bytes in hex, or what was printed
    #[arg(value_name = "THING", conflicts_with = "all", allow_negative_numbers = true)]
    thing: Vec<OsString>,
    /// Every explanation, one after the other
    #[arg(long)]
    all: bool,
    /// Print JSON, an object a line
    #[arg(long)]
    json: bool,
}

/// A line of the list, as JSON.
#[derive(Serialize)]
struct Entry {
    slug: &'static str,
    title: &'static str,
}

/// The words of a command line. What was pasted to be explained may begin as an option does:
/// `--connect: …`, `- no bootnode …`. A blank before it keeps it from being taken for one.
pub(crate) fn pasted(words: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    let mut is_explain = false;
    words.enumerate().map(move |(position, word)| {
        is_explain |= position == 1 && word == "explain";
        let text = word.to_string_lossy();
        match is_explain && text.starts_with('-') && text.contains(' ') {
            true => format!(" {text}").into(),
            false => word,
        }
    })
}

/// Explains, or lists what can be explained.
///
/// # Errors
/// When nobody knows what is meant, or the output cannot be written.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    if args.all {
        return all(args.json);
    }
    if args.thing.is_empty() {
        return list(args.json);
    }
    let thing: Vec<_> = args.thing.iter().map(|word| word.to_string_lossy()).collect();
    let thing = thing.join(" ");
    let answer = find::find(&thing).map_err(|closest| not_found(&thing, &closest))?;
    match (args.json, &answer.read) {
        (true, _) => output::json(&answer),
        (false, Some(read)) => output::line(format_args!("{read}\n\n{}", answer.topic)),
        (false, None) => output::line(answer.topic),
    }
}

fn all(json: bool) -> Result<(), Failure> {
    for (position, topic) in topics::all().enumerate() {
        match (json, position) {
            (true, _) => output::json(topic)?,
            (false, 0) => output::line(topic)?,
            (false, _) => output::line(format_args!("\n\n{topic}"))?,
        }
    }
    Ok(())
}

fn list(json: bool) -> Result<(), Failure> {
    for group in topics::GROUPS {
        if !json {
            output::line(format_args!("{}\n", group.headline))?;
        }
        for topic in group.topics {
            let Topic { slug, title, .. } = topic;
            match json {
                true => output::json(&Entry { slug, title })?,
                false => output::line(format_args!("  {slug:<25}{title}"))?,
            }
        }
        if !json {
            output::line("")?;
        }
    }
    match json {
        true => Ok(()),
        false => output::line(format_args!(
            "`{} explain TOPIC` explains one of them, --all every one.",
            output::program()
        )),
    }
}

/// What can be given, and what comes close.
fn not_found(thing: &str, closest: &[&Topic]) -> Failure {
    const SHOWN: usize = 60;
    let shown: String = thing.chars().take(SHOWN).collect();
    let cut = if shown.len() < thing.len() { "…" } else { "" };
    let program = output::program();
    let mut commands: Vec<String> = closest.iter().map(|topic| command(topic)).collect();
    commands.push(format!("{program} explain"));
    Failure::told(format_args!(
        "nothing is known about `{}{cut}`: give a topic, a reason (4, 0x04, \"too many peers\"), \
         its bytes in hex (01c104), or an error as it was printed.\n{}\n\n  {}",
        shown.replace('\n', " "),
        match closest {
            [] => "This lists all topics:",
            _ => "Is it one of these? The last line lists all topics:",
        },
        commands.join("\n  ")
    ))
}

/// The line that says where more can be read.
pub(crate) fn more(topic: &Topic) -> String {
    format!("More: {}", command(topic))
}

/// The lines that say where more can be read about all of these, each once; none if there are none.
pub(crate) fn more_about(topics: &[&Topic]) -> String {
    let mut commands: Vec<String> = Vec::new();
    for command in topics.iter().map(|topic| command(topic)) {
        if !commands.contains(&command) {
            commands.push(command);
        }
    }
    match commands.is_empty() {
        true => String::new(),
        false => format!("More: {}", commands.join("\n      ")),
    }
}

/// The command that explains this.
fn command(topic: &Topic) -> String {
    format!("{} explain {}", output::program(), topic.slug())
}

/// Who runs for long and tells a topic the first time only.
#[derive(Debug, Default)]
pub(crate) struct FirstTime(Vec<&'static str>);

impl FirstTime {
    /// The command that explains this, unless it was told before.
    pub(crate) fn command(&mut self, topic: &'static Topic) -> Option<String> {
        if self.0.contains(&topic.slug()) {
            return None;
        }
        self.0.push(topic.slug());
        Some(command(topic))
    }
}
