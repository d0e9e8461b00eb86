//! The tables made of what was measured.

use std::fmt;

use serde_json::json;

use crate::allocations::Counted;
use crate::case::{Bytes, Cores, Place, Work};
use crate::known::Known;
use crate::samples::{Row, Samples};

/// All that was measured in one run.
#[derive(Debug)]
pub struct Report {
    /// When, how and where.
    pub origin: String,
    /// Times.
    pub rows: Vec<Row>,
    /// Turns of the main loop.
    pub turns: Vec<Turns>,
    /// Memory, unless it cannot be measured here.
    pub idle: Option<Idle>,
    /// A node with a full table, unless it cannot be measured here.
    pub known: Option<Known>,
    /// Allocations.
    pub allocations: Vec<Counted>,
}

/// Turns of the main loop with so many peers, and as many static nodes.
#[derive(Debug)]
pub struct Turns {
    /// How many of each.
    pub peers: usize,
    /// How long they took.
    pub took: Samples,
}

/// Bytes of memory for each of so many idle peers.
#[derive(Debug, Clone, Copy)]
pub struct Idle {
    /// How many were held.
    pub peers: usize,
    /// We.
    pub ours: usize,
    /// go-ethereum.
    pub geth: usize,
}

impl Report {
    /// `{name, ours_ns, geth_ns, floor_ns}` for each time, the fastest sample; null where there is
    /// nothing to measure.
    pub fn json(&self) -> String {
        let row = |row: &Row| {
            json!({
                "name": row.work.to_string(),
                "ours_ns": row.ours.fastest(),
                "geth_ns": row.geth.fastest(),
                "floor_ns": row.floor.fastest(),
            })
        };
        let turn = |turns: &Turns| {
            let name = format!("turn of the main loop, {} peers and static nodes", turns.peers);
            json!({ "name": name, "ours_ns": turns.took.fastest() })
        };
        let all = self.rows.iter().map(row).chain(self.turns.iter().map(turn));
        format!("{:#}\n", all.collect::<serde_json::Value>())
    }

    fn fastest(&self, wanted: impl Fn(Work) -> bool) -> Option<f64> {
        self.rows.iter().find(|row| wanted(row.work))?.ours.fastest()
    }
}

/// Markdown.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.origin)?;
        let mut section = "";
        for row in &self.rows {
            if row.work.section() != section {
                section = row.work.section();
                writeln!(f, "\n### {section}\n")?;
                writeln!(
                    f,
                    "| | ours | go-ethereum | floor | go-ethereum ÷ ours | floor ÷ ours |"
                )?;
                writeln!(f, "|---|--:|--:|--:|--:|--:|")?;
            }
            self::row(f, row)?;
        }
        self.batching(f)?;
        self.shares(f)?;
        turn_table(f, &self.turns)?;
        if let Some(idle) = self.idle {
            idle_table(f, idle)?;
        }
        if let Some(known) = self.known {
            known_table(f, known)?;
        }
        allocation_table(f, &self.allocations)
    }
}

impl Report {
    /// What a server adds to a small message's frame when it has many of them.
    fn batching(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.fastest(|work| matches!(work, Work::Message(Cores::One, 64)));
        let frame = self.fastest(|work| matches!(work, Work::Frame(Place::Memory, 64)));
        let Some((message, frame)) = message.zip(frame) else {
            return Ok(());
        };
        let ratio = message / frame;
        writeln!(f, "\nOn one core, a message of 64 B in a stream of them costs {ratio:.2} times")?;
        writeln!(f, "what it costs to seal and open a frame of 64 B.")
    }

    /// What most of the time goes to.
    fn shares(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut title = "\n### What costs what\n\n| | share of ours |\n|---|--:|\n";
        for Row { work, share, ours, .. } in &self.rows {
            let Some((share, ours)) = share.fastest().zip(ours.fastest()) else {
                continue;
            };
            let part = match work {
                Work::Frame(..) => "Keccak",
                Work::Handshake(_) => "8 ECDH",
                _ => "TCP",
            };
            let percent = share / ours * 100.0;
            write!(f, "{title}")?;
            writeln!(f, "| {part} of {work} | {percent:.0} % |")?;
            title = "";
        }
        Ok(())
    }
}

fn row(f: &mut fmt::Formatter<'_>, row: &Row) -> fmt::Result {
    let Row { work, ours, geth, floor, .. } = row;
    let (faster, left) = (ratio(geth, ours), ratio(floor, ours));
    writeln!(f, "| {work} | {ours} | {geth} | {floor} | {faster} | {left} |")
}

/// The ratio of the fastest.
fn ratio(above: &Samples, below: &Samples) -> String {
    let both = above.fastest().zip(below.fastest());
    both.map_or_else(String::new, |(above, below)| format!("{:.2}", above / below))
}

/// The fastest and, in parentheses, the median.
impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fastest().zip(self.median()) {
            Some((fastest, median)) => write!(f, "{} ({})", Time(fastest), Time(median)),
            None => Ok(()),
        }
    }
}

/// Nanoseconds, as people say them.
struct Time(f64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ns if ns >= 1e6 => write!(f, "{:.2} ms", ns / 1e6),
            ns if ns >= 1e3 => write!(f, "{:.2} µs", ns / 1e3),
            ns => write!(f, "{ns:.0} ns"),
        }
    }
}

fn turn_table(f: &mut fmt::Formatter<'_>, turns: &[Turns]) -> fmt::Result {
    if turns.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n### A turn of the main loop\n")?;
    writeln!(f, "| peers, and as many static nodes | ours |\n|---|--:|")?;
    for Turns { peers, took } in turns {
        writeln!(f, "| {peers} | {took} |")?;
    }
    Ok(())
}

fn idle_table(f: &mut fmt::Formatter<'_>, idle: Idle) -> fmt::Result {
    let Idle { peers, ours, geth } = idle;
    let (ours, geth) = (kib(ours), kib(geth));
    writeln!(f, "\n### {peers} idle peers, pings on\n")?;
    writeln!(f, "| | ours | go-ethereum | go-ethereum ÷ ours |\n|---|--:|--:|--:|")?;
    let ratio = geth / ours;
    writeln!(f, "| memory for each peer | {ours:.1} KiB | {geth:.1} KiB | {ratio:.2} |")
}

fn known_table(f: &mut fmt::Formatter<'_>, known: Known) -> fmt::Result {
    let Known { nodes, cores, memory } = known;
    writeln!(f, "\n### A node that knows {nodes} others, and nobody asks it for them\n")?;
    writeln!(f, "| | ours |\n|---|--:|")?;
    writeln!(f, "| of one core | {:.2} % |", cores * 100.0)?;
    writeln!(f, "| memory of the process | {:.1} MiB |", kib(memory) / 1024.0)
}

fn kib(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1024.0
}

fn allocation_table(f: &mut fmt::Formatter<'_>, counted: &[Counted]) -> fmt::Result {
    if counted.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n### Allocations for each message\n")?;
    writeln!(f, "| through two servers | ours, both ends |\n|---|--:|")?;
    for (size, allocations) in counted {
        writeln!(f, "| message, {} | {allocations:.2} |", Bytes(*size))?;
    }
    Ok(())
}
