//! What a call is answered with when it fails.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The bytes are no JSON.
pub const PARSE_ERROR: i64 = -32700;
/// It is JSON, but no call.
pub const INVALID_REQUEST: i64 = -32600;
/// There is no such method.
pub const METHOD_NOT_FOUND: i64 = -32601;
/// The parameters are not those of the method.
pub const INVALID_PARAMS: i64 = -32602;
/// The method panicked, or its result has no JSON form.
pub const INTERNAL_ERROR: i64 = -32603;
/// The method has failed, and has no code of its own for that.
pub const FAILED: i64 = -32000;
/// The method took too long.
pub const TIMEOUT: i64 = -32002;
/// The answers of a batch are too long.
pub const TOO_LARGE: i64 = -32003;

/// A subscription has ended, because nobody has read its events.
pub const TOO_SLOW: i64 = -32005;

/// A failure, as it goes over the wire: a code, a text, and perhaps data.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Error {
    /// Negative numbers from −32768 to −32000 are the specification's; all others are free.
    pub code: i64,
    /// For people.
    pub message: String,
    /// Anything more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
}

impl Error {
    /// A failure with a code of its own.
    #[must_use]
    pub fn new(code: i64, message: impl fmt::Display) -> Self {
        Self { code, message: message.to_string(), data: None }
    }

    /// The same, with data. What has no JSON form is left out.
    #[must_use]
    pub fn with_data(self, data: &impl Serialize) -> Self {
        Self { data: serde_json::value::to_raw_value(data).ok(), ..self }
    }

    /// There is no method of this name, or this transport does not show it.
    pub(crate) fn no_method(name: &str) -> Self {
        Self::new(
            METHOD_NOT_FOUND,
            format_args!("the method {name} does not exist/is not available"),
        )
    }

    /// It is no call.
    pub(crate) fn invalid_request() -> Self {
        Self::new(INVALID_REQUEST, "invalid request")
    }
}

/// Any text is a failure of the method itself, −32000.
impl From<&str> for Error {
    fn from(message: &str) -> Self {
        Self::new(FAILED, message)
    }
}

/// The same.
impl From<String> for Error {
    fn from(message: String) -> Self {
        Self::new(FAILED, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for Error {}
