//! Where one JSON value ends and the next begins, in a stream that has nothing between them.
//!
//! ```text
//! {"id":1,"method":"foo_bar"}{"id":2, … }
//! └───── one value ─────────┘└─ another
//! ```
//!
//! It looks at each byte once, however many pieces a value comes in. It does not judge a value: whoever
//! reads it will. But it notices at once what can never become one.

/// Nested deeper than this is no value.
pub const MAX_DEPTH: usize = 10_000;

/// Finds the ends of values, byte by byte.
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
    /// In a string; whether the next letter is escaped.
    Text { escaped: bool },
    /// In a number, or one of the words `true`, `false`, `null`.
    Word,
}

/// What a byte means for the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing yet.
    More,
    /// Before a value, and no part of it.
    Blank,
    /// The value ends with this byte.
    End,
    /// The value has ended before this byte, which is no part of it.
    EndBefore,
}

/// This can never become a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoValue(pub &'static str);

impl Splitter {
    /// Looks at the next byte of the stream. After [`Found::EndBefore`], the same byte must come again.
    ///
    /// # Errors
    /// [`NoValue`]: nothing that follows makes it one.
    pub fn next(&mut self, byte: u8) -> Result<Found, NoValue> {
        match self.state {
            State::Before => self.begin(byte),
            State::Text { escaped } => {
                self.state = match (escaped, byte) {
                    (false, b'"') => return Ok(self.value_ended()),
                    (false, b'\\') => State::Text { escaped: true },
                    _ => State::Text { escaped: false },
                };
                Ok(Found::More)
            }
            State::Word => match byte {
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.' => Ok(Found::More),
                _ => {
                    self.state = State::Before;
                    Ok(Found::EndBefore)
                }
            },
            State::Inside => self.inside(byte),
        }
    }

    /// Whether the stream may end here: no value has begun.
    #[must_use]
    pub fn is_between(&self) -> bool {
        self.state == State::Before
    }

    fn begin(&mut self, byte: u8) -> Result<Found, NoValue> {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => return Ok(Found::Blank),
            b'{' | b'[' => {
                self.open.push(byte == b'{');
                self.state = State::Inside;
            }
            b'"' => self.state = State::Text { escaped: false },
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => self.state = State::Word,
            _ => return Err(NoValue("no value begins with this character")),
        }
        Ok(Found::More)
    }

    fn inside(&mut self, byte: u8) -> Result<Found, NoValue> {
        match byte {
            b'"' => self.state = State::Text { escaped: false },
            b'{' | b'[' if self.open.len() < MAX_DEPTH => self.open.push(byte == b'{'),
            b'{' | b'[' => return Err(NoValue("it is nested more than 10,000 deep")),
            b'}' | b']' => {
                if self.open.pop() != Some(byte == b'}') {
                    return Err(NoValue("brackets do not match"));
                }
                return Ok(self.value_ended());
            }
            _ => {}
        }
        Ok(Found::More)
    }

    /// A string or a bracket has ended, and with it perhaps all.
    fn value_ended(&mut self) -> Found {
        if self.open.is_empty() {
            self.state = State::Before;
            return Found::End;
        }
        self.state = State::Inside;
        Found::More
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of a stream, and what is left at its end.
    fn split(stream: &str) -> Result<(Vec<String>, String), NoValue> {
        let (mut splitter, mut values, mut value) =
            (Splitter::default(), Vec::new(), String::new());
        for letter in stream.chars() {
            let mut bytes = [0; 4];
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                match splitter.next(byte)? {
                    Found::More => value.push(letter),
                    Found::Blank => {}
                    Found::End => {
                        value.push(letter);
                        values.push(std::mem::take(&mut value));
                    }
                    Found::EndBefore => {
                        values.push(std::mem::take(&mut value));
                        assert!(matches!(splitter.next(byte)?, Found::More | Found::Blank));
                        value.extend(Some(letter).filter(|letter| !letter.is_whitespace()));
                    }
                }
            }
        }
        Ok((values, value))
    }

    #[test]
    fn values_are_split_with_and_without_something_between_them() {
        let stream = " {\"a\":[1,{\"b\":\"}]\\\"{\"}]}[]{}\n\"x\\\\\"12 true[null]nul";
        let (values, rest) = split(stream).unwrap();
        assert_eq!(
            values,
            ["{\"a\":[1,{\"b\":\"}]\\\"{\"}]}", "[]", "{}", "\"x\\\\\"", "12", "true", "[null]"]
        );
        assert_eq!(rest, "nul");
    }

    #[test]
    fn what_can_never_become_a_value_is_noticed_at_once() {
        for stream in
            ["]", "}", ",", "x", "POST / HTTP/1.1", "\u{feff}{}", "{\"a\":[1}", "[1}", "\0"]
        {
            assert!(split(stream).is_err(), "{stream}");
        }
        assert!(split(&"[".repeat(MAX_DEPTH)).is_ok());
        assert!(split(&"[".repeat(MAX_DEPTH + 1)).is_err());
    }
}
