//! All that can be explained.

mod closed;
mod discovery;
mod more_reasons;
mod names;
mod peers;
mod reasons;
mod rpc;
mod set_up;
mod start;
mod traces;
mod wire;

use super::topic::Topic;

pub(crate) use closed::{
    CLOSED_AFTER_ACK, CLOSED_AFTER_AUTH, CLOSED_AFTER_HELLO, CLOSED_IN_HANDSHAKE,
    CONNECTION_CLOSED, TURNED_AWAY,
};
pub(crate) use discovery::{
    BAD_PACKET, BUSY, KNOWS_NOBODY, NO_BOOTNODE, NO_PEERS, NO_UDP_ANSWER, NO_UDP_PORT,
    NOBODY_CONNECTS, NODE_NOT_FOUND, UNEXPLAINED, WRONG_CLOCK, WRONG_RECORD,
};
pub(crate) use more_reasons::{
    CONNECTED_TO_SELF, READ_TIMEOUT, SUBPROTOCOL_ERROR, UNEXPECTED_IDENTITY, UNKNOWN_REASON,
    UNREADABLE_REASON,
};
pub(crate) use names::{
    BAD_ENODE, BAD_HOST, BAD_NODE_ID, BAD_PORT, BAD_PUBLIC_KEY, BAD_RECORD, BAD_SIGNATURE,
    RECORD_SIGNATURE,
};
pub(crate) use peers::{
    MADE_ROOM, NO_ADDRESS, NO_PONG, NO_TCP_PORT, OUR_BUG, OWN_NODE, PROTOCOL_FAILED,
    PROTOCOL_PANICKED, PROTOCOL_RETURNED, SILENCE, STALLED, SUPERSEDED,
};
pub(crate) use reasons::{
    ALREADY_CONNECTED, BREACH_OF_PROTOCOL, DISCONNECT_REQUESTED, INCOMPATIBLE_VERSION,
    INVALID_IDENTITY, NETWORK_ERROR, QUITTING, TOO_MANY_PEERS, USELESS_PEER,
};
pub(crate) use rpc::{IPC_PATH, NO_RPC, RPC_LOST, RPC_REFUSED};
pub(crate) use set_up::{
    CANNOT_CONNECT, CONNECT_TIMEOUT, CONNECTION_REFUSED, HANDSHAKE_TIMEOUT, HELLO_TIMEOUT,
    NAME_NOT_FOUND,
};
pub(crate) use start::{
    BAD_PROTOCOL, CANNOT_LISTEN, EXTERNAL_ADDRESS, HELLO_TOO_LONG, KEY_FILE_CONTENT,
    KEY_FILE_EXISTS, KEY_FILE_MISSING, KEY_FILE_UNREADABLE, OPERATING_SYSTEM, PORT_TAKEN,
    PROTOCOL_TWICE, STOPPED,
};
pub(crate) use traces::{CAPTURE, KEY_LOG, LESSON, TRACE_FILE, UNREADABLE};
pub(crate) use wire::{
    BAD_FRAME, BAD_HANDSHAKE, BAD_HELLO, BAD_MESSAGE_ID, BAD_PAYLOAD, BAD_SNAPPY,
    CODE_OUT_OF_RANGE, NO_HANDSHAKE_PACKET, NOT_HELLO, TOO_BIG, UNDECIPHERABLE, UNKNOWN_MESSAGE_ID,
    WRONG_MAC,
};

/// Topics that belong together, under a headline.
pub(super) struct Group {
    pub(super) headline: &'static str,
    pub(super) topics: &'static [&'static Topic],
}

/// Everything, in the order in which a connection meets it.
pub(super) static GROUPS: &[Group] = &[
    Group {
        headline: "Reasons that a node gives when it says goodbye",
        topics: &[
            &DISCONNECT_REQUESTED,
            &NETWORK_ERROR,
            &BREACH_OF_PROTOCOL,
            &USELESS_PEER,
            &TOO_MANY_PEERS,
            &ALREADY_CONNECTED,
            &INCOMPATIBLE_VERSION,
            &INVALID_IDENTITY,
            &QUITTING,
            &UNEXPECTED_IDENTITY,
            &CONNECTED_TO_SELF,
            &READ_TIMEOUT,
            &SUBPROTOCOL_ERROR,
            &UNKNOWN_REASON,
            &UNREADABLE_REASON,
        ],
    },
    Group {
        headline: "On the way to a peer",
        topics: &[
            &NO_ADDRESS,
            &NO_TCP_PORT,
            &OWN_NODE,
            &NAME_NOT_FOUND,
            &CONNECTION_REFUSED,
            &CONNECT_TIMEOUT,
            &CANNOT_CONNECT,
            &HANDSHAKE_TIMEOUT,
            &HELLO_TIMEOUT,
            &CLOSED_AFTER_AUTH,
            &CLOSED_IN_HANDSHAKE,
            &CLOSED_AFTER_ACK,
            &TURNED_AWAY,
        ],
    },
    Group {
        headline: "Between peers",
        topics: &[
            &CLOSED_AFTER_HELLO,
            &CONNECTION_CLOSED,
            &NO_PONG,
            &SILENCE,
            &STALLED,
            &SUPERSEDED,
            &MADE_ROOM,
            &PROTOCOL_RETURNED,
            &PROTOCOL_FAILED,
            &PROTOCOL_PANICKED,
            &OUR_BUG,
        ],
    },
    Group {
        headline: "Bytes that are not what they should be",
        topics: &[
            &NO_HANDSHAKE_PACKET,
            &UNDECIPHERABLE,
            &BAD_HANDSHAKE,
            &WRONG_MAC,
            &BAD_FRAME,
            &TOO_BIG,
            &BAD_MESSAGE_ID,
            &BAD_SNAPPY,
            &NOT_HELLO,
            &BAD_HELLO,
            &UNKNOWN_MESSAGE_ID,
            &CODE_OUT_OF_RANGE,
            &BAD_PAYLOAD,
        ],
    },
    Group {
        headline: "Traces, and bytes to decode",
        topics: &[&UNREADABLE, &CAPTURE, &TRACE_FILE, &KEY_LOG, &LESSON],
    },
    Group {
        headline: "Discovery, and having no peers",
        topics: &[
            &NO_PEERS,
            &KNOWS_NOBODY,
            &NO_BOOTNODE,
            &NOBODY_CONNECTS,
            &NO_UDP_ANSWER,
            &WRONG_CLOCK,
            &NO_UDP_PORT,
            &NODE_NOT_FOUND,
            &WRONG_RECORD,
            &BAD_PACKET,
            &BUSY,
        ],
    },
    Group {
        headline: "Asking a node over RPC",
        topics: &[&NO_RPC, &IPC_PATH, &RPC_REFUSED, &RPC_LOST],
    },
    Group {
        headline: "Enodes, records and keys",
        topics: &[
            &BAD_ENODE,
            &BAD_HOST,
            &BAD_PORT,
            &BAD_PUBLIC_KEY,
            &BAD_NODE_ID,
            &BAD_SIGNATURE,
            &BAD_RECORD,
            &RECORD_SIGNATURE,
            &KEY_FILE_MISSING,
            &KEY_FILE_UNREADABLE,
            &KEY_FILE_EXISTS,
            &KEY_FILE_CONTENT,
        ],
    },
    Group {
        headline: "Why a node does not start",
        topics: &[
            &PORT_TAKEN,
            &CANNOT_LISTEN,
            &BAD_PROTOCOL,
            &PROTOCOL_TWICE,
            &HELLO_TOO_LONG,
            &EXTERNAL_ADDRESS,
            &OPERATING_SYSTEM,
            &STOPPED,
            &UNEXPLAINED,
        ],
    },
];

/// Everything, without the headlines.
pub(super) fn all() -> impl Iterator<Item = &'static Topic> {
    GROUPS.iter().flat_map(|group| group.topics).copied()
}
