//! Values that follow each other on a stream of bytes, and answers that each end with a line end: a
//! socket in the file system, a named pipe, or a pipe within the process.
//!
//! One task reads and writes. As long as the other end does not take what is written, nothing more is
//! read.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::calls::{Begun, Calls};
use crate::connection::{Answer, Connection, Limits};
use crate::error::{Error, INVALID_REQUEST, PARSE_ERROR};
use crate::message::{parse, unreadable};
use crate::module::Modules;
use crate::splitter::{Broken, Values};

/// Events that may wait for a reader who does not read.
pub(crate) const WAITING: usize = 256;
/// So many bytes are worth a write; more need not wait for each other.
pub(crate) const ENOUGH: usize = 32 * 1024;
/// More memory than this is given back after a write, in bytes.
const KEPT: usize = 4 * 1024;

/// Serves one connection until its other end has nothing more to ask, and has been answered.
pub(crate) async fn serve(
    reader: impl AsyncRead + Unpin,
    writer: impl AsyncWrite + Unpin,
    modules: Arc<Modules>,
    limits: Arc<Limits>,
) {
    let (events, told) = mpsc::channel(WAITING);
    let connection = Connection::new(modules, limits.clone(), Some(events));
    let serving = Serving {
        values: Values::new(limits.message),
        calls: Calls::new(connection, limits.at_once),
        told,
        lines: Vec::new(),
        is_last: false,
    };
    // A client that breaks off is none of our business.
    let _ = serving.run(reader, writer).await;
}

struct Serving {
    values: Values,
    calls: Calls,
    /// What its subscriptions tell.
    told: mpsc::Receiver<String>,
    /// What is to be written.
    lines: Vec<u8>,
    /// Nothing more is read.
    is_last: bool,
}

impl Serving {
    async fn run(
        mut self,
        mut reader: impl AsyncRead + Unpin,
        mut writer: impl AsyncWrite + Unpin,
    ) -> io::Result<()> {
        loop {
            let begun = self.begin_calls().await.unwrap_or_else(|error| {
                self.line(&unreadable(&error));
                self.is_last = true;
                self.values = Values::new(0);
                Begun::All
            });
            self.gather();
            if !self.lines.is_empty() {
                writer.write_all(&self.lines).await?;
                writer.flush().await?;
                clear(&mut self.lines);
            }
            if begun == Begun::Some {
                continue;
            }
            if self.is_last && self.calls.is_empty() {
                return Ok(());
            }
            let may_read = !self.is_last && !self.calls.is_full();
            tokio::select! {
                biased;
                read = reader.read_buf(self.values.room()), if may_read => {
                    self.is_last = !matches!(read, Ok(1..));
                }
                Some(answer) = self.calls.next() => self.answer(answer),
                Some(event) = self.told.recv() => self.line(&event),
            }
        }
    }

    /// Begins what has come, as far as it may begin.
    async fn begin_calls(&mut self) -> Result<Begun, Error> {
        while !self.calls.is_full() {
            if self.lines.len() >= ENOUGH {
                return Ok(Begun::Some);
            }
            let Some(value) = self.values.next()? else { break };
            if let Some(answer) = self.calls.begin(parse(value)?).await {
                self.answer(answer);
            }
        }
        Ok(Begun::All)
    }

    /// What waits goes out with the rest, in one write. An event does so however many calls there are:
    /// else a subscription would take their caller for one who does not read.
    fn gather(&mut self) {
        if let Ok(event) = self.told.try_recv() {
            self.line(&event);
        }
        while self.lines.len() < ENOUGH {
            if let Some(answer) = self.calls.try_next() {
                self.answer(answer);
            } else if let Ok(event) = self.told.try_recv() {
                self.line(&event);
            } else {
                return;
            }
        }
    }

    fn answer(&mut self, mut answer: Answer) {
        if let Some(json) = answer.json.take() {
            self.line(&json);
        }
        // Whatever a subscription tells comes behind it.
        answer.sent();
    }

    fn line(&mut self, text: &str) {
        self.lines.extend_from_slice(text.as_bytes());
        self.lines.push(b'\n');
    }
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        let code = match broken {
            Broken::NoValue(_) => PARSE_ERROR,
            Broken::TooLong(_) => INVALID_REQUEST,
        };
        Self::new(code, broken)
    }
}

/// Empties what was written. Little memory is kept.
pub(crate) fn clear(written: &mut Vec<u8>) {
    written.clear();
    written.shrink_to(KEPT);
}
