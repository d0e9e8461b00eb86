//! Why a node does not start, and what is wrong with key files and settings.

use super::super::topic::{GETH, Topic, WE};

pub(crate) static PORT_TAKEN: Topic = Topic {
    slug: "port-taken",
    title: "another program has the port",
    texts: &[
        "port * on * is in use stop the other program or choose another port",
        "address already in use",
        "bind address already in use",
        "port is in use",
    ],
    what: "A node listens on a port, TCP for peers and UDP for discovery. One program can.",
    means: "Most often a node runs already: this one in another terminal, or go-ethereum, \
            which also takes 30303.",
    who: "The operating system of this machine, at the start.",
    clients: &[
        (GETH, "Takes 30303, too, for TCP and UDP, unless it is told otherwise."),
        (WE, "With port 0 take one that is free for both TCP and UDP."),
    ],
    next: &["Stop the other program, or:", "devp2p node --listen 0.0.0.0:0"],
};

pub(crate) static CANNOT_LISTEN: Topic = Topic {
    slug: "cannot-listen",
    title: "the operating system gives no socket there",
    texts: &[
        "cannot open a * socket on *",
        "needs rights that this program does not have choose one from 1024 on",
        "is no address of this machine listen on one that it has or on all",
        "an address to listen on is ip port",
    ],
    what: "The node cannot listen where it was told to.",
    means: "The address is not one of this machine, or the port is below 1024 and belongs to \
            the system. Behind a router, the address outside is not this machine's own.",
    who: "The operating system of this machine, at the start.",
    clients: &[(WE, "`--listen` is where we listen, `--ip` where others find us.")],
    next: &[
        "Listen on all addresses, and tell the outside address on its own:",
        "devp2p node --listen 0.0.0.0:30303 --ip 203.0.113.7",
    ],
};

pub(crate) static PROTOCOL_TWICE: Topic = Topic {
    slug: "protocol-twice",
    title: "a protocol was given twice",
    texts: &["the protocol * is configured twice"],
    what: "Two protocols of one node have the same name and the same version.",
    means: "Nobody could tell whose a message is.",
    who: "We, at the start.",
    clients: &[(
        WE,
        "The same name with another version is fine: the highest that both sides \
                     have is spoken.",
    )],
    next: &["Leave one of them out:", "devp2p node --echo foo/42/1 --echo foo/43/1"],
};

pub(crate) static BAD_PROTOCOL: Topic = Topic {
    slug: "bad-protocol",
    title: "a protocol is NAME/VERSION/LENGTH",
    texts: &["a protocol is name version length", "a capability is written as name version"],
    what: "What names a protocol on the command line; without the length, a capability.",
    means: "A part is missing, or the version or the length is no number.",
    who: "We, before the start.",
    clients: &[(GETH, "Has the same three: Name, Version and Length of p2p.Protocol.")],
    next: &["The length says how many message codes there are:", "devp2p node --echo foo/42/1"],
};

pub(crate) static HELLO_TOO_LONG: Topic = Topic {
    slug: "hello-too-long",
    title: "name and protocols do not fit into a Hello",
    texts: &["client name and protocols make a hello of * bytes the limit is 2048"],
    what: "Our own Hello would be longer than 2048 bytes.",
    means: "No peer would read it.",
    who: "We, at the start.",
    clients: &[
        (GETH, "Refuses a Hello above 2 KiB from others, and closes without a word."),
        (WE, "Refuse to start, so that you need not find out from the others."),
    ],
    next: &["Take a shorter name, or fewer protocols:", "devp2p node --name Alice"],
};

pub(crate) static EXTERNAL_ADDRESS: Topic = Topic {
    slug: "external-address",
    title: "the addresses of --ip contradict each other",
    texts: &[
        "ip a node has one address for ipv4 and one for ipv6 at most",
        "does not lead to where it listens",
        "write ip ip port or ip port discport udp port",
    ],
    what: "`--ip` says where others reach the node, if that is not where it listens.",
    means: "A record has room for one IPv4 and one IPv6 address. And what it says must lead to \
            the port that listens.",
    who: "We, at the start.",
    clients: &[
        (GETH, "Asks the router, or believes ten nodes that see it at one address."),
        (WE, "Believe ten nodes, too, as long as `--ip` says nothing else."),
    ],
    next: &["devp2p node --ip 203.0.113.7 --ip 2001:db8::7"],
};

pub(crate) static OPERATING_SYSTEM: Topic = Topic {
    slug: "operating-system",
    title: "the system refuses what every program needs",
    texts: &[
        "the operating system refuses what every program needs",
        "cannot write to stdout",
        "too many open files",
    ],
    what: "Threads, signals, files or the output are refused.",
    means: "The machine has too little memory, a limit is too low, or a disk is full.",
    who: "The operating system of this machine.",
    clients: &[(WE, "Warn when --max-peers needs more open files than the limit allows.")],
    next: &["Look at the limits, and raise the one for files:", "ulimit -a", "ulimit -n 4096"],
};

pub(crate) static STOPPED: Topic = Topic {
    slug: "stopped",
    title: "the node, or its discovery, runs no more",
    texts: &[
        "the server is not running any more",
        "the service was closed",
        "the node has ended by itself",
    ],
    what: "Something was asked of a node that has stopped.",
    means: "It was stopped in the meantime. If nobody did that, the lines before tell why.",
    who: "We, to who asked.",
    clients: &[(GETH, "Blocks for ever when a server is asked that was not started.")],
    next: &["Start it again, and see more of what it does:", "devp2p node -v"],
};

pub(crate) static KEY_FILE_MISSING: Topic = Topic {
    slug: "key-file-missing",
    title: "there is no such key file",
    texts: &["no such file or directory check the path of the key file", "there is no key file *"],
    what: "The file that holds a node's private key, and with it its identity.",
    means: "The path is wrong, or the key was never made. We do not make one by ourselves: a \
            slip in the path would give you a new identity.",
    who: "We, before the start.",
    clients: &[
        (GETH, "Keeps it as `geth/nodekey` in its data directory."),
        (WE, "Read go-ethereum's file, and it ours."),
    ],
    next: &["devp2p key new my.key", "devp2p node --key my.key"],
};

pub(crate) static KEY_FILE_UNREADABLE: Topic = Topic {
    slug: "key-file-unreadable",
    title: "the key file cannot be read or written",
    texts: &[
        "this is a directory name a file in it for the key",
        "no permission the key file and its directory must belong to the user running this",
        "reading or writing the key file failed",
    ],
    what: "The system does not let us at the key file.",
    means: "It is a directory, or belongs to somebody else, or the disk is full.",
    who: "The operating system of this machine.",
    clients: &[(
        WE,
        "Write key files for their owner alone (0600), and warn when others can \
                     read one.",
    )],
    next: &["Look whose it is, then take another path:", "ls -l my.key", "devp2p key new my.key"],
};

pub(crate) static KEY_FILE_EXISTS: Topic = Topic {
    slug: "key-file-exists",
    title: "there is a file already, and it is kept",
    texts: &["the file exists and is not overwritten move it away or choose another name"],
    what: "`devp2p key new` writes a new file only.",
    means: "A key that is overwritten is an identity that is gone.",
    who: "We, before anything is written.",
    clients: &[(GETH, "Overwrites it."), (WE, "Never do.")],
    next: &[
        "Use the key that is there, or choose another name:",
        "devp2p key enode my.key",
        "devp2p key new other.key",
    ],
};

pub(crate) static KEY_FILE_CONTENT: Topic = Topic {
    slug: "key-file-content",
    title: "what is in the key file is no key",
    texts: &[
        "a key file holds 64 hex digits this one 32 raw bytes",
        "a key file holds 64 hex digits this one * characters some of the key is lost",
        "a key file holds 64 hex digits without 0x and at most two line ends remove the rest",
        "a key file holds hex digits only without 0x character * is none",
        "a secret key is a number from 1 to the curves order less 1 take another one",
    ],
    what: "A key file holds 64 hex digits, at most two line ends, and nothing else.",
    means: "It is another file, or was changed. What was lost of a key cannot be found again.",
    who: "We, before the start.",
    clients: &[(GETH, "Has the same rules, and reads and writes the same file.")],
    next: &[
        "Is it the right file? If the key is gone, make another one:",
        "devp2p key new other.key",
    ],
};
