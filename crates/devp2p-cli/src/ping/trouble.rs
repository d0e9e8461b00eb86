//! Why a ping came to nothing, in words for who typed it.

use std::fmt::{self, Display};

use devp2p_core::net::{EndReason, SetupStep, TransportError};
use devp2p_core::p2p::DisconnectReason;

use super::Step;
use crate::explain::{self, Explained, Topic};

/// Why a ping came to nothing, or ended early.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The time is over: during which step, and whom we waited for.
    Late(Step, String),
    /// The connection ended, or never came about: during which step, and why.
    End(Step, EndReason),
}

impl Explained for Trouble {
    fn topic(&self) -> &'static Topic {
        match self {
            Self::Late(Step::LookUp, _) => &explain::NAME_NOT_FOUND,
            Self::Late(Step::Connect, _) => SetupStep::Connect.topic(),
            Self::Late(Step::Handshake, _) => SetupStep::Handshake.topic(),
            Self::Late(Step::Hello, _) => SetupStep::Hello.topic(),
            Self::Late(Step::Ping, _) => &explain::NO_PONG,
            Self::End(Step::Hello, EndReason::Transport(TransportError::Closed)) => {
                &explain::CLOSED_AFTER_ACK
            }
            Self::End(Step::Ping, EndReason::Transport(TransportError::Closed)) => {
                &explain::CLOSED_AFTER_HELLO
            }
            Self::End(_, reason) => reason.topic(),
        }
    }
}

impl Trouble {
    /// What to tell the other side, if anything.
    pub(super) fn disconnect(&self) -> Option<DisconnectReason> {
        match self {
            Self::Late(..) => Some(DisconnectReason::Quitting),
            Self::End(_, reason) => reason.disconnect(),
        }
    }
}

impl Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late(step, at) => write!(f, "{at}: {}", too_late(*step)),
            Self::End(_, EndReason::HungUp) => write!(
                f,
                "{} (Nodes also hang up on who was there less than 30 seconds ago, unless it is a \
                 machine of their own network.)",
                EndReason::HungUp
            ),
            Self::End(_, EndReason::Transport(TransportError::Handshake(error))) => write!(
                f,
                "the answer is no RLPx handshake: is it a devp2p node, and is the port right? \
                 ({error})"
            ),
            Self::End(_, EndReason::Remote(reason)) => {
                let code = reason.code();
                write!(f, "the node refuses us: {reason} (0x{code:02x}){}", advice(*reason))
            }
            Self::End(_, EndReason::Local(DisconnectReason::UnexpectedIdentity)) => {
                f.write_str("the node's Hello names another key than the one it has proved to own")
            }
            Self::End(Step::Hello, EndReason::Transport(TransportError::Closed)) => f.write_str(
                "the node closed the connection after the handshake, and before its Hello",
            ),
            Self::End(_, reason) => reason.fmt(f),
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

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use devp2p_core::handshake::HandshakeError;

    use super::super::report::remark;
    use super::*;

    const STEPS: [Step; 5] =
        [Step::LookUp, Step::Connect, Step::Handshake, Step::Hello, Step::Ping];

    #[track_caller]
    fn check(text: &str, topic: &'static Topic) {
        assert_eq!(explain::of_text(text).map(Topic::slug), Some(topic.slug()), "{text}");
    }

    #[test]
    fn every_trouble_is_explained_in_whatever_step_it_comes() {
        let reasons = [
            EndReason::HungUp,
            EndReason::Connect(ErrorKind::ConnectionRefused),
            EndReason::Remote(DisconnectReason::TooManyPeers),
            EndReason::Remote(DisconnectReason::AlreadyConnected),
            EndReason::Remote(DisconnectReason::ConnectedToSelf),
            EndReason::Remote(DisconnectReason::UselessPeer),
            EndReason::Remote(DisconnectReason::Unknown(0x20)),
            EndReason::Local(DisconnectReason::UnexpectedIdentity),
            EndReason::Transport(TransportError::Closed),
            EndReason::Transport(TransportError::Stalled),
            EndReason::Transport(TransportError::Io(ErrorKind::ConnectionReset)),
            EndReason::Transport(HandshakeError::PacketSize(18516).into()),
            EndReason::Transport(HandshakeError::Undecipherable.into()),
            EndReason::Transport(HandshakeError::Signature.into()),
        ];
        for step in STEPS {
            let late = Trouble::Late(step, "127.0.0.1:1".to_owned());
            let ended = reasons.iter().map(|reason| Trouble::End(step, reason.clone()));
            for trouble in ended.chain([late]) {
                match step {
                    Step::Ping => check(&remark(&trouble), trouble.topic()),
                    _ => check(&trouble.to_string(), trouble.topic()),
                }
            }
        }
    }

    #[test]
    fn a_connection_that_was_closed_is_told_by_how_far_it_had_come() {
        let closed = |step| Trouble::End(step, EndReason::Transport(TransportError::Closed));
        assert_eq!(closed(Step::Hello).topic(), &explain::CLOSED_AFTER_ACK);
        assert_eq!(closed(Step::Ping).topic(), &explain::CLOSED_AFTER_HELLO);
    }
}
