//! What our server logs: the only place where a connection that never became a peer leaves a
//! trace.

use std::io;

use tokio::sync::mpsc;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::filter::LevelFilter;

use super::soon;

/// The log lines of this test. A `tokio::test` runs all its tasks on its own thread, so they are
/// those of its servers and of nobody else.
pub(crate) struct Log {
    lines: mpsc::UnboundedReceiver<String>,
    _guard: DefaultGuard,
}

impl Log {
    /// Begins to listen.
    pub(crate) fn capture() -> Self {
        let (sender, lines) = mpsc::unbounded_channel();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::DEBUG)
            .with_ansi(false)
            .with_writer(move || Lines(sender.clone()))
            .finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        Self { lines, _guard }
    }

    /// Waits for the next line that contains `text`.
    #[track_caller]
    pub(crate) fn line_with(&mut self, text: &str) -> impl Future<Output = String> {
        let next = async move {
            loop {
                let line = self.lines.recv().await.unwrap();
                if line.contains(text) {
                    return line;
                }
            }
        };
        soon(next)
    }
}

/// Each line is written at once.
struct Lines(mpsc::UnboundedSender<String>);

impl io::Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line).into_owned();
        // The test is over, and its servers say their last.
        let _ = self.0.send(text);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
