//! `devp2p rpc`: asks any node over JSON-RPC.

use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use devp2p_rpc::client::{Client, ClientError, Subscription};
use devp2p_rpc::{Error, METHOD_NOT_FOUND};
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
    let asked = stop.unless(asking).await.transpose();
    match asked.map_err(|error| failed(&error, &args.place))? {
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
        output::line(on_one_line(event.get()))?;
    }
    Ok(())
}

/// JSON, or else a text.
fn parameter(word: impl AsRef<str>) -> Value {
    let word = word.as_ref();
    serde_json::from_str(word).unwrap_or_else(|_| word.into())
}

/// As much of an error is printed, in letters.
const MOST_TOLD: usize = 2000;
/// Deeper than this, nothing is indented any more.
const MOST_INDENTED: usize = 40;

/// JSON as people read it: a member a line. Numbers stay as they came; a letter that would do something
/// to the terminal is written as JSON has it, by its number.
fn indented(json: &str) -> String {
    let (mut out, mut depth, mut is_text, mut is_escaped) = (String::new(), 0_usize, false, false);
    let new_line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth.min(MOST_INDENTED)));
    };
    let mut letters = json.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            _ if is_text => {
                push_visible(&mut out, letter);
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

/// The same on one line.
fn on_one_line(json: &str) -> String {
    let (mut out, mut is_text, mut is_escaped) = (String::new(), false, false);
    for letter in json.chars() {
        if is_text || !letter.is_ascii_whitespace() {
            push_visible(&mut out, letter);
        }
        is_text = if is_text { is_escaped || letter != '"' } else { letter == '"' };
        is_escaped = is_text && letter == '\\' && !is_escaped;
    }
    out
}

/// A letter of JSON, or its number if it cannot be seen.
fn push_visible(out: &mut String, letter: char) {
    let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if letter.is_control() || turns {
        out.push_str(&format!("\\u{:04x}", u32::from(letter)));
    } else {
        out.push(letter);
    }
}

/// Why there is no result, and what to do.
fn failed(error: &ClientError, place: &str) -> Failure {
    use ClientError as E;
    // A port, or an address and a port.
    let is_address = !place.contains(['/', '\\'])
        && place.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok());
    let (advice, topic) = match error {
        E::Connect { .. } if is_address => {
            (". This was taken for a path: an address is http://127.0.0.1:8545", &explain::NO_RPC)
        }
        E::Connect { .. } => (". Is the node running, and does it answer there?", &explain::NO_RPC),
        E::Place { .. } | E::Http { .. } => ("", &explain::NO_RPC),
        E::Refused(refused) if refused.message == "notifications not supported" => {
            (". HTTP tells no events: use ws:// or the path of the socket", &explain::RPC_REFUSED)
        }
        E::Refused(refused)
            if refused.message == "expected subscription name as first argument" =>
        {
            (". Write module and name apart: --subscribe admin peerEvents", &explain::RPC_REFUSED)
        }
        E::Refused(refused) if refused.code == METHOD_NOT_FOUND => (
            ". A name has its module, a _ and the method, and capital letters count; rpc_modules \
                 tells the modules",
            &explain::RPC_REFUSED,
        ),
        // Their words are go-ethereum's.
        E::Refused(refused) if refused.message.contains("missing 'enr:' prefix") => {
            (". A node is written enode://… or enr:…", &explain::RPC_REFUSED)
        }
        E::Refused(refused) if refused.message.contains("without 0x prefix") => {
            (". Bytes are written 0x…", &explain::RPC_REFUSED)
        }
        E::Lost(_) | E::TimedOut(_) => ("", &explain::RPC_LOST),
        _ => ("", &explain::RPC_REFUSED),
    };
    // What a node says is one line, and not endless.
    let mut told: String = error.to_string().replace(['\r', '\n'], " ");
    if let E::Refused(Error { data: Some(data), .. }) = error {
        told.push_str(" with ");
        told.push_str(&on_one_line(data.get()));
    }
    if let Some((end, _)) = told.char_indices().nth(MOST_TOLD) {
        told.truncate(end);
        told.push('…');
    }
    Failure::told(format_args!("{told}{advice}")).about(topic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_turn_or_clear_the_terminal_is_written_by_its_number() {
        let json = "[\"\u{9b}2J\u{202e}\u{7f}ä\", 1]";
        assert_eq!(indented(json), "[\n  \"\\u009b2J\\u202e\\u007fä\",\n  1\n]");
        assert_eq!(on_one_line("{\"a b\" :\n[1, \"\\\" \"]}"), "{\"a b\":[1,\"\\\" \"]}");
        assert_eq!(on_one_line("\"\u{85}\""), "\"\\u0085\"");
    }

    #[test]
    fn what_is_deep_does_not_become_large() {
        let deep = format!("{}{}", "[1,".repeat(10_000), "]".repeat(10_000));
        assert!(indented(&deep).len() < 300 * 10_000);
    }

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
