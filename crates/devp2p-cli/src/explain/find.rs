//! What is meant by what was typed or pasted.

use std::cmp::Reverse;
use std::sync::LazyLock;

use serde::Serialize;

use super::topic::Topic;
use super::words::{Pattern, distance, squashed, words};
use super::{bytes, topics};

/// As much of a text as is looked at, in characters: more than any line that is printed.
const MOST: usize = 8192;
/// A part of a text that is not whole is recognised by so many words in a row.
const ENOUGH_WORDS: usize = 3;
/// How many topics are proposed.
const PROPOSED: usize = 5;
/// Words that say nothing about a topic.
const EMPTY: &[&str] =
    &["and", "are", "but", "for", "from", "has", "not", "that", "the", "this", "was"];

/// A topic, and what it is recognised by.
struct Known {
    topic: &'static Topic,
    /// Its slug, and its texts, in one spelling.
    names: Vec<String>,
    /// Its texts, and its title.
    patterns: Vec<Pattern>,
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let known = |topic: &'static Topic| {
        let names = [topic.slug].iter().chain(topic.texts).map(|text| squashed(text)).collect();
        let texts = topic.texts.iter().chain([&topic.title]);
        Known { topic, names, patterns: texts.map(|text| Pattern::new(text)).collect() }
    };
    topics::all().map(known).collect()
});

/// What was found.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    /// How a number or bytes were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) read: Option<String>,
    #[serde(flatten)]
    pub(super) topic: &'static Topic,
}

/// The topic that is meant.
///
/// # Errors
/// Those that come closest.
pub(super) fn find(thing: &str) -> Result<Answer, Vec<&'static Topic>> {
    let end = thing.char_indices().nth(MOST).map_or(thing.len(), |(end, _)| end);
    let thing = thing.get(..end).unwrap_or_default();
    if let Some(answer) = bytes::reason(thing) {
        return Ok(answer);
    }
    let text = words(thing);
    let found = by_name(thing).or_else(|| by_text(&text)).map_or_else(|| by_part(&text), Ok);
    found.map(|topic| Answer { read: None, topic })
}

/// The topic whose text is in this one, the longest if there are several.
pub(crate) fn of_text(text: &str) -> Option<&'static Topic> {
    by_text(&words(text))
}

/// The topic with this name, in any spelling; also as a constant of go-ethereum, or as what
/// `devp2p explain` is told to explain.
fn by_name(thing: &str) -> Option<&'static Topic> {
    let name = squashed(thing);
    let name = name.rsplit_once("devp2pexplain").map_or(&*name, |(_, slug)| slug);
    let constant = name.strip_prefix("disc").unwrap_or(name);
    // A slug first: it is a promise.
    let has_slug = |known: &&Known| known.names.first().is_some_and(|slug| slug == name);
    let is_named = |known: &&Known| known.names.iter().any(|it| it == name || it == constant);
    let found = KNOWN.iter().find(has_slug).or_else(|| KNOWN.iter().find(is_named));
    found.map(|known| known.topic)
}

fn by_text(text: &[String]) -> Option<&'static Topic> {
    best(|pattern| pattern.matched(text)).map(|(_, topics)| topics)?.first().copied()
}

/// The topic of which this is a part that is enough, or those that come closest.
fn by_part(text: &[String]) -> Result<&'static Topic, Vec<&'static Topic>> {
    let Some(((count, letters), found)) =
        best(|pattern| Some(pattern.in_common(text)).filter(|(_, letters)| *letters >= 4))
    else {
        return Err(closest(text));
    };
    let is_enough = count >= ENOUGH_WORDS || count == text.len();
    match found[..] {
        [topic] if is_enough && letters >= 6 => Ok(topic),
        _ => Err(closest(text)),
    }
}

/// The topics with the best text, and how good it is; all if several are equally good.
fn best<T: Ord + Copy>(
    how_good: impl Fn(&Pattern) -> Option<T>,
) -> Option<(T, Vec<&'static Topic>)> {
    let mut best: Option<(T, Vec<&'static Topic>)> = None;
    for Known { topic, patterns, .. } in &*KNOWN {
        let Some(good) = patterns.iter().filter_map(&how_good).max() else { continue };
        match &mut best {
            Some((most, _)) if *most > good => {}
            Some((most, topics)) if *most == good => topics.push(topic),
            _ => best = Some((good, vec![topic])),
        }
    }
    best
}

/// Those whose names or words are most like this; none, if none is like it at all.
fn closest(text: &[String]) -> Vec<&'static Topic> {
    let name = text.join("-");
    let mut alike: Vec<_> = KNOWN
        .iter()
        .filter_map(|Known { topic, patterns, .. }| {
            // What stands in a name counts more than what stands in a text.
            let name_words = words(topic.slug);
            let worth = |word: &String| match word {
                word if word.len() < 3 || EMPTY.contains(&word.as_str()) => 0,
                word if name_words.contains(word) => 2,
                word => usize::from(patterns.iter().any(|pattern| pattern.has(word))),
            };
            let shared: usize = text.iter().map(worth).sum();
            // A slip in a name is worth more than a word in common.
            let slips = distance(&name, topic.slug);
            let is_slip = slips.saturating_mul(3) <= topic.slug.len();
            let is_alike = is_slip || shared > 0;
            is_alike.then_some(((Reverse(is_slip), Reverse(shared), slips), topic))
        })
        .collect();
    alike.sort_by_key(|(how, _)| *how);
    alike.into_iter().take(PROPOSED).map(|(_, topic)| *topic).collect()
}
