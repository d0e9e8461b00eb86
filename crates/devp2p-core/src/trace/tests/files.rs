//! Trace files: written, read, cut, and made by somebody else.

use super::super::file::{FileError, Header, read};
use super::*;

fn written(steps: &[Step]) -> String {
    let header = serde_json::to_string(&Header::new("devp2p trace --seed 1 a4", true)).unwrap();
    let lines = steps.iter().map(|step| serde_json::to_string(step).unwrap());
    [header].into_iter().chain(lines).map(|line| line + "\n").collect()
}

#[test]
fn a_trace_is_read_as_it_was_written() {
    let steps = exchange(Lesson::A4, 1).steps;
    let (header, read, fault) = read(&written(&steps)).unwrap();
    assert_eq!((read, fault), (steps, None));
    assert_eq!(header.command, "devp2p trace --seed 1 a4");
}

#[test]
fn a_trace_that_is_cut_anywhere_is_read_up_to_there() {
    let steps = exchange(Lesson::A2, 1).steps;
    let text = written(&steps);
    let begin = text.find('\n').unwrap() + 1;
    let ends = (begin..text.len()).step_by(97).filter(|end| text.is_char_boundary(*end));
    for end in ends {
        let (_, read, fault) = read(&text[..end]).unwrap();
        let whole = text[begin..end].matches('\n').count();
        // Without its last byte, the end of a line, a line is whole.
        let ends_a_line = text.as_bytes()[end] == b'\n' || text.as_bytes()[end - 1] == b'\n';
        assert_eq!(fault.is_none(), ends_a_line, "{end}");
        assert!(read[..] == steps[..read.len()] && read.len() >= whole, "{end}");
    }
}

#[test]
fn what_is_no_trace_or_a_newer_one_is_named() {
    for text in ["", "{", "[]", "null", "{\"schema\":5,\"version\":1}", "auth", "\u{0}"] {
        assert_eq!(read(text), Err(FileError::NoTrace), "{text}");
    }
    let newer = "{\"schema\":\"devp2p-trace\",\"version\":2,\"command\":\"\",\"secrets\":true}";
    let error = read(newer).unwrap_err();
    assert!(error.to_string().contains("version 2"), "{error}");
    let other = read("{\"schema\":\"\u{1b}[2J\",\"version\":1}").unwrap_err().to_string();
    assert!(!other.contains('\u{1b}'), "{other:?}");
}

#[test]
fn words_of_a_file_cannot_paint_and_its_fields_must_fit() {
    let steps = exchange(Lesson::A2, 1).steps;
    let painted = written(&steps).replace("initiator-nonce", "\\u001b[2J");
    let (_, painted, fault) = read(&painted).unwrap();
    assert!(fault.is_none() && !format!("{painted:?}").contains('\u{1b}'));
    for (from, to) in [("\"length\":2,", "\"length\":3,"), ("\"offset\":1,", "\"offset\":2,")] {
        let changed = written(&steps).replacen(from, to, 1);
        let (_, steps, fault) = read(&changed).unwrap();
        assert_eq!((steps.len(), fault), (0, Some(FileError::Step { line: 2 })), "{from}");
    }
}
