//! The learner's program: started, listened to, and ended whatever it does.
//!
//! With threads, because tokio's own processes would need a tokio that no lesson needs, and so a first
//! exercise would compile it once more.

use std::collections::VecDeque;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use devp2p_core::p2p::printable;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

/// Lines that are kept of what a program prints.
const LINES: usize = 8;
/// Of a longer line, in bytes, the rest is not kept.
const LINE: usize = 400;
/// Answers that may wait to be looked at.
const ANSWERS: usize = 64;
/// What begins an answer.
const ANSWER: &str = "answer: ";

/// How a program is started.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The program.
    pub path: PathBuf,
    /// Names and values for its environment.
    pub environment: Vec<(String, String)>,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct End {
    /// A part of a sentence: "your program has ended, without an error".
    pub(crate) how: String,
    /// Whether it was without an error.
    pub(crate) well: bool,
}

/// What ends the wait for a process that prints no more.
const LOOK: Duration = Duration::from_millis(5);

/// A program that runs. It is killed when this is dropped.
pub(crate) struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    answers: mpsc::Receiver<String>,
    /// Each is closed when that stream is.
    streams: [Option<oneshot::Receiver<()>>; 2],
    last_lines: Arc<Mutex<VecDeque<String>>>,
}

impl Program {
    /// Starts it, with what it needs to know in its environment.
    pub(crate) fn start(launch: &Launch, told: &[(&str, String)]) -> Result<Self, String> {
        let mut command = Command::new(&launch.path);
        command.envs(launch.environment.iter().map(|(name, value)| (name, value)));
        command.envs(told.iter().map(|(name, value)| (name, value)));
        // Of a panic, its message says more than what is on the stack.
        command.env("RUST_BACKTRACE", "0");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            command.spawn().map_err(|error| format!("your program cannot be started: {error}"))?;
        let (sender, answers) = mpsc::channel(ANSWERS);
        let last_lines = Arc::default();
        let streams = [
            child.stdout.take().map(|out| listen(out, Some(sender), Arc::clone(&last_lines))),
            child.stderr.take().map(|err| listen(err, None, Arc::clone(&last_lines))),
        ];
        Ok(Self { stdin: child.stdin.take(), child, answers, streams, last_lines })
    }

    /// Waits for its end, and says how it was.
    pub(crate) async fn ended(&mut self) -> End {
        for stream in &mut self.streams {
            if let Some(open) = stream {
                // It says nothing: it is closed.
                let _ = open.await;
                *stream = None;
            }
        }
        let status = loop {
            match self.child.try_wait() {
                Ok(None) => sleep(LOOK).await,
                Ok(Some(status)) => break status,
                Err(error) => {
                    return End { how: format!("your program is lost: {error}"), well: false };
                }
            }
        };
        let how = match status.code() {
            Some(0) => "your program has ended, without an error".to_owned(),
            Some(code) => format!("your program has ended, with exit code {code}"),
            None => "your program was killed".to_owned(),
        };
        End { how, well: status.success() }
    }

    /// Waits for the next answer; `None` when there are no more.
    pub(crate) async fn answer(&mut self) -> Option<String> {
        self.answers.recv().await
    }

    /// Tells it that it may stop.
    pub(crate) fn tell_to_stop(&mut self) {
        self.stdin = None;
    }

    /// What it printed last, apart from its answers.
    pub(crate) fn last_lines(&self) -> Vec<String> {
        self.last_lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads what a program prints, line by line, until it prints no more.
fn listen(
    mut stream: impl Read + Send + 'static,
    answers: Option<mpsc::Sender<String>>,
    last_lines: Arc<Mutex<VecDeque<String>>>,
) -> oneshot::Receiver<()> {
    let (open, closed) = oneshot::channel();
    thread::spawn(move || {
        let (mut line, mut buffer) = (Vec::new(), [0; 1024]);
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            for byte in buffer.iter().take(read) {
                match byte {
                    b'\n' => {
                        heard(&line, answers.as_ref(), &last_lines);
                        line.clear();
                    }
                    _ if line.len() < LINE => line.push(*byte),
                    _ => {}
                }
            }
        }
        if !line.is_empty() {
            heard(&line, answers.as_ref(), &last_lines);
        }
        drop(open);
    });
    closed
}

fn heard(
    line: &[u8],
    answers: Option<&mpsc::Sender<String>>,
    last_lines: &Mutex<VecDeque<String>>,
) {
    let line = printable(String::from_utf8_lossy(line).trim_end());
    if let (Some(answers), Some(answer)) = (answers, line.strip_prefix(ANSWER)) {
        // Whoever answers without end is not heard any more.
        let _ = answers.try_send(answer.to_owned());
        return;
    }
    let mut kept = last_lines.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() == LINES {
        kept.pop_front();
    }
    kept.push_back(line);
}
