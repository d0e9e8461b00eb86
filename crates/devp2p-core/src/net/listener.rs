//! The listening socket. One connection that fails costs the others nothing; when the system has
//! nothing left to accept with, it waits, and says so now and then.

use std::io;
use std::net::SocketAddr;

use tokio::time::{Duration, Instant, sleep_until};
use tracing::{debug, info, warn};

use super::link::{self, Stream};
use super::system::TcpListener;

/// The wait after an accept for which the system lacked something, as in go-ethereum.
const RETRY: Duration = Duration::from_millis(200);
/// It is told again that connections cannot be accepted when that has lasted for so long.
const REMIND: Duration = Duration::from_secs(60);
/// It is over when nothing has failed for so long: descriptors may come and go one by one.
const CALM: Duration = Duration::from_secs(10);
/// So many failures of single connections in a row are none of single connections.
const TOO_MANY: u32 = 100;

/// EMFILE, ENFILE, ENOBUFS, ENOMEM.
#[cfg(any(target_os = "linux", target_os = "android"))]
const LACKING: [i32; 4] = [24, 23, 105, 12];
/// EMFILE, ENFILE, ENOBUFS, ENOMEM.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
const LACKING: [i32; 4] = [24, 23, 55, 12];
/// WSAEMFILE, `WSA_NOT_ENOUGH_MEMORY`, WSAENOBUFS.
#[cfg(windows)]
const LACKING: [i32; 3] = [10024, 8, 10055];

/// A listening socket.
pub(super) struct Listener {
    socket: TcpListener,
    /// Failures since the last connection that was accepted.
    in_a_row: u32,
    trouble: Option<Trouble>,
}

impl Listener {
    pub(super) async fn bind(addr: SocketAddr) -> io::Result<Self> {
        let socket = TcpListener::bind(addr).await?;
        Ok(Self { socket, in_a_row: 0, trouble: None })
    }

    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Waits for the next connection. Cancel-safe, its pauses too. No failure is final.
    pub(super) async fn accept(&mut self) -> Stream {
        loop {
            if let Some(trouble) = &self.trouble {
                sleep_until(trouble.next_try).await;
            }
            match self.socket.accept().await {
                Ok((stream, from)) => {
                    self.works();
                    match link::split(stream, from) {
                        Ok(stream) => return stream,
                        Err(error) => debug!(%from, %error, "a connection is gone before it began"),
                    }
                }
                Err(error) => self.failed(&error),
            }
        }
    }

    fn works(&mut self) {
        self.in_a_row = 0;
        let now = Instant::now();
        if let Some(lasted) = self.trouble.as_ref().and_then(|trouble| trouble.is_over(now)) {
            self.trouble = None;
            info!("connections are accepted again, after {} s", lasted.as_secs());
        }
    }

    fn failed(&mut self, error: &io::Error) {
        self.in_a_row = self.in_a_row.saturating_add(1);
        if !lacks_something(error) && self.in_a_row < TOO_MANY {
            debug!(%error, "a connection is gone before it was accepted");
            return;
        }
        let now = Instant::now();
        match &mut self.trouble {
            None => {
                self.trouble = Some(Trouble::new(now));
                warn!(
                    %error,
                    "no connection can be accepted: allow this process more open files (`ulimit -n`), \
                     or let it have fewer peers"
                );
            }
            Some(trouble) => {
                if let Some(lasts) = trouble.goes_on(now) {
                    warn!(%error, "still no connection can be accepted, for {} s", lasts.as_secs());
                }
            }
        }
    }
}

/// Whether the system lacks something that the next connection would need as well.
fn lacks_something(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| LACKING.contains(&code))
}

/// Connections cannot be accepted for the time being.
#[derive(Debug)]
struct Trouble {
    since: Instant,
    told: Instant,
    next_try: Instant,
}

impl Trouble {
    fn new(now: Instant) -> Self {
        Self { since: now, told: now, next_try: now + RETRY }
    }

    /// It has failed again; how long it lasts already, if that is to be told.
    fn goes_on(&mut self, now: Instant) -> Option<Duration> {
        self.next_try = now + RETRY;
        (now.duration_since(self.told) >= REMIND).then(|| {
            self.told = now;
            now.duration_since(self.since)
        })
    }

    /// It has worked; how long the trouble lasted, if it is over.
    fn is_over(&self, now: Instant) -> Option<Duration> {
        let last_failure = self.next_try - RETRY;
        (now.duration_since(last_failure) >= CALM).then(|| last_failure.duration_since(self.since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_one_connection_are_no_reason_to_wait() {
        let one = [
            io::ErrorKind::ConnectionAborted,
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::NotConnected,
            io::ErrorKind::InvalidInput,
        ];
        assert!(one.into_iter().all(|kind| !lacks_something(&kind.into())));
        assert!(LACKING.iter().all(|code| lacks_something(&io::Error::from_raw_os_error(*code))));
        // ENOTCONN, ECONNABORTED, EINVAL
        #[cfg(target_os = "linux")]
        for code in [107, 103, 22] {
            assert!(!lacks_something(&io::Error::from_raw_os_error(code)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn trouble_is_told_when_it_begins_each_minute_and_when_it_is_over() {
        let seconds = Duration::from_secs;
        let began = Instant::now();
        let mut trouble = Trouble::new(began);
        // It fails five times a second, and now and then it works.
        let mut told = Vec::new();
        for tick in 1..=625 {
            let now = began + RETRY * tick;
            told.extend(trouble.goes_on(now));
            assert_eq!(trouble.is_over(now + RETRY), None);
        }
        assert_eq!(told, [seconds(60), seconds(120)]);
        assert_eq!(trouble.is_over(began + seconds(134)), None);
        assert_eq!(trouble.is_over(began + seconds(135)), Some(seconds(125)));
    }
}
