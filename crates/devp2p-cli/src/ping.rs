//! `devp2p ping`: one connection, step by step.
//!
//! ```text
//! name look-up ─▶ TCP connect ─▶ RLPx handshake ─▶ Hello both ways ─▶ Ping, Pong ─▶ goodbye
//! ```
//!
//! Success is the other side's Hello. What comes after it is worth a remark: a node that finds us
//! useless, as we speak no protocol, or that is full, has still told who it is.

mod report;
mod trouble;

use std::io;
use std::path::PathBuf;

use devp2p_core::enode::{Enode, Host};
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{
    EndReason, Link, Stream, TransportError, client_name, connect_to_one, tcp_addresses,
};
use devp2p_core::p2p::{DisconnectReason, EMPTY_LIST, Hello, MessageError, PING, PONG, Received};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::time::{Duration, Instant, timeout_at};

use crate::failure::Failure;
use crate::trace::live::{Seeing, Seen};
use crate::{key, nodes};
use report::{Found, Report};
use trouble::Trouble;

/// How long all of it may take, apart from the goodbye.
const DEADLINE: Duration = Duration::from_secs(10);

/// Say hello to a node, and see how long each step takes
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  devp2p ping \"enode://…@127.0.0.1:30303\"   (`devp2p node` prints such a line)")]
pub(crate) struct Args {
    /// Who the node is, and where
    #[arg(value_parser = nodes::dialable)]
    enode: Enode,
    /// Key file, from `devp2p key new FILE` [default: a fresh key]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Print JSON: one object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    seeing: Seeing,
}

/// What is done, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Only for a host name.
    LookUp,
    Connect,
    Handshake,
    Hello,
    Ping,
}

/// Pings the node.
///
/// # Errors
/// [`Trouble`], in words, when there is no Hello; when the key file or the output fails.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let key = key::load_or_fresh(args.key.as_deref())?;
    let seen = args.seeing.start("devp2p ping", args.json, Vec::new())?;
    let mut report = Report::begin(args.json, &args.enode)?;
    let host = args.enode.address.as_ref().map_or_else(String::new, |at| at.host.to_string());
    let mut clock = Clock { deadline: Instant::now() + DEADLINE, at: host, seen: &seen };

    let kind = |error: io::Error| EndReason::Connect(error.kind());
    let looking_up = async { tcp_addresses(&args.enode).await.map_err(kind) };
    let (addresses, time) =
        clock.time(Step::LookUp, looking_up).await.map_err(Failure::explained)?;
    if args.enode.address.as_ref().is_some_and(|address| matches!(address.host, Host::Dns(_))) {
        report.step(Step::LookUp, time)?;
    }
    clock.at = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let connected = async { connect_to_one(&addresses).await.map_err(kind) };
    let (stream, time) = clock.time(Step::Connect, connected).await.map_err(Failure::explained)?;
    report.step(Step::Connect, time)?;
    let stream = Stream { tap: seen.tap.as_ref().map(|tap| tap.connection(1)), ..stream };
    let rng = StdRng::from_rng(&mut rand::rng());
    let shaking_hands = Link::initiate(stream, &key, args.enode.public_key, rng);
    let (link, time) =
        clock.time(Step::Handshake, shaking_hands).await.map_err(Failure::explained)?;
    report.step(Step::Handshake, time)?;
    let (hello, remark) = talk(link, &key, &mut clock, &mut report).await?;
    seen.show();
    report.end(&Found { enode: &args.enode, hello: &hello, remark })
}

/// Hello, Ping and goodbye; returns their Hello, and why there was no Pong, if so.
async fn talk(
    mut link: Link,
    key: &NodeKey,
    clock: &mut Clock<'_>,
    report: &mut Report,
) -> Result<(Hello, Option<Trouble>), Failure> {
    let name = client_name("devp2p-ping", env!("CARGO_PKG_VERSION"));
    let ours = Hello::new(key.public_key(), &name, Vec::new());
    let (hello, time) = match clock.time(Step::Hello, introduce(&mut link, &ours)).await {
        Ok(done) => done,
        Err(trouble) => {
            link.say_goodbye(trouble.disconnect()).await;
            return Err(Failure::explained(trouble));
        }
    };
    report.step(Step::Hello, time)?;
    let remark = match clock.time(Step::Ping, ping(&mut link)).await {
        Ok(((), time)) => {
            report.step(Step::Ping, time)?;
            None
        }
        Err(trouble) => Some(trouble),
    };
    let goodbye = remark.as_ref().map_or(Some(DisconnectReason::Quitting), Trouble::disconnect);
    link.say_goodbye(goodbye).await;
    Ok((hello, remark))
}

async fn introduce(link: &mut Link, ours: &Hello) -> Result<Hello, EndReason> {
    let theirs = link.exchange_hello(ours).await?;
    link.check_identity(&theirs)?;
    Ok(theirs)
}

/// Sends Ping and waits for Pong. Answers their Pings meanwhile; messages of protocols, as some
/// nodes send them at once, are not for us.
async fn ping(link: &mut Link) -> Result<(), EndReason> {
    let sent = link.send(PING, EMPTY_LIST).await;
    loop {
        match link.receive().await {
            Ok(Received::Other(PONG)) => return sent,
            Ok(Received::Ping) => link.send(PONG, EMPTY_LIST).await?,
            Ok(Received::Disconnect(payload)) => {
                return Err(EndReason::Remote(DisconnectReason::decode(payload)));
            }
            Ok(_) => {}
            Err(EndReason::Transport(TransportError::Message(MessageError::UnknownMsgId(_)))) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Measures steps that have one deadline together.
struct Clock<'a> {
    deadline: Instant,
    /// Whom we wait for: a name, and then the addresses that it leads to.
    at: String,
    /// What is seen of a step is shown before its time.
    seen: &'a Seen,
}

impl Clock<'_> {
    async fn time<T>(
        &mut self,
        step: Step,
        doing: impl Future<Output = Result<T, EndReason>>,
    ) -> Result<(T, Duration), Trouble> {
        let begin = Instant::now();
        let late = |_| Trouble::Late(step, self.at.clone());
        let done = timeout_at(self.deadline, doing).await.map_err(late)?;
        let time = begin.elapsed();
        self.seen.show();
        Ok((done.map_err(|reason| Trouble::End(step, reason))?, time))
    }
}
