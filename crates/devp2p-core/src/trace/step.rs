//! What was noted about one packet.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// A text of ours; or one that was read from a trace file.
pub(super) type Text = Cow<'static, str>;

/// One of the two nodes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Side {
    /// The node that dialed, and said the first word.
    Initiator,
    /// The node that was dialed.
    Recipient,
}

impl Side {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Recipient,
            Self::Recipient => Self::Initiator,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Initiator => "initiator",
            Self::Recipient => "recipient",
        })
    }
}

/// Who knows something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Knower {
    /// Whoever sees the packets.
    Everybody,
    /// The two nodes.
    Both,
    /// The initiator alone.
    Initiator,
    /// The recipient alone.
    Recipient,
}

/// A packet, a frame, or something else that happened between two nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
pub struct Step {
    /// What it is referred to by: its number and its name, `1-auth`.
    pub id: String,
    /// What it is called: `auth`, `Hello`, `foo/42 code 0`.
    pub title: String,
    /// Who did it.
    pub from: Side,
    /// Which connection of several it belongs to.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub connection: Option<u64>,
    /// When it was there, since the connection was; nothing that was made up has a time.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub micros: Option<u64>,
    /// Its bytes in each form: as they travel, decrypted, decompressed.
    pub parts: Vec<NotedPart>,
    /// What is wrong with it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub fault: Option<Fault>,
}

/// A row of bytes, each in exactly one field; and what was computed on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
pub struct NotedPart {
    /// What it is called.
    pub name: Text,
    /// What it is.
    pub means: Text,
    /// Where the specification says so.
    pub spec: Text,
    /// The function that reads it.
    pub code: Text,
    /// Who knows it.
    pub known_by: Knower,
    /// Whether its values open what is encrypted.
    pub secret: bool,
    /// The bytes.
    #[cfg_attr(feature = "serde", serde(with = "hex"))]
    pub hex: Vec<u8>,
    /// What they are, without gaps.
    pub fields: Vec<NotedField>,
    /// What was computed.
    pub values: Vec<NotedValue>,
}

/// What a field or a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
pub struct What {
    /// What it is referred to by: step and name, `1-auth/initiator-nonce`.
    pub id: String,
    /// What it is called.
    pub name: Text,
    /// What it is for.
    pub means: Text,
    /// The bytes in words, if there are better ones than hex digits.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "String::is_empty"))]
    pub words: String,
    /// From what it is computed.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "str::is_empty"))]
    pub formula: Text,
    /// The ids of what is named in the formula, as far as it was seen.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub inputs: Vec<String>,
}

/// Some bytes of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
pub struct NotedField {
    /// What they are.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub what: What,
    /// Where they begin.
    pub offset: usize,
    /// How many they are.
    pub length: usize,
    /// In how many lists they are.
    pub depth: usize,
}

/// Something that stands in no packet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
pub struct NotedValue {
    /// What it is.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub what: What,
    /// Its bytes; none if they are withheld.
    #[cfg_attr(feature = "serde", serde(with = "hex"))]
    pub hex: Vec<u8>,
}

/// What is wrong with a step, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
pub struct Fault {
    /// In which of the parts.
    pub part: usize,
    /// At which byte of it.
    pub offset: usize,
    /// What is wrong.
    pub error: String,
}

impl Step {
    /// The bytes as they travel.
    #[must_use]
    pub fn wire(&self) -> Vec<u8> {
        self.wire_parts().flat_map(|part| part.hex.iter().copied()).collect()
    }

    /// The parts that travel, in their order.
    pub fn wire_parts(&self) -> impl Iterator<Item = &NotedPart> {
        self.parts.iter().filter(|part| part.known_by == Knower::Everybody)
    }

    /// The same without the values that open what is encrypted.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        for part in self.parts.iter_mut().filter(|part| part.secret) {
            for value in &mut part.values {
                value.hex.clear();
                value.what.words = "withheld".to_owned();
            }
        }
        self
    }

    /// When it was there.
    #[must_use]
    pub fn time(&self) -> Option<Duration> {
        self.micros.map(Duration::from_micros)
    }
}

impl NotedPart {
    /// The bytes of a field.
    #[must_use]
    pub fn bytes(&self, field: &NotedField) -> &[u8] {
        let end = field.offset.saturating_add(field.length);
        self.hex.get(field.offset..end).unwrap_or_default()
    }
}
