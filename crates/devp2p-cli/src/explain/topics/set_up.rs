//! The way to a peer: look-up, connect, handshake, Hello, and what may not come.

use super::super::topic::{GETH, Topic, WE};

pub(crate) static NAME_NOT_FOUND: Topic = Topic {
    slug: "name-not-found",
    title: "the host name in the enode leads nowhere",
    texts: &[
        "its host name cannot be looked up",
        "no name server answer*",
        "its host name cannot be looked up no name server answers",
        "no name server answered within * seconds",
        "name look up",
        "dns",
    ],
    what: "The look-up of a host name, before anything is sent to the node.",
    means: "No name server answers, or there is no such name. The node itself may be well.",
    who: "We; the node knows nothing of it.",
    clients: &[
        (GETH, "Looks the name of a node up again for each dial, for 5 s at most."),
        (
            WE,
            "Look it up again for each dial, and wait 10 s at most. A bootnode's name is \
              looked up again when no other one answers.",
        ),
    ],
    next: &[
        "Look at the spelling, and whether there is a network. Or write the IP address in \
             place of the name:",
        "devp2p ping \"enode://…@203.0.113.7:30303\"",
    ],
};

pub(crate) static CONNECTION_REFUSED: Topic = Topic {
    slug: "connection-refused",
    title: "the machine is there, but nobody listens at that port",
    texts: &[
        "cannot connect connection refused",
        "connection refused is the node running",
        "connection refused",
    ],
    what: "The answer of the other machine to a TCP connection.",
    means: "Nobody listens at that address and port: the node does not run, has another port, \
            or listens on another address, such as 127.0.0.1 only.",
    who: "The operating system of the other machine. There was no node to ask.",
    clients: &[
        (GETH, "Tries a static node again after 35 s."),
        (WE, "Try again after 1, 2, 4 … 35 s: the other laptop may be about to start."),
    ],
    next: &[
        "Start the node, and copy the enode that it prints. To be reached from other \
             machines it must listen on more than 127.0.0.1:",
        "devp2p node --listen 0.0.0.0:30303",
    ],
};

pub(crate) static CANNOT_CONNECT: Topic = Topic {
    slug: "cannot-connect",
    title: "the operating system finds no way to that address",
    texts: &[
        "cannot connect *",
        "network unreachable",
        "host unreachable",
        "no route to host",
        "network is unreachable",
    ],
    what: "A TCP connection that failed at once, for the reason that is told.",
    means: "There is no way from here to there: no network, no IPv6, a local firewall; or too \
            many files are open.",
    who: "The operating system of this machine.",
    clients: &[(WE, "Try a static node again after 1, 2, 4 … 35 s.")],
    next: &[
        "Is this machine in a network? Does the address begin with a network that it is in? \
             A node on this machine can be reached as",
        "devp2p ping \"enode://…@127.0.0.1:30303\"",
    ],
};

pub(crate) static CONNECT_TIMEOUT: Topic = Topic {
    slug: "connect-timeout",
    title: "nobody answered the TCP connection",
    texts: &[
        "nobody answered is the address right or is a firewall between",
        "nobody answered within * seconds is the address right or is a firewall between",
        "cannot connect no answer is the address right or a firewall between",
        "no answer to connect",
        "connect timed out",
        "connection timed out",
        "i o timeout",
        "dial timeout",
    ],
    what: "The first step of a connection, which did not end in time.",
    means: "Not even a refusal came back. A firewall drops the packets, the address is wrong, \
            or it is a private one (10.…, 192.168.…) of another network.",
    who: "We; the node knows nothing of it.",
    clients: &[
        (GETH, "Waits 15 s for the connection."),
        (WE, "Give the whole set-up 10 s: connect, handshake and Hello."),
    ],
    next: &[
        "Copy the enode again. Does the other machine let TCP through at this port? Does \
             the node answer over UDP?",
        "devp2p discv4 ping \"enode://…\"",
    ],
};

pub(crate) static HANDSHAKE_TIMEOUT: Topic = Topic {
    slug: "handshake-timeout",
    title: "it took the connection, and never answered auth",
    texts: &[
        "the other side took the connection but did no handshake",
        "the other side took the connection but did not answer the handshake within * \
              seconds is it a devp2p node",
        "no answer to auth",
        "no ack came",
        "handshake timed out",
        "no handshake",
    ],
    what: "The second step: auth goes to who was dialed, ack must come back.",
    means: "Something listens there and says nothing: most likely no devp2p node. A node that \
            cannot read auth closes; it does not wait.",
    who: "We, as dialer or as who was dialed.",
    clients: &[
        (GETH, "Gives the handshake 5 s, then it closes without a word."),
        (WE, "Give the whole set-up 10 s, then we close without a word."),
    ],
    next: &[
        "Is the TCP port the node's port for peers (30303 for most), and not the one for \
             RPC (8545)? Each step, and when, is shown by",
        "devp2p ping -v \"enode://…\"",
    ],
};

pub(crate) static HELLO_TIMEOUT: Topic = Topic {
    slug: "hello-timeout",
    title: "the handshake is done, but no Hello came",
    texts: &[
        "the other side did the handshake but said no hello within * seconds",
        "the node did the handshake but said no hello within * seconds",
        "no hello",
        "no answer to hello",
        "no answer to ack",
        "hello timed out",
        "hello did not come",
    ],
    what: "The third step: each side sends Hello as soon as the handshake is done.",
    means: "The other program is a node, but it hangs; or it waits for our Hello and has not \
            understood it.",
    who: "We, as dialer or as who was dialed.",
    clients: &[
        (
            GETH,
            "Does not wait for your Hello before it sends its own. It gives Hello 30 s in \
                fact; a byte now and then does not make that longer.",
        ),
        (WE, "Give the whole set-up 10 s."),
    ],
    next: &[
        "If you write the other program: send Hello right after ack, not compressed, in a \
             frame with msg-id 0x80. What arrives is shown by",
        "devp2p ping -vv \"enode://…\"",
    ],
};
