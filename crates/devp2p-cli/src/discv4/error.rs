//! Why discovery came to nothing.

use std::io;
use std::net::SocketAddr;

use devp2p_core::discv4::service::RequestError;
use devp2p_core::keys::PublicKey;
use devp2p_core::net::discovery::AskError;
use thiserror::Error;

use super::TRIES;

/// Why discovery came to nothing.
#[derive(Debug, Error)]
pub(crate) enum Discv4Error {
    /// No socket.
    #[error("{}", no_socket(*addr, error))]
    Socket {
        /// Where it was to be.
        addr: SocketAddr,
        /// What the operating system says.
        error: io::Error,
    },
    /// The node does not answer.
    #[error(
        "no answer from UDP {0}, asked {TRIES} times: does the node run, with discovery v4 on? Are \
         the key and the UDP port in the enode right? Or does a firewall drop UDP?"
    )]
    NoAnswer(SocketAddr),
    /// A lookup did not get anywhere.
    #[error(
        "no bootnode answers: do they run, with discovery v4 on? `devp2p discv4 ping` tells more"
    )]
    NoBootnode,
    /// The time was over before anybody answered.
    #[error("nobody has answered within {0} s: take more time with `--for SECONDS`")]
    TooShort(u64),
    /// There is nobody to begin with.
    #[error("nothing says where to begin: add `--bootnode ENODE`, a node that may know others")]
    NothingToBeginWith,
    /// Nobody knows the node.
    #[error(
        "nobody knows the node {}: the {closest} nodes closest to it answered, and it is not among \
         them. It may be gone, or hide behind a firewall.",
        .key.short()
    )]
    Unknown {
        /// Who was searched.
        key: PublicKey,
        /// How many nodes answered.
        closest: usize,
    },
    /// The node's record is another one's.
    #[error("the node sent the record of another node: it is broken, or plays tricks")]
    WrongRecord,
    /// The enode leads nowhere.
    #[error(transparent)]
    Ask(AskError),
}

impl From<AskError> for Discv4Error {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Request(RequestError::WrongRecord) => Self::WrongRecord,
            other => Self::Ask(other),
        }
    }
}

fn no_socket(addr: SocketAddr, error: &io::Error) -> String {
    let any = SocketAddr::new(addr.ip(), 0);
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "UDP port {} on {} is in use: stop the other program, or choose another port, for \
             example with `--listen {any}`",
            addr.port(),
            addr.ip()
        ),
        _ => format!("cannot open a UDP socket on {addr}: {error}"),
    }
}
