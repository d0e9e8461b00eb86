//! The reasons in a Disconnect, from 0x00 to 0x08. Their slugs are what we print, with hyphens.

use super::super::topic::{GETH, JS, RETH, Topic, WE};

pub(crate) static DISCONNECT_REQUESTED: Topic = Topic {
    slug: "disconnect-requested",
    title: "somebody asked it to end this connection (0x00)",
    texts: &["disconnect requested", "disc requested"],
    what: "Reason 0x00 in Disconnect, the message with which a node says goodbye.",
    means: "A person or a program told the node to drop this peer. Nothing is broken.",
    who: "Either side, at any time after Hello.",
    clients: &[
        (
            GETH,
            "Says it when RemovePeer is called. It also echoes a Disconnect: if you said \
                0x00 to it, it says 0x00 to you.",
        ),
        (
            JS,
            "Sends the byte alone, without a list: `00`. go-ethereum cannot read that, and \
              echoes 0xff.",
        ),
        (
            WE,
            "Say it when a program calls `remove_peer`. We read it in each of \
              its forms.",
        ),
    ],
    next: &[
        "Ask who runs the node why it dropped you, or connect again:",
        "devp2p ping \"enode://…\"",
    ],
};

pub(crate) static NETWORK_ERROR: Topic = Topic {
    slug: "network-error",
    title: "the connection broke (0x01)",
    texts: &[
        "network error",
        "network error host unreachable",
        "network error network unreachable",
        "network error connection refused",
        "tcp subsystem error",
        "tcp sub system error",
        "connection reset by peer",
        "broken pipe",
    ],
    what: "A text of ours for a stream that broke; and reason 0x01 in Disconnect.",
    means: "The network failed, or one side closed the connection in the middle of a frame: it \
            crashed, a laptop slept, a router forgot the connection.",
    who: "Each side for itself. Nobody can send it well: what broke is the way to send it.",
    clients: &[
        (GETH, "Writes it into its own log and events. It never sends it, and does not echo it."),
        (WE, "Never send it. The words behind it are the operating system's."),
    ],
    next: &[
        "If it comes again and again, look at the way between the two machines. Every step \
             of a connection is shown by",
        "devp2p ping -v \"enode://…\"",
    ],
};

pub(crate) static BREACH_OF_PROTOCOL: Topic = Topic {
    slug: "breach-of-protocol",
    title: "a message that breaks the protocol (0x02)",
    texts: &[
        "breach of protocol",
        "protocol breach",
        "protocol error",
        "the stream cannot be read: breach of protocol",
    ],
    what: "Reason 0x02 in Disconnect.",
    means: "A message was not what it must be: a wrong code, bad RLP, too many bytes. The fault \
            is with who sent that message, which is whom this goodbye is for.",
    who: "Who received the message, after Hello.",
    clients: &[
        (
            GETH,
            "Says it when the handler of a protocol ends with an invalid message or code. \
                About a bad frame, bad snappy or a msg-id of no capability it says nothing.",
        ),
        (
            WE,
            "Say it for bad messages of any kind, so that you learn why; not for a bad frame \
              or an unknown msg-id.",
        ),
    ],
    next: &[
        "Is the capability's length the same on both sides, and every payload RLP? Our \
             side tells what it did not like:",
        "devp2p node -v",
    ],
};

pub(crate) static USELESS_PEER: Topic = Topic {
    slug: "useless-peer",
    title: "no capability in common (0x03)",
    texts: &["useless peer", "we share no protocol"],
    what: "Reason 0x03 in Disconnect.",
    means: "The two nodes share no capability: no protocol with the same name (in the same \
            letters) and the same version. They have nothing to talk about.",
    who: "Either side, when it has read the other's Hello.",
    clients: &[
        (GETH, "Says it after both Hellos, compressed, unless it has no protocols itself."),
        (JS, "Needs a capability in common. As dialer it may say it before its own Hello."),
        (RETH, "Says it uncompressed: `01c103`."),
        (
            WE,
            "As go-ethereum: a node without protocols takes everybody. `devp2p ping` offers \
              no capability, so many nodes find it useless.",
        ),
    ],
    next: &[
        "See what the other one speaks, then speak it, too:",
        "devp2p ping \"enode://…\"",
        "devp2p node --echo foo/42/1 --connect \"enode://…\"",
    ],
};

pub(crate) static TOO_MANY_PEERS: Topic = Topic {
    slug: "too-many-peers",
    title: "no free slot for another peer (0x04)",
    texts: &["too many peers"],
    what: "Reason 0x04 in Disconnect.",
    means: "The node has no free slot. Nothing is wrong with you.",
    who: "Mostly who was dialed, right after the handshake, in place of its Hello.",
    clients: &[
        (
            GETH,
            "Looks after the handshake and again after Hello. Two thirds of its slots are \
                for who dials it: with MaxPeers 1 none, unless NoDial is set. Trusted nodes \
                need no slot.",
        ),
        (JS, "Says it after Hello only."),
        (
            WE,
            "Have 50 slots (`--max-peers`). With bootnodes a third of them is for nodes that \
              we dial. Trusted nodes need none (`--trusted`).",
        ),
    ],
    next: &[
        "Try later. If the node is yours, give it more slots, or trust this one key:",
        "devp2p node --max-peers 100",
        "devp2p node --trusted \"enode://…\"",
    ],
};

pub(crate) static ALREADY_CONNECTED: Topic = Topic {
    slug: "already-connected",
    title: "this key is a peer already (0x05)",
    texts: &["already connected"],
    what: "Reason 0x05 in Disconnect.",
    means: "The node has a connection with your key already: your other connection (both sides \
            dialed at once), one that died unnoticed, or another program with your key file.",
    who: "Who gets the second connection; mostly after the handshake, before Hello.",
    clients: &[
        (
            GETH,
            "Keeps the old connection and drops the new one. A dead one counts until it has \
                been silent for 30 s.",
        ),
        (
            WE,
            "Of two crossed dials keep the one that the smaller public key dialed. An old \
              connection has 2 s to show that it is alive, else the new one takes its place.",
        ),
    ],
    next: &[
        "Wait half a minute. Does another program use the same key? This makes another one:",
        "devp2p key new other.key",
    ],
};

pub(crate) static INCOMPATIBLE_VERSION: Topic = Topic {
    slug: "incompatible-p2p-version",
    title: "a p2p version that it does not speak (0x06)",
    texts: &[
        "incompatible p2p version",
        "incompatible p2p protocol version",
        "incompatible version",
    ],
    what: "Reason 0x06 in Disconnect.",
    means: "The number of the base protocol in Hello is not one that the node speaks. Today \
            that number is 5, everywhere.",
    who: "Who received the Hello.",
    clients: &[
        (GETH, "Never says it: it takes any version, and below 5 it does not compress."),
        (RETH, "Says it to version 4. On version 6 it closes without a word."),
        (WE, "Never say it, as go-ethereum."),
    ],
    next: &["Send 5. A node's version is shown by", "devp2p ping \"enode://…\""],
};

pub(crate) static INVALID_IDENTITY: Topic = Topic {
    slug: "invalid-node-identity",
    title: "the Hello has no valid node key (0x07)",
    texts: &[
        "invalid node identity",
        "invalid identity",
        "null node identity",
        "the hello names no valid node key",
    ],
    what: "Reason 0x07 in Disconnect.",
    means: "The key in Hello is missing, not 64 bytes, zero, or no point on the curve. From \
            EthereumJS: it is not the key of the handshake.",
    who: "Who received the Hello.",
    clients: &[
        (GETH, "Does not say it: it closes without a word."),
        (JS, "Says it where others say 0x09: the Hello names another key than the handshake."),
        (WE, "Say it, so that who debugs a client learns why."),
    ],
    next: &[
        "The fifth item of Hello is the public key: 64 bytes, without the leading 04. Compare \
             it with",
        "devp2p key enode my.key",
    ],
};

pub(crate) static QUITTING: Topic = Topic {
    slug: "client-quitting",
    title: "the node stops, or has done what it wanted (0x08)",
    texts: &["client quitting", "disc quitting"],
    what: "Reason 0x08 in Disconnect.",
    means: "A friendly end. The node was stopped, or the protocol that you spoke with it has \
            ended on its side.",
    who: "Either side.",
    clients: &[
        (
            GETH,
            "Says it when the server stops, and when the handler of a protocol returns \
                without an error. Who writes a handler that returns at once sees this.",
        ),
        (WE, "The same. `devp2p ping` says it when it is done."),
    ],
    next: &[
        "Nothing is wrong. A node that was given as --connect is dialed again by itself:",
        "devp2p node --connect \"enode://…\"",
    ],
};
