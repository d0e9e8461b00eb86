//! The recorder: it is told what each byte is.
//!
//! The code that reads a packet says, at the line that takes a field, what that field is called and
//! what it means; the code that derives a key says from what. Code that reads a packet in earnest
//! passes `()`, which takes no notes: the compiler then leaves all of it out.
//! [`trace`](crate::trace) passes a recorder that does.
//!
//! ```text
//!  handshake, frame, p2p, discv4, enr ── part, field, value ──▶ Recorder ──▶ (), or trace
//! ```
//!
//! A *part* is a row of bytes that one function reads; its *fields* come in order, and each byte is in
//! exactly one of them. A *value* stands in no packet: it is computed. A *formula* uses the names of
//! other fields and values, so that every value can be followed back to a key or a nonce.
//!
//! This module must not know any protocol.
//!
//! Book: *The handshake, byte by byte*.

use std::fmt::{self, Display};

/// A row of bytes, or of values, and where to read about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// What it is called.
    pub(crate) name: &'static str,
    /// In a sentence, what it is.
    pub(crate) means: &'static str,
    /// The section of the specification: a web address.
    pub(crate) spec: &'static str,
    /// The function that reads or computes it, below this crate: `handshake::secrets::Secrets::derive`.
    pub(crate) code: &'static str,
    /// Who knows it.
    pub(crate) known_by: KnownBy,
    /// Whether its values open what is encrypted: they are shown only if asked for.
    pub(crate) secret: bool,
}

/// A field of a part, or a value that was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    /// What it is called, in one word.
    pub(crate) name: &'static str,
    /// In a sentence, what it is for.
    pub(crate) means: &'static str,
    /// From what it is computed, in the names of others; empty if it comes from outside.
    pub(crate) formula: &'static str,
}

impl Field {
    /// A field that is what it is.
    pub(crate) const fn new(name: &'static str, means: &'static str) -> Self {
        Self { name, means, formula: "" }
    }

    /// A field, or a value, that is computed.
    pub(crate) const fn computed(
        name: &'static str,
        formula: &'static str,
        means: &'static str,
    ) -> Self {
        Self { name, means, formula }
    }
}

/// Who can know something without being told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KnownBy {
    /// Everybody who sees the packets.
    Everybody,
    /// The two nodes, and nobody else.
    Both,
    /// The node that sent the packet.
    Sender,
    /// The node that the packet is for.
    Receiver,
}

/// Takes notes while bytes are read.
///
/// Everything has an empty body, which is what `()` does.
pub(crate) trait Recorder {
    /// What comes next belongs to this part. A part that was left can be taken up again.
    #[inline]
    fn part(&mut self, _part: &'static Part) {}

    /// The next bytes of the part are this field, in words if there are better ones than hex digits.
    #[inline]
    fn field(&mut self, _field: &'static Field, _bytes: &[u8], _in_words: &dyn Display) {}

    /// What comes next is in a list, and what comes after [`outside`](Self::outside) is not.
    #[inline]
    fn inside(&mut self) {}

    /// See [`inside`](Self::inside).
    #[inline]
    fn outside(&mut self) {}

    /// Something was computed.
    #[inline]
    fn value(&mut self, _value: &'static Field, _bytes: &[u8]) {}

    /// The same, of a number.
    #[inline]
    fn number(&mut self, _value: &'static Field, _number: u64) {}

    /// The byte that would come next in the part is where reading failed. Only the first time counts.
    #[inline]
    fn fault(&mut self) {}

    /// Whether notes are taken at all: what is only computed for them need not be.
    #[inline]
    fn listens(&self) -> bool {
        false
    }
}

/// Takes no notes.
impl Recorder for () {}

/// There are no better words than the bytes in hex.
pub(crate) const AS_HEX: &str = "";

/// A secret of a handshake, 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretName {
    /// What opens auth: the ECDH of its R and the recipient's key.
    Auth,
    /// What opens ack: the ECDH of its R and the initiator's key.
    Ack,
    /// ephemeral-key, from which all secrets of the session follow.
    EphemeralKey,
    /// The ECDH of the two nodes' long-lived keys: what auth signs.
    StaticSharedSecret,
    /// The initiator's long-lived key.
    InitiatorPrivkey,
    /// The recipient's long-lived key.
    RecipientPrivkey,
    /// The secret key that the initiator made for this connection.
    InitiatorEphemeralPrivkey,
    /// The secret key that the recipient made for this connection.
    RecipientEphemeralPrivkey,
    /// The secret key of auth's R.
    AuthR,
    /// The secret key of ack's R.
    AckR,
}

/// Is told each secret of a handshake, when it is there.
pub(crate) type Tell<'t> = &'t mut dyn FnMut(SecretName, &[u8; 32]);

/// A number of bytes, in words.
pub(crate) struct Bytes(pub(crate) usize);

impl Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 byte"),
            bytes => write!(f, "{bytes} bytes"),
        }
    }
}
