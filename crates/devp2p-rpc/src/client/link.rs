//! One connection, as long as it lasts: a task that reads and writes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tracing::trace;

use super::Options;
use super::codec::{Codec, Form, Item};
use super::dispatch::Dispatch;
use super::error::ClientError;
use crate::message::parse;

/// Bytes that are read at once.
const READ: usize = 16 * 1024;
/// Messages that wait to be written.
const WAITING: usize = 64;
/// After so long a silence a WebSocket is asked whether somebody is there, and has as long to answer.
const SILENCE: Duration = Duration::from_secs(30);

/// A connection. With its last clone, it ends.
#[derive(Debug, Clone)]
pub(super) struct Link {
    dispatch: Arc<Mutex<Dispatch>>,
    outgoing: mpsc::Sender<Outgoing>,
    _task: Arc<Task>,
}

#[derive(Debug)]
struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What is to be written.
#[derive(Debug)]
enum Outgoing {
    Value(String),
    /// Not a value: a frame of the connection itself.
    Control(Vec<u8>),
}

impl Link {
    /// Reads and writes from now on.
    pub(super) fn start(
        reader: impl AsyncRead + Unpin + Send + 'static,
        writer: impl AsyncWrite + Unpin + Send + 'static,
        form: Form,
        options: &Options,
    ) -> Self {
        let dispatch = Arc::new(Mutex::new(Dispatch::new(options.queue)));
        let (outgoing, waiting) = mpsc::channel(WAITING);
        let reading = Reading {
            form,
            codec: form.codec(options.message),
            dispatch: dispatch.clone(),
            outgoing: outgoing.downgrade(),
        };
        let ended = dispatch.clone();
        let task = tokio::spawn(async move {
            let why = tokio::select! {
                why = reading.run(reader) => why,
                why = write(writer, form, waiting) => why,
            };
            lock(&ended).lose(&why);
        });
        Self { dispatch, outgoing, _task: Arc::new(Task(task.abort_handle())) }
    }

    /// Whether the connection has ended.
    pub(super) fn is_gone(&self) -> bool {
        self.with(|dispatch| dispatch.lost()).is_some()
    }

    /// Does something with what is under way.
    pub(super) fn with<T>(&self, with: impl FnOnce(&mut Dispatch) -> T) -> T {
        with(&mut lock(&self.dispatch))
    }

    /// Sends a value.
    ///
    /// # Errors
    /// [`ClientError::Lost`].
    pub(super) async fn send(&self, value: String) -> Result<(), ClientError> {
        self.outgoing.send(Outgoing::Value(value)).await.map_err(|_| self.lost())
    }

    /// Sends a value if there is room: what is lost so does no harm.
    pub(super) fn try_send(&self, value: String) {
        let _ = self.outgoing.try_send(Outgoing::Value(value));
    }

    /// That the connection has ended, and why.
    pub(super) fn lost(&self) -> ClientError {
        let why = self.with(|dispatch| dispatch.lost());
        ClientError::Lost(why.unwrap_or_else(|| "it was closed".into()))
    }
}

fn lock(dispatch: &Mutex<Dispatch>) -> std::sync::MutexGuard<'_, Dispatch> {
    dispatch.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn write(
    mut writer: impl AsyncWrite + Unpin,
    form: Form,
    mut waiting: mpsc::Receiver<Outgoing>,
) -> Arc<str> {
    while let Some(outgoing) = waiting.recv().await {
        let bytes = match outgoing {
            Outgoing::Value(value) => {
                trace!(target: crate::message::WIRE, side = %"client", "-> {value}");
                form.encode(value)
            }
            Outgoing::Control(frame) => frame,
        };
        let written = async {
            writer.write_all(&bytes).await?;
            writer.flush().await
        };
        if let Err(error) = written.await {
            return error.to_string().into();
        }
    }
    "nobody needs it any more".into()
}

struct Reading {
    form: Form,
    codec: Codec,
    dispatch: Arc<Mutex<Dispatch>>,
    outgoing: mpsc::WeakSender<Outgoing>,
}

impl Reading {
    /// Reads until there is no more: why.
    async fn run(mut self, mut reader: impl AsyncRead + Unpin) -> Arc<str> {
        let mut buffer = vec![0; READ];
        let mut was_asked = false;
        loop {
            let read = match timeout(SILENCE, reader.read(&mut buffer)).await {
                Ok(Ok(0)) => {
                    self.tell_rest();
                    return "the node has closed it".into();
                }
                Ok(Ok(read)) => read,
                Ok(Err(error)) => return error.to_string().into(),
                Err(_) if was_asked => return "the node is silent".into(),
                Err(_) => {
                    if let Some(ping) = self.form.ping() {
                        was_asked = true;
                        self.control(ping);
                    }
                    continue;
                }
            };
            was_asked = false;
            self.codec.push(buffer.get(..read).unwrap_or_default());
            loop {
                match self.codec.next() {
                    Ok(None) => break,
                    Ok(Some(Item::Value(value))) => {
                        if let Err(why) = self.value(value) {
                            return why;
                        }
                    }
                    Ok(Some(Item::Reply(frame))) => self.control(frame),
                    Err(why) => return why.into(),
                }
            }
        }
    }

    /// Shows what was not said to its end.
    fn tell_rest(&self) {
        let rest = String::from_utf8_lossy(self.codec.rest());
        if !rest.trim().is_empty() {
            trace!(target: crate::message::WIRE, side = %"client", "<- {rest} (and no more)");
        }
    }

    fn value(&self, value: Vec<u8>) -> Result<(), Arc<str>> {
        let value = parse(value).map_err(|error| format!("what it says is no JSON: {error}"))?;
        trace!(target: crate::message::WIRE, side = %"client", "<- {value}");
        self.take(&value)
    }

    fn take(&self, value: &RawValue) -> Result<(), Arc<str>> {
        for reply in lock(&self.dispatch).incoming(value)? {
            if let Some(outgoing) = self.outgoing.upgrade() {
                // If there is no room, the node goes on, and nobody listens.
                let _ = outgoing.try_send(Outgoing::Value(reply));
            }
        }
        Ok(())
    }

    fn control(&self, frame: Vec<u8>) {
        if let Some(outgoing) = self.outgoing.upgrade() {
            // If there is no room, enough is being said.
            let _ = outgoing.try_send(Outgoing::Control(frame));
        }
    }
}
