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
    start_and_read("-v or -vv (tell more)", |_, _| false);
}

/// Starts the log, and returns the number behind `--port`, or else `port`.
pub fn start_with_port(mut port: u16) -> u16 {
    let options = "-v or -vv (tell more), and --port NUMBER (from 0 to 65535)";
    start_and_read(options, |option, value| {
        let number = value.and_then(|value| value.parse().ok()).filter(|_| option == "--port");
        port = number.unwrap_or(port);
        number.is_some()
    });
    port
}

/// `take` gets an option of the lesson and the word behind it, and says whether it took both.
fn start_and_read(options: &str, mut take: impl FnMut(&str, Option<&str>) -> bool) {
    let mut level = Level::INFO;
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "-v" => level = Level::DEBUG,
            "-vv" => level = Level::TRACE,
            option => {
                let value = words.next();
                if !take(option, value.as_deref()) {
                    let value = value.unwrap_or_default();
                    let given = format!("{option} {value}");
                    eprintln!("This lesson takes {options}, not: {}", given.trim_end());
                    std::process::exit(2)
                }
            }
        }
    }
    tracing_subscriber::fmt().with_max_level(level).event_format(Line).init();
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
