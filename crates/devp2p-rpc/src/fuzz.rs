//! What a fuzzer throws bytes at, and what must hold whatever they are. Each function is a target of
//! `fuzz/`; the tests run them on what was recorded, on what once failed, and on both with random changes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a fault is found by panicking"
)]

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::runtime::{Builder, Runtime};

use crate::client::fuzz as client;
use crate::connection::{Connection, Limits};
use crate::message::parse;
use crate::module::{Module, Modules};
use crate::splitter::Values;

/// No value may be longer, so that it is met.
const LIMIT: usize = 1000;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

/// Cuts bytes into two parts: the first byte says where.
fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    let Some((first, rest)) = data.split_first() else { return (&[], &[]) };
    rest.split_at(usize::from(*first) * rest.len() / 256)
}

/// A stream of values: they are the same in whatever pieces they come, and none is too long.
pub fn stream(data: &[u8]) {
    let (first, second) = halves(data);
    let split = |pieces: &[&[u8]]| {
        let mut values = Values::new(LIMIT);
        let mut found = Vec::new();
        for piece in pieces {
            values.room().extend_from_slice(piece);
            loop {
                match values.next() {
                    Ok(Some(value)) => {
                        assert!(value.len() <= LIMIT, "{} bytes", value.len());
                        found.push(value);
                    }
                    Ok(None) => break,
                    Err(broken) => return (found, Some(broken.to_string())),
                }
            }
        }
        (found, None)
    };
    let whole = split(&[&[first, second].concat()]);
    assert_eq!(split(&[first, second]), whole, "two pieces");
    let bytes: Vec<&[u8]> = first.chunks(1).chain(second.chunks(1)).collect();
    assert_eq!(split(&bytes), whole, "byte by byte");
}

/// A call or a batch: what is answered is JSON, with as many answers as there are calls, and each has a
/// result or an error.
pub fn call(data: &[u8]) {
    let Ok(value) = parse(data.to_vec()) else { return };
    let t = Module::new("t")
        .method("echo", |(text, number, more): (String, i64, Option<Box<RawValue>>)| async move {
            Ok((text, number, more))
        })
        .method("nothing", |()| async { Ok(()) })
        .subscription("count", |(n,): (u32,)| {
            Ok(move |mut sink: crate::Sink| async move {
                // The connection may be gone.
                let _ = sink.send(&n).await;
            })
        });
    let limits = Limits { batch_items: 20, time: Duration::from_secs(1), ..Limits::default() };
    let (events, _told) = tokio::sync::mpsc::channel(4);
    let connection = Connection::new(Arc::new(Modules::new([t])), Arc::new(limits), Some(events));
    let answer = runtime().block_on(connection.receive(&value));
    let Some(json) = answer.json.as_deref() else { return };
    // As they are written: an id may be a number that no type has room for.
    type Answer = BTreeMap<String, Box<RawValue>>;
    let answers: Result<Vec<Answer>, _> = match json.starts_with('[') {
        true => serde_json::from_str(json),
        false => serde_json::from_str(json).map(|answer| vec![answer]),
    };
    let answers = answers.unwrap_or_else(|error| panic!("{error}: {json}"));
    assert!(value.get().starts_with('[') || !json.starts_with('['), "many to one: {json}");
    assert!(answers.len() <= 20, "{} answers", answers.len());
    for answer in answers {
        assert_eq!(answer["jsonrpc"].get(), "\"2.0\"", "{json}");
        assert!(answer.contains_key("result") != answer.contains_key("error"), "{json}");
        assert!(!answer["id"].get().starts_with(['{', '[']), "{json}");
    }
}

/// Frames of either side: they are the same in whatever pieces they come, and no message is too long.
#[cfg(feature = "ws")]
pub fn frames(data: &[u8]) {
    use crate::ws::frames::{Event, Frames, Role};
    let (first, second) = halves(data);
    for role in [Role::Server, Role::Client] {
        let read = |pieces: &[&[u8]]| {
            let mut frames = Frames::new(role, LIMIT);
            let mut found = Vec::new();
            for piece in pieces {
                frames.room().extend_from_slice(piece);
                loop {
                    match frames.next() {
                        Ok(Some(event)) => {
                            if let Event::Message(message) = &event {
                                assert!(message.len() <= LIMIT, "{} bytes", message.len());
                            }
                            found.push(event);
                        }
                        Ok(None) => break,
                        Err(closing) => return (found, Some(closing)),
                    }
                }
            }
            (found, None)
        };
        let whole = read(&[&[first, second].concat()]);
        assert_eq!(read(&[first, second]), whole, "two pieces");
        let bytes: Vec<&[u8]> = first.chunks(1).chain(second.chunks(1)).collect();
        assert_eq!(read(&bytes), whole, "byte by byte");
    }
}

/// A connection of HTTP, up to its end: it ends, and whatever is answered is an answer.
#[cfg(feature = "http")]
pub fn http(data: &[u8]) {
    let module = Module::new("t").method("nothing", |()| async { Ok(()) });
    let answered = runtime().block_on(crate::http::fuzz(Modules::new([module]), data));
    let text = String::from_utf8_lossy(&answered);
    assert!(answered.is_empty() || text.starts_with("HTTP/1."), "{text:.100}");
}

/// What a client is told: nothing waits that was answered, and no subscription has more than its room.
pub fn answers(data: &[u8]) {
    client(data);
}
