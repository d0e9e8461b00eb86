//! What the lessons share and do not teach: the log and the command line.

use std::fmt;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{ChronoLocal, FormatTime};
use tracing_subscriber::registry::LookupSpan;

/// Starts the log. With `-v` on the command line it shows every step, with `-vv` every ping too.
pub fn start_log() {
    let asked = |flag: &str| std::env::args().any(|arg| arg == flag);
    let level = match (asked("-v"), asked("-vv")) {
        (_, true) => Level::TRACE,
        (true, _) => Level::DEBUG,
        _ => Level::INFO,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .event_format(Line)
        .init();
}

/// The port after `--port` on the command line, or else `default`.
///
/// # Errors
/// A sentence that says how to use it, when there is no number after it.
pub fn port(default: u16) -> Result<u16, String> {
    match std::env::args().skip_while(|arg| arg != "--port").nth(1) {
        Some(port) => port
            .parse()
            .map_err(|_| format!("--port {port}: not a port; try --port 0")),
        None => Ok(default),
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
        write!(line, "] ")?;
        context.format_fields(line.by_ref(), event)?;
        writeln!(line)
    }
}
