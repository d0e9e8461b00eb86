//! `devp2p explain`, as a user sees it; and that what is printed elsewhere leads to it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use serde_json::Value;
use support::{
    CLOSED_ADDRESS, Devp2p, KEY_ONE, STRANGER, assert_golden, devp2p, file, keys, more, new_path,
};

/// The slug of what explains this.
fn explained(thing: &str) -> String {
    let explained = devp2p(&["explain", "--json", thing]);
    assert_eq!((explained.code, &*explained.stderr), (Some(0), ""), "{thing}: {explained:?}");
    let explained: Value = serde_json::from_str(&explained.stdout).unwrap();
    explained["slug"].as_str().unwrap().to_owned()
}

/// The slug behind `More:` in what was printed, and it is also what explains the line before.
#[track_caller]
fn more_of(printed: &str) -> String {
    let (told, more) = printed.split_once("More: ").unwrap();
    let slug = more.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
    let last = told.trim_end().lines().last().unwrap();
    assert_eq!(explained(last), slug, "{last}");
    slug
}

#[test]
fn a_reason_is_explained_by_number_name_bytes_and_as_it_was_printed() {
    for thing in [
        "4",
        "04",
        "0x04",
        "c104",
        "01c104",
        "0204c104",
        "010204c104",
        "too many peers",
        "too-many-peers",
        "TooManyPeers",
        "\"too many peers\"",
        "peer dropped  Bob (1dd9d65c): it said \"too many peers\" (0x04)",
        "devp2p: the node refuses us: too many peers (0x04). Try again when it has a free slot.",
    ] {
        assert_eq!(explained(thing), "too-many-peers", "{thing}");
    }
    assert_eq!(explained("--connect: this enode has only a key: add the address"), "no-address");
    let words = devp2p(&["explain", "too", "many", "peers"]);
    let text = devp2p(&["explain", "0204c104"]);
    assert_eq!((words.code, text.code), (Some(0), Some(0)));
    assert!(words.stdout.starts_with("too-many-peers: "), "{words:?}");
    let read = "0204c104: a list of one number, compressed: 0x04, \"too many peers\"\n\n";
    assert_eq!(text.stdout, read.to_owned() + &words.stdout);
}

#[test]
fn an_explanation_as_json_has_all_its_parts() {
    let json: Value = serde_json::from_str(&devp2p(&["explain", "--json", "0x03"]).stdout).unwrap();
    assert_eq!(keys(&json), ["clients", "means", "next", "read", "slug", "title", "what", "who"]);
    assert_eq!(keys(&json["clients"]), ["EthereumJS", "go-ethereum", "reth", "we"]);
    assert!(json["next"].as_array().unwrap().len() > 1, "{json}");
}

#[test]
fn all_topics_are_listed_and_every_one_is_explained() {
    let list = devp2p(&["explain"]);
    assert_eq!((list.code, &*list.stderr), (Some(0), ""));
    let slugs = list.stdout.lines().filter_map(|line| line.strip_prefix("  "));
    let slugs: Vec<&str> = slugs.map(|line| line.split(' ').next().unwrap()).collect();
    assert!(slugs.len() > 60, "{list:?}");
    let json = devp2p(&["explain", "--json"]).stdout;
    for (line, slug) in json.lines().zip(&slugs) {
        let entry: Value = serde_json::from_str(line).unwrap();
        assert_eq!((keys(&entry), entry["slug"].as_str()), (vec!["slug", "title"], Some(*slug)));
    }
    assert_eq!(json.lines().count(), slugs.len());
    let all = devp2p(&["explain", "--all"]).stdout;
    let json = devp2p(&["explain", "--all", "--json"]).stdout;
    assert_eq!(json.lines().count(), slugs.len());
    for slug in slugs {
        assert!(all.contains(&devp2p(&["explain", slug]).stdout), "{slug}");
    }
}

#[test]
fn all_explanations_are_what_the_book_shows() {
    let all = devp2p(&["explain", "--all"]).stdout.replace(env!("CARGO_BIN_EXE_devp2p"), "devp2p");
    assert_golden("expected-explain.txt", &all);
}

#[test]
fn what_nobody_knows_is_answered_with_what_can_be_given_and_what_is_close() {
    let unknown = devp2p(&["explain", "tomany-peers"]);
    assert_eq!((unknown.code, &*unknown.stdout), (Some(1), ""));
    assert!(unknown.stderr.starts_with("devp2p: nothing is known about `tomany-peers`: give a"));
    let program = env!("CARGO_BIN_EXE_devp2p");
    let first = unknown.stderr.lines().find(|line| line.starts_with("  ")).unwrap();
    assert_eq!(first.trim(), format!("{program} explain too-many-peers"));
    let other = devp2p(&["explain", "frobnicate"]);
    assert_eq!(other.code, Some(1));
    assert!(other.stderr.contains("This lists all topics:"), "{other:?}");
}

#[test]
fn hostile_words_cannot_paint_nor_break_it() {
    let long = "x".repeat(100_000);
    let many = "the mac of ".repeat(10_000);
    let hostile = [
        "\x1b[2J\u{202e}",
        "\n\n\n",
        "a\tb\r",
        &long,
        &many,
        "c1".repeat(9999).as_str(),
        "💣",
        "`",
    ]
    .map(|thing| devp2p(&["explain", thing]));
    for ended in hostile {
        let all = format!("{}{}", ended.stdout, ended.stderr);
        assert!(matches!(ended.code, Some(0 | 1)), "{ended:?}");
        assert!(all.chars().all(|c| c == '\n' || !c.is_control()) && !all.contains('\u{202e}'));
        assert!(all.len() < 4000, "{all}");
    }
    let empty = devp2p(&["explain", ""]);
    assert!(empty.stdout.starts_with("no bytes, so no number can be read\n"), "{empty:?}");
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_no_text_is_read_as_far_as_it_is_one() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::process::Command;

    let thing = OsStr::from_bytes(b"\xff\xfe too many peers \xc3\x28");
    let devp2p = env!("CARGO_BIN_EXE_devp2p");
    let ended = Command::new(devp2p).arg("explain").arg(thing).output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.stdout.starts_with(b"too-many-peers: "), "{ended:?}");
    let ended =
        Command::new(devp2p).args(["explain".as_ref(), OsStr::from_bytes(b"\xff")]).output();
    assert_eq!(ended.unwrap().status.code(), Some(1));
}

#[test]
fn who_reads_enough_is_no_failure() {
    let head = Devp2p::start_and_read(&["explain", "--all"], 1).wait();
    assert_eq!((head.code, &*head.stderr), (Some(0), ""));
}

#[test]
fn a_failed_ping_says_where_to_read_more() {
    let refused = devp2p(&["ping", &format!("enode://{STRANGER}@{CLOSED_ADDRESS}")]);
    assert!(refused.stderr.ends_with(&more("connection-refused")), "{refused:?}");
    assert_eq!(more_of(&refused.stderr), "connection-refused");

    let full = Devp2p::node(&["--max-peers", "0"]);
    assert_eq!(more_of(&devp2p(&["ping", &full.enode()]).stderr), "too-many-peers");

    let node = Devp2p::node(&[]);
    let enode = node.enode();
    let wrong = format!("enode://{STRANGER}@{}", enode.split_once('@').unwrap().1);
    assert_eq!(more_of(&devp2p(&["ping", &wrong]).stderr), "closed-after-auth");
}

#[test]
fn a_ping_that_is_useless_says_where_to_read_more_for_people_and_as_json() {
    let node = Devp2p::node(&["--echo", "foo/42/1"]);
    let enode = node.enode();
    assert_eq!(more_of(&devp2p(&["ping", &enode]).stdout), "useless-peer");
    let json: Value = serde_json::from_str(&devp2p(&["ping", "--json", &enode]).stdout).unwrap();
    assert_eq!(json["explain"], "useless-peer", "{json}");
}

/// A program that takes a connection, reads so many bytes and closes.
fn closing_after(bytes: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // It may be reset before; closed it is in any case.
        let _ = stream.read_exact(&mut vec![0; bytes]);
        let _ = stream.flush();
    });
    format!("enode://{STRANGER}@{address}")
}

#[test]
fn a_connection_that_is_closed_on_auth_is_told_from_one_that_is_no_handshake() {
    assert_eq!(more_of(&devp2p(&["ping", &closing_after(2)]).stderr), "closed-after-auth");
}

#[test]
fn a_node_says_it_once_for_each_reason() {
    let node = Devp2p::node(&[]);
    let enode = node.enode();
    devp2p(&["ping", &enode]);
    let first = node.line_with("peer dropped");
    let command = format!(" [{} explain client-quitting]", env!("CARGO_BIN_EXE_devp2p"));
    assert!(first.ends_with(&command), "{first}");
    let (told, _) = first.split_once(" [").unwrap();
    assert_eq!(explained(told), "client-quitting");
    devp2p(&["ping", &enode]);
    let second = node.line_with("peer dropped");
    assert!(second.ends_with("it said \"client quitting\" (0x08)"), "{second}");
}

#[test]
fn a_node_says_where_to_read_about_a_dial_that_failed() {
    let node = Devp2p::node(&["--connect", &format!("enode://{STRANGER}@{CLOSED_ADDRESS}")]);
    let line = node.line_with("dial failed   1dd9d65c [");
    assert!(line.ends_with(" explain connection-refused]"), "{line}");
}

#[test]
fn the_events_of_a_node_as_json_stay_as_they_are() {
    let node = Devp2p::node(&["--json"]);
    let enode = node.json()["enode"].as_str().unwrap().to_owned();
    devp2p(&["ping", &enode]);
    let events = [node.json(), node.json()];
    assert_eq!(events[1]["type"], "drop");
    assert!(events.iter().all(|event| !event.to_string().contains("explain")), "{events:?}");
}

#[test]
fn a_node_that_does_not_start_and_a_key_that_is_none_say_where_to_read_more() {
    let key = file("explain_short.key", "abc");
    let missing = new_path("explain_missing.key");
    let record =
        devp2p(&["discv4", "ping", "--key", &key, &format!("enode://{STRANGER}@127.0.0.1:1")]);
    assert_eq!(more_of(&record.stderr), "key-file-content");
    let table: [(&[&str], &str); 5] = [
        (&["node", "--no-listen", "--key", &missing], "key-file-missing"),
        (&["key", "new", &key], "key-file-exists"),
        (&["node", "--listen", "127.0.0.1:0", "--connect", STRANGER], "no-address"),
        (&["node", "--listen", "192.0.2.1:0"], "cannot-listen"),
        (&["node", "--ip", "10.0.0.1", "--ip", "10.0.0.2"], "external-address"),
    ];
    for (args, slug) in table {
        let ended = devp2p(args);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.ends_with(&more(slug)), "{ended:?}");
        assert_eq!(more_of(&ended.stderr), slug);
    }
    let key = file("explain_one.key", KEY_ONE);
    let own = devp2p(&["key", "enode", &key, "--ip", "127.0.0.1"]).stdout;
    let args = ["node", "--listen", "127.0.0.1:0", "--key", &key, "--connect", own.trim()];
    assert_eq!(more_of(&devp2p(&args).stderr), "own-node");
}

#[test]
fn a_diagnosis_names_what_explains_it() {
    let nowhere = format!("enode://{STRANGER}@nowhere.invalid:30303");
    let args = ["diagnose", "--listen", "127.0.0.1:0", "--bootnode", &nowhere];
    let diagnosis = devp2p(&args);
    assert_eq!(more_of(&diagnosis.stdout), "name-not-found");
    // Once is enough.
    assert_eq!(diagnosis.stderr, "devp2p: no peers, see above\n");
}

#[test]
fn a_wrong_enode_has_one_line_more_and_a_slip_has_none() {
    for (args, slug) in [
        (["ping", "enode://abc@127.0.0.1:1"], Some("bad-public-key")),
        (["ping", "enode:/x"], Some("bad-enode")),
        (["discv4", "enr"], None),
        (["ping", "--frobnicate"], None),
    ] {
        let ended = devp2p(&args);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        match slug {
            Some(slug) => assert!(ended.stderr.ends_with(&more(slug)), "{ended:?}"),
            None => assert!(!ended.stderr.contains("More: "), "{ended:?}"),
        }
    }
}
