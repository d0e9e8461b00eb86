//! `devp2p rpc`: asks any node over JSON-RPC.

use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use devp2p_rpc::METHOD_NOT_FOUND;
use devp2p_rpc::client::{Client, ClientError, Subscription};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::explain;
use crate::failure::Failure;
use crate::output::{self, Printing};
use crate::stop::Stop;
use crate::values;

/// Ask a node over JSON-RPC, and print what it answers
#[derive(Debug, clap::Args)]
#[command(override_usage = "\
devp2p rpc PLACE METHOD [PARAMETER]...
       devp2p rpc PLACE --subscribe NAMESPACE NAME [PARAMETER]...")]
#[command(after_help = "\
Examples:
  devp2p rpc /tmp/devp2p.ipc admin_peers
  devp2p rpc /tmp/devp2p.ipc admin_addPeer \"enode://…@127.0.0.1:30303\"
  devp2p rpc http://127.0.0.1:8545 web3_sha3 0x68656c6c6f
  devp2p rpc ws://127.0.0.1:8545 rpc_modules
  devp2p rpc /tmp/devp2p.ipc --subscribe admin peerEvents

A parameter is JSON, or else a text: 5, true, null, [1,2] and {\"a\":1} are JSON, 0x10 and
enode://… are texts; \"5\" as a text is '\"5\"'")]
pub(crate) struct Args {
    /// Where the node answers: the path of its IPC socket, or a URL with `http` or `ws`
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    place: String,
    /// The method, and its parameters
    #[arg(required = true, value_name = "METHOD", allow_negative_numbers = true)]
    words: Vec<String>,
    /// Print events, one a line, until Ctrl-C
    #[arg(long)]
    subscribe: bool,
    /// Show on stderr what crosses the connection, value by value
    #[arg(long)]
    pub(crate) trace: bool,
    /// End by itself after so many seconds
    #[arg(long = "for", value_name = "SECONDS", requires = "subscribe")]
    #[arg(value_parser = values::number::<u64>, allow_negative_numbers = true)]
    seconds: Option<u64>,
}

/// Asks, and prints.
///
/// # Errors
/// When there is no node, or it says no.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let mut stop = Stop::new().map_err(Failure::system)?;
    let Some((first, rest)) = args.words.split_first() else { return Ok(()) };
    let params: Vec<Value> = rest.iter().map(parameter).collect();
    let asking = async {
        let client = Client::connect(&args.place).await?;
        Ok(match args.subscribe {
            true => Asked::Events(client.subscribe(first, params).await?),
            false => Asked::Result(client.raw_call(first, params).await?),
        })
    };
    match stop.unless(asking).await.transpose().map_err(|error| failed(&error))? {
        None => Ok(()),
        Some(Asked::Result(result)) => output::line(indented(result.get())),
        Some(Asked::Events(events)) => {
            let limit = args.seconds.map(Duration::from_secs);
            Printing::start(tell(events)).until(&mut stop, limit).await.unwrap_or(Ok(()))
        }
    }
}

/// What has come of it.
enum Asked {
    Result(Box<RawValue>),
    Events(Subscription<Box<RawValue>>),
}

/// Prints events as they come.
async fn tell(mut events: Subscription<Box<RawValue>>) -> Result<(), Failure> {
    while let Some(event) = events.next().await {
        let event = event.map_err(|end| Failure::told(end).about(&explain::RPC_LOST))?;
        output::line(event)?;
    }
    Ok(())
}

/// JSON, or else a text.
fn parameter(word: impl AsRef<str>) -> Value {
    let word = word.as_ref();
    serde_json::from_str(word).unwrap_or_else(|_| word.into())
}

/// JSON as people read it: a member a line. Nothing else is changed, so numbers stay as they came.
fn indented(json: &str) -> String {
    let (mut out, mut depth, mut is_text, mut is_escaped) = (String::new(), 0_usize, false, false);
    let new_line = |out: &mut String, depth| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    let mut letters = json.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            _ if is_text => {
                out.push(letter);
                is_text = is_escaped || letter != '"';
                is_escaped = letter == '\\' && !is_escaped;
            }
            '{' | '[' => {
                out.push(letter);
                while letters.next_if(char::is_ascii_whitespace).is_some() {}
                if !matches!(letters.peek(), Some('}' | ']')) {
                    depth = depth.saturating_add(1);
                    new_line(&mut out, depth);
                } else if let Some(end) = letters.next() {
                    out.push(end);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(letter);
            }
            ',' => {
                out.push(letter);
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            ' ' | '\t' | '\r' | '\n' => {}
            _ => {
                is_text = letter == '"';
                out.push(letter);
            }
        }
    }
    out
}

/// Why there is no result, and what to do.
fn failed(error: &ClientError) -> Failure {
    use ClientError as E;
    let (advice, topic) = match error {
        E::Connect { .. } => (". Is the node running, and does it answer there?", &explain::NO_RPC),
        E::Place { .. } | E::Http { .. } => ("", &explain::NO_RPC),
        E::Refused(refused) if refused.code == METHOD_NOT_FOUND => {
            (". The method rpc_modules tells what it answers here", &explain::RPC_REFUSED)
        }
        E::Lost(_) | E::TimedOut(_) => ("", &explain::RPC_LOST),
        _ => ("", &explain::RPC_REFUSED),
    };
    Failure::told(format_args!("{error}{advice}")).about(topic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_and_otherwise_as_it_came() {
        for (json, told) in [
            ("1e400", "1e400"),
            ("{}", "{}"),
            ("[ ]", "[]"),
            ("\"a, {\\\"b\\\\\"", "\"a, {\\\"b\\\\\""),
            (
                "{\"b\":[1 ,\n{\"c\":[]}],\"a\":\"x:\"}",
                "{\n  \"b\": [\n    1,\n    {\n      \"c\": []\n    }\n  ],\n  \"a\": \"x:\"\n}",
            ),
        ] {
            assert_eq!(indented(json), told);
        }
    }
}
