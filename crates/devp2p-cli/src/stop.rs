//! When a node ends: Ctrl-C, SIGTERM, its terminal is closed, its time is over, or nobody reads its
//! output.

use std::io;
use std::time::Duration;

#[cfg(unix)]
use std::os::fd::AsFd;
#[cfg(unix)]
use tokio::{
    io::Interest,
    net::unix::pipe,
    signal::unix::{Signal, SignalKind, signal},
};

/// What ends a node. Made before the node starts: from then on no signal is lost.
#[derive(Debug)]
pub(crate) struct Stop {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
    /// The terminal is closed; none if that shall not end it, as after `nohup`.
    #[cfg(unix)]
    hang_up: Option<Signal>,
    #[cfg(windows)]
    ctrl_c: tokio::signal::windows::CtrlC,
}

impl Stop {
    /// Listens to signals, which do not kill the process any more.
    ///
    /// # Errors
    /// As the operating system says.
    #[cfg(unix)]
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: match ignores_hang_up() {
                true => None,
                false => Some(signal(SignalKind::hangup())?),
            },
        })
    }

    /// Listens to Ctrl-C, which does not kill the process any more.
    ///
    /// # Errors
    /// As the operating system says.
    #[cfg(windows)]
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { ctrl_c: tokio::signal::windows::ctrl_c()? })
    }

    /// Waits until the node is to end; without `limit`, it has no end of its own.
    pub(crate) async fn wait(&mut self, limit: Option<Duration>) {
        let time_is_over = async {
            match limit {
                Some(limit) => tokio::time::sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.signal() => {}
            () = time_is_over => {}
            () = nobody_reads() => {}
        }
    }

    /// Does something that a signal ends: `None` then.
    pub(crate) async fn unless<T>(&mut self, doing: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = doing => Some(done),
            () = self.signal() => None,
        }
    }

    /// Waits for a signal.
    #[cfg(unix)]
    pub(crate) async fn signal(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            Some(_) = hung_up(&mut self.hang_up) => {}
        }
    }

    /// Waits for a signal.
    #[cfg(windows)]
    pub(crate) async fn signal(&mut self) {
        self.ctrl_c.recv().await;
    }
}

/// Whether this process was started so that a closed terminal does not end it. Linux says so.
#[cfg(unix)]
fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // SIGHUP is number 1, the lowest bit.
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(unix)]
async fn hung_up(signal: &mut Option<Signal>) -> Option<()> {
    signal.as_mut()?.recv().await
}

/// Waits until the other end of stdout is closed, as by `| head -1`. The next write would tell,
/// too, but on a quiet node there may be none for hours. Linux says so; others may not.
#[cfg(unix)]
async fn nobody_reads() {
    // Unchecked: it is only watched, so it may be no pipe, and may block. A regular file cannot
    // be watched, and need not be.
    let stdout = io::stdout().as_fd().try_clone_to_owned();
    if let Ok(stdout) = stdout.and_then(pipe::Sender::from_owned_fd_unchecked) {
        if stdout.ready(Interest::ERROR).await.is_ok() {
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// Cannot be known here before the next write.
#[cfg(windows)]
async fn nobody_reads() {
    std::future::pending::<()>().await;
}
