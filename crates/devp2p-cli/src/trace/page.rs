//! A trace as a page of HTML: one file that needs nothing else, no network either.

use devp2p_core::trace::file::Header;
use devp2p_core::trace::{Exchange, Flips, Step, dump, flips};

use super::{file, steps_text};

const PAGE: &str = include_str!("explorer.html");
const STYLE: &str = include_str!("explorer.css");
const SCRIPT: &str = include_str!("explorer.js");

/// The page of an exchange that was made up: every byte of it can be flipped.
pub(super) fn of_exchange(header: &Header, exchange: &Exchange) -> String {
    page(header, &exchange.steps, Some(&flips(exchange)))
}

fn page(header: &Header, steps: &[Step], flips: Option<&Flips>) -> String {
    let trace = file(header, steps);
    let flips = serde_json::to_string(&flips).unwrap_or_default();
    let dump = steps_text(steps, &dump::Style { width: 100, ..dump::Style::default() });
    // Each once, from the last to the first in the page: what is put in is not looked at again.
    let parts = [
        ("/*title*/", escaped(&header.command)),
        ("/*style*/", STYLE.to_owned()),
        ("/*dump*/", escaped(&dump)),
        ("/*trace*/", in_script(&trace)),
        ("/*flips*/", in_script(&flips)),
        ("/*script*/", SCRIPT.to_owned()),
    ];
    let mut page = String::new();
    let mut rest = PAGE;
    while let Some((begin, (marker, text))) = next(rest, &parts) {
        let (before, after) = rest.split_at(begin);
        page += before;
        page += text;
        rest = after.strip_prefix(marker).unwrap_or(after);
    }
    page + rest
}

/// The marker that comes first in `rest`, and where.
fn next<'p>(
    rest: &str,
    parts: &'p [(&'static str, String)],
) -> Option<(usize, (&'static str, &'p str))> {
    let found =
        parts.iter().filter_map(|(marker, text)| Some((rest.find(marker)?, (*marker, &text[..]))));
    found.min_by_key(|(begin, _)| *begin)
}

/// JSON that cannot end the script it is in.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
