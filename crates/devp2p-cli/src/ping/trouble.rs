//! Why a ping came to nothing, in words for who typed it.

use std::fmt::{self, Display};

use devp2p_core::net::{EndReason, TransportError};
use devp2p_core::p2p::DisconnectReason;

use super::Step;

/// Why a ping came to nothing, or ended early.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The time is over: during which step, and whom we waited for.
    Late(Step, String),
    /// The connection ended, or never came about.
    End(EndReason),
}

impl Trouble {
    /// What to tell the other side, if anything.
    pub(super) fn disconnect(&self) -> Option<DisconnectReason> {
        match self {
            Self::Late(..) => Some(DisconnectReason::Quitting),
            Self::End(reason) => reason.disconnect(),
        }
    }
}

impl Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late(step, at) => write!(f, "{at}: {}", too_late(*step)),
            Self::End(EndReason::HungUp) => write!(
                f,
                "{} (Nodes also hang up on who was there less than 30 seconds ago, unless it is a \
                 machine of their own network.)",
                EndReason::HungUp
            ),
            Self::End(EndReason::Transport(TransportError::Handshake(error))) => write!(
                f,
                "the answer is no RLPx handshake: is it a devp2p node, and is the port right? \
                 ({error})"
            ),
            Self::End(EndReason::Remote(reason)) => {
                let code = reason.code();
                write!(f, "the node refuses us: {reason} (0x{code:02x}){}", advice(*reason))
            }
            Self::End(EndReason::Local(DisconnectReason::UnexpectedIdentity)) => {
                f.write_str("the node's Hello names another key than the one it has proved to own")
            }
            Self::End(reason) => reason.fmt(f),
        }
    }
}

fn advice(reason: DisconnectReason) -> &'static str {
    match reason {
        DisconnectReason::TooManyPeers => ". Try again when it has a free slot.",
        DisconnectReason::AlreadyConnected => ". Does another program use the same key?",
        DisconnectReason::ConnectedToSelf => ". It has the same key as we: leave out --key.",
        _ => "",
    }
}

fn too_late(step: Step) -> &'static str {
    match step {
        Step::LookUp => {
            "no name server answered within 10 seconds: is there a network? Or write the IP address \
             instead of the name"
        }
        Step::Connect => {
            "nobody answered within 10 seconds: is the address right, or is a firewall between?"
        }
        Step::Handshake => {
            "the other side took the connection, but did not answer the handshake within \
             10 seconds: is it a devp2p node?"
        }
        Step::Hello => "the node did the handshake, but said no Hello within 10 seconds",
        Step::Ping => "no Pong came within 10 seconds",
    }
}
