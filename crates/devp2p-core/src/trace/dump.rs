//! Steps as text: bytes at the left, what they are at the right.
//!
//! ```text
//! 1-auth  initiator → recipient  412 bytes
//!
//!   packet: how long the packet is, so that whoever reads it knows where it ends
//!   0000  01 9a                    size: 410
//!                                  as many bytes follow; the tag covers this number as well
//! ```

use super::step::{Knower, NotedField, NotedPart, NotedValue, Step, What};

/// How it is to look.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// How many characters fit into a line; less than 72 count as that.
    pub width: usize,
    /// Whether the terminal shows colours.
    pub colors: bool,
    /// How many bytes of one field are shown.
    pub longest: usize,
}

impl Default for Style {
    /// 80 characters without colours, and 64 bytes of each field.
    fn default() -> Self {
        Self { width: 80, colors: false, longest: 64 }
    }
}

const NARROWEST: usize = 72;
/// From this width on, a row has 16 bytes.
const WIDE: usize = 110;

const BOLD: &str = "\x1b[1m";
const NAME: &str = "\x1b[36m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const PLAIN: &str = "\x1b[0m";

impl Style {
    fn width(&self) -> usize {
        self.width.max(NARROWEST)
    }

    fn in_a_row(&self) -> usize {
        if self.width() < WIDE { 8 } else { 16 }
    }

    fn paint(&self, color: &str, text: &str) -> String {
        if self.colors && !text.is_empty() {
            format!("{color}{text}{PLAIN}")
        } else {
            text.to_owned()
        }
    }
}

/// A step, all of it.
#[must_use]
pub fn text(step: &Step, style: &Style) -> String {
    let (from, to) = (step.from, step.from.other());
    let time = step.time().map_or_else(String::new, |time| {
        format!("  {}.{:06} s", time.as_secs(), time.subsec_micros())
    });
    let connection =
        step.connection.map_or_else(String::new, |number| format!("  connection {number}"));
    let length = match step.wire().len() {
        0 => String::new(),
        length => format!("  {length} bytes"),
    };
    let title = style.paint(BOLD, &step.id);
    let mut text = format!("{title}  {from} → {to}{length}{connection}{time}\n");
    for (number, part) in step.parts.iter().enumerate() {
        text += &part_text(part, style);
        if let Some(fault) = step.fault.as_ref().filter(|fault| fault.part == number) {
            text += &fault_text(&format!("at byte {}: {}", fault.offset, fault.error), style);
        }
    }
    if let Some(fault) = step.fault.as_ref().filter(|fault| fault.part >= step.parts.len()) {
        text += &fault_text(&fault.error, style);
    }
    text
}

fn fault_text(fault: &str, style: &Style) -> String {
    let lines = wrapped(fault, style.width().saturating_sub(4));
    lines.iter().map(|line| format!("  {}\n", style.paint(RED, &format!("! {line}")))).collect()
}

fn part_text(part: &NotedPart, style: &Style) -> String {
    let about = format!("{}: {}", part.name, part.means);
    let mut text = "\n".to_owned();
    for line in wrapped(&about, style.width().saturating_sub(2)) {
        text += &format!("  {}\n", style.paint(BOLD, &line));
    }
    let known = match part.known_by {
        Knower::Everybody => String::new(),
        Knower::Both => "both nodes know it; ".to_owned(),
        Knower::Initiator => "only the initiator knows it; ".to_owned(),
        Knower::Recipient => "only the recipient knows it; ".to_owned(),
    };
    text += &format!("  {}\n", style.paint(DIM, &format!("{known}code: {}", part.code)));
    text += &format!("  {}\n", style.paint(DIM, &part.spec));
    text += &part.fields.iter().map(|field| field_text(part, field, style)).collect::<String>();
    text + &part.values.iter().map(|value| value_text(value, style)).collect::<String>()
}

fn field_text(part: &NotedPart, field: &NotedField, style: &Style) -> String {
    rows(Some(field.offset), part.bytes(field), &field.what, field.depth, style)
}

fn value_text(value: &NotedValue, style: &Style) -> String {
    // A number is its words.
    let bytes = if value.what.words.is_empty() { &value.hex[..] } else { &[] };
    rows(None, bytes, &value.what, 0, style)
}

/// Bytes at the left, what they are at the right, as many rows as they need.
fn rows(offset: Option<usize>, bytes: &[u8], what: &What, depth: usize, style: &Style) -> String {
    let in_a_row = style.in_a_row();
    let hex_width = in_a_row.saturating_mul(3);
    let left_width = hex_width.saturating_add(10);
    let room = style.width().saturating_sub(left_width);
    let shown = bytes.get(..how_many(bytes, style)).unwrap_or(bytes);
    let mut left: Vec<String> = Vec::new();
    for (row, number) in shown.chunks(in_a_row).zip(0_usize..) {
        let at = offset.map(|offset| offset.saturating_add(number.saturating_mul(in_a_row)));
        let at = at.map_or_else(|| "    ".to_owned(), |at| format!("{at:04x}"));
        let hex: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
        left.push(format!("  {at}  {:<hex_width$}", hex.join(" ")));
    }
    if shown.len() < bytes.len() {
        let more = format!("… {} more bytes", bytes.len().saturating_sub(shown.len()));
        left.push(format!("        {more:<hex_width$}"));
    }
    let right = right_column(what, depth, room, style);
    let empty = " ".repeat(left_width.saturating_sub(2));
    let mut text = String::new();
    for number in 0..left.len().max(right.len()) {
        let left = left.get(number).unwrap_or(&empty);
        let right = right.get(number).map_or("", |right| right);
        text += format!("{left}  {right}").trim_end();
        text.push('\n');
    }
    text
}

/// How many of a field's bytes are shown: one row will do of what is the same all over.
fn how_many(bytes: &[u8], style: &Style) -> usize {
    let is_same = bytes.iter().zip(bytes.iter().skip(1)).all(|(one, next)| one == next);
    match bytes.len() {
        length if is_same && length > style.in_a_row().saturating_mul(2) => style.in_a_row(),
        // Not worth a line of its own that says how many there are.
        length if length <= style.longest.saturating_add(style.in_a_row()) => length,
        _ => style.longest,
    }
}

fn right_column(what: &What, depth: usize, room: usize, style: &Style) -> Vec<String> {
    let indent = "  ".repeat(depth.min(8));
    let room = room.saturating_sub(indent.len());
    let paint = |color, line: String| format!("{indent}{}", style.paint(color, &line));
    let head = match &what.words[..] {
        "" => what.name.to_string(),
        words => format!("{}: {words}", what.name),
    };
    let mut lines: Vec<String> =
        wrapped(&head, room).into_iter().map(|line| paint(NAME, line)).collect();
    if !what.formula.is_empty() {
        let formula = format!("= {}", what.formula);
        lines.extend(wrapped(&formula, room).into_iter().map(|line| paint("", line)));
    }
    lines.extend(wrapped(&what.means, room).into_iter().map(|line| paint(DIM, line)));
    lines
}

/// Lines of at most `room` characters; a word that is longer is cut.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let room = room.max(8);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut rest: Vec<char> = word.chars().collect();
        loop {
            let Some(line) = lines.last_mut() else { return lines };
            let taken = line.chars().count();
            let space = usize::from(taken > 0);
            let free = room.saturating_sub(taken).saturating_sub(space);
            if rest.len() <= free {
                line.push_str(&" ".repeat(space));
                line.extend(rest);
                break;
            }
            if rest.len() > room && free > room / 2 {
                line.push_str(&" ".repeat(space));
                line.extend(rest.drain(..free));
            }
            lines.push(String::new());
        }
    }
    lines
}
