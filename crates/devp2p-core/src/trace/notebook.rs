//! The recorder that takes notes.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::step::{Fault, Knower, NotedField, NotedPart, NotedValue, Side, Step, Text, What};
use crate::record::{AS_HEX, Field, KnownBy, Part, Recorder};

/// How many fields of one part are told apart; a message can have millions.
const MAX_FIELDS: usize = 2_000;

const NOT_READ: Field = Field::new("not-read", "nobody looks at what comes after a fault");
const UNREAD: Part = Part {
    name: "bytes",
    means: "not read at all",
    spec: "https://github.com/ethereum/devp2p/blob/master/rlpx.md",
    code: "trace::notebook::Notebook::fail",
    known_by: KnownBy::Everybody,
    secret: false,
};
const AND_SO_ON: &str = "and so on: there is more than anybody wants to see";

/// Notes about one packet that is being read.
#[derive(Debug)]
pub(super) struct Notebook {
    from: Side,
    /// Each with the node in whose words it is.
    parts: Vec<(Side, NotedPart)>,
    current: usize,
    depth: usize,
    fault: Option<(usize, usize)>,
}

impl Notebook {
    pub(super) fn new(from: Side) -> Self {
        Self { from, parts: Vec::new(), current: 0, depth: 0, fault: None }
    }

    /// A formula or a name, in the words that fit who sent the packet.
    fn in_their_words(&self, text: &'static str) -> Text {
        let (packet, body) = match self.from {
            Side::Initiator => ("1-auth", "auth-body"),
            Side::Recipient => ("2-ack", "ack-body"),
        };
        if !text.contains("sender") && !text.contains("receiver") && !text.contains("plaintext") {
            return text.into();
        }
        text.replace("sender-packet", packet)
            .replace("plaintext", body)
            .replace("sender-", &format!("{}-", self.from))
            .replace("receiver-", &format!("{}-", self.from.other()))
            .into()
    }

    fn what(&self, field: &'static Field, words: String) -> What {
        What {
            id: String::new(),
            name: field.name.into(),
            means: self.in_their_words(field.means),
            words,
            formula: self.in_their_words(field.formula),
            inputs: Vec::new(),
        }
    }

    /// Reading failed; `packet` is all that should have been read.
    pub(super) fn fail(&mut self, error: &dyn Display, packet: &[u8]) -> Fault {
        let (part, offset) = self.fault.unwrap_or_else(|| {
            let end = self.parts.get(self.current).map_or(0, |(_, part)| part.hex.len());
            (self.current, end)
        });
        let length = |noted: &(Side, NotedPart)| noted.1.hex.len();
        let is_wire = |noted: &(Side, NotedPart)| noted.1.known_by == Knower::Everybody;
        // What never travels as it is comes in one part.
        let last = match self.parts.iter().rposition(is_wire) {
            None if self.parts.is_empty() => {
                self.part(&UNREAD);
                0
            }
            last => last.unwrap_or(0),
        };
        let read: usize = match self.parts.iter().any(is_wire) {
            true => self.parts.iter().filter(|noted| is_wire(noted)).map(length).sum(),
            false => self.parts.first().map_or(0, length),
        };
        if let Some(rest @ [_, ..]) = packet.get(read..) {
            self.current = last;
            self.depth = 0;
            self.field(&NOT_READ, rest, &AS_HEX);
        }
        Fault { part, offset, error: error.to_string() }
    }

    /// Ends the notes: everything gets its id, and finds what its formula names.
    pub(super) fn close(self, id: String, title: String, names: &mut Names) -> Step {
        let mut parts = self.parts;
        names.enter(&id, self.from, &mut parts);
        let parts = parts.into_iter().map(|(_, part)| part).collect();
        Step { id, title, from: self.from, connection: None, micros: None, parts, fault: None }
    }

    /// Adds what was noted about the other direction.
    pub(super) fn take_over(&mut self, other: Self) {
        let from = other.from;
        self.parts.extend(other.parts.into_iter().map(|(side, part)| {
            (side, NotedPart { name: format!("{}, {from}", part.name).into(), ..part })
        }));
    }
}

impl Recorder for Notebook {
    fn part(&mut self, part: &'static Part) {
        let known_by = match (part.known_by, self.from) {
            (KnownBy::Everybody, _) => Knower::Everybody,
            (KnownBy::Both, _) => Knower::Both,
            (KnownBy::Sender, Side::Initiator) | (KnownBy::Receiver, Side::Recipient) => {
                Knower::Initiator
            }
            (KnownBy::Sender, Side::Recipient) | (KnownBy::Receiver, Side::Initiator) => {
                Knower::Recipient
            }
        };
        self.depth = 0;
        let known = self.parts.iter().position(|(_, noted)| noted.name == part.name);
        self.current = known.unwrap_or(self.parts.len());
        if known.is_none() {
            let noted = NotedPart {
                name: part.name.into(),
                means: part.means.into(),
                spec: part.spec.into(),
                code: part.code.into(),
                known_by,
                secret: part.secret,
                hex: Vec::new(),
                fields: Vec::new(),
                values: Vec::new(),
            };
            self.parts.push((self.from, noted));
        }
    }

    fn field(&mut self, field: &'static Field, bytes: &[u8], in_words: &dyn Display) {
        if bytes.is_empty() {
            return;
        }
        let Some((_, part)) = self.parts.get_mut(self.current) else { return };
        let (offset, length) = (part.hex.len(), bytes.len());
        part.hex.extend_from_slice(bytes);
        // Before any word is made: there may be millions of them.
        if let (MAX_FIELDS, Some(last)) = (part.fields.len(), part.fields.last_mut()) {
            last.length = last.length.saturating_add(length);
            if last.what.words != AND_SO_ON {
                AND_SO_ON.clone_into(&mut last.what.words);
            }
            return;
        }
        let is_after_fault = self.fault.is_some_and(|(part, _)| part == self.current);
        let what = match is_after_fault {
            true => self.what(&NOT_READ, String::new()),
            false => self.what(field, in_words.to_string()),
        };
        let depth = self.depth;
        if let Some((_, part)) = self.parts.get_mut(self.current) {
            part.fields.push(NotedField { what, offset, length, depth });
        }
    }

    fn inside(&mut self) {
        self.depth = self.depth.saturating_add(1);
    }

    fn outside(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    fn value(&mut self, value: &'static Field, bytes: &[u8]) {
        let what = self.what(value, String::new());
        if let Some((_, part)) = self.parts.get_mut(self.current) {
            part.values.push(NotedValue { what, hex: bytes.to_vec() });
        }
    }

    fn number(&mut self, value: &'static Field, number: u64) {
        let what = self.what(value, number.to_string());
        if let Some((_, part)) = self.parts.get_mut(self.current) {
            part.values.push(NotedValue { what, hex: number.to_be_bytes().to_vec() });
        }
    }

    fn fault(&mut self) {
        let end = self.parts.get(self.current).map_or(0, |(_, part)| part.hex.len());
        self.fault.get_or_insert((self.current, end));
    }

    fn listens(&self) -> bool {
        true
    }
}

/// What is called how, so far: the newest of each name, and the newest in each direction.
#[derive(Debug, Default)]
pub(super) struct Names {
    newest: BTreeMap<String, String>,
    of_side: BTreeMap<(Side, String), String>,
}

impl Names {
    /// Gives ids to all that a step has noted, and finds the inputs of every formula: in the step
    /// itself, else in the same direction, else anywhere before.
    fn enter(&mut self, step: &str, from: Side, parts: &mut [(Side, NotedPart)]) {
        let mut here = BTreeMap::from([(step.to_owned(), step.to_owned())]);
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        let mut of_sides = Vec::new();
        for (side, part) in &mut *parts {
            here.insert(part.name.to_string(), format!("{step}/{}", part.name));
            for what in all(part) {
                let count = taken.entry(what.name.to_string()).or_default();
                *count = count.saturating_add(1);
                what.id = match *count {
                    1 => format!("{step}/{}", what.name),
                    n => format!("{step}/{}#{n}", what.name),
                };
                here.insert(what.name.to_string(), what.id.clone());
                of_sides.push(((*side, what.name.to_string()), what.id.clone()));
            }
        }
        let with_formula = |what: &&mut What| !what.formula.is_empty();
        for what in parts.iter_mut().flat_map(|(_, part)| all(part)).filter(with_formula) {
            let names = names_in(&what.formula).into_iter();
            what.inputs = names.filter_map(|name| self.find(name, from, &here)).collect();
        }
        self.of_side.extend(of_sides);
        self.newest.extend(here);
    }

    fn find(&self, name: &str, from: Side, here: &BTreeMap<String, String>) -> Option<String> {
        let before = |name: &str| {
            let own = self.of_side.get(&(from, name.to_owned()));
            own.or_else(|| self.newest.get(name)).cloned()
        };
        match name.strip_prefix("previous-") {
            Some(name) => before(name),
            None => here.get(name).cloned().or_else(|| before(name)),
        }
    }
}

fn all(part: &mut NotedPart) -> impl Iterator<Item = &mut What> {
    let fields = part.fields.iter_mut().map(|field| &mut field.what);
    fields.chain(part.values.iter_mut().map(|value| &mut value.what))
}

/// The names in a formula, each once: words that are neither functions nor numbers.
pub(super) fn names_in(formula: &str) -> Vec<&str> {
    let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut names = Vec::new();
    let mut rest = formula;
    while let Some(start) = rest.find(is_of_a_word) {
        let (_, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|c| !is_of_a_word(c)).unwrap_or(from.len()));
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        if !after.starts_with('(') && !is_number && !names.contains(&word) {
            names.push(word);
        }
        rest = after;
    }
    names
}
