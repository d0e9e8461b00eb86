//! Two messages that should be the same, and the first byte at which they are not.

use std::fmt::Write;

use devp2p_core::trace::{NotedField, tree};

/// Bytes that are shown in a row.
const ROW: usize = 16;

/// Where `got` is not `expected`: both rows of bytes, and what is wrong there. `None` if they are the
/// same.
pub(crate) fn difference(expected: &[u8], got: &[u8]) -> Option<String> {
    let same = expected.iter().zip(got).take_while(|(a, b)| a == b).count();
    if same == expected.len() && same == got.len() {
        return None;
    }
    let begin = same.checked_div(ROW).unwrap_or_default().saturating_mul(ROW);
    let mut text = format!("expected  {}\nyou sent  {}\n", row(expected, begin), row(got, begin));
    let caret = same.saturating_sub(begin).saturating_mul(3).saturating_add("you sent  ".len());
    let _ = write!(text, "{:caret$}^^ byte {same}", "");
    for (whose, bytes) in [("expected", expected), ("you sent", got)] {
        let _ = write!(text, "\n          {whose}: {}", field_at(bytes, same));
    }
    if let (Some(expected), Some(got)) = (list(expected), list(got)) {
        let _ = write!(text, "\n\nexpected  {expected}\nyou sent  {got}");
    }
    if tree(got).fault.is_some() {
        text += "\n\nYour payload is not RLP. `pipe.send` makes RLP of a value, `pipe.write` takes the \
                 bytes as they are.";
    }
    Some(text)
}

fn row(bytes: &[u8], begin: usize) -> String {
    let row = bytes.iter().skip(begin).take(ROW);
    let mut text = row.map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    if bytes.len() > begin.saturating_add(ROW) {
        text += " …";
    }
    text
}

/// The field that has this byte, in words.
fn field_at(bytes: &[u8], offset: usize) -> String {
    let step = tree(bytes);
    let field = step.parts.iter().flat_map(|part| &part.fields).find(|field| holds(field, offset));
    match field {
        None => "the end".to_owned(),
        Some(NotedField { what, .. }) if what.words.is_empty() => what.name.to_string(),
        Some(NotedField { what, .. }) => format!("{}: {}", what.name, what.words),
    }
}

fn holds(field: &NotedField, offset: usize) -> bool {
    (field.offset..field.offset.saturating_add(field.length)).contains(&offset)
}

/// What a list holds, in words.
fn list(bytes: &[u8]) -> Option<String> {
    let step = tree(bytes);
    let fields = step.parts.iter().flat_map(|part| &part.fields);
    let mut fields = fields.filter(|field| field.what.name != "prefix");
    fields.next().filter(|field| field.what.name == "list")?;
    let items: Vec<&str> = fields.map(|field| field.what.words.as_str()).collect();
    Some(format!("[{}]", items.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_first_wrong_byte() {
        let expected = alloy_rlp::encode("foobar");
        assert_eq!(difference(&expected, &expected), None);
        let told = difference(&expected, &alloy_rlp::encode("fooBar")).unwrap();
        assert_eq!(
            told,
            "expected  86 66 6f 6f 62 61 72\n\
             you sent  86 66 6f 6f 42 61 72\n\
             \x20                     ^^ byte 4\n\
             \x20         expected: string: \"foobar\"\n\
             \x20         you sent: string: \"fooBar\""
        );
    }

    #[test]
    fn a_long_message_is_shown_where_it_is_wrong() {
        let expected = alloy_rlp::encode("a".repeat(40).as_str());
        let told = difference(&expected, &expected[..39]).unwrap();
        assert!(told.contains("^^ byte 39\n          expected: string"), "{told}");
        assert!(told.contains("you sent: the end"), "{told}");
        assert!(told.ends_with("takes the bytes as they are."), "{told}");
    }

    #[test]
    fn two_lists_are_shown_in_words() {
        let told = difference(&[0xc2, 0x01, 0x02], &[0xc2, 0x02, 0x01]).unwrap();
        assert!(told.ends_with("expected  [1, 2]\nyou sent  [2, 1]"), "{told}");
    }
}
