//! `devp2p trace`: what two nodes say to each other, byte by byte.
//!
//! ```text
//! seed ─▶ two nodes in memory ─▶ steps ─▶ text, JSON, a page of HTML, or vectors
//! ```
//!
//! The same view of live connections is in [`live`].

pub(crate) mod live;
mod page;
mod vectors;

use std::fs;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use devp2p_core::trace::dump::{self, Style};
use devp2p_core::trace::file::Header;
use devp2p_core::trace::{Exchange, Lesson, Step, exchange};

use crate::failure::Failure;
use crate::{output, values};

/// Show what two nodes of a lesson say to each other, byte by byte
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  devp2p trace a2                         two nodes connect, and say goodbye
  devp2p trace --seed 7 a4 | less -R      other keys, other bytes; and a word from each
  devp2p trace --html a5.html a5          a page to explore, for any browser

Live connections: devp2p ping --trace, devp2p node --trace. Somebody else's: devp2p decode.")]
pub(crate) struct Args {
    /// Which lesson: a1 to a5
    #[arg(value_name = "LESSON", default_value = "a4")]
    lesson: Lesson,
    /// All keys and nonces come from it: the same seed, the same bytes
    #[arg(long, value_name = "N", default_value_t = 42)]
    #[arg(value_parser = values::number::<u64>, allow_negative_numbers = true)]
    seed: u64,
    /// Print a trace file: JSON, an object a line
    #[arg(long, group = "form")]
    json: bool,
    /// Write a page of HTML that needs nothing else
    #[arg(long, value_name = "FILE", group = "form")]
    html: Option<PathBuf>,
    /// Print vectors for implementers: one JSON object
    #[arg(long, group = "form")]
    vectors: bool,
    /// Show every byte, also of long fields
    #[arg(long, conflicts_with = "form")]
    full: bool,
}

/// Shows the exchange.
///
/// # Errors
/// When the output, or the page, cannot be written.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let exchange = exchange(args.lesson, args.seed);
    let command = format!("devp2p trace --seed {} {}", args.seed, args.lesson.name());
    let header = Header::new(command, true);
    match &args.html {
        _ if args.json => output::text(&file(&header, &exchange.steps)),
        _ if args.vectors => output::json(&vectors::of(&exchange, &header.command)),
        Some(path) if path.as_os_str() == "-" => {
            output::text(&page::of_exchange(&header, &exchange))
        }
        Some(path) => {
            let page = page::of_exchange(&header, &exchange);
            fs::write(path, page).map_err(|error| {
                let path = path.display();
                Failure::told(format_args!("cannot write the page {path}: {error}"))
                    .about(&crate::explain::OPERATING_SYSTEM)
            })?;
            output::line(format_args!("Wrote {}: open it in a browser.", path.display()))
        }
        None => {
            output::text(&introduction(args.lesson, &exchange))?;
            output::text(&steps_text(&exchange.steps, &style(args.full)))
        }
    }
}

/// A trace file.
pub(crate) fn file(header: &Header, steps: &[Step]) -> String {
    let header = serde_json::to_string(header).unwrap_or_default();
    let steps = steps.iter().map(|step| serde_json::to_string(step).unwrap_or_default());
    [header].into_iter().chain(steps).map(|line| line + "\n").collect()
}

fn introduction(lesson: Lesson, exchange: &Exchange) -> String {
    let Exchange { initiator, recipient, .. } = exchange;
    if lesson == Lesson::A1 {
        return format!(
            "The node of a1 is alone: not a byte crosses the wire. With this seed it is\n\n  \
             enode://{initiator}\n\nIn a2 it meets another one.\n"
        );
    }
    format!(
        "initiator  enode://{initiator}\n\
         recipient  enode://{recipient}\n\n\
         The secrets are shown, too: they were made from the seed, and protect nothing.\n\n"
    )
}

/// Steps as text, with an empty line between them.
pub(crate) fn steps_text(steps: &[Step], style: &Style) -> String {
    steps.iter().map(|step| dump::text(step, style)).collect::<Vec<_>>().join("\n")
}

/// What fits the terminal; a file gets 100 columns and no colours.
pub(crate) fn style(full: bool) -> Style {
    let stdout = io::stdout();
    let width = terminal_size::terminal_size_of(&stdout).map(|(width, _)| usize::from(width.0));
    let colors =
        stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
    let longest = if full { usize::MAX } else { Style::default().longest };
    Style { width: width.unwrap_or(100), colors, longest }
}
