//! What the lessons share and do not teach: the command line, the log, the time,
//! and how errors look.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{ChronoLocal, FormatTime};
use tracing_subscriber::{fmt::FmtContext, registry::LookupSpan};

/// Starts the log. `-v` on the command line shows every step, `-vv` every ping as well.
pub fn start() {
    start_with_port(0);
}

/// Starts the log, and returns the number behind `--port`, or else `port`.
pub fn start_with_port(port: u16) -> u16 {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (level, port) = match args[..] {
        [] => (Level::INFO, Some(port)),
        ["-v"] => (Level::DEBUG, Some(port)),
        ["-vv"] => (Level::TRACE, Some(port)),
        ["--port", port] => (Level::INFO, port.parse().ok()),
        ["-v", "--port", port] | ["--port", port, "-v"] => (Level::DEBUG, port.parse().ok()),
        _ => (Level::INFO, None),
    };
    let port = port.unwrap_or_else(|| {
        eprintln!("This lesson takes -v or -vv (tell more), and A2 takes --port NUMBER as well.");
        std::process::exit(2)
    });
    tracing_subscriber::fmt().with_max_level(level).event_format(Line).init();
    port
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
        context.format_fields(line.by_ref(), event)?;
        writeln!(line)
    }
}
