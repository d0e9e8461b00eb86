//! The log, on stderr: what the node does, and local time.

use std::fmt::Debug;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{ChronoLocal, ChronoUtc, FormatTime};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

const TIME: &str = "%H:%M:%S";
/// Under this name is told what crosses an RPC connection.
const WIRE: &str = "devp2p_rpc::wire";

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
/// two everything. If it shows `wires`, also what crosses RPC connections, as it is.
///
/// A thread of its own writes it, so that a terminal that takes no output holds nobody up.
#[must_use]
pub(crate) fn start(verbose: u8, warns: bool, wires: bool) -> Log {
    let level = match verbose {
        0 if warns => LevelFilter::INFO,
        0 => LevelFilter::OFF,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let (lines, entries) = sync_channel(LINES);
    thread::spawn(move || write_all(&entries));
    let log = Log(lines.clone());
    let wire = Wire(lines.clone());
    let log_lines = fmt::layer()
        .with_timer(ChronoLocal::new(TIME.to_owned()))
        .with_writer(move || Line(lines.clone()))
        .with_target(false)
        .with_ansi(false)
        // It would report a closed stderr on stderr, and panic.
        .log_internal_errors(false);
    // What crosses is shown as it is, and not as a line of the log.
    let log_lines = log_lines
        .with_filter(Targets::new().with_default(level).with_target(WIRE, LevelFilter::OFF));
    let shown = if wires { LevelFilter::TRACE } else { LevelFilter::OFF };
    let wire = wire.with_filter(Targets::new().with_target(WIRE, shown));
    tracing_subscriber::registry().with(log_lines).with(wire).init();
    log
}

/// Shows what crosses an RPC connection: each value on a line, with an arrow.
struct Wire(SyncSender<Entry>);

impl<S: Subscriber> Layer<S> for Wire {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}\n");
                }
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        if self.0.try_send(Entry::Line(message.0.into_bytes())).is_err() {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
    }
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
