//! `--trace`, `--keylog`: what crosses live connections.
//!
//! ```text
//! connection ─▶ Tap ─▶ steps ─▶ a queue ─▶ a thread of its own ─▶ stdout, or a trace file
//! ```
//!
//! The queue has a limit: what does not fit is not shown, and that is said. Connections never wait for
//! whoever looks, only for being read once more.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use devp2p_core::net::Tap;
use devp2p_core::p2p::{Offer, printable};
use devp2p_core::trace::dump::{self, Style};
use devp2p_core::trace::file::Header;
use devp2p_core::trace::{Fault, Side, Step};
use tracing::warn;

use super::style;
use crate::explain::OPERATING_SYSTEM;
use crate::failure::Failure;

/// Steps that may wait to be shown.
const STEPS: usize = 1024;
/// How long the last of them may take.
const LAST_STEPS: Duration = Duration::from_secs(1);

/// How live connections are to be seen.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Seeing {
    /// Show every byte of each connection; with =FILE: write a trace file
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    trace: Option<Option<PathBuf>>,
    /// With --trace: show also the secrets that open the connections
    #[arg(long, requires = "trace")]
    secrets: bool,
    /// Write the secrets of each connection to a key log, for `devp2p decode`
    #[arg(long, value_name = "FILE")]
    keylog: Option<PathBuf>,
}

/// What is seen, while it lasts. When it is dropped, it waits for what is not shown yet, a second at
/// most.
#[derive(Debug)]
pub(crate) struct Seen {
    /// For the connections that are to be seen, if any are.
    pub(crate) tap: Option<Tap>,
    view: Option<View>,
}

#[derive(Debug)]
struct View {
    entries: SyncSender<Entry>,
    lost: Arc<AtomicU64>,
}

/// What the thread that shows is given.
enum Entry {
    Step(Box<Step>),
    /// Tells when everything before it is shown.
    Mark(SyncSender<()>),
}

/// Where steps go.
enum Sink {
    Stdout(Style),
    File(File),
}

impl Seeing {
    /// Opens the files, and warns about secrets. `command` goes into the trace file, `json` says who
    /// else writes to stdout, and `offers` how many messages the protocols have.
    ///
    /// # Errors
    /// When a file cannot be written, or two want stdout.
    pub(crate) fn start(
        &self,
        command: &str,
        json: bool,
        offers: Vec<Offer>,
    ) -> Result<Seen, Failure> {
        if json && matches!(self.trace, Some(None)) {
            return Err(Failure::told(
                "--json and --trace both write to stdout: name a file for the trace, as in \
                 --trace=FILE",
            ));
        }
        let key_log = match &self.keylog {
            Some(path) => {
                let file = OpenOptions::new().append(true).create(true).private().open(path);
                let file = file.and_then(own);
                let file = file.map_err(|error| cannot_write("key log", path, &error))?;
                warn!(
                    "whoever has the key log {} can read these connections",
                    printable(&path.display().to_string())
                );
                Some(Tap::key_log(file))
            }
            None => None,
        };
        let view = match &self.trace {
            Some(to) => Some(View::start(self.sink(to.as_deref(), command)?)),
            None => None,
        };
        if self.secrets {
            warn!("the trace has the secrets of these connections: whoever has it can read them");
        }
        let steps = view.as_ref().map(|view| view.tap(offers, self.secrets));
        let tap = match (steps, key_log) {
            (Some(steps), Some(key_log)) => Some(steps.and(key_log)),
            (steps, key_log) => steps.or(key_log),
        };
        Ok(Seen { tap, view })
    }

    /// Whether a trace is shown, and not only written to a file.
    pub(crate) fn is_shown(&self) -> bool {
        matches!(self.trace, Some(None))
    }

    fn sink(&self, path: Option<&Path>, command: &str) -> Result<Sink, Failure> {
        let Some(path) = path else { return Ok(Sink::Stdout(style(false))) };
        let failed = |error| cannot_write("trace file", path, &error);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).private();
        let mut file = options.open(path).and_then(own).map_err(failed)?;
        let header = serde_json::to_string(&Header::new(command, self.secrets)).unwrap_or_default();
        writeln!(file, "{header}").map_err(failed)?;
        Ok(Sink::File(file))
    }
}

fn cannot_write(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::told(format_args!("cannot write the {what} {}: {error}", path.display()))
        .about(&OPERATING_SYSTEM)
}

/// The same for a file that was there before.
fn own(file: File) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::fs::Permissions;
        use std::os::unix::fs::PermissionsExt;
        if file.metadata()?.is_file() {
            file.set_permissions(Permissions::from_mode(0o600))?;
        }
    }
    Ok(file)
}

/// A file that only its owner can read.
trait Private {
    fn private(&mut self) -> &mut Self;
}

impl Private for OpenOptions {
    #[cfg(unix)]
    fn private(&mut self) -> &mut Self {
        use std::os::unix::fs::OpenOptionsExt;
        self.mode(0o600)
    }

    /// The folder's access control list decides.
    #[cfg(not(unix))]
    fn private(&mut self) -> &mut Self {
        self
    }
}

impl View {
    fn start(sink: Sink) -> Self {
        let (entries, taken) = sync_channel(STEPS);
        let lost = Arc::new(AtomicU64::new(0));
        let losing = lost.clone();
        thread::spawn(move || show_all(&taken, sink, &losing));
        Self { entries, lost }
    }

    fn tap(&self, offers: Vec<Offer>, secrets: bool) -> Tap {
        let (entries, lost) = (self.entries.clone(), self.lost.clone());
        Tap::steps(offers, move |step| {
            let step = if secrets { step } else { step.without_secrets() };
            if entries.try_send(Entry::Step(Box::new(step))).is_err() {
                lost.fetch_add(1, Ordering::Relaxed);
            }
        })
    }
}

impl Seen {
    /// Waits until what was seen is shown, so that what is printed next comes behind it. A second at
    /// most; whether it is shown then.
    pub(crate) fn show(&self) -> bool {
        let Some(view) = &self.view else { return true };
        let (shown, wait) = sync_channel(1);
        // Full, or late: nobody takes the output, and nobody waits for that.
        view.entries.try_send(Entry::Mark(shown)).is_ok() && wait.recv_timeout(LAST_STEPS).is_ok()
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        self.tap = None;
        let Some(view) = &self.view else { return };
        if !self.show() {
            let lost = view.lost.load(Ordering::Relaxed);
            warn!("the trace is not whole: nobody took it, and {lost} steps had no more room");
        }
    }
}

fn show_all(entries: &Receiver<Entry>, mut sink: Sink, lost: &AtomicU64) {
    for entry in entries {
        let missing = match lost.swap(0, Ordering::Relaxed) {
            0 => None,
            lost => Some(format!("{lost} steps of the trace are missing here: they came too fast")),
        };
        let gap = missing.as_deref().map_or(Ok(()), |missing| sink.show(&gap(missing)));
        if let Some(missing) = missing {
            warn!("{missing}");
        }
        let shown = gap.and_then(|()| match entry {
            Entry::Step(step) => sink.show(&step),
            Entry::Mark(told) => {
                // Nobody waits any more.
                let _ = told.send(());
                Ok(())
            }
        });
        if let Err(error) = shown {
            // A closed stdout is noticed by who prints the rest.
            if error.kind() != io::ErrorKind::BrokenPipe {
                warn!("the trace ends here, it cannot be written: {error}");
            }
            return;
        }
    }
}

/// What stands in a trace where steps are missing.
fn gap(missing: &str) -> Step {
    Step {
        id: "0-missing".to_owned(),
        title: "missing".to_owned(),
        from: Side::Initiator,
        connection: None,
        micros: None,
        parts: Vec::new(),
        fault: Some(Fault { part: 0, offset: 0, error: missing.to_owned() }),
    }
}

impl Sink {
    fn show(&mut self, step: &Step) -> io::Result<()> {
        match self {
            Self::Stdout(style) => {
                let text = dump::text(step, style) + "\n";
                let mut stdout = io::stdout().lock();
                stdout.write_all(text.as_bytes())?;
                stdout.flush()
            }
            Self::File(file) => {
                let line = serde_json::to_string(step)? + "\n";
                file.write_all(line.as_bytes())
            }
        }
    }
}
