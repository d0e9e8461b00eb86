//! A process that holds a node, as seen from outside: what it takes of memory and time.

use std::fs;
use std::time::Duration;

use devp2p_core::enode::Enode;
use interop::{Peer, Program};
use serde_json::Value;

use crate::Result;

/// How long the process may take to say a word.
const WITHIN: Duration = Duration::from_secs(15);
/// Linux counts time in hundredths of a second here, whatever its clock does.
const TICK: Duration = Duration::from_millis(10);

/// A running process in the mode `hold`, of this program or of go-ethereum's half.
pub(crate) struct Holder {
    process: Peer,
    pid: u64,
    /// The node that it holds.
    pub(crate) enode: Enode,
}

impl Holder {
    /// # Errors
    /// If it does not start.
    pub(crate) async fn start(program: &Program, arguments: &[&str]) -> Result<Self> {
        let mut process = Peer::start(program, arguments)?;
        let ready = process.expect(|line| line["event"] == "ready", WITHIN).await?;
        let enode = ready.get("enode").and_then(Value::as_str).unwrap_or_default().parse()?;
        let pid =
            ready.get("pid").and_then(Value::as_u64).ok_or("the holder said no process id")?;
        Ok(Self { process, pid, enode })
    }

    /// Resident memory, in bytes, when what can be given back was given back.
    ///
    /// # Errors
    /// If it cannot be measured here: it is read in `/proc`, as Linux has it.
    pub(crate) async fn memory(&mut self) -> Result<usize> {
        self.process.send_line("settle").await?;
        let is_done = |line: &Value| line["event"] == "ok" && line["command"] == "settle";
        self.process.expect(is_done, WITHIN).await?;
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
        let kib: usize = kib.ok_or("no VmRSS in /proc")?.trim().parse()?;
        Ok(kib.saturating_mul(1024))
    }

    /// The time that all its threads have worked, in the program and in the kernel.
    ///
    /// # Errors
    /// As [`memory`](Self::memory).
    pub(crate) fn worked(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        // The program's name is in parentheses, and may have anything in it.
        let (_, fields) = stat.rsplit_once(')').ok_or("no program name in /proc")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
        let ticks = ticks.sum::<std::result::Result<u32, _>>()?;
        Ok(TICK.saturating_mul(ticks))
    }

    /// Lets the node have so many static nodes, and take turns of its main loop: nanoseconds for
    /// each, of several samples.
    ///
    /// # Errors
    /// If it does not answer.
    pub(crate) async fn turns(&mut self, static_nodes: usize) -> Result<Vec<f64>> {
        self.process.send_line(&format!("turns {static_nodes}")).await?;
        let line = self.process.expect(|line| line["event"] == "turns", WITHIN).await?;
        let samples = line.get("ns").and_then(Value::as_array).ok_or("there are no figures")?;
        Ok(samples.iter().filter_map(Value::as_f64).collect())
    }

    /// # Errors
    /// If it has ended before, or does not end.
    pub(crate) async fn stop(self) -> Result<()> {
        Ok(self.process.stop().await?)
    }
}
