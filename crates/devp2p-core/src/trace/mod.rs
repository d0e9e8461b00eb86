//! The wire, byte by byte: what each byte of a connection is, and where each value comes from.
//!
//! ```text
//!  bytes of both directions ─┐
//!                            ├──▶ Dissector ──▶ Step, Step, … ──▶ dump, JSON, the book's explorer
//!  secrets, if there are any ┘
//! ```
//!
//! A [`Dissector`] reads a recorded connection with the same functions that read it in earnest
//! ([`handshake`](crate::handshake), [`frame`](crate::frame), [`p2p`](crate::p2p)), and gives them a
//! recorder that takes notes. Where the bytes come from is all the same to
//! it: two nodes in memory ([`exchange`]), a live connection, a capture with a
//! [key log](keylog). Without secrets it shows what an eavesdropper sees.
//!
//! ```
//! use devp2p_core::trace::{Lesson, dump, exchange};
//!
//! let steps = exchange(Lesson::A2, 42).steps;
//! let auth = steps.iter().find(|step| step.title == "auth").ok_or("no auth")?;
//! assert!(dump::text(auth, &dump::Style::default()).contains("initiator-nonce"));
//! # Ok::<(), &str>(())
//! ```
//!
//! This module must not open a socket, nor decide anything about a connection.
//!
//! Book: *The handshake, byte by byte*.

mod dissector;
pub mod dump;
mod exchange;
#[cfg(feature = "serde")]
pub mod file;
mod flips;
pub mod keylog;
mod notebook;
mod packet;
mod secrets;
mod step;
#[cfg(test)]
mod tests;

pub use crate::record::SecretName;
pub use dissector::Dissector;
pub use exchange::{Exchange, Lesson, LessonError, exchange};
pub use flips::{Flips, Outcome, flips};
pub use packet::{datagram, disconnect, frame, handshake_packet, hello, message, record, tree};
pub use secrets::Secrets;
pub use step::{Fault, Knower, NotedField, NotedPart, NotedValue, Side, Step, What};
