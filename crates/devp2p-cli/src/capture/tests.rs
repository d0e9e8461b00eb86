//! Packets made by hand, then captures made by others.

#![expect(clippy::arithmetic_side_effects, reason = "a test that overflows fails, and shall")]

mod builder;
mod files;
mod packets;
mod real;
mod streams;
mod troubles;

use super::{Capture, Conversation, What, read};

/// All of a capture in which nothing is wrong.
#[track_caller]
fn whole(file: &[u8]) -> Capture {
    let (capture, fault) = read(file);
    assert_eq!(fault, None);
    capture
}

/// The only conversation of a capture in which nothing is wrong.
#[track_caller]
fn only(file: &[u8]) -> Conversation {
    let mut tcp = whole(file).tcp;
    assert_eq!(tcp.len(), 1, "{tcp:?}");
    tcp.remove(0)
}

/// A conversation in short: `>` is from the dialer, `<` from the listener.
fn told(conversation: &Conversation) -> Vec<String> {
    let piece = |piece: &super::Piece| {
        let side = if piece.from_dialer { '>' } else { '<' };
        match &piece.what {
            What::Bytes(bytes) => format!("{side} {}", String::from_utf8_lossy(bytes)),
            What::Lost(len) => format!("{side} lost {len}"),
            What::End => format!("{side} end"),
        }
    };
    conversation.pieces.iter().map(piece).collect()
}
