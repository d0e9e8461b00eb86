//! Values that follow each other on a stream of bytes, and answers that each end with a line end: a
//! socket in the file system, a named pipe, or a pipe within the process.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufWriter};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::connection::{Answer, Connection, Limits};
use crate::error::{Error, INVALID_REQUEST, PARSE_ERROR};
use crate::message::{parse, unreadable};
use crate::module::Modules;
use crate::splitter::{Found, Splitter};

/// Bytes that are read at once.
const READ: usize = 16 * 1024;
/// Answers and events that may wait for a reader who does not read.
const WAITING: usize = 256;

/// Serves one connection until its other end has nothing more to ask, and has been answered.
pub(crate) async fn serve(
    reader: impl AsyncRead + Unpin,
    writer: impl AsyncWrite + Unpin,
    modules: Arc<Modules>,
    limits: Arc<Limits>,
) {
    let (outgoing, waiting) = mpsc::channel(WAITING);
    let (events, told) = mpsc::channel(WAITING);
    let connection = Connection::new(modules, limits.clone(), Some(events));
    let reading = Reading { reader, connection, outgoing, limits };
    let reading = async {
        let mut calls = JoinSet::new();
        let last = reading.run(&mut calls).await;
        while calls.join_next().await.is_some() {}
        drop(last);
    };
    // Writing ends when nobody is left who could have more to write; a reader who is gone ends it sooner.
    tokio::join!(reading, write(writer, waiting, told));
}

/// What is to be written.
enum Outgoing {
    Answer(Answer),
    /// The last one: this cannot be read.
    Unreadable(String),
}

async fn write(
    writer: impl AsyncWrite + Unpin,
    mut waiting: mpsc::Receiver<Outgoing>,
    mut events: mpsc::Receiver<String>,
) {
    let mut writer = BufWriter::new(writer);
    let mut line = async |text: String| {
        writer.write_all(text.as_bytes()).await?;
        writer.write_all(b"\n").await?;
        writer.flush().await
    };
    loop {
        let written = tokio::select! {
            next = waiting.recv() => match next {
                Some(Outgoing::Answer(mut answer)) => {
                    let written = match answer.json.take() {
                        Some(json) => line(json).await,
                        None => Ok(()),
                    };
                    answer.sent();
                    written
                }
                Some(Outgoing::Unreadable(text)) => line(text).await,
                None => return,
            },
            Some(event) = events.recv() => line(event).await,
        };
        if written.is_err() {
            return;
        }
    }
}

struct Reading<R> {
    reader: R,
    connection: Connection,
    outgoing: mpsc::Sender<Outgoing>,
    limits: Arc<Limits>,
}

impl<R: AsyncRead + Unpin> Reading<R> {
    /// Reads until the stream ends or cannot be read any more. Returns what keeps the connection, and
    /// with it its subscriptions: when calls are done, it can go.
    async fn run(mut self, calls: &mut JoinSet<()>) -> Connection {
        let places = Arc::new(Semaphore::new(self.limits.at_once));
        let (mut splitter, mut value) = (Splitter::default(), Vec::new());
        let mut buffer = vec![0; READ];
        while let Ok(read @ 1..) = self.reader.read(&mut buffer).await {
            let mut bytes = buffer.get(..read).unwrap_or_default().iter().copied().peekable();
            while let Some(byte) = bytes.peek().copied() {
                let found = splitter.next(byte);
                match found {
                    Ok(Found::Blank) => {}
                    Ok(Found::More | Found::End) => value.push(byte),
                    Ok(Found::EndBefore) => {}
                    Err(error) => {
                        self.unreadable(&Error::new(PARSE_ERROR, error)).await;
                        return self.connection;
                    }
                }
                if value.len() > self.limits.message {
                    let text = format!("message of more than {} bytes", self.limits.message);
                    self.unreadable(&Error::new(INVALID_REQUEST, text)).await;
                    return self.connection;
                }
                if !matches!(found, Ok(Found::EndBefore)) {
                    bytes.next();
                }
                if matches!(found, Ok(Found::End | Found::EndBefore)) {
                    let value = std::mem::take(&mut value);
                    if !self.answer(value, calls, &places).await {
                        return self.connection;
                    }
                }
            }
        }
        self.connection
    }

    /// Answers a value beside all others; whether the stream goes on.
    async fn answer(
        &self,
        value: Vec<u8>,
        calls: &mut JoinSet<()>,
        places: &Arc<Semaphore>,
    ) -> bool {
        while calls.try_join_next().is_some() {}
        // It is never closed.
        let Ok(place) = places.clone().acquire_owned().await else { return false };
        let value = match parse(value) {
            Ok(value) => value,
            Err(error) => {
                self.unreadable(&error).await;
                return false;
            }
        };
        let (connection, outgoing) = (self.connection.clone(), self.outgoing.clone());
        calls.spawn(async move {
            let answer = connection.receive(&value).await;
            // An error says that nobody reads any more.
            let _ = outgoing.send(Outgoing::Answer(answer)).await;
            drop(place);
        });
        true
    }

    async fn unreadable(&self, error: &Error) {
        // The same.
        let _ = self.outgoing.send(Outgoing::Unreadable(unreadable(error))).await;
    }
}
