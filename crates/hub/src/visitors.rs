//! Nodes that come and are no learner's: what they said, read from what crosses their connections.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use devp2p_core::net::{Crossed, Tap};
use devp2p_core::trace::{NotedField, Side, Step};
use exercises::class;

use crate::board::Visitor;
use crate::hall::Hall;

/// The names that nodes have said, by connection; a learner's side has none.
type Names = Mutex<BTreeMap<u64, Option<String>>>;

/// Shows the hall each step that a visitor takes.
pub(crate) fn tap(hall: &Arc<Hall>) -> Tap {
    let (hall, names) = (Arc::clone(hall), Arc::new(Names::default()));
    let (ended, learners) = (Arc::clone(&names), Arc::clone(&names));
    let forget = Tap::new(move |connection, crossed| {
        if matches!(crossed, Crossed::End) {
            ended.lock().unwrap_or_else(PoisonError::into_inner).remove(&connection);
        }
    });
    // To read all that a learner's side sends once more takes ten times as long as the rest of the hub.
    let is_visitor = move |connection| {
        let names = learners.lock().unwrap_or_else(PoisonError::into_inner);
        !matches!(names.get(&connection), Some(None))
    };
    let steps = Tap::steps(vec![class::offer()], move |step| see(&hall, &names, &step));
    steps.only(is_visitor).and(forget)
}

fn see(hall: &Hall, names: &Names, step: &Step) {
    let Some(connection) = step.connection else { return };
    let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
    let name = names.entry(connection).or_insert_with(|| Some(String::new()));
    if let (Some(name), Side::Initiator, "Hello") = (name.as_mut(), step.from, &*step.title) {
        *name = word(step, "client-id").to_owned();
    }
    if words(step, "name").any(|capability| capability.trim_matches('"') == class::NAME)
        && step.from == Side::Initiator
    {
        *name = None;
    }
    let Some(name) = name else { return hall.change(|board, _| board.forget_visitor(connection)) };
    let who = if step.from == Side::Initiator { "it sent" } else { "we sent" };
    let reason = word(step, "reason");
    let colon = if reason.is_empty() { "" } else { ": " };
    let seen = Visitor {
        connection,
        name: name.trim_matches('"').to_owned(),
        did: match step.title.as_str() {
            "end" => String::new(),
            title => format!("{who} {title}{colon}{reason}"),
        },
        fault: step.fault.as_ref().map(|fault| fault.error.clone()).unwrap_or_default(),
    };
    hall.change(|board, _| board.visitor(seen));
}

/// What the fields of this name hold.
fn words<'a>(step: &'a Step, name: &'a str) -> impl Iterator<Item = &'a str> {
    let fields = step.parts.iter().flat_map(|part| &part.fields);
    fields
        .filter(move |NotedField { what, .. }| what.name == name)
        .map(|field| field.what.words.as_str())
}

fn word<'a>(step: &'a Step, name: &'a str) -> &'a str {
    words(step, name).next().unwrap_or_default()
}
