//! How values lie in the bytes of a connection.

use crate::splitter::{Broken, Values};
#[cfg(feature = "ws")]
use crate::ws::frames::{Event, Frames, Kind, Role, frame};

/// How a kind of connection has it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// IPC: values follow each other.
    Values,
    /// WebSocket: each value is a message, in frames.
    #[cfg(feature = "ws")]
    Frames,
}

/// What has come in that form, and is not taken yet.
#[derive(Debug)]
pub(super) enum Codec {
    Values(Values),
    #[cfg(feature = "ws")]
    Frames(Frames),
}

/// What comes.
pub(super) enum Item {
    Value(Vec<u8>),
    /// It must be answered with these bytes.
    #[cfg_attr(not(feature = "ws"), expect(dead_code, reason = "only a WebSocket asks"))]
    Reply(Vec<u8>),
}

impl Form {
    /// A value, as it is sent.
    pub(super) fn encode(self, mut value: String) -> Vec<u8> {
        match self {
            Self::Values => {
                value.push('\n');
                value.into_bytes()
            }
            #[cfg(feature = "ws")]
            Self::Frames => frame(Role::Client, Kind::Text, value.as_bytes()),
        }
    }

    /// What asks whether somebody is there, if one can ask.
    pub(super) fn ping(self) -> Option<Vec<u8>> {
        match self {
            Self::Values => None,
            #[cfg(feature = "ws")]
            Self::Frames => Some(frame(Role::Client, Kind::Ping, &[])),
        }
    }

    /// No value may be longer than `limit` bytes.
    pub(super) fn codec(self, limit: usize) -> Codec {
        match self {
            Self::Values => Codec::Values(Values::new(limit)),
            #[cfg(feature = "ws")]
            Self::Frames => Codec::Frames(Frames::new(Role::Client, limit)),
        }
    }
}

impl Codec {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        match self {
            Self::Values(values) => values.room().extend_from_slice(bytes),
            #[cfg(feature = "ws")]
            Self::Frames(frames) => frames.push(bytes),
        }
    }

    /// What has come of something that is not whole.
    pub(super) fn rest(&self) -> &[u8] {
        match self {
            Self::Values(values) => values.rest(),
            #[cfg(feature = "ws")]
            Self::Frames(_) => &[],
        }
    }

    /// The next thing that is whole.
    ///
    /// # Errors
    /// The connection is over, or cannot go on: why.
    pub(super) fn next(&mut self) -> Result<Option<Item>, String> {
        match self {
            Self::Values(values) => match values.next() {
                Ok(value) => Ok(value.map(Item::Value)),
                Err(Broken::NoValue(error)) => Err(format!("what it says is no JSON: {error}")),
                Err(Broken::TooLong(limit)) => {
                    Err(format!("it says more than {limit} bytes at once"))
                }
            },
            #[cfg(feature = "ws")]
            Self::Frames(frames) => loop {
                return Ok(match frames.next() {
                    Ok(None) => None,
                    Ok(Some(Event::Message(value))) => Some(Item::Value(value)),
                    Ok(Some(Event::Ping(payload))) => {
                        Some(Item::Reply(frame(Role::Client, Kind::Pong, &payload)))
                    }
                    Ok(Some(Event::Pong)) => continue,
                    Ok(Some(Event::Close(code))) => {
                        let code = code.map_or_else(String::new, |code| format!(", code {code}"));
                        return Err(format!("the node has closed it{code}"));
                    }
                    Err(closing) if closing.code == Some(1009) => {
                        return Err("it says more at once than is allowed here".into());
                    }
                    Err(closing) => {
                        return Err(format!("its frames are wrong: {}", closing.reason));
                    }
                });
            },
        }
    }
}
