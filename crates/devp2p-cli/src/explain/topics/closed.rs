//! Connections that the other side closed without a word: how far it had come tells most.

use super::super::topic::{GETH, JS, RETH, Topic, WE};

pub(crate) static CLOSED_AFTER_AUTH: Topic = Topic {
    slug: "closed-after-auth",
    title: "it hung up when it had our auth packet",
    texts: &[
        "the other side closed the connection during the handshake is the key in the enode \
              right and is it a devp2p node",
        "closed after auth",
        "closed the connection after auth",
        "hung up after auth",
        "hung up on auth",
    ],
    what: "The second step: we sent auth, and the connection was closed.",
    means: "It could not read auth. auth is encrypted to the public key in the enode: with \
            another key nobody can open it. Or it is no devp2p node at all.",
    who: "Who was dialed, without a word.",
    clients: &[
        (
            GETH,
            "Closes when it cannot read auth. It also closes on an address that was there \
                less than 30 s ago, unless it is one of its own network.",
        ),
        (
            WE,
            "The same. Auth packets in the old form, without a size in front, are refused; \
              go-ethereum has refused them since v1.10.4.",
        ),
    ],
    next: &[
        "Copy the whole enode from the node as it runs now: a node without a key file has a \
             new key after each start. Then wait 30 s, and",
        "devp2p ping \"enode://…\"",
    ],
};

pub(crate) static CLOSED_IN_HANDSHAKE: Topic = Topic {
    slug: "closed-in-handshake",
    title: "who dialed us closed before its auth packet was complete",
    texts: &["the other side closed the connection during the handshake"],
    what: "The second step, as who was dialed sees it.",
    means: "Somebody connected and went away: a port scanner, a monitor that only tests the \
            port, a program that was stopped.",
    who: "We, about somebody who dialed us.",
    clients: &[(WE, "Count it, and that is all. Nobody became a peer.")],
    next: &[
        "Nothing, if it happens now and then. Who really wants to talk can try",
        "devp2p ping \"enode://…\"",
    ],
};

pub(crate) static CLOSED_AFTER_ACK: Topic = Topic {
    slug: "closed-after-ack",
    title: "the handshake is done, and it closed instead of saying Hello",
    texts: &[
        "closed after ack",
        "closed the connection after ack",
        "closed before hello",
        "the node closed the connection after the handshake and before its hello",
    ],
    what: "The third step: both sides have the keys, and the connection ends without Hello and \
           without Disconnect.",
    means: "It did not like our Hello and says nothing, or its Disconnect got lost: who closes \
            with unread input destroys what it has just sent.",
    who: "Either side, without a word.",
    clients: &[
        (
            GETH,
            "Closes so on a Hello above 2 KiB, or with a null or short key. When it is full \
                it says 0x04 in place of Hello.",
        ),
        (RETH, "Closes so on a Hello with a sixth item, or of version 6."),
        (WE, "Say 0x07 or 0x02 before we close."),
    ],
    next: &[
        "Send version 5, five items, at most 2 KiB, not compressed. Try once more, as the \
             Disconnect may arrive this time:",
        "devp2p ping -v \"enode://…\"",
    ],
};

pub(crate) static CLOSED_AFTER_HELLO: Topic = Topic {
    slug: "closed-after-hello",
    title: "both said Hello, then it closed without a reason",
    texts: &[
        "closed after hello",
        "closed the connection after hello",
        "after hello there was no pong the connection was closed",
    ],
    what: "The end of a connection on which both sides had said Hello, without Disconnect.",
    means: "It could not read what it got, and said nothing about it. Or the program behind it \
            was killed.",
    who: "Either side, without a word.",
    clients: &[
        (
            GETH,
            "Closes so on a bad frame, bad snappy, and a msg-id beyond the last shared \
                capability; and when nothing has come for 30 s.",
        ),
        (JS, "Closes 2 s after it has sent a Disconnect."),
        (
            RETH,
            "Closes so on six pings at once, a Pong that it did not ask for, the msg-ids \
                0x04 to 0x0f, and a msg-id out of range.",
        ),
        (WE, "Close so on a bad frame and a msg-id of no capability."),
    ],
    next: &[
        "Is everything after Hello compressed, pings, too? Do both sides count the same \
             message codes? See",
        "devp2p explain unknown-message-id",
    ],
};

pub(crate) static CONNECTION_CLOSED: Topic = Topic {
    slug: "connection-closed",
    title: "the other side closed, without Disconnect",
    texts: &[
        "the connection was closed",
        "the connection to the peer has ended",
        "protocol * the connection to the peer has ended",
        "eof",
    ],
    what: "The TCP connection ended between two messages, without a goodbye.",
    means: "The other program was killed, crashed, or closes without a word. When it closed \
            tells most.",
    who: "We, about the other side.",
    clients: &[
        (GETH, "Closes without a word on everything malformed, before and after Hello."),
        (WE, "Say goodbye if the stream can still carry it, but not about an unknown msg-id."),
    ],
    next: &[
        "How far did it come? Look, then read on:",
        "devp2p ping -v \"enode://…\"",
        "devp2p explain closed-after-ack",
        "devp2p explain closed-after-hello",
    ],
};

pub(crate) static TURNED_AWAY: Topic = Topic {
    slug: "turned-away",
    title: "who dialed comes too often, or too often at once",
    texts: &[
        "this address connected less than 30 s ago",
        "so many from this address are in set up already",
        "too many connections from one address",
    ],
    what: "A limit for those who dial a node: how often, and how many at once.",
    means: "The connection is closed before a byte is read. To who dialed it looks like a node \
            that hangs up on auth.",
    who: "Who was dialed, without a word.",
    clients: &[
        (
            GETH,
            "Takes one connection of an address in 30 s, and as many as come from its own \
             network; 50 in set-up in all.",
        ),
        (WE, "The same, and of these 50 no more than 25 from one address."),
    ],
    next: &["Wait 30 s between two tries:", "devp2p ping \"enode://…\""],
};
