//! Other people's words, made fit for a terminal.

/// `text`, with every character escaped that could move the cursor, hide something or change the order
/// of what stands around it: U+202E becomes `\u{202e}`, a line feed `\n`. Letters, digits, signs and
/// ordinary spaces stay as they are.
///
/// Names in a decoded [`Hello`](super::Hello) are like that already.
///
/// ```
/// use devp2p_core::p2p::printable;
///
/// assert_eq!(printable("foo/v42 \"ä\""), "foo/v42 \"ä\"");
/// assert_eq!(printable("\x1b[2Jfoo\u{202e}bar"), "\\u{1b}[2Jfoo\\u{202e}bar");
/// ```
pub fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\'' | '"' | '\\' => printable.push(c),
            c => printable.extend(c.escape_debug()),
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_hides_or_reorders_is_escaped() {
        let controls = (0..0x20).chain(0x7f..0xa0).filter_map(char::from_u32);
        // Soft hyphen, zero width, direction, separators, invisible operators, tags, private use,
        // a mark that sits on the letter before, and spaces that are none.
        let others = "\u{ad}\u{61c}\u{200b}\u{200d}\u{200e}\u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\
                      \u{2066}\u{2069}\u{feff}\u{fff9}\u{e0041}\u{e000}\u{301}\u{a0}\u{3000}";
        for c in controls.chain(others.chars()) {
            let shown = printable(&format!("a{c}b"));
            assert!(shown.starts_with("a\\") && shown.is_ascii(), "{c:?} is shown as {shown}");
        }
    }

    #[test]
    fn words_stay_as_they_are() {
        for words in ["foo/v42/linux/rust1.95.0", "Zoë's \"node\" \\o/", "ノード 节点", "🦀", ""]
        {
            assert_eq!(printable(words), words);
        }
    }
}
