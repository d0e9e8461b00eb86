//! What can be wrong with the bytes of a connection: handshake, frames, messages.

use super::super::topic::{GETH, JS, RETH, Topic, WE};

pub(crate) static NO_HANDSHAKE_PACKET: Topic = Topic {
    slug: "no-handshake-packet",
    title: "what came is no packet of the handshake",
    texts: &[
        "the handshake packet announces * bytes which is not between 113 and 2048",
        "the handshake packet is not as long as its size prefix says",
        "the answer is no rlpx handshake",
    ],
    what: "The first bytes from the other side: two for a size, then as many of a packet.",
    means: "It speaks something else: HTTP, TLS, SSH, or the form of the handshake from before \
            EIP-8.",
    who: "Who received it. Nothing is said; the connection is closed.",
    clients: &[
        (GETH, "Takes at most 2048 bytes, as we do, and only the form of EIP-8 since v1.10.4."),
        (WE, "`HTTP` read as a size is 18516 bytes: too many."),
    ],
    next: &[
        "Take the port for peers (30303 for most), not the one for RPC (8545) or of a beacon node:",
        "devp2p ping \"enode://…@203.0.113.7:30303\"",
    ],
};

pub(crate) static UNDECIPHERABLE: Topic = Topic {
    slug: "undecipherable-handshake",
    title: "the packet was made for another key than ours",
    texts: &[
        "the handshake packet cannot be decrypted with this nodes key",
        "this was not encrypted to this key or was changed on its way",
    ],
    what: "A packet of the handshake that our private key does not open.",
    means: "Who sent auth has another public key for us than we have: an old enode. If it is \
            the ack, the bytes were changed on their way.",
    who: "Who received it. Nothing is said, on purpose: every answer would help a guesser.",
    clients: &[
        (GETH, "Closes without a word."),
        (WE, "Close without a word. One error stands for every way in which it can fail."),
    ],
    next: &[
        "Give the other side our enode of today. With a key file it stays the same:",
        "devp2p key new my.key",
        "devp2p node --key my.key",
    ],
};

pub(crate) static BAD_HANDSHAKE: Topic = Topic {
    slug: "bad-handshake",
    title: "the packet opens, but what is in it is wrong",
    texts: &[
        "the handshake packet does not hold the fields that it should",
        "a public key in the handshake packet is not a point on secp256k1",
        "the signature in the auth packet is not valid",
    ],
    what: "An auth or ack packet with wrong fields, a wrong public key or a wrong signature.",
    means: "The other program makes its packets wrong, or tries an attack: points that are not \
            on the curve were one.",
    who: "Who received it. Nothing is said; the connection is closed.",
    clients: &[
        (GETH, "Closes without a word. It ignores extra items, as EIP-8 wants, and any vsn."),
        (WE, "The same."),
    ],
    next: &[
        "auth holds signature, public key, nonce, 4; ack holds ephemeral key, nonce, 4. Our \
             own steps, to compare, are shown by",
        "devp2p ping -v \"enode://…\"",
    ],
};

pub(crate) static WRONG_MAC: Topic = Topic {
    slug: "wrong-mac",
    title: "a frame's MAC is wrong",
    texts: &[
        "the mac of the frame header is wrong",
        "the mac of the frame body is wrong",
        "bad header mac",
        "bad frame mac",
        "wrong mac",
    ],
    what: "The seal of a frame: each covers all bytes since the handshake.",
    means: "Both sides have other keys or have counted other bytes. If it is the first frame: \
            the handshake's secrets differ. Later: bytes were lost, sent twice or changed.",
    who: "Who received it. Nothing is said: the stream cannot be trusted any more.",
    clients: &[(GETH, "Closes without a word."), (WE, "Close without a word.")],
    next: &[
        "If you write a client: the MACs begin with both packets as they were sent, with \
             their two bytes of size. One frame at a time: two writers mix them up. Compare with",
        "devp2p ping -v \"enode://…\"",
    ],
};

pub(crate) static BAD_FRAME: Topic = Topic {
    slug: "bad-frame",
    title: "a frame that is empty, or not as long as it says",
    texts: &["the frame body is not as long as its header says", "the frame is empty"],
    what: "A frame with a right MAC and a wrong form.",
    means: "The other program makes its frames wrong. A frame has at least a msg-id.",
    who: "Who received it. Nothing is said.",
    clients: &[(GETH, "Closes without a word on an empty frame."), (WE, "The same.")],
    next: &[
        "frame-size counts msg-id and payload, without the padding to 16 bytes. What goes \
             over a connection is shown by",
        "devp2p ping -vv \"enode://…\"",
    ],
};

pub(crate) static TOO_BIG: Topic = Topic {
    slug: "too-big",
    title: "a frame or a payload is above its limit",
    texts: &[
        "a frame of * bytes is above the limit of *",
        "a payload of * bytes is above the limit of *",
        "message too big",
        "message too long",
    ],
    what: "A message with more bytes than it may have, compressed or not.",
    means: "The limit of a frame is 16777215 bytes, that of Hello 2048. A handler may have been \
            given a smaller one. Cut what you send into several messages.",
    who: "Who received it, or we, about a message of ours that was not sent.",
    clients: &[
        (GETH, "Has the same limits. About Hello it says nothing."),
        (JS, "Has no limits."),
        (RETH, "Takes a first message of 2048 bytes at most."),
        (
            WE,
            "Look at the size before we read or unpack: 32 bytes must not take 16 MiB from us. \
              A payload above its limit is answered with 0x02.",
        ),
    ],
    next: &["The reason that the peer gets to see:", "devp2p explain breach-of-protocol"],
};

pub(crate) static BAD_MESSAGE_ID: Topic = Topic {
    slug: "bad-message-id",
    title: "a frame does not begin with a msg-id",
    texts: &["the frame does not begin with a message id"],
    what: "The first item of frame-data: an RLP number of at most 64 bits.",
    means: "The other program writes it wrong. 0 is written 0x80, not 0x00; 128 is 0x81 0x80.",
    who: "Who received it.",
    clients: &[
        (GETH, "Closes without a word on a raw 0x00."),
        (RETH, "Reads one byte only: message ids from 128 on go wrong."),
        (JS, "Reads message ids from 128 on wrongly, too."),
        (WE, "Say 0x02 and close."),
    ],
    next: &["The same in words for the peer:", "devp2p explain breach-of-protocol"],
};

pub(crate) static BAD_SNAPPY: Topic = Topic {
    slug: "bad-snappy",
    title: "a payload is not compressed as it should be",
    texts: &["the payload is not valid snappy", "snappy corrupt input", "corrupt snappy"],
    what: "Since p2p version 5 every payload after Hello is a snappy block.",
    means: "The other program sent it plain, or in snappy's stream format. Pings need it, too: \
            an empty list is 01 00 c0.",
    who: "Who received it.",
    clients: &[
        (GETH, "Closes without a word. It reports this also when EthereumJS says goodbye."),
        (JS, "Sends its Disconnect plain, always."),
        (WE, "Say 0x02 and close. A Disconnect is read plain as well."),
    ],
    next: &[
        "Compress when the version in the other side's Hello is 5 or more. That version is \
             shown by",
        "devp2p ping \"enode://…\"",
    ],
};

pub(crate) static NOT_HELLO: Topic = Topic {
    slug: "not-hello",
    title: "the first message was neither Hello nor Disconnect",
    texts: &["the first message has id * it must be hello", "expected handshake got *"],
    what: "After the handshake each side must say Hello first.",
    means: "The other program began with another message, or has written the msg-id of Hello \
            wrongly: it is 0, in RLP 0x80.",
    who: "Who received it, before Hello.",
    clients: &[(GETH, "Closes without a word."), (WE, "Say 0x02 and close.")],
    next: &[
        "Send Hello first. A Disconnect in its place is allowed. See",
        "devp2p explain closed-after-ack",
    ],
};

pub(crate) static BAD_HELLO: Topic = Topic {
    slug: "bad-hello",
    title: "the Hello is not the list that it should be",
    texts: &["the hello does not hold the fields that it should", "bad hello"],
    what: "Hello is a list: version, name, capabilities, port, public key.",
    means: "The other program writes it wrongly: an item is missing or has another kind.",
    who: "Who received the Hello.",
    clients: &[
        (GETH, "Ignores extra items, and closes without a word on a wrong list."),
        (RETH, "Closes without a word on a sixth item."),
        (WE, "Ignore extra items; on a wrong list we say 0x02 and close."),
    ],
    next: &["Our own Hello, to compare, is shown by", "devp2p ping -v \"enode://…\""],
};

pub(crate) static UNKNOWN_MESSAGE_ID: Topic = Topic {
    slug: "unknown-message-id",
    title: "a msg-id beyond the last shared capability",
    texts: &[
        "message id * belongs to no shared capability",
        "msg code out of range *",
        "unknown message id",
    ],
    what: "A msg-id is 16, and the lengths of the capabilities before, and the message code.",
    means: "The two sides count differently: another length for a capability, another order \
            (by name, then version), or a capability that is not shared was counted, too.",
    who: "Who received it. Nothing is said.",
    clients: &[
        (GETH, "Closes without a Disconnect. Its drop event says `msg code out of range`."),
        (RETH, "Closes without a word."),
        (WE, "Close without a Disconnect, as go-ethereum."),
    ],
    next: &[
        "Declare the same length on both sides: how many codes there are, 0 counts, too:",
        "devp2p node --echo foo/42/1",
    ],
};

pub(crate) static CODE_OUT_OF_RANGE: Topic = Topic {
    slug: "code-out-of-range",
    title: "a message code that its capability does not have",
    texts: &["* has no message code *", "invalid message code"],
    what: "A message code is counted from 0 and below the capability's length.",
    means: "The length was declared too small: with codes 0 and 1 it is 2.",
    who: "We, about a message of ours. It was not sent.",
    clients: &[
        (GETH, "Refuses to send it as well, and says 0x02 to the peer."),
        (WE, "If the handler ends with this error, the peer is told 0x02."),
    ],
    next: &["The last number is the length:", "devp2p node --echo foo/42/2"],
};

pub(crate) static BAD_PAYLOAD: Topic = Topic {
    slug: "bad-payload",
    title: "a payload is not the RLP that its message holds",
    texts: &[
        "the payload of message code * is not what it must be",
        "the payload of message code * has * bytes too many at its end",
    ],
    what: "A message of a protocol whose payload cannot be read as what it should be.",
    means: "The two sides have different ideas of this message: another version, another order \
            of fields, or bytes behind the value.",
    who: "The handler that read the message.",
    clients: &[
        (GETH, "Ignores bytes behind the value when a handler decodes it."),
        (
            WE,
            "Refuse them: who sends them means something that we do not know. The peer is \
              told 0x02.",
        ),
    ],
    next: &[
        "Compare the messages' fields on both sides. Each message's size is shown by",
        "devp2p node --message-events",
    ],
};
