//! Discovery: packets, questions without an answer; and why a node has no peers.

use super::super::topic::{GETH, JS, RETH, Topic, WE};

pub(crate) static BAD_PACKET: Topic = Topic {
    slug: "bad-packet",
    title: "a datagram is no packet of discovery v4",
    texts: &[
        "a discovery packet has 98 to 1280 bytes this datagram has *",
        "the packets hash is wrong it was damaged on its way or is of another protocol",
        "the packets signature is none",
        "the packet is of the unknown type *",
        "the packets data are not of the form that its type has",
        "a neighbors packet holds at most 12 nodes not *",
    ],
    what: "A UDP datagram that is no Ping, Pong, FindNode, Neighbors, EnrRequest or EnrResponse.",
    means: "Most often it is discovery v5, which uses the same port. It does no harm.",
    who: "We, about a datagram that came. None of them gets an answer.",
    clients: &[
        (GETH, "Speaks v4 and v5 on one port, so this is common. It drops such datagrams."),
        (WE, "Speak v4. What is no packet is dropped, and shown by `discv4 listen`."),
    ],
    next: &["See what comes, and from where:", "devp2p discv4 listen"],
};

pub(crate) static NO_UDP_ANSWER: Topic = Topic {
    slug: "no-udp-answer",
    title: "a question over UDP got no answer",
    texts: &[
        "no answer the node is gone or something on the way drops udp packets",
        "no answer from udp * asked 3 times",
        "bootnode * no answer",
        "nothing heard yet",
    ],
    what: "A Ping or another question of discovery that nobody answered.",
    means: "The node does not run, has discovery off, is elsewhere, or a firewall drops UDP. A \
            wrong clock does it, too: packets are void after 20 s.",
    who: "We, who asked. In UDP nobody says no.",
    clients: &[
        (GETH, "Waits 500 ms. Its discovery v4 is off in a p2p.Server unless DiscoveryV4 is set."),
        (JS, "Does not look at the clock."),
        (RETH, "Takes no more than 60 packets a minute from one address."),
        (WE, "Ask three times, when you ask by hand."),
    ],
    next: &[
        "Is it `discport` that differs? Does the node take connections?",
        "devp2p discv4 ping \"enode://…\"",
        "devp2p ping \"enode://…\"",
    ],
};

pub(crate) static WRONG_CLOCK: Topic = Topic {
    slug: "wrong-clock",
    title: "the clocks of the two machines differ too much",
    texts: &[
        "it answered but by the clock of this machine * s late one of the two clocks is \
              wrong",
        "answers * s late by the clock of this machine one of the two clocks is wrong",
        "expired * s ago one of the two clocks is wrong",
    ],
    what: "A packet of discovery says until when it is good: 20 s after it was sent.",
    means: "The node did answer, but by our clock too late. The clock of one of you is wrong, \
            in minutes or hours, not in milliseconds.",
    who: "We, about an answer that came.",
    clients: &[
        (
            GETH,
            "Drops what is too old without a word. After 32 questions without an answer it \
                asks a time server, and warns when it is 10 s off.",
        ),
        (JS, "Never looks at that time."),
        (WE, "Tell by how much."),
    ],
    next: &[
        "Compare with a watch; this shows our clock in UTC. Then set the clock:",
        "devp2p diagnose --for 0",
    ],
};

pub(crate) static WRONG_RECORD: Topic = Topic {
    slug: "wrong-record",
    title: "the node sent the record of another node",
    texts: &["the node sent the record of another node"],
    what: "The answer to the question: what do you say about yourself?",
    means: "The record is signed with another key than the answer. The node is broken or plays \
            tricks. Nothing of it is believed.",
    who: "We, who asked.",
    clients: &[
        (GETH, "Refuses it, too: the record must have the node's own id."),
        (JS, "Has no packets for records: this question it does not answer."),
    ],
    next: &["Ask for others instead:", "devp2p discv4 crawl --bootnode \"enode://…\""],
};

pub(crate) static NO_UDP_PORT: Topic = Topic {
    slug: "no-udp-port",
    title: "the enode's UDP port is 0",
    texts: &["the enodes udp port is 0 this node takes no part in discovery"],
    what: "An enode with `?discport=0`.",
    means: "The node can be dialed, but not asked for others.",
    who: "The node itself, in its enode; we repeat it.",
    clients: &[(GETH, "Prints it with NoDiscovery."), (WE, "Print it with --no-discovery.")],
    next: &[
        "Dial it instead of asking it:",
        "devp2p ping \"enode://…\"",
        "devp2p node --connect \"enode://…\"",
    ],
};

pub(crate) static BUSY: Topic = Topic {
    slug: "busy",
    title: "too many questions at once",
    texts: &["too many requests at once wait for some to be done"],
    what: "A limit of our own on questions that wait for an answer.",
    means: "The program asks faster than the network answers.",
    who: "We, about ourselves.",
    clients: &[(WE, "Have room for 16 lookups at a time.")],
    next: &[
        "Wait for answers. The crawl, for example, runs eight lookups at a time:",
        "devp2p discv4 crawl --bootnode \"enode://…\"",
    ],
};

pub(crate) static NODE_NOT_FOUND: Topic = Topic {
    slug: "node-not-found",
    title: "nobody knows the node",
    texts: &["nobody knows the node * the * nodes closest to it answered and it is not among them"],
    what: "The end of a lookup: the closest nodes answered, and the one was not among them.",
    means: "It is offline, has discovery off, or cannot be reached over UDP from outside.",
    who: "We, after having asked around.",
    clients: &[(WE, "Ask those who are closer and closer to the key, as go-ethereum does.")],
    next: &[
        "Is it in the same network as the bootnode? Begin with another one:",
        "devp2p discv4 resolve \"enode://…\" --bootnode \"enode://…\"",
    ],
};

pub(crate) static KNOWS_NOBODY: Topic = Topic {
    slug: "knows-nobody",
    title: "the node was given no node to begin with",
    texts: &[
        "it knows nobody to connect to it was given no node and no bootnode",
        "nothing says where to begin add * a node that may know others",
    ],
    what: "A node must know one other node. Nobody keeps a list of all.",
    means: "Without a bootnode and without a node to dial it can only wait to be dialed.",
    who: "We, in a diagnosis, or before a question is asked.",
    clients: &[(WE, "Come with no list of bootnodes: you choose the network.")],
    next: &[
        "Give it one, to dial or to ask for others:",
        "devp2p node --connect \"enode://…\"",
        "devp2p node --bootnode \"enode://…\"",
    ],
};

pub(crate) static NO_BOOTNODE: Topic = Topic {
    slug: "no-bootnode",
    title: "no bootnode answers, so no nodes are found",
    texts: &[
        "no bootnode answers do they run with discovery v4 on",
        "no bootnode answers",
        "no bootnode answers so no nodes are found",
        "no bootnode has answered *",
        "nobody has answered within * s take more time",
        "a bootnode cannot be reached",
    ],
    what: "Discovery begins with the bootnodes, and none of them has answered.",
    means: "They do not run, their enodes are old, a firewall drops UDP, or this machine's \
            clock is wrong.",
    who: "We, when nobody has answered for a while.",
    clients: &[(WE, "Warn once, and ask again every 10 s.")],
    next: &[
        "Ask one by hand; and look at the clock:",
        "devp2p discv4 ping \"enode://…\"",
        "devp2p explain wrong-clock",
    ],
};

pub(crate) static NOBODY_CONNECTS: Topic = Topic {
    slug: "nobody-connects",
    title: "nobody has connected to this node",
    texts: &["nobody has connected to *", "nobody can connect to it it does not listen"],
    what: "The other half of having no peers: those who come by themselves.",
    means: "Others must know the node, find a way to it, and be let through. A loopback or \
            private address, a router or a firewall stop them.",
    who: "We, in a diagnosis.",
    clients: &[
        (GETH, "Can ask the router to let others through (NAT). We cannot."),
        (WE, "Listen on 0.0.0.0:30303 unless `--listen` says otherwise."),
    ],
    next: &[
        "Let the router pass TCP and UDP 30303 to this machine, and say where it is outside:",
        "devp2p node --ip 203.0.113.7",
    ],
};

pub(crate) static NO_PEERS: Topic = Topic {
    slug: "no-peers",
    title: "the node has no peers",
    texts: &[
        "it may have no peers the limit is 0",
        "no peers see above",
        "no peers after * s",
        "nobody there takes connections and is free to be dialed",
        "no peers",
    ],
    what: "What a diagnosis ends with.",
    means: "Each line of it is one cause. The limit of peers may be 0; or discovery knows nodes, \
            but none that takes connections and was not just dialed.",
    who: "We: a diagnosis, and a node that was alone for a minute.",
    clients: &[
        (GETH, "Has MaxPeers 0 unless a program sets it: everybody gets 0x04."),
        (WE, "Have 50 slots, or as many as `--max-peers` says."),
    ],
    next: &["Stop the node, and give its options to", "devp2p diagnose"],
};

pub(crate) static UNEXPLAINED: Topic = Topic {
    slug: "unexplained",
    title: "an error that has no explanation of its own yet",
    texts: &["other reasons"],
    what: "An error of a newer devp2p-core than this program was written for.",
    means: "Its own words are all that there is.",
    who: "We, where no other explanation fits.",
    clients: &[(WE, "Have a test that every error is explained: please report this one.")],
    next: &["The steps before it tell more:", "devp2p node -v"],
};
