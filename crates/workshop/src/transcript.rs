//! What a lesson prints, made comparable: what changes from run to run is replaced by a name.
//!
//! The same key or port gets the same name wherever it turns up, so a transcript also says that
//! the enode contains the id, and that one node's peer is the other node.

use std::io::{self, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Far longer than a lesson takes, far shorter than anyone waits.
const LIMIT: Duration = Duration::from_secs(60);

/// What a program printed, and how it ended.
#[derive(Debug)]
pub struct Transcript {
    /// As printed.
    pub stdout: String,
    /// As printed.
    pub stderr: String,
    /// Its exit code.
    pub status: ExitStatus,
}

/// Runs a lesson's binary to its end.
///
/// # Errors
/// It could not be started or read, or did not end within a minute (it is killed then).
pub fn run(binary: &str, args: &[&str]) -> io::Result<Transcript> {
    let mut command = Command::new(binary);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (done, ended) = mpsc::channel();
    // Both streams end when the program does. Nobody listens any more if that was too late.
    thread::spawn(move || drop(done.send(read(stdout).and_then(|out| Ok((out, read(stderr)?))))));
    let Ok(printed) = ended.recv_timeout(LIMIT) else {
        child.kill()?;
        return Err(io::Error::new(io::ErrorKind::TimedOut, "the program did not end"));
    };
    let (stdout, stderr) = printed?;
    Ok(Transcript { stdout, stderr, status: child.wait()? })
}

fn read(stream: Option<impl Read>) -> io::Result<String> {
    let mut text = String::new();
    stream.map_or(Ok(0), |mut stream| stream.read_to_string(&mut text))?;
    Ok(text)
}

/// Runs a lesson's binary again and again until it prints what is expected, by the measure of `is_it`:
/// some of what it tells depends on who is faster. At most so many times; the last run counts.
///
/// # Errors
/// As [`run`].
pub fn run_until(
    binary: &str,
    args: &[&str],
    tries: usize,
    is_it: impl Fn(&Transcript) -> bool,
) -> io::Result<Transcript> {
    for _ in 1..tries {
        let transcript = run(binary, args)?;
        if is_it(&transcript) {
            return Ok(transcript);
        }
    }
    run(binary, args)
}

/// The lines of a transcript as `-v` makes it, each node's together: their order is certain only
/// among the lines of one node. Lines of no node come first, and what a lesson's own code says apart
/// from what happens below it.
pub fn by_node(normalised: &str) -> Vec<&str> {
    let node = |line: &&str| {
        let (level, rest) = line.split_once(" [<time>] ").unwrap_or(("", line));
        let (name, _) = rest.split_once(" <key ").unwrap_or(("", rest));
        let name = if name.contains(['=', ':']) { "" } else { name };
        (name.to_owned(), level.to_owned())
    };
    let mut lines: Vec<&str> = normalised.lines().collect();
    lines.sort_by_key(node);
    lines
}

/// Replaces keys by `<key 1>`, `<key 2>` …, node ids by `<node id 1>` …, ports by `<port 1>` …, the
/// time, the operating system, the Rust version and the size of a packet that is padded by `<time>`,
/// `<os>`, `<version>` and `<size>`.
pub fn normalise(printed: &str) -> String {
    let mut names = Names::default();
    printed.lines().map(|line| names.normalise(line) + "\n").collect()
}

/// The keys, node ids and ports seen so far, in order.
#[derive(Default)]
struct Names {
    keys: Vec<String>,
    node_ids: Vec<String>,
    ports: Vec<String>,
}

impl Names {
    fn normalise(&mut self, line: &str) -> String {
        let line = &without_time_and_version(line);
        let mut out = String::new();
        let mut rest = line.as_str();
        while let Some(first) = rest.chars().next() {
            let word = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            let len = word.len().max(first.len_utf8());
            let (taken, after) = rest.split_at(len);
            out.push_str(&self.name(&out, taken));
            rest = after;
        }
        out
    }

    /// What to print instead of `word`, which comes after `before`.
    fn name(&mut self, before: &str, word: &str) -> String {
        let is_hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        let ends = |ends: &[&str]| ends.iter().any(|end| before.ends_with(end));
        // The node that a line is about, as in `foo 92f6fa82: dialing`.
        let begins = before.split_once("[<time>] ").is_some_and(|(_, name)| {
            word.len() == 8 && name.trim_end().bytes().all(|byte| byte.is_ascii_lowercase())
        });
        if is_hex && (word.len() == 128 || begins || ends(&["Peer ", "peer="])) {
            format!("<key {}>", place(&mut self.keys, word))
        } else if is_hex && word.len() == 64 {
            format!("<node id {}>", place(&mut self.node_ids, word))
        } else if is_number && ends(&["127.0.0.1:", " port="]) {
            format!("<port {}>", place(&mut self.ports, word))
        } else if is_number && ends(&["nonce bytes=", "secrets bytes=", "it is bytes="]) {
            "<size>".to_owned()
        } else {
            word.to_owned()
        }
    }
}

/// `[06-24|22:12:49]` and `/linux/rust1.95.0` carry nothing to compare.
fn without_time_and_version(line: &str) -> String {
    let mut line = line.to_owned();
    if let Some((before, rest)) = line.split_once(" [") {
        if let Some((_, after)) = rest.split_once("] ") {
            line = format!("{before} [<time>] {after}");
        }
    }
    if let Some((before, rest)) = line.split_once("/rust") {
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        line = format!("{before}/rust<version>{after}");
    }
    line.replace(&format!("/{}/", std::env::consts::OS), "/<os>/")
}

/// The place of `word` in `seen`, counted from 1, where one may be the beginning of the other.
fn place(seen: &mut Vec<String>, word: &str) -> usize {
    let same = |old: &String| old.starts_with(word) || word.starts_with(old.as_str());
    let found = seen.iter().position(same).unwrap_or_else(|| {
        seen.push(word.to_owned());
        seen.len().saturating_sub(1)
    });
    found.saturating_add(1)
}
