//! `devp2p`: a node, a ping, node discovery and a key tool for any terminal.
//!
//! ```text
//! devp2p node          run a node and watch its peers come and go
//! devp2p ping ENODE    say hello to a node, and see how long each step takes
//! devp2p diagnose      why has my node no peers?
//! devp2p rpc PLACE …    ask a node over JSON-RPC
//! devp2p explain THING what does that reason, error or silence mean?
//! devp2p trace LESSON  what two nodes say to each other, byte by byte
//! devp2p decode THING  what are these bytes?
//! devp2p discv4 …      find nodes over UDP, and see how that is done
//! devp2p key …         make and show the key that a node is known by
//! ```
//!
//! | exit code | |
//! |---|---|
//! | 0 | done, or ended as asked: Ctrl-C, SIGTERM, `--for`, nobody reads the output any more |
//! | 1 | it failed; stderr says why and what to do, and perhaps where to read more |
//! | 2 | the command line cannot be understood |
//!
//! stdout has what was asked for and nothing else; the log and failures go to stderr.

mod capture;
mod decode;
mod diagnose;
mod discv4;
mod explain;
mod failure;
mod key;
mod lan;
mod log;
mod node;
mod nodes;
mod output;
mod ping;
mod rpc;
mod stop;
mod trace;
mod values;

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::runtime::Builder;

use crate::failure::Failure;

/// Ethereum's peer-to-peer protocol on the command line
#[derive(Debug, Parser)]
#[command(name = "devp2p", version, arg_required_else_help = true)]
#[command(disable_help_subcommand = true)]
#[command(after_help = "\
Try it in two terminals:
  devp2p node
  devp2p ping \"enode://…\"   (the first one prints the whole line)")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Log every step on stderr; -vv also every ping
    #[arg(short, long, global = true, action = clap::ArgAction::Count, display_order = 100)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Command {
    Node(node::Args),
    Ping(ping::Args),
    Diagnose(diagnose::Args),
    Rpc(rpc::Args),
    Explain(explain::Args),
    Trace(trace::Args),
    Decode(decode::Args),
    #[command(subcommand)]
    Discv4(discv4::Command),
    #[command(subcommand)]
    Key(key::Command),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse_from(explain::pasted(env::args_os())) {
        Ok(cli) => cli,
        Err(usage) if usage.use_stderr() => {
            // It quotes what was typed, which may have been copied from anywhere.
            let _ = io::stderr().write_all(failure::lines(&told(&usage)).as_bytes());
            return u8::try_from(usage.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
        }
        Err(usage) => {
            // Nowhere left to say that it cannot be printed.
            let _ = usage.print();
            return u8::try_from(usage.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
        }
    };
    // A diagnosis says itself what the warnings say.
    let warns = !matches!(cli.command, Command::Diagnose(_));
    let log = log::start(cli.verbose, warns, shows_wires(&cli.command, cli.verbose));
    let done = match cli.command {
        Command::Node(args) => block_on(node::run(args)),
        Command::Ping(args) => block_on(ping::run(args)),
        Command::Diagnose(args) => block_on(diagnose::run(args)),
        Command::Rpc(args) => block_on(rpc::run(args)),
        Command::Discv4(command) => block_on(discv4::run(command)),
        Command::Explain(args) => explain::run(&args),
        Command::Trace(args) => trace::run(&args),
        Command::Decode(args) => decode::run(&args),
        Command::Key(command) => key::run(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // As in `devp2p node | head -1`: who has read enough is no failure.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(failure) => {
            // After what went before it; and nobody waits for ever for a stderr that takes nothing.
            let more =
                failure.topic().map_or_else(String::new, |topic| explain::more(topic) + "\n");
            log.line(format!("devp2p: {failure}\n{more}"));
            ExitCode::FAILURE
        }
    }
}

/// Whether what crosses RPC connections is to be shown.
fn shows_wires(command: &Command, verbose: u8) -> bool {
    match command {
        Command::Rpc(args) => args.trace || verbose > 1,
        Command::Node(args) => args.shows_wires(),
        _ => false,
    }
}

/// What is wrong with the command line; and where to read more, if a value is wrong that has an
/// explanation, such as an enode.
fn told(usage: &clap::Error) -> String {
    let value = usage.source().and_then(|wrong| explain::of_text(&wrong.to_string()));
    let more = value.map_or_else(String::new, |topic| explain::more(topic) + "\n");
    format!("{usage}{more}")
}

/// Runs a command that uses the network.
fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::system)?;
    let done = runtime.block_on(command);
    // The end of the process ends it. A DNS lookup that is under way cannot be ended otherwise, and
    // a thread that still prints would find itself without a clock.
    std::mem::forget(runtime);
    done
}
