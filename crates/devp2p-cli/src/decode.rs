//! `devp2p decode`: what are these bytes?
//!
//! ```text
//! text, hex, a file, stdin ─▶ what is it? ─▶ read as such ─▶ steps ─▶ text, or JSON
//! ```
//!
//! Everything up to a fault is shown; the fault is named, and the exit code is 1.

mod captured;
mod guess;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use devp2p_core::enode::Enode;
use devp2p_core::trace::file::{self, Header};
use devp2p_core::trace::keylog;
use devp2p_core::trace::{
    Side, Step, datagram, disconnect, frame, handshake_packet, hello, message, record, tree,
};
use tracing::warn;

use crate::explain::{KEY_LOG, OPERATING_SYSTEM, UNREADABLE};
use crate::failure::Failure;
use crate::{key, output, trace};

/// The most that is read, in bytes.
const MAX_INPUT: u64 = 1 << 30;

/// Show what bytes are: a packet, a message, a record, a capture, a trace
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  devp2p decode enr:-Ku4Q…                      a node record, without asking anybody
  devp2p decode 01c104                          a message, as hex
  devp2p decode --key my.key auth.bin           a handshake packet that was sent to this key
  devp2p decode --keylog keys.log capture.pcap  whole connections that were recorded
  devp2p decode trace.jsonl                     a trace file")]
pub(crate) struct Args {
    /// Hex digits, a file, an enode, a record, or - for stdin
    #[arg(value_name = "THING")]
    thing: String,
    /// What it is, if that is not found out [default: found out]
    #[arg(long = "as", value_name = "KIND", value_enum)]
    kind: Option<Kind>,
    /// Key file of the node that a handshake packet was sent to
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Key log, as `devp2p node --keylog` writes it
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    keylog: Option<PathBuf>,
    /// Show also the secrets that open what is encrypted
    #[arg(long)]
    secrets: bool,
    /// Print a trace file: JSON, an object a line
    #[arg(long)]
    json: bool,
    /// Show every byte, also of long fields
    #[arg(long, conflicts_with = "json")]
    full: bool,
}

/// What bytes can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Where a node is
    Enode,
    /// A node record
    Enr,
    /// auth or ack, size prefix included
    Handshake,
    /// A discovery packet
    Discv4,
    /// A message: msg-id and payload
    Message,
    /// The payload of a Hello
    Hello,
    /// The payload of a Disconnect
    Disconnect,
    /// A frame, whole, as it travels
    Frame,
    /// RLP of anything
    Rlp,
    /// A capture: pcap or pcapng
    Pcap,
    /// A trace file
    Trace,
}

/// What was read, and what ended it.
struct Decoded {
    steps: Vec<Step>,
    fault: Option<Failure>,
    /// Whether the secrets are there, to be shown if that is asked for.
    secrets: bool,
}

/// Shows what it is.
///
/// # Errors
/// When it cannot be read, or is broken; when the output fails.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let (bytes, is_typed) = input(&args.thing)?;
    let Some(kind) = args.kind.or_else(|| guess::kind(&bytes, is_typed)) else {
        return Err(unknown(&bytes, is_typed));
    };
    let bytes = guess::unwrapped(bytes, kind);
    if kind == Kind::Enode {
        return show_enode(&bytes);
    }
    if args.keylog.is_some() && kind != Kind::Pcap {
        return Err(Failure::told("--keylog is for captures, and this is none").about(&KEY_LOG));
    }
    let Decoded { steps, fault, secrets } = args.decode(kind, &bytes)?;
    let (all, broken) = (steps.len(), steps.iter().filter(|step| step.fault.is_some()).count());
    if all == 0 {
        warn!("there is not one step in it");
    }
    args.show(steps, secrets)?;
    match (fault, broken) {
        (Some(fault), _) => Err(fault),
        (None, 0) => Ok(()),
        (None, broken) => Err(Failure::told(format_args!(
            "{broken} of {all} broken: the lines with an exclamation mark say how"
        ))
        .about(&UNREADABLE)),
    }
}

impl Args {
    fn decode(&self, kind: Kind, bytes: &[u8]) -> Result<Decoded, Failure> {
        let key = self.key.as_deref().map(key::load).transpose()?;
        let one = |step| Ok(Decoded { steps: vec![step], fault: None, secrets: true });
        match kind {
            Kind::Enode => Ok(Decoded { steps: Vec::new(), fault: None, secrets: false }),
            Kind::Enr => one(record(bytes)),
            Kind::Handshake => one(handshake_packet(bytes, key.as_ref())),
            Kind::Discv4 => one(datagram(1, Side::Initiator, bytes)),
            Kind::Message => one(message(bytes)),
            Kind::Hello => one(hello(bytes)),
            Kind::Disconnect => one(disconnect(bytes)),
            Kind::Frame => one(frame(bytes)),
            Kind::Rlp => one(tree(bytes)),
            Kind::Pcap => captured::decode(bytes, self.key_log()?.as_ref(), key.as_ref()),
            Kind::Trace => read_trace(bytes),
        }
    }

    /// What the key log says.
    fn key_log(&self) -> Result<Option<captured::Keys>, Failure> {
        let Some(path) = &self.keylog else { return Ok(None) };
        let text =
            fs::File::open(path).and_then(read).map_err(|error| cannot_read(path, &error))?;
        let text = String::from_utf8_lossy(&text);
        keylog::parse(&text).map(Some).map_err(Failure::explained)
    }

    fn show(&self, steps: Vec<Step>, secrets: bool) -> Result<(), Failure> {
        let secrets = secrets && self.secrets;
        let steps = steps.into_iter().map(|step| match secrets {
            true => step,
            false => step.without_secrets(),
        });
        let steps: Vec<Step> = steps.collect();
        if self.json {
            let header = Header::new("devp2p decode", secrets);
            return output::text(&trace::file(&header, &steps));
        }
        output::text(&trace::steps_text(&steps, &trace::style(self.full)))
    }
}

/// A file, stdin, or what was typed; and whether it was that.
fn input(thing: &str) -> Result<(Vec<u8>, bool), Failure> {
    let path = Path::new(thing);
    let bytes = match thing {
        "-" => read(io::stdin()),
        _ if path.exists() => fs::File::open(path).and_then(read),
        _ => return Ok((thing.trim().as_bytes().to_vec(), true)),
    };
    Ok((bytes.map_err(|error| cannot_read(path, &error))?, false))
}

/// Reads to the end, or to the limit, and says so.
fn read(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = from.take(MAX_INPUT).read_to_end(&mut bytes)?;
    if u64::try_from(read).is_ok_and(|read| read == MAX_INPUT) {
        warn!("only the first {} MiB are read: what comes after is not looked at", MAX_INPUT >> 20);
    }
    Ok(bytes)
}

fn cannot_read(path: &Path, error: &io::Error) -> Failure {
    Failure::told(format_args!("cannot read {}: {error}", path.display())).about(&OPERATING_SYSTEM)
}

fn unknown(bytes: &[u8], is_typed: bool) -> Failure {
    let words = match bytes.len() {
        0 => "there is nothing to decode".to_owned(),
        _ if is_typed => {
            "there is no such file, and this is nothing that is known here: hex digits of a packet \
             are, an enode, or a record; or say with --as what it is"
                .to_owned()
        }
        length => format!(
            "these {length} bytes are nothing that is known here: say with --as what they are"
        ),
    };
    Failure::told(words).about(&UNREADABLE)
}

fn show_enode(text: &[u8]) -> Result<(), Failure> {
    let text = String::from_utf8_lossy(text);
    let enode: Enode = text.trim().parse().map_err(Failure::explained)?;
    let key = enode.public_key;
    let at = enode.address.map_or_else(
        || "it does not say where".to_owned(),
        |at| format!("{}, TCP port {}, UDP port {}", at.host, at.tcp, at.udp),
    );
    output::line(format_args!(
        "id       {key}\nnode id  {}\naddress  {at}\n\n\
         The id is the public key, x and y; the node id is its keccak-256.",
        key.node_id()
    ))
}

fn read_trace(bytes: &[u8]) -> Result<Decoded, Failure> {
    let text = String::from_utf8_lossy(bytes);
    let (header, steps, fault) = file::read(&text).map_err(Failure::explained)?;
    Ok(Decoded { steps, fault: fault.map(Failure::explained), secrets: header.secrets })
}
