//! The table of JSON-RPC.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::case::{Case, Load, Transport};
use crate::samples::Samples;

/// All that was measured.
#[derive(Debug, Default)]
pub struct Figures {
    /// Times.
    pub rows: Vec<Row>,
    /// What idle connections weigh.
    pub idle: Vec<Weight>,
}

/// What was measured of one case, for each call or event.
#[derive(Debug)]
pub struct Row {
    /// What it is.
    pub case: Case,
    /// We.
    pub ours: Samples,
    /// go-ethereum.
    pub geth: Samples,
    /// jsonrpsee.
    pub jsonrpsee: Samples,
    /// The same bytes, and nothing else.
    pub floor: Samples,
}

impl Row {
    pub(super) fn new(case: Case) -> Self {
        let none = Samples::default;
        Self { case, ours: none(), geth: none(), jsonrpsee: none(), floor: none() }
    }
}

/// Bytes of memory for an idle connection.
#[derive(Debug, Clone, Copy)]
pub struct Weight {
    /// Of which kind.
    pub transport: Transport,
    /// How many were held.
    pub connections: usize,
    /// We.
    pub ours: usize,
    /// go-ethereum.
    pub geth: Option<usize>,
    /// jsonrpsee.
    pub jsonrpsee: Option<usize>,
}

/// What is written into the book, and beside it as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// When, how and where.
    pub origin: String,
    /// How many a second.
    pub rates: Vec<Rate>,
    /// KiB for an idle connection.
    pub memory: Vec<Memory>,
    /// How many idle connections were held.
    pub connections: usize,
    /// Allocations for each call.
    pub allocations: Vec<(String, f64)>,
}

/// Calls or events a second, in the fastest sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// What.
    pub name: String,
    /// Whether it is calls.
    pub is_calls: bool,
    /// We.
    pub ours: f64,
    /// go-ethereum.
    pub geth: Option<f64>,
    /// jsonrpsee.
    pub jsonrpsee: Option<f64>,
    /// The floor.
    pub floor: Option<f64>,
}

/// KiB for an idle connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Of which kind.
    pub name: String,
    /// We.
    pub ours: f64,
    /// go-ethereum.
    pub geth: Option<f64>,
    /// jsonrpsee.
    pub jsonrpsee: Option<f64>,
}

impl Figures {
    /// What is worth telling.
    #[must_use]
    pub fn table(&self, origin: String, allocations: Vec<(String, f64)>) -> Table {
        let rate = |samples: &Samples| Some((1e9 / samples.fastest()?).round());
        let rates = self.rows.iter().map(|row| Rate {
            name: row.case.to_string(),
            is_calls: matches!(row.case.load, Load::Calls { .. }),
            ours: rate(&row.ours).unwrap_or_default(),
            geth: rate(&row.geth),
            jsonrpsee: rate(&row.jsonrpsee),
            floor: rate(&row.floor),
        });
        let memory = self.idle.iter().map(|weight| Memory {
            name: weight.transport.to_string(),
            ours: kib(weight.ours),
            geth: weight.geth.map(kib),
            jsonrpsee: weight.jsonrpsee.map(kib),
        });
        Table {
            origin,
            rates: rates.collect(),
            memory: memory.collect(),
            connections: self.idle.first().map_or(0, |weight| weight.connections),
            allocations,
        }
    }
}

/// With one digit behind the point.
fn kib(bytes: usize) -> f64 {
    let bytes = f64::from(u32::try_from(bytes).unwrap_or(u32::MAX));
    (bytes / 102.4).round() / 10.0
}

/// Markdown.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.origin)?;
        for (title, is_calls) in [("Calls a second", true), ("Events a second", false)] {
            let rates: Vec<_> = self.rates.iter().filter(|it| it.is_calls == is_calls).collect();
            if rates.is_empty() {
                continue;
            }
            writeln!(f, "\n### {title}\n")?;
            writeln!(
                f,
                "| | ours | go-ethereum | jsonrpsee | floor | ours ÷ go-ethereum | ours ÷ jsonrpsee | ours ÷ floor |"
            )?;
            writeln!(f, "|---|--:|--:|--:|--:|--:|--:|--:|")?;
            for rate in rates {
                rate.write(f)?;
            }
        }
        if !self.memory.is_empty() {
            writeln!(f, "\n### Memory of an idle connection, of {}\n", self.connections)?;
            writeln!(f, "| | ours | go-ethereum | jsonrpsee |\n|---|--:|--:|--:|")?;
        }
        for Memory { name, ours, geth, jsonrpsee } in &self.memory {
            let kib = |kib: &Option<f64>| kib.map_or_else(String::new, |it| format!("{it:.1} KiB"));
            writeln!(f, "| {name} | {ours:.1} KiB | {} | {} |", kib(geth), kib(jsonrpsee))?;
        }
        if !self.allocations.is_empty() {
            writeln!(f, "\n### Allocations for each call\n\n| | ours |\n|---|--:|")?;
        }
        for (name, allocations) in &self.allocations {
            writeln!(f, "| {name} | {allocations:.1} |")?;
        }
        Ok(())
    }
}

impl Rate {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others = [self.geth, self.jsonrpsee, self.floor];
        write!(f, "| {} | {:.0}", self.name, self.ours)?;
        for rate in others {
            write!(f, " | {}", rate.map_or_else(String::new, |rate| format!("{rate:.0}")))?;
        }
        for rate in others {
            let ratio = rate.map(|rate| format!("{:.2}", self.ours / rate));
            write!(f, " | {}", ratio.unwrap_or_default())?;
        }
        writeln!(f, " |")
    }
}
