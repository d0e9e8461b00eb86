//! What is wrong with bytes, files and names that a trace is made of.

use super::super::topic::{GETH, Topic, WE};

pub(crate) static UNREADABLE: Topic = Topic {
    slug: "nothing-known",
    title: "bytes that are broken, or of another kind",
    texts: &[
        "bytes are nothing that is known here",
        "there is no such file and this is nothing that is known here",
        "there is nothing to decode",
        "* of * broken the lines with an exclamation mark say how",
        "no rlpx connection and no discovery packet is in this capture",
        "decoding ends here",
    ],
    what: "Bytes were to be decoded, and are not, or not all, what they were taken for.",
    means: "What is before the exclamation mark is right. After it nothing can be read: most often \
            the bytes were cut, or a digit was lost when they were copied.",
    who: "We, in `devp2p decode`.",
    clients: &[(WE, "Find out what bytes are; `--as` says it when that fails.")],
    next: &["Say what it is:", "devp2p decode --as rlp c104"],
};

pub(crate) static TRACE_FILE: Topic = Topic {
    slug: "trace-file",
    title: "a trace file is cut off, or of another kind",
    texts: &[
        "this is no trace file its first line is not schema devp2p trace",
        "this file is of the schema * version * this program knows devp2p trace version 1",
        "line * is no step of a trace it is cut off or was changed",
    ],
    what: "A trace file says in its first line what it is, and has a step in each other line.",
    means: "The file is of a newer program, or not whole: it may still be written.",
    who: "We, when a trace file is read.",
    clients: &[(WE, "Show every step before the line that cannot be read.")],
    next: &[
        "Make one with `devp2p trace --json a4 > trace.jsonl`, and read it:",
        "devp2p decode trace.jsonl",
    ],
};

pub(crate) static KEY_LOG: Topic = Topic {
    slug: "key-log",
    title: "a key log cannot be read, or is of another run",
    texts: &[
        "line * of the key log is not label the first 32 bytes of auth and 32 bytes more both in hex",
        "keylog is for captures and this is none",
        "the key log knows none of the * in this capture is it of another run",
    ],
    what: "A key log has three secrets of each connection. With it a capture can be decrypted.",
    means: "The secrets are made anew for each connection: log and capture must be of the same run.",
    who: "We, in `devp2p decode`.",
    clients: &[
        (GETH, "Writes no such file."),
        (WE, "Write one with `--keylog`; either of the two nodes can."),
    ],
    next: &[
        "Capture while the node writes its key log:",
        "devp2p node --keylog keys.log",
        "devp2p decode --keylog keys.log capture.pcap",
    ],
};

pub(crate) static CAPTURE: Topic = Topic {
    slug: "capture-file",
    title: "a capture cannot be read, or not all of it",
    texts: &[
        "this is neither a pcap nor a pcapng file record one with tcpdump w file or save one from wireshark",
        "this file is compressed unpack it first with gunzip unxz or unzstd",
        "the capture is cut off",
        "the capture is damaged",
        "the capture has packets of link type * which cannot be read here",
    ],
    what: "A file of packets as tcpdump and Wireshark write it: pcap or pcapng.",
    means: "What stands before the fault was read. A capture of the loopback interface or of a network \
            card is understood, one of a radio is not.",
    who: "We, in `devp2p decode`.",
    clients: &[(WE, "Read both forms, and put TCP streams together again.")],
    next: &[
        "Record once more, here with tcpdump, and end it with Ctrl-C:",
        "`tcpdump -i lo -w capture.pcap port 30303`",
        "devp2p decode capture.pcap",
    ],
};

pub(crate) static LESSON: Topic = Topic {
    slug: "lesson",
    title: "there is no such lesson",
    texts: &["the lessons of layer a are a1 a2 a3 a4 and a5"],
    what: "The exchange of a lesson is shown: what its two nodes say to each other.",
    means: "The lessons have short names, with a small letter.",
    who: "We, in `devp2p trace`.",
    clients: &[],
    next: &["Two nodes say a word:", "devp2p trace a4"],
};
