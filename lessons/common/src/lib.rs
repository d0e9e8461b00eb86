//! What the lessons share and do not teach: the command line, the log, the time, a place for an IPC
//! socket, and how errors look.

pub mod ipc;

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use lexopt::Arg::{Long, Short};
use lexopt::ValueExt;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{ChronoLocal, FormatTime};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Starts the log. `-v` on the command line shows every step, `-vv` every message and ping as well.
pub fn start() {
    start_and_read(None);
}

/// Starts the log, and returns the number behind `--port`, or else `port`.
pub fn start_with_port(port: u16) -> u16 {
    start_and_read(Some(port)).unwrap_or(port)
}

/// Reads the command line, or says what is wrong with it and ends the program. Only a lesson that has
/// a port takes another one.
#[expect(clippy::print_stdout, reason = "who asks for help reads stdout")]
fn start_and_read(default: Option<u16>) -> Option<u16> {
    let (level, port) = match read(lexopt::Parser::from_env(), default) {
        Ok(Some(read)) => read,
        Ok(None) => {
            println!("{}", help(default));
            std::process::exit(0)
        }
        Err(wrong) => {
            eprintln!("{wrong}.\n\n{}", help(default));
            std::process::exit(2)
        }
    };
    tracing_subscriber::fmt().with_max_level(level).event_format(Line).init();
    port
}

/// How much to tell, and the port; `None` if help is wanted.
fn read(
    mut words: lexopt::Parser,
    default: Option<u16>,
) -> Result<Option<(Level, Option<u16>)>, lexopt::Error> {
    let (mut verbose, mut port) = (0_u8, None);
    while let Some(word) = words.next()? {
        match word {
            Short('v') | Long("verbose") => verbose = verbose.saturating_add(1),
            Short('h') | Long("help") => return Ok(None),
            Long("port") if default.is_some() => {
                let value = words.value()?.string()?;
                let number = value.parse().map_err(|_| {
                    format!(
                        "--port takes a number from 0 to 65535 (0: any free port), not '{value}'"
                    )
                });
                port = Some(number?);
            }
            other => return Err(other.unexpected()),
        }
    }
    let level = match verbose {
        0 => Level::INFO,
        1 => Level::DEBUG,
        _ => Level::TRACE,
    };
    Ok(Some((level, port)))
}

fn help(port: Option<u16>) -> String {
    let mut text = "This lesson takes:\n\n  \
          -v             tell every step of a connection\n  \
          -vv            tell every message and ping as well\n"
        .to_owned();
    if let Some(port) = port {
        text +=
            &format!("  --port NUMBER  where node two listens, TCP and UDP, instead of {port}\n");
    }
    text + "  -h, --help     print this"
}

/// The time of day.
pub fn seconds_since_1970() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Any error, shown as a sentence when `main` returns it.
pub struct Failure(String);

impl<E: fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A line as in the document: `INFO [06-24|22:12:49] server started name=foo/v42`.
struct Line;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write!(line, "{} [", event.metadata().level())?;
        ChronoLocal::new("%m-%d|%H:%M:%S".to_owned()).format_time(&mut line)?;
        line.write_str("] ")?;
        // Which node does it: known with -v.
        for span in context.event_scope().into_iter().flatten() {
            if let Some(node) = span.extensions().get::<FormattedFields<N>>() {
                write!(line, "{node}: ")?;
            }
        }
        context.format_fields(line.by_ref(), event)?;
        writeln!(line)
    }
}
