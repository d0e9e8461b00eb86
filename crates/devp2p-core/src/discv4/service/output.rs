//! What comes out of a service.

use std::net::SocketAddr;

use thiserror::Error;

use super::super::Node;
use super::super::packet::{Endpoint, Pong};
use super::super::requests::{EXPIRES_AFTER, RequestNumber};
use crate::enr::Enr;

/// Why a request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// No valid answer came in time.
    #[error("no answer: the node is gone, or something on the way drops UDP packets")]
    Timeout,
    /// The node has answered, but by our clock its answer is void, since so many seconds.
    #[error(
        "it answered, but by the clock of this machine {} s late: one of the two clocks is wrong",
        .0.saturating_add(EXPIRES_AFTER)
    )]
    Expired(u64),
    /// The node's record is somebody else's.
    #[error("the node sent the record of another node")]
    WrongRecord,
    /// It would have been a question to ourselves.
    #[error("that is this node's own key")]
    OwnNode,
    /// Too many requests are under way.
    #[error("too many requests at once: wait for some to be done")]
    Busy,
    /// The service was closed.
    #[error("the service was closed")]
    Closed,
}

/// What comes out of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// Send this datagram.
    Send {
        /// Where to.
        to: SocketAddr,
        /// At most [`MAX_PACKET`](crate::discv4::packet::MAX_PACKET) bytes.
        datagram: Vec<u8>,
    },
    /// A node that could be dialed: a bootnode, or one that has answered at this IP address. Perhaps
    /// not for the first time. Only while somebody searches.
    Found(Node),
    /// A [`ping`](super::Service::ping) is done.
    PingDone {
        /// Which.
        number: RequestNumber,
        /// The answer.
        result: Result<Pong, RequestError>,
    },
    /// A [`request_enr`](super::Service::request_enr) is done.
    EnrDone {
        /// Which.
        number: RequestNumber,
        /// The node's record: signed by the node, which need not be where it says.
        result: Result<Enr, RequestError>,
    },
    /// A [`lookup`](super::Service::lookup) is done.
    LookupDone {
        /// Which.
        number: RequestNumber,
        /// The closest nodes that answered, at most 16, the closest first.
        result: Result<Vec<Node>, RequestError>,
    },
    /// We have looked around for nodes. Nobody answered: then the bootnodes are asked again after
    /// 10 s; their names may lead elsewhere by now, see
    /// [`set_bootnodes`](super::Service::set_bootnodes).
    LookedAround {
        /// Whether anybody answered.
        answered: bool,
    },
    /// Other nodes see us at another address: [`record`](super::Service::record) is a new one.
    Moved(Endpoint),
}
