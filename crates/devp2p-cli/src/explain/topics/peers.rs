//! What ends a connection between peers, besides a reason in Disconnect; and nodes that cannot be
//! dialed.

use super::super::topic::{GETH, JS, RETH, Topic, WE};

pub(crate) static SILENCE: Topic = Topic {
    slug: "silence",
    title: "nothing was heard from the peer for 30 seconds",
    texts: &[
        "nothing was heard from the peer for * seconds",
        "silent peer",
        "peer is silent",
        "silence",
    ],
    what: "The limit for a peer that says nothing at all.",
    means: "Not one message came in 30 s, no Pong either, though we ping every 15 s. The \
            machine sleeps or is gone, or its program stands still.",
    who: "Who waited. Nothing is sent about it: nobody seems to listen.",
    clients: &[
        (
            GETH,
            "The same: 30 s, without a Disconnect. It pings every 15 s, and any message \
                counts as a sign of life.",
        ),
        (JS, "Wants an answer to its ping within 10 s."),
        (RETH, "Wants an answer to its ping within 15 s."),
        (WE, "As go-ethereum. A node that is our static node is dialed again."),
    ],
    next: &[
        "If you write the other program: answer Ping with Pong, also while a handler works. \
             Pings are shown by",
        "devp2p node -vv",
    ],
};

pub(crate) static STALLED: Topic = Topic {
    slug: "stalled",
    title: "the peer took nothing for 20 seconds",
    texts: &["the peer took nothing for * seconds", "write timeout", "write stalled"],
    what: "The limit for a write that makes no progress.",
    means: "The peer does not read any more: its handler stands still, or the network swallows \
            everything.",
    who: "Who writes.",
    clients: &[
        (
            GETH,
            "Gives each write 20 s. A handler that does not read stops the whole \
                connection, pings included.",
        ),
        (WE, "Count 20 s without progress; a slow peer that takes a little now and then stays."),
    ],
    next: &[
        "Does the handler at the other end read on while it computes? Then look here:",
        "devp2p explain silence",
    ],
};

pub(crate) static NO_PONG: Topic = Topic {
    slug: "no-pong",
    title: "no Pong came in answer to our Ping",
    texts: &["no pong came within * seconds", "no pong", "no answer to ping", "pong timed out"],
    what: "The last step of `devp2p ping`.",
    means: "The node has told who it is. What did not come is its answer to Ping.",
    who: "`devp2p ping`, about the node.",
    clients: &[
        (GETH, "Answers each Ping, but not while one of its handlers does not read."),
        (WE, "Answer each Ping; many at once get one Pong."),
    ],
    next: &["Is the node very busy? Try again:", "devp2p ping -v \"enode://…\""],
};

pub(crate) static SUPERSEDED: Topic = Topic {
    slug: "superseded",
    title: "the peer came back by another connection",
    texts: &["the peer has connected anew and gave no sign of life here", "superseded"],
    what: "An old connection that made room for a new one of the same peer.",
    means: "A laptop slept or changed its network, and came back before we had noticed.",
    who: "We, about the old connection. Nothing is sent.",
    clients: &[
        (
            GETH,
            "Does not have it: the new connection gets 0x05 until the old one is silent \
                for 30 s.",
        ),
        (WE, "Give the old one 2 s to show that it is alive."),
    ],
    next: &[
        "Nothing: the peer is here again. If it happens often, do two programs use one key?",
        "devp2p key new other.key",
    ],
};

pub(crate) static MADE_ROOM: Topic = Topic {
    slug: "made-room",
    title: "a connection in set-up has lost its place to another one",
    texts: &["it was slow and others wanted its place", "MadeRoom"],
    what: "A connection that came in, and was ended before it was a peer.",
    means: "50 connections were in set-up at once, and somebody else came. A place is taken from the \
            network and the address that have most, from who came most often, and from who is slowest.",
    who: "We, about a connection that came in. Nothing is sent: the other side sees it closed.",
    clients: &[
        (GETH, "Does not have it: the next one waits, for up to 30 s."),
        (WE, "Let a newcomer in at once."),
    ],
    next: &["See who comes so often:", "devp2p node -v"],
};

pub(crate) static PROTOCOL_RETURNED: Topic = Topic {
    slug: "protocol-returned",
    title: "our handler of a protocol has returned",
    texts: &["protocol * returned", "protocol returned"],
    what: "The end of a connection because a handler of ours had no more to do.",
    means: "The handler's function returned without an error, and with it the connection ends. \
            Meant or not: a handler that is to go on must not return.",
    who: "We; the peer is told 0x08, client quitting.",
    clients: &[
        (GETH, "The same: a handler that returns nil ends the connection with 0x08."),
        (WE, "The handler is the function that was given to `Protocol::new`."),
    ],
    next: &[
        "Read messages in a loop until reading fails, as the echo does:",
        "devp2p node --echo foo/42/1",
    ],
};

pub(crate) static PROTOCOL_FAILED: Topic = Topic {
    slug: "protocol-failed",
    title: "our handler of a protocol has ended with an error",
    texts: &["protocol * 42", "protocol failed"],
    what: "The end of a connection because a handler of ours failed.",
    means: "The words behind the protocol's name are the handler's own error.",
    who: "We; the peer is told 0x10, subprotocol error, unless the error says otherwise.",
    clients: &[
        (GETH, "The same: 0x10 for each error that is not one of the reasons."),
        (WE, "A message that broke the protocol becomes 0x02 instead."),
    ],
    next: &[
        "Look into the handler. What its peer gets to see is explained by",
        "devp2p explain subprotocol-error",
    ],
};

pub(crate) static PROTOCOL_PANICKED: Topic = Topic {
    slug: "protocol-panicked",
    title: "our handler of a protocol has panicked",
    texts: &["protocol * panicked", "handler panicked"],
    what: "The end of a connection because a handler of ours has a defect.",
    means: "The handler's function panicked: an index, an unwrap. Only this connection ends.",
    who: "We; the peer is told 0x10, subprotocol error.",
    clients: &[(WE, "The panic's own message, with file and line, is on stderr.")],
    next: &["This makes the message longer:", "RUST_BACKTRACE=1 devp2p node"],
};

pub(crate) static OUR_BUG: Topic = Topic {
    slug: "our-bug",
    title: "a defect of this program",
    texts: &["the connections task panicked this is a bug in devp2p core", "our bug"],
    what: "A text that you should never see.",
    means: "Our own code panicked. Only this connection ends, and the peer is told nothing.",
    who: "We, about ourselves.",
    clients: &[(WE, "The panic's own message, with file and line, is on stderr.")],
    next: &["Please report it with that message and with the version:", "devp2p --version"],
};

pub(crate) static NO_ADDRESS: Topic = Topic {
    slug: "no-address",
    title: "it is known who the node is, but not where",
    texts: &[
        "its address is not known discovery is asked for it",
        "this enode has only a key add the address",
        "the enode has no address add",
        "this enode has only a key",
    ],
    what: "An enode without `@host:port`, or a node whose address is not found yet.",
    means: "A key alone leads nowhere. With a bootnode, discovery can find the address, if the \
            node takes part in discovery and is online.",
    who: "We, before anything is sent.",
    clients: &[
        (GETH, "Asks discovery for a static node without an address."),
        (WE, "The same, if there is a bootnode; else it is an error, so that you know."),
    ],
    next: &[
        "Add the address, or ask around for it:",
        "devp2p ping \"enode://…@203.0.113.7:30303\"",
        "devp2p discv4 resolve \"enode://…\" --bootnode \"enode://…\"",
    ],
};

pub(crate) static NO_TCP_PORT: Topic = Topic {
    slug: "no-tcp-port",
    title: "the enode's TCP port is 0",
    texts: &["the enodes tcp port is 0 that node does not accept connections", "tcp port is 0"],
    what: "An enode as `@203.0.113.7:0`.",
    means: "The node only dials others. It can be found and asked over UDP at most.",
    who: "The node itself, in its enode or record; we repeat it.",
    clients: &[
        (GETH, "Prints such an enode when it does not listen."),
        (WE, "With --no-listen we print an enode without an address."),
    ],
    next: &[
        "Let that node dial you, or ask it over UDP, if it has a UDP port:",
        "devp2p discv4 ping \"enode://…@203.0.113.7:0?discport=30303\"",
    ],
};

pub(crate) static OWN_NODE: Topic = Topic {
    slug: "own-node",
    title: "that enode is this node's own",
    texts: &[
        "this is this servers own enode a server cannot be its own peer",
        "that is this nodes own key",
        "bootnode names this node itself",
    ],
    what: "A node was to dial, or to ask, itself.",
    means: "You gave a node its own enode; or two nodes use the same key file.",
    who: "We, before anything is sent.",
    clients: &[
        (GETH, "Ignores it, and does not tell."),
        (WE, "Tell: it is a slip, most likely the enode of the wrong terminal."),
    ],
    next: &[
        "Give it the enode that the other node prints; and to each its own key:",
        "devp2p key new other.key",
    ],
};
