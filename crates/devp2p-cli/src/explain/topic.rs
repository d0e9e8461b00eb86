//! An explanation, always in the same shape: what it is, what it means, who says it, what clients make
//! of it, what to try next.

use std::fmt::{self, Display};

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::output;

/// Columns of a terminal that everybody has.
const COLUMNS: usize = 80;
/// Where the sentences begin, behind what they are about.
const INDENT: usize = 13;

/// go-ethereum, in [`Topic::clients`].
pub(super) const GETH: &str = "go-ethereum";
/// `EthereumJS`.
pub(super) const JS: &str = "EthereumJS";
/// reth.
pub(super) const RETH: &str = "reth";
/// This program.
pub(super) const WE: &str = "we";

/// Something that can be explained, and its explanation.
#[derive(Debug)]
pub(crate) struct Topic {
    /// What it is called on the command line. It stays the same.
    pub(super) slug: &'static str,
    /// The same in a few words, for the list.
    pub(super) title: &'static str,
    /// What it is recognised by: the words of our texts and of others', with `*` for any words.
    pub(super) texts: &'static [&'static str],
    /// What it is.
    pub(super) what: &'static str,
    /// What it means for who reads it.
    pub(super) means: &'static str,
    /// Which side says it, and when.
    pub(super) who: &'static str,
    /// What each client makes of it, as far as that is known.
    pub(super) clients: &'static [(&'static str, &'static str)],
    /// What to try: sentences, and commands, which begin with `devp2p`.
    pub(super) next: &'static [&'static str],
}

impl Topic {
    /// What it is called: the word behind `devp2p explain`.
    pub(crate) const fn slug(&self) -> &'static str {
        self.slug
    }
}

impl PartialEq for Topic {
    fn eq(&self, other: &Self) -> bool {
        self.slug == other.slug
    }
}

impl Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n\n", self.slug, self.title)?;
        paragraph(f, "what it is", self.what)?;
        paragraph(f, "it means", self.means)?;
        paragraph(f, "who says it", self.who)?;
        for (client, text) in self.clients {
            paragraph(f, client, text)?;
        }
        let mut label = "try next";
        for next in self.next {
            match next.strip_prefix("devp2p ") {
                Some(rest) => {
                    let program = output::program();
                    write!(f, "\n{label:INDENT$}{program} {rest}")?;
                }
                None => paragraph(f, label, next)?,
            }
            label = "";
        }
        Ok(())
    }
}

/// Lines of at most [`COLUMNS`], each on a new one, behind a label.
fn paragraph(f: &mut fmt::Formatter<'_>, label: &str, text: &str) -> fmt::Result {
    // The first one comes after a blank line.
    if label != "what it is" {
        f.write_str("\n")?;
    }
    write!(f, "{label:INDENT$}")?;
    let mut column = INDENT;
    for word in words(text) {
        let (space, width) = (usize::from(column > INDENT), word.chars().count());
        if column.saturating_add(space).saturating_add(width) > COLUMNS {
            write!(f, "\n{:INDENT$}{word}", "")?;
            column = INDENT.saturating_add(width);
        } else {
            write!(f, "{:space$}{word}", "")?;
            column = column.saturating_add(space).saturating_add(width);
        }
    }
    Ok(())
}

/// What stays together on a line: words, and what stands between backticks.
fn words(text: &str) -> Vec<&str> {
    let mut is_quoted = false;
    let end = |c: char| {
        is_quoted ^= c == '`';
        c == ' ' && !is_quoted
    };
    text.split(end).collect()
}

impl Serialize for Topic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let clients: std::collections::BTreeMap<_, _> = self.clients.iter().copied().collect();
        let mut topic = serializer.serialize_struct("Topic", 7)?;
        topic.serialize_field("slug", self.slug)?;
        topic.serialize_field("title", self.title)?;
        topic.serialize_field("what", self.what)?;
        topic.serialize_field("means", self.means)?;
        topic.serialize_field("who", self.who)?;
        topic.serialize_field("clients", &clients)?;
        topic.serialize_field("next", self.next)?;
        topic.end()
    }
}
