//! What happens when the command line is wrong, or asks for help.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use support::{PUBLIC_KEY_ONE, STRANGER, devp2p, file};

/// Runs `devp2p` with these words; `KEY` stands for a valid public key.
fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(|word| word.replace("KEY", STRANGER)).collect()
}

/// Each line is refused, and its second half says why.
fn assert_refused(table: &[(&str, &str)]) {
    for (line, wrong) in table {
        let words = words(line);
        let ended = devp2p(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{line}: {ended:?}");
        assert!(ended.stderr.contains(wrong), "{line}: {ended:?}");
    }
}

#[test]
fn a_wrong_command_line_is_told_with_what_is_wrong() {
    assert_refused(&[
        ("nod", "unrecognized subcommand 'nod'"),
        ("node --frobnicate", "unexpected argument '--frobnicate'"),
        ("node --listen 30303", "an address to listen on is IP:PORT"),
        ("node --listen localhost:0", "an address to listen on is IP:PORT"),
        ("node --listen 127.0.0.1:0 --no-listen", "cannot be used with"),
        ("node --ip 300.1.1.1", "write IP, IP:PORT or IP:PORT?discport=UDP-PORT"),
        ("node --ip 10.1.2.3:0", "ports are from 1 to 65535"),
        ("node --ip 10.1.2.3:1?discport=0", "ports are from 1 to 65535"),
        ("node --ip 0.0.0.0:1", "name one"),
        ("node --ip 224.0.0.1", "224.0.0.1 stands for many machines at once"),
        ("node --ip 255.255.255.255:1", "255.255.255.255 stands for many machines at once"),
        ("ping enode://KEY@[ff02::1]:1", "ff02::1 stands for many machines at once"),
        ("node --ip 0.0.0.0", "name one"),
        ("node --max-peers many", "'many' for '--max-peers <N>': a whole number is needed here"),
        ("node --max-peers -1", "a whole number is needed here"),
        ("node --name=", "a value is required for '--name <NAME>'"),
        ("node --echo foo", "NAME/VERSION/LENGTH, as in foo/42/1"),
        ("node --echo foo/42", "NAME/VERSION/LENGTH, as in foo/42/1"),
        ("node --echo foo/42/1/1", "NAME/VERSION/LENGTH, as in foo/42/1"),
        ("node --echo /42/1", "NAME/VERSION/LENGTH, as in foo/42/1"),
        ("node --echo foo/x/1", "NAME/VERSION/LENGTH, as in foo/42/1"),
        ("node --echo foo/42/-1", "NAME/VERSION/LENGTH, as in foo/42/1"),
        ("node --echo foo/42/0", "at least 1"),
        ("node --for -1", "a whole number is needed here"),
        ("node --listen 127.0.0.1:65536", "ports are from 0 to 65535"),
        ("node --connect enode://KEY@127.0.0.1:0", "TCP port is 0"),
        ("node --bootnode enode://KEY", "no address"),
        ("node --bootnode enode://KEY@127.0.0.1:1?discport=0", "UDP port is 0"),
        ("node --no-discovery --bootnode enode://KEY@127.0.0.1:1", "cannot be used with"),
        ("node --trusted 12", "128 hex digits, but there are 2 characters; or write an enode"),
        ("node --connect enode://KEY@0.0.0.0:1", "0.0.0.0 stands for all addresses"),
        ("node --bootnode enode://KEY@[::]:1", ":: stands for all addresses"),
        ("node --bootnode enode://KEY@127.0.0.1:1,enode://KEY", "no address"),
        ("node --bootnode ,", "no node is named here"),
        ("node --bootnode \"enode://KEY@127.0.0.1:1\",", "quotes around it"),
        ("node --trusted @no/such/file", "cannot read the file no/such/file"),
        ("ping", "<ENODE>"),
        ("ping KEY@127.0.0.1:1", "begins with `enode://`"),
        ("ping http://127.0.0.1:1", "URL of another kind"),
        ("ping enode://abc@127.0.0.1:1", "128 hex digits, but there are 3"),
        ("ping enode://zKEY@127.0.0.1:1", "public key"),
        ("ping enode://KEY@:1", "host is missing"),
        ("ping enode://KEY@127.0.0.300:1", "no IPv4 address"),
        ("ping enode://KEY@[::x]:1", "no IPv6 address"),
        ("ping enode://KEY@127.0.0.1", "port is missing"),
        ("ping enode://KEY@127.0.0.1:70000", "TCP port"),
        ("ping enode://KEY@127.0.0.1:1?discport=x", "UDP port"),
        ("ping enode://KEY", "add the address"),
        ("ping enode://…", "write the whole line"),
        ("ping enode://KEY@0.0.0.0:1", "0.0.0.0 stands for all addresses"),
    ]);
}

#[test]
fn a_wrong_command_line_of_a_tool_is_told_with_what_is_wrong() {
    assert_refused(&[
        ("discv4", "Usage: devp2p discv4"),
        ("discv4 ping", "<ENODE>"),
        ("discv4 ping enode://KEY", "the enode has no address"),
        ("discv4 ping enode://KEY@127.0.0.1:1?discport=0", "UDP port is 0"),
        ("discv4 ping KEY", "the enode has no address"),
        ("discv4 ping KEY@127.0.0.1:1", "begins with `enode://`; or write a record (enr:…)"),
        ("discv4 listen --for x", "a whole number is needed here"),
        (
            "discv4 crawl --bootnode enode://KEY@127.0.0.1:1 --for x",
            "a whole number is needed here",
        ),
        ("discv4 ping enr:x", "URL-safe base64"),
        ("discv4 ping enr:", "one RLP list"),
        ("discv4 resolve", "<NODE>"),
        ("discv4 resolve 12", "128 hex digits, but there are 2"),
        ("discv4 resolve KEY --bootnode enode://KEY", "the enode has no address"),
        ("discv4 crawl", "--bootnode <ENODE>"),
        ("discv4 listen --listen 30303", "an address to listen on is IP:PORT"),
        ("key", "Usage: devp2p key"),
        ("key new", "<FILE>"),
        ("key enode some.key --tcp 1", "--ip <IP>"),
        ("key enode some.key --ip 1.2.3.4 --udp 65536", "65536"),
    ]);
}

#[test]
fn every_help_has_an_example_and_fits_on_a_projector() {
    for line in [
        "--help",
        "node --help",
        "ping --help",
        "diagnose --help",
        "explain --help",
        "discv4 --help",
        "discv4 ping --help",
        "discv4 enr --help",
        "discv4 resolve --help",
        "discv4 crawl --help",
        "discv4 listen --help",
        "key --help",
        "key new -h",
        "key enode -h",
    ] {
        let words = words(line);
        let ended = devp2p(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{line}");
        let (_, example) = ended.stdout.rsplit_once(":\n  devp2p ").unwrap();
        assert!(!example.is_empty(), "{line}");
        for text in ended.stdout.lines() {
            assert!(text.chars().count() <= 100, "{line}: {text}");
        }
    }
}

#[test]
fn without_a_command_it_shows_the_help() {
    let ended = devp2p(&[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(ended.stderr.contains("Usage: devp2p"), "{ended:?}");
}

#[test]
fn nodes_are_taken_in_lists_and_in_files() {
    let one = format!("enode://{STRANGER}@127.0.0.1:1");
    let two = format!("enode://{PUBLIC_KEY_ONE}@127.0.0.1:1");
    let list = format!("[\n  \"{one}\",\n\n  \"{two}\"\n]   # as geth keeps them\n");
    let path = format!("@{}", file("static-nodes.json", &list));
    for nodes in [format!("{one},{two}"), format!(" {one} , {two},"), path] {
        let args = ["node", "--listen", "127.0.0.1:0", "--for", "0"];
        let options = ["--connect", &nodes, "--trusted", &nodes, "--bootnode", &nodes];
        let ended = devp2p(&[&args[..], &options].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    let path = file("broken.txt", &format!("{one}\n{two}\nenode://{STRANGER}\n"));
    let ended = devp2p(&["node", "--bootnode", &format!("@{path}")]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(
        ended.stderr.contains(&format!("line 3 of {path}: the enode has no address")),
        "{ended:?}"
    );
}

#[test]
fn a_key_alone_is_connected_to_only_with_a_bootnode() {
    let bootnode = format!("enode://{PUBLIC_KEY_ONE}@127.0.0.1:1");
    let args = ["node", "--listen", "127.0.0.1:0", "--for", "0", "--connect", STRANGER];
    let ended = devp2p(&args);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert!(ended.stderr.starts_with("devp2p: --connect: this enode has only a key: "));
    assert!(ended.stderr.contains("or a bootnode that knows it"), "{ended:?}");
    let ended = devp2p(&[&args[..], &["--bootnode", &bootnode]].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");
}
