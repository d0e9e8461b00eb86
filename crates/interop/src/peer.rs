//! A running foreign peer: lines in, lines out.

use std::io;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::{InteropError, Program, Transcript};

/// How long a foreign peer may take to start or to stop. EthereumJS leaves a connection open
/// for 2 s after its goodbye.
const START_STOP: Duration = Duration::from_secs(15);

/// A foreign peer in a process of its own, which dies with this value.
#[derive(Debug)]
pub struct Peer {
    // Held for `kill_on_drop`.
    child: Child,
    stdin: ChildStdin,
    lines: mpsc::UnboundedReceiver<Value>,
    transcript: Transcript,
}

/// Who a foreign peer is: what it tells when it listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Its enode URL; go-ethereum's ends in `?discport=0` if it takes no part in discovery. Empty
    /// in the mode `raw`, which does not listen.
    pub enode: String,
    /// Its 64-byte public key, in 128 hex digits.
    pub public_key: String,
    /// Its node id, the keccak-256 of the public key, in 64 hex digits. This is what
    /// go-ethereum has in `peer`.
    pub node_id: String,
}

impl Peer {
    /// Runs a foreign peer with these arguments, `node` or another mode first.
    ///
    /// # Errors
    ///
    /// [`InteropError::Io`] if it cannot be run.
    pub fn start<S: AsRef<str>>(program: &Program, arguments: &[S]) -> Result<Self, InteropError> {
        let mut child = Command::new(&program.command)
            .args(&program.first_arguments)
            .args(arguments.iter().map(AsRef::as_ref))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (sender, lines) = mpsc::unbounded_channel();
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(pass_lines(stdout, sender.clone(), parse));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(pass_lines(
                stderr,
                sender,
                |line| json!({"event": "stderr", "line": line}),
            ));
        }
        let stdin = child.stdin.take().ok_or(io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(Self { child, stdin, lines, transcript: Transcript::default() })
    }

    /// Runs a program to its end, and returns all that it said.
    ///
    /// # Errors
    ///
    /// [`InteropError::Io`] if it cannot be run.
    pub async fn run<S: AsRef<str>>(
        program: &Program,
        arguments: &[S],
    ) -> Result<Output, InteropError> {
        let mut command = Command::new(&program.command);
        command.args(&program.first_arguments).args(arguments.iter().map(AsRef::as_ref));
        Ok(command.stdin(Stdio::null()).kill_on_drop(true).output().await?)
    }

    /// Waits until the peer listens, and says who it is. Call it first, once for each node that the
    /// program runs.
    ///
    /// # Errors
    ///
    /// As [`expect`](Self::expect): the peer says why it could not start, if it could not.
    pub async fn ready(&mut self) -> Result<Ready, InteropError> {
        let line = self.expect(|line| line["event"] == "ready", START_STOP).await?;
        let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Ready { enode: text("enode"), public_key: text("publicKey"), node_id: text("id") })
    }

    /// Sends a command, such as `add enode://…`. The peer answers with an `ok` or an `error`
    /// line.
    ///
    /// # Errors
    ///
    /// [`InteropError::Io`] if the peer has ended.
    pub async fn send_line(&mut self, line: &str) -> Result<(), InteropError> {
        self.transcript.told(line);
        self.stdin.write_all(format!("{line}\n").as_bytes()).await?;
        self.stdin.flush().await?;
        Ok(())
    }

    /// Waits for a line that matches, and takes it.
    ///
    /// A line is taken once. Lines that do not match stay, for a later call: a peer's threads
    /// print in no particular order, `started` before or after the peer event `add`.
    ///
    /// # Errors
    ///
    /// [`InteropError::Timeout`] and [`InteropError::Ended`] show all that the peer said.
    pub async fn expect(
        &mut self,
        mut matches: impl FnMut(&Value) -> bool,
        within: Duration,
    ) -> Result<Value, InteropError> {
        match timeout(within, self.next_match(&mut matches)).await {
            Ok(Some(line)) => Ok(line),
            Ok(None) => Err(InteropError::Ended { transcript: self.transcript.clone() }),
            Err(_) => Err(InteropError::Timeout { within, transcript: self.transcript.clone() }),
        }
    }

    /// `None` when the peer has ended.
    async fn next_match(&mut self, matches: &mut impl FnMut(&Value) -> bool) -> Option<Value> {
        loop {
            if let Some(line) = self.transcript.take(&mut *matches) {
                return Some(line);
            }
            let line = self.lines.recv().await?;
            self.transcript.said(line);
        }
    }

    /// Tells the peer to stop and waits until its process has ended.
    ///
    /// # Errors
    ///
    /// [`InteropError::Ended`] if it ended without having been asked to, and
    /// [`InteropError::Timeout`] if it would not end.
    pub async fn stop(mut self) -> Result<(), InteropError> {
        self.send_line("stop").await?;
        self.expect(|line| line["event"] == "ok" && line["command"] == "stop", START_STOP).await?;
        match timeout(START_STOP, self.child.wait()).await {
            Ok(ended) => Ok(ended.map(drop)?),
            Err(_) => {
                Err(InteropError::Timeout { within: START_STOP, transcript: self.transcript })
            }
        }
    }
}

/// Reads to the end, whether anyone waits for lines or not: a peer that cannot print stands
/// still, and with it every connection it has.
async fn pass_lines(
    output: impl AsyncRead + Unpin,
    lines: mpsc::UnboundedSender<Value>,
    parse: fn(String) -> Value,
) {
    let mut output = BufReader::new(output).lines();
    while let Ok(Some(line)) = output.next_line().await {
        // Fails when the `Peer` is gone; then nobody wants the rest either.
        if lines.send(parse(line)).is_err() {
            return;
        }
    }
}

/// A line of standard output. What is not JSON is kept as text, for the transcript.
fn parse(line: String) -> Value {
    serde_json::from_str(&line).unwrap_or(Value::String(line))
}
