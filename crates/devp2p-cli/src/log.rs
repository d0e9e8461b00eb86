//! The log, on stderr: what the node does, and local time.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{ChronoLocal, ChronoUtc, FormatTime};

const TIME: &str = "%H:%M:%S";

/// Lines that wait to be written.
const LINES: usize = 4096;
/// How long the last of them may take.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Lines that did not fit.
static LOST: AtomicU64 = AtomicU64::new(0);

/// The log. When it is dropped, it waits for what is not written yet, a second at most.
pub(crate) struct Log(SyncSender<Entry>);

/// What its thread is given.
enum Entry {
    Line(Vec<u8>),
    /// Tells when everything before it is written.
    End(SyncSender<()>),
}

/// Starts the log: warnings and what is worth knowing, if it `warns`; with one `-v` every step, with
/// two everything.
///
/// A thread of its own writes it, so that a terminal that takes no output holds nobody up.
#[must_use]
pub(crate) fn start(verbose: u8, warns: bool) -> Log {
    let level = match verbose {
        0 if warns => LevelFilter::INFO,
        0 => LevelFilter::OFF,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let (lines, entries) = sync_channel(LINES);
    thread::spawn(move || write_all(&entries));
    let log = Log(lines.clone());
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_timer(ChronoLocal::new(TIME.to_owned()))
        .with_writer(move || Line(lines.clone()))
        .with_target(false)
        .with_ansi(false)
        // It would report a closed stderr on stderr, and panic.
        .log_internal_errors(false)
        .init();
    log
}

impl Log {
    /// Writes this after all that was logged before.
    pub(crate) fn line(&self, line: String) {
        // Full: stderr takes nothing.
        let _ = self.0.try_send(Entry::Line(line.into_bytes()));
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let (written, wait) = sync_channel(1);
        // Full, or late: stderr takes nothing, and nobody waits for that.
        if self.0.try_send(Entry::End(written)).is_ok() {
            let _ = wait.recv_timeout(LAST_LINES);
        }
    }
}

/// Where a line of the log is written to: each in one piece.
struct Line(SyncSender<Entry>);

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.0.try_send(Entry::Line(line.to_vec())).is_err() {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_all(entries: &Receiver<Entry>) {
    let mut stderr = io::stderr();
    // There is nowhere to say that the log cannot be written, nor that nobody waits for its end.
    for entry in entries {
        let _ = match entry {
            Entry::Line(line) => stderr.write_all(&line),
            Entry::End(written) => written.send(()).map_err(io::Error::other),
        };
        match LOST.swap(0, Ordering::Relaxed) {
            0 => {}
            lost => {
                let _ = writeln!(stderr, "{lost} lines of the log are missing: they came too fast");
            }
        }
    }
}

/// The local time of now, as it stands in the log.
pub(crate) fn local_time() -> String {
    formatted(&ChronoLocal::new(TIME.to_owned()))
}

/// Date and time of now, the same everywhere.
pub(crate) fn utc_time() -> String {
    formatted(&ChronoUtc::new("%Y-%m-%d %H:%M:%S".to_owned()))
}

fn formatted(time: &impl FormatTime) -> String {
    let mut text = String::new();
    let written = time.format_time(&mut Writer::new(&mut text));
    written.map_or_else(|_| "--:--:--".to_owned(), |()| text)
}
