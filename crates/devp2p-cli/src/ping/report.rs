//! What a ping prints, for people or as JSON.

use devp2p_core::enode::Enode;
use devp2p_core::keys::PublicKey;
use devp2p_core::net::EndReason;
use devp2p_core::p2p::{DisconnectReason, Hello};
use serde::Serialize;
use tokio::time::Duration;

use super::{Step, Trouble};
use crate::explain::{Explained, Topic, more};
use crate::failure::Failure;
use crate::output;

/// How a ping tells what happens: step by step for people, all at the end in JSON.
#[derive(Debug)]
pub(super) enum Report {
    Text,
    Json(Milliseconds),
}

/// How long each step took.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Milliseconds {
    #[serde(skip_serializing_if = "Option::is_none")]
    look_up: Option<f64>,
    connect: f64,
    handshake: f64,
    hello: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ping: Option<f64>,
}

/// What was found out.
pub(super) struct Found<'a> {
    pub(super) enode: &'a Enode,
    pub(super) hello: &'a Hello,
    /// Why there was no Pong.
    pub(super) remark: Option<Trouble>,
}

/// The JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    enode: &'a Enode,
    id: PublicKey,
    name: &'a str,
    p2p_version: u64,
    capabilities: Vec<String>,
    milliseconds: &'a Milliseconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    remark: Option<String>,
    /// What `devp2p explain` calls that.
    #[serde(skip_serializing_if = "Option::is_none")]
    explain: Option<&'static str>,
}

impl Report {
    pub(super) fn begin(json: bool, enode: &Enode) -> Result<Self, Failure> {
        if json {
            return Ok(Self::Json(Milliseconds::default()));
        }
        let address = enode.address.as_ref();
        let place = address.map_or_else(String::new, |at| format!(" at {}:{}", at.host, at.tcp));
        output::line(format_args!("Ping {}{place}\n", enode.public_key.short()))?;
        Ok(Self::Text)
    }

    /// A step is done.
    pub(super) fn step(&mut self, step: Step, time: Duration) -> Result<(), Failure> {
        let milliseconds = (time.as_secs_f64() * 1e6).round() / 1e3;
        let name = match self {
            Self::Json(all) => {
                match step {
                    Step::LookUp => all.look_up = Some(milliseconds),
                    Step::Connect => all.connect = milliseconds,
                    Step::Handshake => all.handshake = milliseconds,
                    Step::Hello => all.hello = milliseconds,
                    Step::Ping => all.ping = Some(milliseconds),
                }
                return Ok(());
            }
            Self::Text => match step {
                Step::LookUp => "name look-up",
                Step::Connect => "TCP connect",
                Step::Handshake => "RLPx handshake",
                Step::Hello => "Hello",
                Step::Ping => "Ping, Pong",
            },
        };
        output::line(format_args!("  {name:<14} {milliseconds:>10.2} ms"))
    }

    /// All is done.
    pub(super) fn end(&self, found: &Found<'_>) -> Result<(), Failure> {
        let Found { enode, hello, .. } = found;
        let topic = found.remark.as_ref().map(Explained::topic);
        let remark = found.remark.as_ref().map(remark);
        let capabilities: Vec<String> =
            hello.capabilities.iter().map(ToString::to_string).collect();
        match self {
            Self::Json(milliseconds) => output::json(&Answer {
                enode,
                id: hello.public_key,
                name: &hello.client_id,
                p2p_version: hello.version,
                capabilities,
                milliseconds,
                remark,
                explain: topic.map(Topic::slug),
            }),
            Self::Text => {
                let more = topic.map_or_else(String::new, |topic| format!("\n{}", more(topic)));
                output::line(format_args!("{}{more}", text(hello, &capabilities, remark)))
            }
        }
    }
}

fn text(hello: &Hello, capabilities: &[String], remark: Option<String>) -> String {
    let capabilities =
        if capabilities.is_empty() { "none".to_owned() } else { capabilities.join(" ") };
    let remark = remark.map_or_else(String::new, |remark| format!("\n\n{remark}"));
    format!(
        "\n\
         name          {name}\n\
         p2p version   {version}\n\
         capabilities  {capabilities}\n\
         id            {id}{remark}",
        name = hello.client_id,
        version = hello.version,
        id = hello.public_key,
    )
}

/// Why there was no Pong, now that the Hello is there.
pub(super) fn remark(trouble: &Trouble) -> String {
    match trouble {
        Trouble::End(_, EndReason::Remote(reason)) => {
            let why = match reason {
                DisconnectReason::UselessPeer => ": a ping offers it no capability",
                _ => "",
            };
            let code = reason.code();
            format!("After Hello it said \"{reason}\" (0x{code:02x}){why}.")
        }
        other => format!("After Hello there was no Pong: {other}."),
    }
}
