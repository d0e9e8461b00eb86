//! Figures, and the table made of them.

use std::fmt::Write;
use std::time::Duration;

use serde_json::json;

use super::Case;

/// A case and what was measured, in nanoseconds, one figure for each round.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) case: Case,
    pub(crate) ours: Vec<f64>,
    pub(crate) geth: Vec<f64>,
}

impl Row {
    pub(crate) fn new(case: Case) -> Self {
        Self { case, ours: Vec::new(), geth: Vec::new() }
    }
}

pub(crate) fn nanoseconds_each(took: Duration, count: u64) -> f64 {
    let count = Duration::from_nanos(count.max(1)).as_secs_f64() * 1e9;
    took.as_secs_f64() * 1e9 / count
}

fn fastest(rounds: &[f64]) -> f64 {
    rounds.iter().copied().fold(f64::INFINITY, f64::min)
}

pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| through two servers | ours | go-ethereum | go-ethereum ÷ ours |\n|---|---|---|---|\n",
    );
    for row in rows {
        let (ours, geth) = (fastest(&row.ours), fastest(&row.geth));
        let (name, ratio) = (row.case.name, geth / ours);
        // Writing to a String cannot fail.
        let _ =
            writeln!(text, "| {name} | {:.2} µs | {:.2} µs | {ratio:.2} |", ours / 1e3, geth / 1e3);
    }
    text
}

pub(crate) fn json(rows: &[Row]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            let (ours, geth) = (fastest(&row.ours), fastest(&row.geth));
            json!({ "name": row.case.name, "ours_ns": ours, "geth_ns": geth })
        })
        .collect();
    format!("{:#}\n", json!(rows))
}
