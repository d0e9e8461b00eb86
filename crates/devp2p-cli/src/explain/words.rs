//! Texts are compared word by word: in small letters, without signs, and any number is like any other.

/// The words of a text.
pub(super) fn words(text: &str) -> Vec<String> {
    let word = |word: &str| match word.chars().all(|c| c.is_ascii_digit()) {
        true => "#".to_owned(),
        false => word.to_lowercase(),
    };
    let text: String = text.chars().filter(|c| !matches!(c, '\'' | '’')).collect();
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(word).collect()
}

/// A text, or a name in any spelling, as one word: `TooManyPeers`, `too-many-peers`.
pub(super) fn squashed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What a text is recognised by: runs of words, with any words between them.
pub(super) struct Pattern(Vec<Vec<String>>);

impl Pattern {
    /// `*` stands for any words.
    pub(super) fn new(pattern: &str) -> Self {
        Self(pattern.split('*').map(words).filter(|run| !run.is_empty()).collect())
    }

    /// How many letters of it a text has in it, if it has all of them in their order. One word alone
    /// must be the whole text.
    pub(super) fn matched(&self, text: &[String]) -> Option<usize> {
        if let [run] = &self.0[..] {
            if run.len() < 2 && run != text {
                return None;
            }
        }
        let mut rest = text;
        for run in &self.0 {
            let start = rest.windows(run.len()).position(|window| window == &run[..])?;
            rest = rest.get(start.saturating_add(run.len())..)?;
        }
        Some(self.0.iter().map(|run| letters(run)).sum())
    }

    /// The longest run of words that it has in common with a text: how many words, and letters.
    pub(super) fn in_common(&self, text: &[String]) -> (usize, usize) {
        let mut best = (0, 0);
        for run in &self.0 {
            for start in 0..run.len() {
                let from = run.get(start..).unwrap_or_default();
                for text_start in 0..text.len() {
                    let with = text.get(text_start..).unwrap_or_default();
                    let same = from.iter().zip(with).take_while(|(a, b)| a == b).count();
                    let shared = from.get(..same).unwrap_or_default();
                    best = best.max((same, letters(shared)));
                }
            }
        }
        best
    }

    /// Whether it has this word.
    pub(super) fn has(&self, word: &String) -> bool {
        self.0.iter().any(|run| run.contains(word))
    }
}

/// Letters of all words together.
fn letters(words: &[String]) -> usize {
    words.iter().map(|word| word.chars().count()).sum()
}

/// How many letters must be changed, added or taken away to make the one word the other.
pub(super) fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (done, c) in one.chars().enumerate() {
        let mut diagonal = done;
        let mut left = done.saturating_add(1);
        let mut next = vec![left];
        for (above, d) in row.iter().skip(1).zip(&other) {
            let replaced = diagonal.saturating_add(usize::from(c != *d));
            left = replaced.min(above.saturating_add(1)).min(left.saturating_add(1));
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
