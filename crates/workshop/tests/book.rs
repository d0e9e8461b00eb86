//! The book and the README say what the code says, and the check that sees to it can see.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where something is not as expected"
)]

mod made_up;

use std::fs;
use std::path::Path;

use made_up::Folder;
use workshop::book_lint::{Problem, lint_book, lint_page};

const README_LINES: usize = 100;

const SUMMARY: (&str, &str) = ("book/src/SUMMARY.md", "# Summary\n\n- [One](one.md)\n");
const CODE: (&str, &str) = (
    "code.rs",
    "// ANCHOR: main\nfn main() {\n    // ANCHOR: inner\n    // ANCHOR_END: inner\n}\n\
     // ANCHOR_END: main\n// ANCHOR: open\nfn open() {}\n",
);

/// The problems of a book whose only page is `page`, beside the file `CODE`.
fn problems_of(page: &str) -> Vec<Problem> {
    let folder = Folder::with(&[SUMMARY, CODE, ("book/src/one.md", page)]);
    lint_book(&folder.path().join("book")).unwrap()
}

/// Says that there is exactly one problem, on this line, whose message has `part` in it.
#[track_caller]
fn assert_only(problems: &[Problem], line: usize, part: &str) {
    let [problem] = problems else { panic!("not one problem but {problems:#?}") };
    assert_eq!(problem.line, line, "{problem}");
    assert!(problem.message.contains(part), "{problem}");
}

fn listing(directive: &str) -> String {
    format!("# One\n\n```rust\n{{{{#{directive}}}}}\n```\n")
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[track_caller]
fn assert_none(problems: &[Problem]) {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    assert!(lines.is_empty(), "\n{}", lines.join("\n"));
}

#[test]
fn our_book_is_clean() {
    assert_none(&lint_book(&root().join("book")).unwrap());
}

#[test]
fn the_links_of_our_readme_lead_somewhere() {
    assert_none(&lint_page(&root().join("README.md")).unwrap());
}

/// Who reads on GitHub sees the directives in place of what they include.
#[test]
fn our_readme_leads_to_no_page_that_includes_something() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let pages = readme.split("](").skip(1).map(|link| link.split(')').next().unwrap());
    let pages: Vec<&str> = pages.filter(|page| page.starts_with("book/")).collect();
    assert!(!pages.is_empty());
    for page in pages {
        let text = fs::read_to_string(root().join(page)).unwrap();
        assert!(!text.contains("{{#include"), "{page}");
    }
}

#[test]
fn our_readme_has_at_most_100_lines() {
    let lines = fs::read_to_string(root().join("README.md")).unwrap().lines().count();
    assert!(lines <= README_LINES, "{lines} lines");
}

#[test]
fn a_book_in_order_has_no_problem() {
    let page = "# One\n\n## Why *this* `--port`?\n\n```rust,ignore\n\
        {{#include ../../code.rs:main}}\n```\n\n```console\n$ cargo lesson a1\n[x](gone.md)\n```\n\n\
        [same](#why-this---port), [itself](one.md#one), [web](https://example.org/x#y),\n\
        [code](../../code.rs \"the code\"), `[no](link.md)`, \\{{#include gone.rs}}\n";
    assert_none(&problems_of(page));
}

#[test]
fn a_term_that_is_defined_is_an_anchor() {
    let page = "# One\n\nauth, ack\n: Two packets.\n\n[these](#auth-ack), [those](#ack)\n";
    assert_only(&problems_of(page), 6, "no heading has the anchor #ack");
}

#[test]
fn a_renamed_anchor_is_found() {
    assert_only(&problems_of(&listing("include ../../code.rs:old")), 4, "`ANCHOR: old`");
}

#[test]
fn an_anchor_that_never_ends_is_found() {
    assert_only(&problems_of(&listing("include ../../code.rs:open")), 4, "`ANCHOR_END: open`");
}

#[test]
fn an_anchor_with_nothing_in_it_is_found() {
    assert_only(&problems_of(&listing("include ../../code.rs:inner")), 4, "nothing in it");
}

#[test]
fn an_anchor_that_begins_twice_is_found() {
    let twice = "// ANCHOR: a\n1\n// ANCHOR_END: a\n// ANCHOR: a\n2\n// ANCHOR_END: a\n";
    let page = "{{#include ../../twice.rs:a}}\n";
    let files = [SUMMARY, ("book/src/one.md", page), ("twice.rs", twice)];
    let folder = Folder::with(&files);
    assert_only(&lint_book(&folder.path().join("book")).unwrap(), 1, "begins 2 times");
}

#[test]
fn a_missing_included_file_is_found() {
    assert_only(&problems_of(&listing("include ../../gone.rs:main")), 4, "../../gone.rs");
    assert_only(&problems_of(&listing("rustdoc_include ../../gone.rs")), 4, "../../gone.rs");
}

#[test]
fn an_include_by_line_numbers_is_refused() {
    assert_only(&problems_of(&listing("include ../../code.rs:3:9")), 4, "named anchor");
    assert_only(&problems_of(&listing("include ../../code.rs::9")), 4, "named anchor");
}

#[test]
fn a_mistyped_directive_is_found() {
    assert_only(&problems_of("{{#inlcude ../../code.rs:main}}\n"), 1, "inlcude");
}

#[test]
fn rust_typed_into_a_page_is_found() {
    assert_only(&problems_of("```rust,ignore\nfn main() {}\n```\n"), 2, "compiled code");
    assert_only(&problems_of("```rust\n```\n"), 1, "empty");
}

#[test]
fn a_block_that_is_never_closed_is_found() {
    assert_only(&problems_of("# One\n\n```console\n$ ls\n"), 3, "never closed");
}

#[test]
fn a_link_to_a_missing_page_is_found() {
    assert_only(&problems_of("[two](two.md)\n"), 1, "two.md");
    assert_only(&problems_of("a [two\nwords](two.md)\n"), 2, "two.md");
    assert_only(&problems_of("[two]\n\n[two]: two.md\n"), 3, "two.md");
}

#[test]
fn a_link_to_a_missing_repository_file_is_found() {
    assert_only(&problems_of("[core](../../crates/core/src/gone.rs)\n"), 1, "gone.rs");
}

#[test]
fn a_missing_image_is_found() {
    assert_only(&problems_of("![tasks](tasks.svg)\n"), 1, "tasks.svg");
    assert_only(&problems_of("<img alt=\"tasks\" src=\"tasks.svg\">\n"), 1, "tasks.svg");
}

#[test]
fn a_link_to_a_missing_heading_is_found() {
    assert_only(&problems_of("# One\n\n[there](#two)\n"), 3, "#two; there are: one");
    assert_only(&problems_of("# One\n\n[there](one.md#two)\n"), 3, "#two; there are: one");
}

/// The expected anchors are what mdBook 0.5.4 makes of these headings.
#[test]
fn headings_get_the_anchors_that_mdbook_gives_them() {
    let headings = [
        ("# A1: a *server* that `starts()`", "a1-a-server-that-starts"),
        ("## What's new? (and why)", "whats-new-and-why"),
        ("## Frame-size / header-data", "frame-size--header-data"),
        ("## two  spaces", "two--spaces"),
        ("## snake_case & co.", "snake_case--co"),
        ("## Über-`RLPx` v5", "über-rlpx-v5"),
        ("## custom {#my-id}", "my-id"),
        ("## class {.foo #idx .bar}", "idx"),
        ("## Dup", "dup"),
        ("## Dup", "dup-1"),
        ("## Dup-1", "dup-1-1"),
        ("## Dup", "dup-2"),
        ("### [linked *head*](one.md) text", "linked-head-text"),
        ("## *emph*_under_ **bold**", "emphunder-bold"),
        ("## trailing hashes ##", "trailing-hashes"),
        ("## `<div>` <b>html</b>", "div-html"),
        ("## a – b — c -- d", "a--b--c--d"),
        ("## What `_` is --- really", "what-_-is--really"),
        ("## `--port 0` and `my_fn`", "--port-0-and-my_fn"),
    ];
    for (index, (_, anchor)) in headings.iter().enumerate() {
        let mut page: String = headings.iter().map(|(text, _)| format!("{text}\n\n")).collect();
        page.push_str(&format!("[to number {index}](#{anchor})\n"));
        assert_none(&problems_of(&page));
    }
}

#[test]
fn a_hash_in_a_fenced_block_is_no_heading() {
    let page = "# One\n\n```console\n# Two\n```\n\n[there](#two)\n";
    assert_only(&problems_of(page), 7, "#two; there are: one");
}

#[test]
fn a_summary_entry_without_its_page_is_found() {
    let summary = "# Summary\n\n- [One](one.md)\n- [Two](two.md)\n";
    let folder = Folder::with(&[("book/src/SUMMARY.md", summary), ("book/src/one.md", "# One\n")]);
    assert_only(&lint_book(&folder.path().join("book")).unwrap(), 4, "two.md");
}

#[test]
fn a_page_that_the_summary_does_not_have_is_found() {
    let files = [SUMMARY, ("book/src/one.md", "# One\n"), ("book/src/more/two.md", "# Two\n")];
    let folder = Folder::with(&files);
    let problems = lint_book(&folder.path().join("book")).unwrap();
    assert_only(&problems, 1, "not in SUMMARY.md");
    assert!(problems.iter().all(|problem| problem.file.ends_with("more/two.md")));
}

#[test]
fn a_book_without_a_summary_is_an_error() {
    let folder = Folder::with(&[("book/src/one.md", "# One\n")]);
    assert!(lint_book(&folder.path().join("book")).is_err());
}

#[test]
fn minutes_that_do_not_add_up_are_found() {
    let table = |rows: &str| format!("# One\n\n| Minutes | What |\n|--:|---|\n{rows}\nMore.\n");
    assert_none(&problems_of(&table("| 5 | a |\n| 10 | b |\n| **15** | all |\n")));
    assert_only(&problems_of(&table("| 5 | a |\n| 10 | b |\n| **20** | all |\n")), 7, "15, not 20");
    assert_only(&problems_of(&table("| 5 | a |\n| ten | b |\n| **5** | all |\n")), 6, "no minutes");
    assert_only(&problems_of(&table("| 5 | a |\n")), 6, "without its sum");
    let at_the_end = table("| 5 | a |\n| 10 | b |").replace("\nMore.\n", "");
    assert_only(&problems_of(&at_the_end), 7, "without its sum");
}

#[test]
fn every_test_that_the_attacks_name_is_there() {
    let page = fs::read_to_string(root().join("book/src/attacks.md")).unwrap();
    let named: Vec<&str> = page
        .split("\n\n")
        .filter(|paragraph| paragraph.starts_with("Test: ") || paragraph.starts_with("Tests: "))
        .flat_map(|paragraph| paragraph.split('`').skip(1).step_by(2))
        .collect();
    assert!(named.len() > 10, "{named:?}");
    let mut code = String::new();
    sources(&root().join("crates"), &mut code);
    let is_run = |name: &&&str| -> bool { is_run_by_cargo_test(&code, name) };
    let missing: Vec<_> = named.iter().filter(|name| !is_run(name)).collect();
    assert!(missing.is_empty(), "there is no test {missing:?} that needs Rust alone");
    let code =
        "#[test]\nfn one() {}\n#[test]\n#[ignore = \"needs Go\"]\nasync fn two() {}\nfn three() {}";
    let run = ["one", "two", "three", "four"].map(|name| is_run_by_cargo_test(code, name));
    assert_eq!(run, [true, false, false, false]);
}

/// Whether there is a test of this name, and it needs Rust alone.
fn is_run_by_cargo_test(code: &str, name: &str) -> bool {
    let Some(begin) = code.find(&format!("fn {name}(")) else { return false };
    let before = code[..begin].rsplit_once('\n').map_or("", |(before, _)| before);
    let attributes = before.lines().rev().take_while(|line| line.trim().starts_with(['#', '/']));
    let attributes: Vec<&str> = attributes.map(str::trim).collect();
    let is_test = |line: &&str| line.contains("test") && line.starts_with('#');
    attributes.iter().any(is_test) && !attributes.iter().any(|line| line.starts_with("#[ignore"))
}

/// mdBook shows what stands in a fold's title as it is.
#[test]
fn no_title_of_a_fold_has_markdown_in_it() {
    for entry in fs::read_dir(root().join("book/src")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap_or_default();
        let titles = text.split("<summary>").skip(1).filter_map(|it| it.split("</summary>").next());
        let wrong: Vec<&str> = titles.filter(|title| title.contains(['`', '*'])).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", path.display());
    }
}

/// All Rust below `folder`.
fn sources(folder: &Path, code: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") {
            sources(&path, code);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            code.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

/// Each lesson's chapter says how long it takes, and the plan for teachers has the same minutes.
#[test]
fn the_minutes_of_each_chapter_are_those_of_the_plan() {
    let read = |page: &str| fs::read_to_string(root().join("book/src").join(page)).unwrap();
    let page = read("for-teachers.md");
    let (_, plan) = page.split_once("## Two half days, or three").unwrap();
    for (lesson, page) in [
        ("A1", "a1-server.md"),
        ("A2", "a2-connect.md"),
        ("A3", "a3-events.md"),
        ("A4", "a4-message.md"),
        ("A5", "a5-pingpong.md"),
        ("B1", "b1-rpc.md"),
        ("B2", "b2-nodeinfo.md"),
        ("B3", "b3-rpc-p2p.md"),
    ] {
        let minutes = |about: &str| {
            let row = plan.lines().find(|line| line.contains(about)).unwrap();
            row.split('|').nth(1).unwrap().trim().to_owned()
        };
        let (reading, doing) =
            (minutes(&format!("[{lesson}](")), minutes(&format!("Exercise {lesson} ")));
        let line = format!("\nMinutes: {reading} to read, {doing} for the exercise.\n");
        assert!(read(page).contains(&line), "{page} does not say {line:?}");
    }
}

/// Under each listing stands where it is from: the file, and a name that is defined there.
#[test]
fn every_listing_says_where_it_is_from() {
    let mut listings = 0;
    for page in fs::read_dir(root().join("book/src")).unwrap() {
        let page = page.unwrap().path();
        if page.extension().is_none_or(|kind| kind != "md") {
            continue;
        }
        let text = fs::read_to_string(&page).unwrap();
        for listing in text.split("```rust\n{{#include ").skip(1) {
            let (directive, after) = listing.split_once("}}\n```\n\n").unwrap();
            let file = directive.split(':').next().unwrap().trim_start_matches("../");
            let caption = after.lines().next().unwrap();
            let begin = format!("*`{file}`, `");
            let name = caption.strip_prefix(&begin).and_then(|rest| rest.strip_suffix("`*"));
            let name = name.unwrap_or_else(|| panic!("{}: {directive}: {caption}", page.display()));
            let code = fs::read_to_string(root().join(file)).unwrap();
            let is_defined = ["fn ", "struct ", "enum ", "const "]
                .iter()
                .any(|kind| code.contains(&format!("{kind}{name}")));
            assert!(is_defined, "{}: there is no {name} in {file}", page.display());
            listings += 1;
        }
    }
    assert!(listings > 50, "{listings}");
}
