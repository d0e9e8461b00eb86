//! The table of JSON-RPC in the book is what the figures beside it say: nobody has typed it.

#![cfg(unix)]

use std::fs;
use std::path::Path;

use bench::Result;
use bench::rpc::figures::{Memory, Rate, Table};

fn book(name: &str) -> Result<String> {
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book");
    Ok(fs::read_to_string(book.join(name))?)
}

#[test]
fn the_table_in_the_book_is_made_of_the_figures_that_were_measured() -> Result<()> {
    let table: Table = serde_json::from_str(&book("performance-rpc.json")?)?;
    assert_eq!(table.to_string(), book("performance-table-rpc.md")?);
    Ok(())
}

#[test]
fn there_is_a_row_for_each_case_and_a_ratio_for_each_server() {
    let rate = |name: &str, is_calls, geth| Rate {
        name: name.to_owned(),
        is_calls,
        ours: 300.0,
        geth: Some(geth),
        jsonrpsee: None,
        floor: Some(400.0),
    };
    let memory = Memory { name: "IPC".into(), ours: 9.5, geth: Some(19.0), jsonrpsee: None };
    let table = Table {
        origin: "Somewhere.".into(),
        rates: vec![rate("calls", true, 100.0), rate("events", false, 200.0)],
        memory: vec![memory],
        connections: 10,
        allocations: vec![("IPC".into(), 7.0)],
    };
    let text = table.to_string();
    for line in [
        "Somewhere.",
        "| calls | 300 | 100 |  | 400 | 3.00 |  | 0.75 |",
        "| events | 300 | 200 |  | 400 | 1.50 |  | 0.75 |",
        "### Memory of an idle connection, of 10",
        "| IPC | 9.5 KiB | 19.0 KiB |  |",
        "| IPC | 7.0 |",
    ] {
        assert!(text.lines().any(|found| found == line), "no line {line:?} in\n{text}");
    }
}
