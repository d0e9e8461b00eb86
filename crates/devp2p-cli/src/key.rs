//! `devp2p key`: the key that a node is known by.

use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use devp2p_core::enode::{Address, Enode, Host};
use devp2p_core::keys::NodeKey;
use devp2p_core::keys::file::KeyFileError;
use devp2p_core::p2p::printable;

use crate::explain::Explained;
use crate::failure::Failure;
use crate::{output, values};

/// Make and show the key that a node is known by
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
#[command(after_help = "\
Example:
  devp2p key new my.key
  devp2p node --key my.key")]
pub(crate) enum Command {
    /// Make a new key and write it to a file
    #[command(after_help = "Example:\n  devp2p key new my.key")]
    New {
        /// Where to write it; an existing file is never overwritten
        file: PathBuf,
    },
    /// Print the enode of the node that has this key
    #[command(after_help = "\
Examples:
  devp2p key enode my.key                     who it is
  devp2p key enode my.key --ip 192.168.1.5    who and where it is")]
    Enode {
        /// The key file
        file: PathBuf,
        /// The node's IP address; without it, the enode says who but not where
        #[arg(long, value_parser = values::ip)]
        ip: Option<IpAddr>,
        /// Its TCP port
        #[arg(long, value_name = "PORT", default_value_t = 30303, requires = "ip")]
        tcp: u16,
        /// Its UDP port [default: the TCP port]
        #[arg(long, value_name = "PORT", requires = "ip")]
        udp: Option<u16>,
    },
}

pub(crate) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::New { file } => new(file),
        Command::Enode { file, ip, tcp, udp } => {
            let address =
                ip.map(|ip| Address { host: Host::Ip(ip), tcp: *tcp, udp: udp.unwrap_or(*tcp) });
            output::line(Enode { public_key: load(file)?.public_key(), address })
        }
    }
}

fn new(file: &Path) -> Result<(), Failure> {
    let key = fresh();
    key.save(file).map_err(|error| {
        Failure::told(format_args!("cannot write the key file {}: {error}", file.display()))
            .about(error.topic())
    })?;
    let (file, public_key, program) = (file.display(), key.public_key(), output::program());
    output::line(format_args!(
        "Wrote a new key to {file}. Whoever has this file is this node: keep it to yourself.\n\
         \n\
         The node is known as\n\
         \n  \
           enode://{public_key}\n\
         \n\
         Run it with `{program} node --key \"{file}\"`."
    ))
}

/// The key in this file, or a fresh one.
pub(crate) fn load_or_fresh(file: Option<&Path>) -> Result<NodeKey, Failure> {
    file.map_or_else(|| Ok(fresh()), load)
}

fn fresh() -> NodeKey {
    NodeKey::generate(&mut rand::rng())
}

/// The key in this file.
pub(crate) fn load(file: &Path) -> Result<NodeKey, Failure> {
    let path = file.display();
    if others_can_read(file) {
        let warning = format!(
            "devp2p: warning: others on this machine can read the key file {path}, and be this node: \
             `chmod 600 \"{path}\"`"
        );
        // Without stderr nobody can be warned.
        let _ = writeln!(io::stderr(), "{}", printable(&warning));
    }
    NodeKey::load(file).map_err(|error| {
        let failure = match error {
            KeyFileError::NotFound => Failure::told(format_args!(
                "there is no key file {path}: make one with `{} key new \"{path}\"`",
                output::program()
            )),
            error => Failure::told(format_args!("cannot read the key file {path}: {error}")),
        };
        failure.about(error.topic())
    })
}

#[cfg(unix)]
fn others_can_read(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file)
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o077 != 0)
}

/// Cannot be known without asking for access control lists.
#[cfg(not(unix))]
fn others_can_read(_file: &Path) -> bool {
    false
}
