//! `devp2p ping`: one connection, step by step.
//!
//! ```text
//! TCP connect ─▶ RLPx handshake ─▶ Hello both ways ─▶ Ping, Pong ─▶ goodbye
//! ```
//!
//! Success is the other side's Hello. What comes after it is worth a remark: a node that finds us
//! useless, as we speak no subprotocol, or that is full, has still told who it is.

mod error;
mod link;
mod report;

use std::path::PathBuf;

use devp2p_core::enode::{Endpoint, Enode, Host};
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{client_name, transport};
use devp2p_core::p2p::{DisconnectReason, Hello};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Duration, Instant, timeout_at};

use crate::failure::Failure;
use crate::{key, values};
pub(crate) use error::PingError;
use link::Link;
use report::{Found, Report};

/// How long all of it may take, apart from the goodbye.
const DEADLINE: Duration = Duration::from_secs(10);

/// Say hello to a node, and see how long each step takes
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  devp2p ping 'enode://…@127.0.0.1:30303'   (`devp2p node` prints such a line)")]
pub(crate) struct Args {
    /// Who the node is, and where
    #[arg(value_parser = values::dialable)]
    enode: Enode,
    /// Key file, from `devp2p key new FILE` [default: a fresh key]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Print JSON: one object
    #[arg(long)]
    json: bool,
}

/// What is done, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Connect,
    Handshake,
    Hello,
    Ping,
}

/// Pings the node.
///
/// # Errors
/// [`PingError`] when there is no Hello; when the key file or the output fails.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let key = key::load_or_fresh(args.key.as_deref())?;
    let mut report = Report::begin(args.json, &args.enode)?;
    let mut clock = Clock { deadline: Instant::now() + DEADLINE };

    let (stream, time) = clock.time(Step::Connect, connect(&args.enode)).await?;
    report.step(Step::Connect, time)?;
    let (link, time) = clock.time(Step::Handshake, shake_hands(stream, &key, &args.enode)).await?;
    report.step(Step::Handshake, time)?;
    let (hello, remark) = talk(link, &key, &mut clock, &mut report).await?;
    report.end(&Found { enode: &args.enode, hello: &hello, remark })
}

/// Hello, Ping and goodbye; returns their Hello, and why there was no Pong, if so.
async fn talk(
    mut link: Link,
    key: &NodeKey,
    clock: &mut Clock,
    report: &mut Report,
) -> Result<(Hello, Option<PingError>), Failure> {
    let name = client_name("devp2p-ping", env!("CARGO_PKG_VERSION"));
    let ours = Hello::new(key.public_key(), &name, Vec::new());
    let (hello, time) = match clock.time(Step::Hello, link.exchange_hello(&ours)).await {
        Ok(done) => done,
        Err(error) => {
            link.say_goodbye(error.disconnect()).await;
            return Err(error.into());
        }
    };
    report.step(Step::Hello, time)?;
    let remark = match clock.time(Step::Ping, link.ping()).await {
        Ok(((), time)) => {
            report.step(Step::Ping, time)?;
            None
        }
        Err(error) => Some(error),
    };
    let goodbye = remark.as_ref().map_or(Some(DisconnectReason::Quitting), PingError::disconnect);
    link.say_goodbye(goodbye).await;
    Ok((hello, remark))
}

async fn connect(enode: &Enode) -> Result<TcpStream, PingError> {
    let Some(Endpoint { host, tcp, .. }) = &enode.endpoint else {
        return Err(PingError::Lookup(std::io::ErrorKind::AddrNotAvailable.into()));
    };
    let stream = match host {
        Host::Ip(ip) => TcpStream::connect((*ip, *tcp)).await,
        Host::Dns(name) => {
            let found = lookup_host((name.as_str(), *tcp)).await.map_err(PingError::Lookup)?;
            TcpStream::connect(&*found.collect::<Vec<_>>()).await
        }
    };
    let stream = stream.map_err(PingError::Connect)?;
    // Each step is one small packet that waits for an answer.
    stream.set_nodelay(true).map_err(PingError::Connect)?;
    Ok(stream)
}

async fn shake_hands(stream: TcpStream, key: &NodeKey, enode: &Enode) -> Result<Link, PingError> {
    let (mut reader, mut writer) = stream.into_split();
    let session = transport::initiate(&mut reader, &mut writer, key, enode.public_key).await?;
    Ok(Link::new(reader, writer, session))
}

/// Measures steps that have one deadline together.
struct Clock {
    deadline: Instant,
}

impl Clock {
    async fn time<T>(
        &mut self,
        step: Step,
        doing: impl Future<Output = Result<T, PingError>>,
    ) -> Result<(T, Duration), PingError> {
        let begin = Instant::now();
        let done = timeout_at(self.deadline, doing).await;
        Ok((done.map_err(|_| PingError::Timeout(step))??, begin.elapsed()))
    }
}
