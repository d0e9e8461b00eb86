//! stdout: written and flushed line by line, so that a pipe shows what happens when it happens.
//!
//! A write may take for ever: the terminal is held with Ctrl-S, the program behind the pipe sleeps.
//! Who runs until it is told to end prints on a thread of its own, so that neither the network nor a
//! signal waits for that: [`Printing`].

use std::env;
use std::fmt::Display;
use std::io::{self, Write};
use std::thread;

use devp2p_core::p2p::printable;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Duration, Instant, timeout};

use crate::failure::Failure;
use crate::stop::Stop;

/// How long the last lines may take when everything else has ended.
const LAST_LINES: Duration = Duration::from_secs(1);
/// What comes so soon after a signal is the same one: `timeout` sends it to the program and to its
/// group.
const SAME_SIGNAL: Duration = Duration::from_millis(100);

/// How this program is called, as it was called now: in a command that is printed, to be typed as it
/// stands.
pub(crate) fn program() -> String {
    let called = env::args_os().next().unwrap_or_else(|| "devp2p".into());
    quoted(&printable(&called.to_string_lossy()))
}

/// A word of a command, in quotes if a shell would see more in it than a word.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "./\\:-_~".contains(c);
    if word.chars().all(is_plain) { word.to_owned() } else { format!("\"{word}\"") }
}

/// Prints a line, or several.
///
/// # Errors
/// [`Failure::Output`], also when nobody reads any more (`println!` would panic).
pub(crate) fn line(text: impl Display) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(Failure::Output)
}

/// Prints text that has its line ends.
///
/// # Errors
/// As [`line()`].
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::Output)
}

/// Prints a value as one line of JSON.
///
/// # Errors
/// As [`line()`].
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(serde_json::to_string(value).map_err(|error| Failure::Output(error.into()))?)
}

/// Something that prints as long as it runs, on a thread of its own.
pub(crate) struct Printing<T>(oneshot::Receiver<Result<T, Failure>>);

impl<T: Send + 'static> Printing<T> {
    /// Begins.
    pub(crate) fn start(doing: impl Future<Output = Result<T, Failure>> + Send + 'static) -> Self {
        let (done, told) = oneshot::channel();
        let runtime = Handle::current();
        // An error says that nobody waits for it any more.
        thread::spawn(move || drop(done.send(runtime.block_on(doing))));
        Self(told)
    }

    /// Waits until it has ended by itself, or is to be ended: `None`. Cancel-safe.
    pub(crate) async fn until(
        &mut self,
        stop: &mut Stop,
        limit: Option<Duration>,
    ) -> Option<Result<T, Failure>> {
        tokio::select! {
            biased;
            done = &mut self.0 => done.ok(),
            () = stop.wait(limit) => None,
        }
    }

    /// Does what makes it end, and waits for its last lines: a second at most, and no longer than
    /// until a second signal. `None`: they did not get out.
    pub(crate) async fn end(
        self,
        stop: &mut Stop,
        ending: impl Future<Output = ()>,
    ) -> Option<Result<T, Failure>> {
        let second_signal = async {
            let begin = Instant::now();
            loop {
                stop.signal().await;
                if begin.elapsed() >= SAME_SIGNAL {
                    return;
                }
            }
        };
        tokio::select! {
            biased;
            done = async {
                ending.await;
                timeout(LAST_LINES, self.0).await.ok()?.ok()
            } => done,
            () = second_signal => None,
        }
    }
}
