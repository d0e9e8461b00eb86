//! `devp2p discv4 crawl`: who is there?
//!
//! A lookup of a node's own key finds the nodes closest to it. So: look up every node that is
//! found, until no new one turns up.

use std::collections::{HashSet, VecDeque};
use std::io::{self, Write};
use std::sync::Arc;

use devp2p_core::discv4::Node;
use devp2p_core::enode::Enode;
use devp2p_core::keys::{NodeId, PublicKey};
use devp2p_core::net::discovery::{AskError, Discovery};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval, sleep};

use super::Common;
use crate::failure::Failure;
use crate::nodes::{self, Nodes};
use crate::output::Printing;
use crate::stop::Stop;
use crate::{explain, output, values};

/// Lookups at a time: enough not to wait for slow nodes, few enough to be polite.
const AT_A_TIME: usize = 8;

/// How often the progress is told.
const PROGRESS: Duration = Duration::from_secs(1);

/// Ask everybody whom they know, and list who answers
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  devp2p discv4 crawl --bootnode \"enode://…@127.0.0.1:30303\"
  devp2p discv4 crawl --bootnode \"enode://…@127.0.0.1:30303\" --json --for 300 > nodes.jsonl")]
pub(crate) struct Args {
    /// A node that may know others; repeatable
    #[arg(long, required = true, value_name = "ENODE", value_parser = nodes::several_askable)]
    bootnode: Vec<Nodes>,
    /// End after so many seconds, even if there are more
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 60)]
    #[arg(value_parser = values::number::<u64>, allow_negative_numbers = true)]
    seconds: u64,
    #[command(flatten)]
    common: Common,
}

/// The JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    enode: Enode,
    id: PublicKey,
    node_id: NodeId,
}

/// How a crawl ended.
#[derive(Debug, Clone, Copy)]
enum End {
    /// Everybody was looked up.
    Complete,
    /// It was to take no longer than so many seconds.
    Late(u64),
    /// It was interrupted.
    Interrupted,
}

/// A crawl under way.
struct Crawl {
    discovery: Arc<Discovery>,
    json: bool,
    begin: Instant,
    seen: HashSet<PublicKey>,
    /// Whom to look up next.
    next: VecDeque<PublicKey>,
    lookups: JoinSet<Result<Vec<Node>, AskError>>,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let mut stop = Stop::new().map_err(Failure::system)?;
    let bootnodes = nodes::all(&args.bootnode);
    let next = bootnodes.iter().map(|node| node.public_key).collect();
    let start = super::start_with(&args.common, bootnodes);
    let Some(started) = stop.unless(start).await else { return Ok(()) };
    let discovery = Arc::new(started?);
    let mut crawl = Crawl {
        discovery,
        json: args.common.json,
        begin: Instant::now(),
        seen: HashSet::new(),
        next,
        lookups: JoinSet::new(),
    };
    let mut ends = Stop::new().map_err(Failure::system)?;
    let mut printing = Printing::start(async move {
        let end = tokio::select! {
            done = crawl.run() => done.map(|()| End::Complete)?,
            () = sleep(Duration::from_secs(args.seconds)) => End::Late(args.seconds),
            () = ends.wait(None) => End::Interrupted,
        };
        crawl.end(end).await
    });
    match printing.until(&mut stop, None).await {
        Some(done) => done,
        None => printing.end(&mut stop, async {}).await.unwrap_or(Ok(())),
    }
}

impl Crawl {
    /// Runs until everybody is found.
    async fn run(&mut self) -> Result<(), Failure> {
        let mut progress = interval(PROGRESS);
        progress.set_missed_tick_behavior(MissedTickBehavior::Skip);
        progress.reset();
        loop {
            self.look_up_more();
            tokio::select! {
                done = self.lookups.join_next() => match done {
                    Some(Ok(Ok(nodes))) => self.tell(&nodes)?,
                    Some(_) => {}
                    None => return Ok(()),
                },
                _ = progress.tick() => self.tell_progress(),
            }
        }
    }

    fn look_up_more(&mut self) {
        while self.lookups.len() < AT_A_TIME {
            let Some(key) = self.next.pop_front() else { return };
            let discovery = self.discovery.clone();
            self.lookups.spawn(async move { discovery.lookup(key.to_bytes()).await });
        }
    }

    /// Lists those that are new.
    fn tell(&mut self, nodes: &[Node]) -> Result<(), Failure> {
        for node in nodes {
            if !self.seen.insert(node.public_key) {
                continue;
            }
            self.next.push_back(node.public_key);
            let enode = node.enode();
            if self.json {
                output::json(&Found { enode, id: node.public_key, node_id: node.node_id() })?;
            } else {
                output::line(enode)?;
            }
        }
        Ok(())
    }

    /// On stderr, so that stdout has nothing but nodes.
    fn tell_progress(&self) {
        let (found, left) = (self.seen.len(), self.next.len());
        let seconds = self.begin.elapsed().as_secs();
        // Nowhere left to say that it cannot be printed.
        let _ = writeln!(io::stderr(), "{found} found, {left} of them to look up, {seconds} s");
    }

    async fn end(mut self, end: End) -> Result<(), Failure> {
        self.lookups.shutdown().await;
        let (found, left) = (self.seen.len(), self.next.len());
        let seconds = self.begin.elapsed().as_secs_f64();
        if let Some(discovery) = Arc::into_inner(self.discovery) {
            discovery.stop().await;
        }
        let rest = match (found, end) {
            (0, End::Complete) => return Err(super::no_bootnode()),
            (0, End::Late(limit)) => {
                return Err(Failure::told(format_args!(
                    "nobody has answered within {limit} s: take more time with `--for SECONDS`"
                ))
                .about(&explain::NO_BOOTNODE));
            }
            (_, End::Complete) => "nobody knows of more".to_owned(),
            (0, End::Interrupted) => "nobody had answered yet".to_owned(),
            (_, End::Late(_) | End::Interrupted) => {
                format!("{left} of them were not looked up, there may be more")
            }
        };
        // As above.
        let _ = writeln!(io::stderr(), "{found} found in {seconds:.1} s; {rest}.");
        Ok(())
    }
}
