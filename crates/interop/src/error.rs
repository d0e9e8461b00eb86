//! What can go wrong between a test and a foreign peer, told with everything it said.

use std::fmt;
use std::io;
use std::time::Duration;

use serde_json::Value;

/// Why a foreign peer could not be built, run or understood.
///
/// `Debug` prints what `Display` prints: tests unwrap these errors, and a transcript is only
/// of use with its line breaks.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum InteropError {
    /// A tool that builds or runs the peer is not installed.
    #[error("{name} is needed for this test: {url}, then `just interop`")]
    MissingTool {
        /// The tool's name.
        name: &'static str,
        /// Where it is found.
        url: &'static str,
    },
    /// A tool was started and failed.
    #[error("`{command}` failed; what it said:\n{output}")]
    Build {
        /// The command line.
        command: String,
        /// Its standard output and error.
        output: String,
    },
    /// The operating system refused to run a program or to pass it a line.
    #[error("cannot talk to the foreign peer: {0}")]
    Io(#[from] io::Error),
    /// No line matched in time.
    #[error("no line matched within {within:?}; the foreign peer said:\n{transcript}")]
    Timeout {
        /// How long was waited.
        within: Duration,
        /// Everything so far.
        transcript: Transcript,
    },
    /// The foreign peer ended, and no line of it matched.
    #[error("the foreign peer ended before a line matched; it said:\n{transcript}")]
    Ended {
        /// Everything it said.
        transcript: Transcript,
    },
}

impl fmt::Debug for InteropError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Characters of a line that are shown: a payload may make it millions long.
const MAX_SHOWN: usize = 1000;

/// Everything that a foreign peer was told (`>`) and said (`<`), in order.
///
/// A line that an [`expect`](crate::Peer::expect) has taken is marked with `=`.
#[derive(Debug, Clone, Default)]
pub struct Transcript {
    lines: Vec<Line>,
}

#[derive(Debug, Clone)]
enum Line {
    Told(String),
    Said { line: Value, taken: bool },
}

impl Transcript {
    pub(crate) fn told(&mut self, line: &str) {
        self.lines.push(Line::Told(line.to_owned()));
    }

    pub(crate) fn said(&mut self, line: Value) {
        self.lines.push(Line::Said { line, taken: false });
    }

    /// Takes the first line that was said, not taken yet, and matches.
    pub(crate) fn take(&mut self, mut matches: impl FnMut(&Value) -> bool) -> Option<Value> {
        self.lines.iter_mut().find_map(|line| match line {
            Line::Said { line, taken } if !*taken && matches(line) => {
                *taken = true;
                Some(line.clone())
            }
            _ => None,
        })
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            let (sign, line) = match line {
                Line::Told(line) => ('>', line.clone()),
                Line::Said { line, taken: false } => ('<', line.to_string()),
                Line::Said { line, taken: true } => ('=', line.to_string()),
            };
            match line.char_indices().nth(MAX_SHOWN) {
                Some((cut, _)) => {
                    let (begin, rest) = line.split_at(cut);
                    writeln!(f, "  {sign} {begin} … {} bytes more", rest.len())?;
                }
                None => writeln!(f, "  {sign} {line}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_is_taken_once_and_lines_that_did_not_match_stay() {
        let mut transcript = Transcript::default();
        for number in [1, 2, 2] {
            transcript.said(json!({ "number": number }));
        }
        let mut take = |number| transcript.take(|line| line["number"] == number);

        assert!(take(2).is_some());
        assert!(take(1).is_some(), "it was passed over, not lost");
        assert!(take(2).is_some());
        assert_eq!(take(2), None);
    }

    #[test]
    fn a_timeout_shows_what_was_told_said_and_taken() {
        let mut transcript = Transcript::default();
        transcript.told("peers");
        transcript.said(json!({"event": "ok"}));
        transcript.said(json!({"event": "peer"}));
        transcript.take(|line| line["event"] == "ok");
        let error = InteropError::Timeout { within: Duration::from_secs(5), transcript };

        assert_eq!(
            format!("{error:?}"),
            "no line matched within 5s; the foreign peer said:\n  \
             > peers\n  = {\"event\":\"ok\"}\n  < {\"event\":\"peer\"}\n"
        );
    }
    #[test]
    fn a_long_line_is_cut_where_it_is_shown() {
        let mut transcript = Transcript::default();
        transcript.told(&"ü".repeat(1001));
        assert_eq!(transcript.to_string(), format!("  > {} … 2 bytes more\n", "ü".repeat(1000)));
    }
}
