//! The log, on stderr: what the node does, and local time.

use std::io;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{ChronoLocal, FormatTime};

const TIME: &str = "%H:%M:%S";

/// Starts the log: warnings and what is worth knowing, with one `-v` every step, with two
/// everything.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => LevelFilter::INFO,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_timer(ChronoLocal::new(TIME.to_owned()))
        .with_writer(io::stderr)
        .with_target(false)
        .with_ansi(false)
        // It would report a closed stderr on stderr, and panic.
        .log_internal_errors(false)
        .init();
}

/// The local time of now, as it stands in the log.
pub(crate) fn local_time() -> String {
    let mut text = String::new();
    let written = ChronoLocal::new(TIME.to_owned()).format_time(&mut Writer::new(&mut text));
    written.map_or_else(|_| "--:--:--".to_owned(), |()| text)
}
