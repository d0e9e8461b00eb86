//! What can go wrong when a node is asked over JSON-RPC.

use super::super::topic::{GETH, Topic, WE};

pub(crate) static NO_RPC: Topic = Topic {
    slug: "no-rpc",
    title: "nobody answers over RPC",
    texts: &[
        "cannot connect to * is the node running and does it answer there",
        "* is no place of a node *",
    ],
    what: "A node was to be asked over JSON-RPC, and nobody answers there, or nobody who is a node.",
    means: "The node does not run, or answers elsewhere: a path is an IPC socket, which goes with the \
            node; http:// and ws:// are addresses. Only who started the node may open its socket.",
    who: "The operating system, or the server that is there.",
    clients: &[
        (WE, "Answer over nothing, unless `--ipc`, `--http` or `--ws` says where."),
        (
            GETH,
            "Answers on `geth.ipc` in its data directory; `--http` and `--ws` open ports 8545, 8546.",
        ),
    ],
    next: &["Start a node that answers:", "devp2p node --ipc /tmp/devp2p.ipc"],
};

pub(crate) static RPC_REFUSED: Topic = Topic {
    slug: "rpc-refused",
    title: "a node answers over RPC, and says no",
    texts: &[
        "the node answers *",
        "the method * does not exist/is not available",
        "missing value for required argument *",
        "invalid argument * cannot unmarshal *",
        "method handler crashed",
        "request timed out",
        "notifications not supported",
        "expected subscription name as first argument",
        "parse error",
        "invalid request",
        "32700",
        "32600",
        "32601",
        "32602",
        "32603",
        "32000",
        "32002",
        "the answer has no result",
        "the result is not what was expected *",
        "the parameters cannot be sent *",
    ],
    what: "The node was asked, and its answer is an error: a text, and a number.",
    means: "-32601: there is no such method, or it is not shown on this transport. -32602: the \
            parameters are not those of the method. -32000: the method itself failed. -32603: it \
            crashed. -32002: it took too long.",
    who: "The node.",
    clients: &[
        (
            WE,
            "Show net and web3 over HTTP and WebSocket, and all over IPC; `--api` says what more.",
        ),
        (GETH, "Shows net, web3 and eth over HTTP and WebSocket; `--http.api` says what more."),
    ],
    next: &["See what it answers there:", "devp2p rpc PLACE rpc_modules"],
};

pub(crate) static IPC_PATH: Topic = Topic {
    slug: "ipc-path",
    title: "a node cannot answer at this path",
    texts: &[
        "another program listens on *",
        "* is there and is no socket",
        "the path * has more than * bytes",
        "--ipc * no such file or directory",
    ],
    what: "`--ipc` names a path at which a socket is made, and that could not be done.",
    means: "Another node answers there; or there is a file of another kind, which is never deleted; or \
            the folder does not exist; or the path is longer than the system allows. A socket that a \
            crash has left is replaced.",
    who: "This program, or the operating system.",
    clients: &[
        (WE, "Take the path over only if nobody answers there; only its user may open it."),
        (GETH, "Removes whatever is at the path, and takes it."),
    ],
    next: &["Choose another path, in a folder that is there:", "devp2p node --ipc /tmp/devp2p.ipc"],
};

pub(crate) static RPC_LOST: Topic = Topic {
    slug: "rpc-lost",
    title: "the connection to a node over RPC has ended",
    texts: &[
        "the connection is lost *",
        "no answer within * s",
        "the node has ended the subscription *",
        "* events waited to be read and there is room for no more some are lost",
        "an event is not what was expected *",
    ],
    what: "A call was under way, or a subscription, and nothing more will come of it.",
    means: "The node has ended, or whoever was to read did not. What was under way may have been done \
            or not: only asking again tells.",
    who: "Whoever noticed it.",
    clients: &[
        (WE, "End a subscription whose reader is too slow, and say so; its connection goes on."),
        (
            GETH,
            "Stops telling, and says nothing; over WebSocket the connection never answers again.",
        ),
    ],
    next: &["Ask again:", "devp2p rpc PLACE rpc_modules"],
};
