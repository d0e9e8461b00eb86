//! What is wrong with enodes, records and public keys.

use super::super::topic::{GETH, Topic, WE};

pub(crate) static BAD_ENODE: Topic = Topic {
    slug: "bad-enode",
    title: "the text is not a whole enode",
    texts: &[
        "an enode url has at most 1024 bytes",
        "there is a space or a line break in the enode url remove it",
        "an enode url begins with enode",
        "this is a url of another kind an enode url begins with enode in lower case",
        "an enode url has no path remove the and what follows it",
        "an enode url has no fragment remove the and what follows it",
        "there are quotes around it remove them",
        "the stands for what was left out write the whole line",
        "no node is named here",
        "cannot read the file *",
    ],
    what: "An enode says who a node is and where: `enode://<128 hex digits>@host:port`.",
    means: "Something was lost or added when it was copied.",
    who: "We, before anything is sent.",
    clients: &[
        (GETH, "Is more patient: it takes a bare key and an empty host."),
        (WE, "Refuse what is more likely a slip than meant, and say which."),
    ],
    next: &[
        "Copy the whole line, as one word, from the node that prints it, and put it in \
             quotes:",
        "devp2p ping \"enode://…@203.0.113.7:30303\"",
    ],
};

pub(crate) static BAD_HOST: Topic = Topic {
    slug: "bad-host",
    title: "the host in the enode is no address of one machine",
    texts: &[
        "the host is missing after the public key comes * port",
        "the host is no ipv4 address ipv6 address in brackets or dns name",
        "the host is no ipv4 address four numbers from 0 to 255 with dots",
        "the host in brackets is no ipv6 address",
        "stands for all addresses of a machine nobody can connect to it name one",
        "stands for many machines at once nobody can connect to it name one",
    ],
    what: "What stands between `@` and the port: 127.0.0.1, [2001:db8::1] or a name.",
    means: "It is missing or misspelled, or means many machines, as 0.0.0.0 does.",
    who: "We, before anything is sent.",
    clients: &[
        (GETH, "Takes an empty host for a node without an address."),
        (WE, "Print an address of this machine in our enode, never 0.0.0.0."),
    ],
    next: &[
        "On the same machine it is 127.0.0.1, else the address of the other machine:",
        "devp2p ping \"enode://…@127.0.0.1:30303\"",
    ],
};

pub(crate) static BAD_PORT: Topic = Topic {
    slug: "bad-port",
    title: "a port in the enode is missing or no port",
    texts: &[
        "the port is missing after the host comes port",
        "the tcp port after the host is a number from 0 to 65535",
        "the udp port after discport is a number from 0 to 65535",
    ],
    what: "`:30303` behind the host is the TCP port, and the UDP port, too, unless `?discport=` \
           says another one.",
    means: "It is missing, or no number from 0 to 65535.",
    who: "We, before anything is sent.",
    clients: &[
        (GETH, "Prints `?discport=0` when it takes no part in discovery."),
        (WE, "The same."),
    ],
    next: &[
        "devp2p ping \"enode://…@127.0.0.1:30303\"",
        "devp2p discv4 ping \"enode://…@127.0.0.1:30303?discport=30304\"",
    ],
};

pub(crate) static BAD_PUBLIC_KEY: Topic = Topic {
    slug: "bad-public-key",
    title: "the public key has a wrong length or a wrong digit",
    texts: &[
        "a public key is written as 128 hex digits but there are * characters",
        "a public key is written with hex digits only 0 to 9 and a to f",
        "the public key is no point of the curve secp256k1 copy it again a digit is wrong",
    ],
    what: "A public key is 128 hex digits: a point of a curve. Not any 128 digits are one.",
    means: "It was not copied whole, a digit is wrong, or it is another thing: a node id has 64 \
            digits, a key in records 66.",
    who: "We, before anything is sent.",
    clients: &[(GETH, "Refuses the same. What it calls ID is the node id: 64 digits.")],
    next: &[
        "Copy it again from the node; or from its key file or its record:",
        "devp2p key enode my.key",
        "devp2p discv4 enr \"enr:…\"",
    ],
};

pub(crate) static BAD_NODE_ID: Topic = Topic {
    slug: "bad-node-id",
    title: "a node id is 64 hex digits",
    texts: &["a node id is written as 64 hex digits 0 to 9 and a to f"],
    what: "The node id is the hash of the public key: 32 bytes.",
    means: "The text is too short or too long, or has other characters. Is it a public key? \
            That has 128 digits.",
    who: "We, when a text is read.",
    clients: &[(GETH, "Calls the node id ID.")],
    next: &["Both are shown by", "devp2p discv4 enr \"enr:…\""],
};

pub(crate) static BAD_SIGNATURE: Topic = Topic {
    slug: "bad-signature",
    title: "a signature belongs to no public key",
    texts: &["the signature belongs to no public key"],
    what: "65 bytes: r, s, and a number from 0 to 3 with which the key can be found.",
    means: "The bytes were changed, or the last one is 27 or 28, as in transactions.",
    who: "We, about what somebody signed.",
    clients: &[(WE, "Refuse it; nothing that is signed is believed before.")],
    next: &["On the wire the last byte is 0, 1, 2 or 3. See", "devp2p explain bad-handshake"],
};

pub(crate) static BAD_RECORD: Topic = Topic {
    slug: "bad-record",
    title: "the text or the bytes are no node record",
    texts: &[
        "a node record begins with enr",
        "after enr come letters digits and only url safe base64 without and not any number \
              of them copy the whole record again",
        "a node record has at most 300 bytes",
        "a node record is one rlp list signature number then keys and values in turn",
        "the keys in a node record are sorted and each there once here they are not",
        "the node records identity scheme its id is not v4 the only one there is",
        "the node record has no valid public key its secp256k1",
    ],
    what: "A record (ENR) is what a node says about itself, signed: `enr:` and base64.",
    means: "A part of it was lost or added when it was copied, or its maker wrote it wrongly.",
    who: "We, before anything is sent; or about a record that a node has sent.",
    clients: &[
        (GETH, "Has the same rules. Its own record is in `admin.nodeInfo.enr`."),
        (WE, "Print records with `devp2p discv4 enr`."),
    ],
    next: &[
        "Copy the whole record again, then look what is in it, or ask the node for it:",
        "devp2p discv4 enr \"enr:…\"",
        "devp2p discv4 enr \"enode://…\"",
    ],
};

pub(crate) static RECORD_SIGNATURE: Topic = Topic {
    slug: "record-signature",
    title: "the record was changed after it was signed",
    texts: &["the node records signature is wrong it was changed after it was signed"],
    what: "A node signs its record. Who changes a letter makes the signature wrong.",
    means: "A letter was lost or changed in copying, or somebody has changed the record.",
    who: "We, before anything of the record is believed.",
    clients: &[(GETH, "Refuses such a record, too.")],
    next: &["Ask the node itself for its record:", "devp2p discv4 enr \"enode://…\""],
};
