//! Runs `devp2p` as a user would, and never waits for longer than a while.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, which not every one of them uses"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

const A_WHILE: Duration = Duration::from_secs(60);

/// A running `devp2p`; killed when dropped.
pub(crate) struct Devp2p {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

/// What is left when it has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// The lines that were not read before.
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Devp2p {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_and_read(args, usize::MAX)
    }

    /// Reads so many lines of stdout and closes it then, as `head` does.
    pub(crate) fn start_and_read(args: &[&str], lines: usize) -> Self {
        Self::spawn(Command::new(env!("CARGO_BIN_EXE_devp2p")).args(args), lines)
    }

    /// A node on the loopback address, started by a shell that has run `command` before.
    #[cfg(unix)]
    pub(crate) fn node_after(command: &str, args: &[&str]) -> Self {
        let script = format!("{command} && exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_devp2p")]);
        Self::spawn(command.args(["node", "--listen", "127.0.0.1:0"]).args(args), usize::MAX)
    }

    fn spawn(command: &mut Command, lines: usize) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = read_lines(child.stdout.take().unwrap(), lines);
        let stderr = read_lines(child.stderr.take().unwrap(), usize::MAX);
        Self { child, stdout, stderr }
    }

    /// A node on the loopback address.
    pub(crate) fn node(args: &[&str]) -> Self {
        Self::start(&[&["node", "--listen", "127.0.0.1:0"], args].concat())
    }

    /// The next line of stdout.
    pub(crate) fn line(&self) -> String {
        self.stdout.recv_timeout(A_WHILE).unwrap_or_else(|_| panic!("no line; {}", self.errors()))
    }

    /// The next line of stdout with `text` in it.
    pub(crate) fn line_with(&self, text: &str) -> String {
        std::iter::repeat_with(|| self.line()).find(|line| line.contains(text)).unwrap()
    }

    /// The next line of stderr.
    pub(crate) fn error_line(&self) -> String {
        self.stderr.recv_timeout(A_WHILE).unwrap()
    }

    /// The next line of stdout, which is JSON.
    pub(crate) fn json(&self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}"))
    }

    /// The enode that a node prints for people.
    pub(crate) fn enode(&self) -> String {
        self.line_with("  enode://").trim().to_owned()
    }

    /// Sends a signal, as in `kill -TERM`.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Sends a signal twice at once, as `timeout` does: to the program, and to its group.
    #[cfg(unix)]
    pub(crate) fn signal_twice(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id, &id]).status().unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Ended {
        let (stdout, stderr) = (rest(&self.stdout), rest(&self.stderr));
        // Both are closed: it is ending this very moment.
        let closed = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Ended { code: status.code(), stdout, stderr };
            }
            assert!(closed.elapsed() < A_WHILE, "it closed its output and runs on");
            thread::yield_now();
        }
    }

    fn errors(&self) -> String {
        self.stderr.try_iter().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Devp2p {
    fn drop(&mut self) {
        // It may have ended; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs it to its end.
pub(crate) fn devp2p(args: &[&str]) -> Ended {
    Devp2p::start(args).wait()
}

fn read_lines(stream: impl Read + Send + 'static, most: usize) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().take(most) {
            // A test that has ended reads no more.
            let _ = sender.send(line.unwrap());
        }
    });
    receiver
}

/// All lines up to the end of a stream.
fn rest(lines: &Receiver<String>) -> String {
    let mut text = String::new();
    loop {
        match lines.recv_timeout(A_WHILE) {
            Ok(line) => text = text + &line + "\n",
            Err(RecvTimeoutError::Disconnected) => return text,
            Err(RecvTimeoutError::Timeout) => panic!("it does not end; so far: {text}"),
        }
    }
}

/// Compares with a golden file, named from `tests` on; writes it if the variable BLESS is set.
#[track_caller]
pub(crate) fn assert_golden(name: &str, printed: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, printed).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let differs = expected.lines().zip(printed.lines()).find(|(one, two)| one != two);
    assert!(
        expected == printed,
        "{name} is another one (BLESS=1 writes it anew, if that is right): {differs:?}"
    );
}

/// The line at the end of a failure that has this explanation.
pub(crate) fn more(slug: &str) -> String {
    format!("More: {} explain {slug}\n", env!("CARGO_BIN_EXE_devp2p"))
}

/// The keys of a JSON object, sorted.
pub(crate) fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// A path for a file of this test alone; there is none yet.
pub(crate) fn new_path(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if path.exists() {
        fs::remove_file(&path).unwrap();
    }
    path.to_str().unwrap().to_owned()
}

/// A file with this content, for its owner alone.
pub(crate) fn file(name: &str, content: &str) -> String {
    let path = new_path(name);
    fs::write(&path, content).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    path
}

/// An address on which nobody listens, and no test ever will.
pub(crate) const CLOSED_ADDRESS: &str = "127.0.0.1:1";

/// Some valid public key; nobody here has its secret.
pub(crate) const STRANGER: &str = "1dd9d65c4552b5eb43d5ad55a2ee3f56c6cbc1c64a5c8d659f51fcd51bace24351\
                            232b8d7821617d2b29b54b81cdefb9b3e9c37d7fd5f63270bcc9e1a6f6a439";

/// The secret key 1, as a key file holds it.
pub(crate) const KEY_ONE: &str = "0000000000000000000000000000000000000000000000000000000000000001";
/// Its public key: the generator of the curve.
pub(crate) const PUBLIC_KEY_ONE: &str = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\
                                  483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
