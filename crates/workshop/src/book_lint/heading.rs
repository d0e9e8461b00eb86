//! The anchor that mdBook gives to a heading: lower case, spaces to `-`, punctuation dropped.

use std::collections::BTreeSet;

/// The anchor of `heading` (its text, without the leading `#`), unlike any of `taken`.
pub(super) fn id(heading: &str, taken: &BTreeSet<String>) -> String {
    if let Some(own) = own_id(heading) {
        return own.to_owned();
    }
    let slug = slug(heading);
    // The second heading of the same name gets -1, the third -2.
    let numbered = (1..=taken.len()).map(|number| format!("{slug}-{number}"));
    let mut candidates = std::iter::once(slug.clone()).chain(numbered);
    candidates.find(|id| !taken.contains(id)).unwrap_or(slug)
}

/// `b` of `a heading {#b}`.
fn own_id(heading: &str) -> Option<&str> {
    let (_, attributes) = heading.trim_end().strip_suffix('}')?.rsplit_once('{')?;
    attributes.split_whitespace().find_map(|word| word.strip_prefix('#'))
}

fn slug(heading: &str) -> String {
    let text = heading.trim().trim_end_matches('#').trim_end();
    let mut slug = String::new();
    // Text and `code` take turns.
    for (index, piece) in text.split('`').enumerate() {
        let is_code = index % 2 == 1;
        let piece = if is_code { piece.to_owned() } else { without_markup(piece) };
        slug.extend(piece.chars().filter_map(letter));
    }
    slug
}

fn letter(c: char) -> Option<char> {
    match c {
        c if c.is_whitespace() => Some('-'),
        '-' | '_' => Some(c),
        c if c.is_alphanumeric() => c.to_lowercase().next(),
        _ => None,
    }
}

/// What is left of text when it is set: no link targets, no tags, no emphasis, and `--` is a
/// dash, which is punctuation.
fn without_markup(text: &str) -> String {
    let text = cut_out(text, "](", ')');
    let text = cut_out(&text, "<", '>').replace("---", "").replace("--", "");
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let before = std::iter::once(None).chain(text.chars().map(Some));
    let after = text.chars().map(Some).skip(1).chain(std::iter::once(None));
    let around = before.zip(text.chars()).zip(after);
    // An underscore inside a word is a letter, at its edge it is emphasis.
    around
        .filter(|((before, c), after)| *c != '_' || (word(*before) && word(*after)))
        .map(|((_, c), _)| c)
        .collect()
}

/// `text` without what stands between `from` and `to`.
fn cut_out(text: &str, from: &str, to: char) -> String {
    let mut pieces = text.split(from);
    let mut left = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        left.push_str(piece.split_once(to).map_or(piece, |(_, rest)| rest));
    }
    left
}
