//! Where one JSON value ends and the next begins, in a stream that has nothing between them.
//!
//! ```text
//! {"id":1,"method":"foo_bar"}{"id":2, … }
//! └───── one value ─────────┘└─ another
//! ```
//!
//! It looks at each byte once, however many pieces a value comes in. It does not judge a value: whoever
//! reads it will. But it notices at once what can never become one.

use bytes::{Buf, BytesMut};
use memchr::memchr2;

/// Nested deeper than this is no value.
pub const MAX_DEPTH: usize = 10_000;
/// Room for what is read next, in bytes: an idle connection should not need more.
const ROOM: usize = 4 * 1024;
/// More room than this is given back when there is nothing in it.
const MUCH_ROOM: usize = 16 * 1024;

/// Finds the ends of values, piece by piece.
#[derive(Debug, Default)]
pub struct Splitter {
    /// The brackets that are open: whether each is an object's.
    open: Vec<bool>,
    state: State,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a value.
    #[default]
    Before,
    /// In an object or an array.
    Inside,
    /// In a string.
    Text,
    /// In a string, behind the `\` that escapes the next letter.
    Escape,
    /// In a number, or one of the words `true`, `false`, `null`.
    Word,
}

/// This can never become a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoValue(pub &'static str);

/// How many bytes a step has looked at, and whether the value ends with them.
type Step = (usize, bool);

impl Splitter {
    /// Looks at the next bytes of the stream, up to where a value ends: how many of them that are. Those
    /// behind must come again. Nothing, if the value goes on; then all have been looked at.
    ///
    /// # Errors
    /// [`NoValue`]: nothing that follows makes it one.
    pub fn next(&mut self, bytes: &[u8]) -> Result<Option<usize>, NoValue> {
        let mut at = 0_usize;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let (seen, is_end) = match self.state {
                State::Before => self.begin(rest)?,
                State::Inside => self.inside(rest)?,
                State::Text => self.text(rest),
                State::Escape => {
                    self.state = State::Text;
                    (1, false)
                }
                State::Word => self.word(rest),
            };
            at = at.saturating_add(seen);
            if is_end {
                self.state = State::Before;
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// Whether the stream may end here: no value has begun.
    #[must_use]
    pub fn is_between(&self) -> bool {
        self.state == State::Before
    }

    fn begin(&mut self, bytes: &[u8]) -> Result<Step, NoValue> {
        match bytes.first() {
            Some(b' ' | b'\t' | b'\r' | b'\n') | None => {}
            // It looks at the bracket itself.
            Some(b'{' | b'[') => return self.inside(bytes),
            Some(b'"') => self.state = State::Text,
            Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => self.state = State::Word,
            Some(_) => return Err(NoValue("no value begins with this character")),
        }
        Ok((1, false))
    }

    /// Up to the next string, or to the end.
    fn inside(&mut self, bytes: &[u8]) -> Result<Step, NoValue> {
        self.state = State::Inside;
        for (at, byte) in (1_usize..).zip(bytes) {
            match byte {
                b'"' => {
                    self.state = State::Text;
                    return Ok((at, false));
                }
                b'{' | b'[' if self.open.len() < MAX_DEPTH => self.open.push(*byte == b'{'),
                b'{' | b'[' => return Err(NoValue("it is nested more than 10,000 deep")),
                b'}' | b']' => {
                    if self.open.pop() != Some(*byte == b'}') {
                        return Err(NoValue("brackets do not match"));
                    }
                    if self.open.is_empty() {
                        return Ok((at, true));
                    }
                }
                _ => {}
            }
        }
        Ok((bytes.len(), false))
    }

    /// Up to what ends the string, or escapes a letter.
    fn text(&mut self, bytes: &[u8]) -> Step {
        let Some(at) = memchr2(b'"', b'\\', bytes) else { return (bytes.len(), false) };
        let is_escape = bytes.get(at) == Some(&b'\\');
        self.state = if is_escape { State::Escape } else { State::Inside };
        (at.saturating_add(1), !is_escape && self.open.is_empty())
    }

    /// Up to the first byte that is no part of it.
    fn word(&mut self, bytes: &[u8]) -> Step {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        match bytes.iter().position(|byte| !is_part(byte)) {
            Some(at) => (at, true),
            None => (bytes.len(), false),
        }
    }
}

/// What has come of a stream of values, and is not taken yet.
#[derive(Debug)]
pub(crate) struct Values {
    bytes: BytesMut,
    splitter: Splitter,
    /// How many of the bytes the splitter has seen.
    seen: usize,
    limit: usize,
}

/// Why a stream cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    #[error("{0}")]
    NoValue(#[from] NoValue),
    #[error("message of more than {0} bytes")]
    TooLong(usize),
}

impl Values {
    /// No value may be longer than `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { bytes: BytesMut::new(), splitter: Splitter::default(), seen: 0, limit }
    }

    /// Where the next bytes are to be put, behind those that are there.
    pub(crate) fn room(&mut self) -> &mut BytesMut {
        make_room(&mut self.bytes)
    }

    /// What has come of a value that is not whole.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.bytes
    }

    /// The next value that is whole, if there is one.
    ///
    /// # Errors
    /// [`Broken`].
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        if self.splitter.is_between() {
            // They are no part of a value.
            let blanks = self.bytes.iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
            self.bytes.advance(blanks);
        }
        // Nothing behind the limit is looked at: what is wrong there does not count any more.
        let until = self.bytes.len().min(self.limit);
        let new = self.bytes.get(self.seen..until).unwrap_or_default();
        let end = self.splitter.next(new)?.map(|end| self.seen.saturating_add(end));
        if end.is_none() && self.bytes.len() > self.limit {
            return Err(Broken::TooLong(self.limit));
        }
        self.seen = if end.is_some() { 0 } else { until };
        Ok(end.map(|end| {
            let value = self.bytes.get(..end).unwrap_or_default().to_vec();
            self.bytes.advance(end);
            value
        }))
    }
}

/// Little room for who says little. Who has filled it gets more, and gives it back.
pub(crate) fn make_room(bytes: &mut BytesMut) -> &mut BytesMut {
    bytes.reserve(ROOM);
    if bytes.is_empty() && bytes.capacity() > MUCH_ROOM {
        *bytes = BytesMut::with_capacity(ROOM);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of a stream that comes in pieces of so many bytes, and what is left at its end.
    fn split(stream: &str, size: usize) -> Result<(Vec<String>, String), Broken> {
        let (mut all, mut values) = (Values::new(usize::MAX), Vec::new());
        for piece in stream.as_bytes().chunks(size) {
            all.room().extend_from_slice(piece);
            while let Some(value) = all.next()? {
                values.push(String::from_utf8(value).unwrap());
            }
        }
        Ok((values, String::from_utf8(all.bytes.to_vec()).unwrap()))
    }

    #[test]
    fn values_are_split_with_and_without_something_between_them() {
        let stream = " {\"a\":[1,{\"b\":\"}]\\\"{\"}]}[]{}\n\"x\\\\\"12 true[null]nul";
        for size in 1..=stream.len() {
            let (values, rest) = split(stream, size).unwrap();
            assert_eq!(
                values,
                [
                    "{\"a\":[1,{\"b\":\"}]\\\"{\"}]}",
                    "[]",
                    "{}",
                    "\"x\\\\\"",
                    "12",
                    "true",
                    "[null]"
                ]
            );
            assert_eq!(rest, "nul");
        }
    }

    #[test]
    fn what_can_never_become_a_value_is_noticed_at_once() {
        for stream in
            ["]", "}", ",", "x", "POST / HTTP/1.1", "\u{feff}{}", "{\"a\":[1}", "[1}", "\0"]
        {
            assert!(split(stream, 1).is_err(), "{stream}");
            assert!(split(stream, stream.len()).is_err(), "{stream}");
        }
        assert!(split(&"[".repeat(MAX_DEPTH), 99).is_ok());
        assert!(split(&"[".repeat(MAX_DEPTH + 1), 99).is_err());
    }

    #[test]
    fn a_value_may_be_as_long_as_the_limit_and_what_is_between_values_does_not_count() {
        let mut all = Values::new(4);
        all.room().extend_from_slice(b"      [12]    [123]");
        assert_eq!(all.next(), Ok(Some(b"[12]".to_vec())));
        assert_eq!(all.next(), Err(Broken::TooLong(4)));
    }

    #[test]
    fn room_that_a_long_value_has_taken_is_given_back() {
        let mut all = Values::new(usize::MAX);
        all.room().extend_from_slice(format!("\"{}\"", "x".repeat(1 << 20)).as_bytes());
        assert!(all.next().unwrap().is_some());
        assert!(all.room().capacity() <= MUCH_ROOM);
    }
}
