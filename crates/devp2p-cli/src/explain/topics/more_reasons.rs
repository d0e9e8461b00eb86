//! The reasons in a Disconnect, from 0x09 on, and the numbers that nobody knows.

use super::super::topic::{GETH, JS, RETH, Topic, WE};

pub(crate) static UNEXPECTED_IDENTITY: Topic = Topic {
    slug: "unexpected-identity",
    title: "the Hello names another key than the handshake (0x09)",
    texts: &[
        "unexpected identity",
        "unexpected handshake identity",
        "the nodes hello names another key than the one it has proved to own",
    ],
    what: "Reason 0x09 in Disconnect.",
    means: "One key was proved, and Hello names another one. A program with two keys \
            has mixed them up, or somebody plays tricks.",
    who: "Who received the Hello.",
    clients: &[
        (GETH, "Says it after both Hellos, compressed."),
        (JS, "Says 0x07 instead."),
        (WE, "Say it, `devp2p ping`, too."),
    ],
    next: &[
        "Hello must name the public key of the private key that did the handshake:",
        "devp2p key enode my.key",
    ],
};

pub(crate) static CONNECTED_TO_SELF: Topic = Topic {
    slug: "connected-to-self",
    title: "a node with the same key called (0x0a)",
    texts: &[
        "connected to self",
        "connected to itself",
        "disc self",
        "same identity",
        "identity is the same as this node",
    ],
    what: "Reason 0x0a in Disconnect.",
    means: "Both sides have the same key. You dialed your own node, or two nodes use one key \
            file. To the network they are one node.",
    who: "Who was dialed, after the handshake, before Hello.",
    clients: &[
        (GETH, "Looks for this last: when all its slots are taken it says 0x04 instead."),
        (WE, "Look for this first, so that the reason that lasts longest is told."),
    ],
    next: &["Leave out --key, or give each node its own:", "devp2p key new other.key"],
};

pub(crate) static READ_TIMEOUT: Topic = Topic {
    slug: "read-timeout",
    title: "nothing was heard for too long (0x0b)",
    texts: &["read timeout", "ping timeout"],
    what: "Reason 0x0b in Disconnect.",
    means: "You said nothing for too long, or did not answer a question in time.",
    who: "Who waited.",
    clients: &[
        (
            GETH,
            "Says it only when the first message of the eth protocol does not come. A peer \
                that is silent for 30 s is dropped without a word.",
        ),
        (JS, "Calls it TIMEOUT. It wants an answer to its ping within 10 s."),
        (RETH, "Calls it ping timeout. It wants an answer to its ping within 15 s."),
        (WE, "Never say it: a peer that is silent for 30 s is dropped without a word."),
    ],
    next: &[
        "Answer each Ping with a Pong at once. Does your program stand still in between? \
             Pings are shown by",
        "devp2p node -vv",
    ],
};

pub(crate) static SUBPROTOCOL_ERROR: Topic = Topic {
    slug: "subprotocol-error",
    title: "the protocol above has its own reason (0x10)",
    texts: &[
        "subprotocol error",
        "subprotocol specific",
        "some other reason specific to a subprotocol",
    ],
    what: "Reason 0x10 in Disconnect.",
    means: "A handler of a protocol, such as eth, wanted no more: another chain, a wrong answer, \
            a defect of its own. The reason itself is not in the message.",
    who: "The side whose handler ended with an error.",
    clients: &[
        (
            GETH,
            "Says it for every error of a handler that has no reason of its own. On its side \
                the drop event tells more.",
        ),
        (WE, "Say it when a handler fails or panics. Our drop event has the error's text."),
    ],
    next: &[
        "Look into the log of the node that said it. Which protocols do you share?",
        "devp2p ping \"enode://…\"",
    ],
};

pub(crate) static UNKNOWN_REASON: Topic = Topic {
    slug: "unknown-reason",
    title: "a number that is no known reason (0x0c to 0x0f, 0x11 to 0xfe)",
    texts: &["unknown reason *", "unknown disconnect reason *"],
    what: "A Disconnect with a number for which no client that we know has a meaning.",
    means: "The node said goodbye, and that is all that can be known. The number may be from a \
            client of its own, or from bytes that were read in the wrong form: 0xc1 and 0xc0 \
            are the beginning of a list, 0x80 is the number 0.",
    who: "Any node. It is a goodbye all the same, and no error.",
    clients: &[
        (GETH, "Prints `unknown disconnect reason` and the number, and echoes it."),
        (WE, "Print `unknown reason` and the number in hex. We send none of these."),
    ],
    next: &[
        "If you have the bytes of the message, give all of them, for example",
        "devp2p explain 0204c104",
    ],
};

pub(crate) static UNREADABLE_REASON: Topic = Topic {
    slug: "unreadable-reason",
    title: "a goodbye from which no number can be read (0xff)",
    texts: &["unknown reason 0xff", "invalid disconnect reason", "a reason is one byte"],
    what: "0xff is our word for a Disconnect without a readable number. No client means a reason of its own by it.",
    means: "The node said goodbye, but not why: the message was empty, junk, a list in a list, \
            or a number above 255.",
    who: "We, when we have read such a message; and nodes that echo what they could not read.",
    clients: &[
        (
            GETH,
            "Does the same. It echoes 0xff for an empty message, for the byte `00`, for \
                numbers above 255 and for a list in a list.",
        ),
        (WE, "Read lists and bare numbers, compressed or not. What else comes is 0xff."),
    ],
    next: &[
        "Send the reason as a list of one number: `c104` for 0x04, compressed after Hello. \
             This reads bytes for you:",
        "devp2p explain 01c104",
    ],
};
