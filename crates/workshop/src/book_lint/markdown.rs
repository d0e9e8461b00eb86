//! As much of Markdown as the check needs: headings, links, includes, fenced blocks.

use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

use super::heading;

/// What stands on a page, each thing with its line, counted from 1.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// What a link may name after the `#`.
    pub(super) ids: BTreeSet<String>,
    /// The targets of links and images.
    pub(super) links: Vec<(usize, String)>,
    /// `include a.rs:b` of `{{#include a.rs:b}}`.
    pub(super) includes: Vec<(usize, String)>,
    /// What is wrong with the page in itself.
    pub(super) oddities: Vec<(usize, String)>,
}

/// A fenced block being read.
struct Fence<'a> {
    opened: usize,
    marks: &'a str,
    is_rust: bool,
    lines: usize,
}

impl Page {
    /// Reads the Markdown file.
    pub(super) fn read(file: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(file)?;
        let mut page = Self::default();
        let mut fence: Option<Fence<'_>> = None;
        let mut before = "";
        for (index, line) in text.lines().enumerate() {
            let number = index.saturating_add(1);
            page.take_includes(number, line);
            fence = match fence {
                Some(open) => page.go_on(open, number, line),
                None => Fence::opened_by(number, line).or_else(|| {
                    page.take_prose(number, line);
                    page.take_term(before, line);
                    None
                }),
            };
            before = line;
        }
        if let Some(open) = fence {
            page.oddities.push((open.opened, "this block is never closed".to_owned()));
        }
        Ok(page)
    }

    /// One more line of a fenced block; none when it was the last.
    fn go_on<'a>(&mut self, mut open: Fence<'a>, number: usize, line: &str) -> Option<Fence<'a>> {
        let line = line.trim();
        if line.starts_with(open.marks) && line.trim_start_matches(open.marks).is_empty() {
            if open.is_rust && open.lines == 0 {
                self.oddities.push((open.opened, "this listing is empty".to_owned()));
            }
            return None;
        }
        if open.is_rust && !line.is_empty() {
            open.lines = open.lines.saturating_add(1);
            if !(line.starts_with("{{#") && line.ends_with("}}")) {
                let message = "Rust typed into the page: include it from compiled code".to_owned();
                self.oddities.push((number, message));
                open.is_rust = false;
            }
        }
        Some(open)
    }

    fn take_prose(&mut self, number: usize, line: &str) {
        let start = line.trim_start_matches([' ', '>']);
        let text = start.trim_start_matches('#');
        if start.len() > text.len() && text.starts_with(' ') {
            let id = heading::id(text, &self.ids);
            self.ids.insert(id);
        }
        let line = without_code(line);
        self.ids.extend(attributes(&line, " id=\"").map(str::to_owned));
        let targets = inline_targets(&line)
            .chain(reference_target(&line))
            .chain(attributes(&line, " href=\""))
            .chain(attributes(&line, " src=\""));
        self.links.extend(targets.map(|target| (number, target.to_owned())));
    }

    /// A term with its definition on the next line, `: …`, is an anchor, too.
    fn take_term(&mut self, term: &str, line: &str) {
        if line.starts_with(": ") && !term.is_empty() {
            let id = heading::id(term, &self.ids);
            self.ids.insert(id);
        }
    }

    /// mdBook follows includes everywhere, in fenced blocks too.
    fn take_includes(&mut self, number: usize, line: &str) {
        let mut before = "";
        for piece in line.split("{{") {
            let directive = piece.split_once("}}").map(|(inside, _)| inside.trim());
            let directive = directive.and_then(|inside| inside.strip_prefix('#'));
            if let (Some(directive), false) = (directive, before.ends_with('\\')) {
                self.includes.push((number, directive.to_owned()));
            }
            before = piece;
        }
    }
}

impl<'a> Fence<'a> {
    /// The block that `line` opens, if it opens one.
    fn opened_by(number: usize, line: &'a str) -> Option<Self> {
        let line = line.trim_start_matches([' ', '>']);
        let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let info = line.trim_start_matches(mark);
        let marks = line.strip_suffix(info)?;
        let language = info.trim().split([',', ' ']).next()?;
        let is_fence = marks.len() >= 3 && !info.contains('`');
        let is_rust = matches!(language, "rust" | "rs");
        is_fence.then_some(Self { opened: number, marks, is_rust, lines: 0 })
    }
}

/// The line with nothing between backticks: what looks like a link there is none.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("``")
}

/// `b` of every `[a](b)` and `[a](b "title")`.
fn inline_targets(line: &str) -> impl Iterator<Item = &str> {
    let inside = |piece| end_of_target(piece).map(|(inside, _)| inside);
    line.split("](").skip(1).filter_map(inside).map(without_title)
}

/// Splits at the bracket that closes the link, not at one in the target, as in `a_(b)`.
fn end_of_target(piece: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    let end = piece.find(|c| {
        let closes = c == ')' && depth == 0;
        match c {
            '(' => depth = depth.saturating_add(1),
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        closes
    })?;
    piece.split_at_checked(end)
}

/// `b` of `[a]: b`.
fn reference_target(line: &str) -> Option<&str> {
    let (_, target) = line.trim_start().strip_prefix('[')?.split_once("]: ")?;
    Some(without_title(target))
}

fn without_title(target: &str) -> &str {
    let target = target.split_whitespace().next().unwrap_or_default();
    target.trim_start_matches('<').trim_end_matches('>')
}

/// The values that follow `attribute` in HTML on this line.
fn attributes<'a>(line: &'a str, attribute: &str) -> impl Iterator<Item = &'a str> {
    let value = |piece: &'a str| piece.split_once('"').map(|(value, _)| value);
    line.split(attribute).skip(1).filter_map(value).collect::<Vec<_>>().into_iter()
}
