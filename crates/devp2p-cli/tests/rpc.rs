//! `devp2p node` answers over RPC, and `devp2p rpc` asks: what go-ethereum answered was recorded.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::{Error, Limits, Module, Modules, Sink};
use serde_json::{Value, json};
use support::{Devp2p, assert_golden, devp2p, more};
use tempfile::TempDir;
use tokio::sync::Notify;

/// A node that answers on a socket.
struct Node {
    node: Devp2p,
    info: Value,
    ipc: String,
    _folder: TempDir,
}

impl Node {
    fn start(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ipc = folder.path().join("node.ipc").display().to_string();
        let base = ["--no-discovery", "--json", "--echo", "foo/42/1", "--ipc", &ipc];
        let node = Devp2p::node(&[&base[..], args].concat());
        let info = node.json();
        Self { node, info, ipc, _folder: folder }
    }

    fn enode(&self) -> &str {
        self.info["enode"].as_str().unwrap()
    }

    /// What `devp2p rpc` prints.
    fn ask(&self, words: &[&str]) -> Value {
        let asked = devp2p(&[&["rpc", &self.ipc], words].concat());
        assert_eq!(asked.code, Some(0), "{asked:?}");
        serde_json::from_str(&asked.stdout).unwrap()
    }

    /// Sends a request as it is written, and returns the answer as it is written.
    fn raw(&self, request: &str) -> String {
        let mut stream = self.stream();
        writeln!(stream.get_mut(), "{request}").unwrap();
        line(&mut stream)
    }

    /// A connection of one's own.
    fn stream(&self) -> BufReader<UnixStream> {
        let stream = UnixStream::connect(&self.ipc).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        BufReader::new(stream)
    }
}

/// The next line; empty at the end.
fn line(stream: &mut BufReader<UnixStream>) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    line
}

/// Recorded on go-ethereum 1.17.5.
fn rows() -> Vec<Value> {
    let recorded: Value = serde_json::from_str(include_str!("recorded/rpc_admin.json")).unwrap();
    recorded["rows"].as_array().unwrap().clone()
}

/// Answers that do not depend on which node it is.
#[test]
fn what_go_ethereum_refuses_or_works_out_is_the_same_here() {
    let node = Node::start(&[]);
    let enode = node.enode();
    let (public_key, port) =
        (enode.get(8..136).unwrap(), node.info["ports"]["listener"].to_string());
    let mut compared = 0;
    for row in rows() {
        let (Some(request), Some(reply)) = (row["request"].as_str(), row["reply"].as_str()) else {
            continue;
        };
        let is_general = ["web3_sha3", "admin_subscribe", "admin_peerEvents"]
            .iter()
            .any(|method| request.contains(method))
            || request.contains("addPeer") && !request.contains("$PUB_B")
            || request.contains("removePeer") && !request.contains("$PUB_")
            || request.contains("admin_nodeInfo\",\"params\":[1]");
        // What is wrong with a record is said in our own words.
        let is_of_record = request.contains("\"enr:");
        if row["node"] != "A" || row["on"] != "ipc" || !is_general || reply.contains("$SUB") {
            continue;
        }
        let request = request
            .replace("$PUB_A", public_key)
            .replace("\"$P2P_A\"", &port)
            .replace("$P2P_A", &port);
        let answer = node.raw(&request);
        if is_of_record && answer.contains("invalid enode: ") {
            continue;
        }
        assert_eq!(answer, reply, "{request}");
        compared += 1;
    }
    assert!(compared > 25, "{compared} of them");
}

/// The names of all members, and of their members, in the order in which they are written.
fn shape(json: &str) -> Vec<String> {
    let names = json.split('"').collect::<Vec<_>>();
    let followed = names.windows(2).filter(|two| two[1].starts_with(':'));
    followed.map(|two| two[0].to_owned()).collect()
}

#[test]
fn nodes_and_peers_have_the_shape_of_go_ethereum() {
    let (one, two) = (Node::start(&[]), Node::start(&[]));
    let call = |method: &str| format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{method}\"}}");
    let recorded = |method: &str| {
        let of_n = |row: &Value| {
            let has = |text: &str| row["request"].as_str().is_some_and(|it| it.contains(text));
            row["node"] == "N" && has(method)
        };
        let reply = rows().into_iter().find(of_n).unwrap()["reply"].as_str().unwrap().to_owned();
        // Two protocols more than our node has.
        let more = [
            ",\"info\":{\"answer\":42},\"late\":null",
            ",\"info\":{\"seen\":7},\"late\":\"handshake\"",
        ];
        more.iter().fold(reply, |reply, more| reply.replace(more, ""))
    };
    assert_eq!(shape(&one.raw(&call("admin_nodeInfo"))), shape(&recorded("admin_nodeInfo")));
    assert_eq!(one.raw(&call("admin_peers")), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[]}\n");
    assert_eq!(one.ask(&["net_listening"]), true);

    let mut events = one.stream();
    let subscribe =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"admin_subscribe\",\"params\":[\"peerEvents\"]}";
    writeln!(events.get_mut(), "{subscribe}").unwrap();
    assert!(line(&mut events).contains("\"result\":\"0x"));
    assert_eq!(two.ask(&["admin_addPeer", one.enode()]), true);
    let add = line(&mut events);
    let recorded_event = |kind: &str| {
        let of_n = |row: &Value| {
            let event = row["events"][0].as_str()?.to_owned();
            (row["node"] == "N" && event.contains(kind)).then_some(event)
        };
        rows().iter().find_map(of_n).unwrap()
    };
    assert_eq!(shape(&add), shape(&recorded_event("add")), "{add}");
    assert!(add.contains(two.info["nodeId"].as_str().unwrap()), "{add}");
    let peers = one.raw(&call("admin_peers"));
    assert_eq!(shape(&peers), shape(&recorded("admin_peers")), "{peers}");
    // As it was dialed, with `discport`.
    assert_eq!(two.ask(&["admin_peers"])[0]["enode"], one.enode());
    assert_eq!(one.ask(&["net_peerCount"]), "0x1");
    assert_eq!(one.ask(&["admin_addTrustedPeer", two.enode()]), true);
    let network = |node: &Node| node.ask(&["admin_peers"])[0]["network"].clone();
    assert_eq!(
        (&network(&one)["trusted"], &network(&one)["inbound"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(one.ask(&["admin_removeTrustedPeer", two.enode()]), true);
    assert_eq!(network(&one)["trusted"], false);
    assert_eq!(one.ask(&["admin_removePeer", two.enode()]), true);
    let drop = line(&mut events);
    assert_eq!(shape(&drop), shape(&recorded_event("drop")), "{drop}");
    assert!(drop.contains("\"disconnect requested\""), "{drop}");
    assert_eq!(one.ask(&["net_peerCount"]), "0x0");

    // With the node, its connections end, and its socket goes.
    one.node.signal("-TERM");
    assert_eq!(one.node.wait().code, Some(0));
    assert_eq!(line(&mut events), "");
    assert!(!std::path::Path::new(&one.ipc).exists());
}

#[tokio::test]
async fn events_are_printed_one_a_line_until_there_are_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("count.ipc");
    let (end, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, notify) = (ended.clone(), end.clone());
    let count = Module::new("foo").subscription("count", move |(to,): (u64,)| {
        let (told, end) = (told.clone(), notify.clone());
        Ok(move |mut sink: Sink| async move {
            for number in 0..to {
                sink.send(&json!({"n": number})).await.unwrap();
            }
            end.notified().await;
            told.notify_one();
        })
    });
    let server = IpcServer::bind(&path, Modules::new([count]), Limits::default()).unwrap();
    let place = path.display().to_string();
    let events = tokio::task::spawn_blocking(move || {
        let events = Devp2p::start(&["rpc", &place, "--subscribe", "foo", "count", "3"]);
        let lines = [events.line(), events.line(), events.line()];
        assert_eq!(lines, ["{\"n\":0}", "{\"n\":1}", "{\"n\":2}"]);
        events
    });
    let events = events.await.unwrap();
    end.notify_one();
    ended.notified().await;
    drop(server);
    let events = tokio::task::spawn_blocking(move || events.wait()).await.unwrap();
    assert_eq!(events.code, Some(1), "{events:?}");
    assert!(events.stderr.contains("the connection is lost"), "{events:?}");
    assert!(events.stderr.ends_with(&more("rpc-lost")), "{events:?}");
}

#[tokio::test]
async fn an_error_is_one_line_and_its_data_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fail.ipc");
    let fail = Module::new("foo")
        .method("fail", |()| async {
            let data = json!({"why": "\u{9b}2J", "at": [1]});
            Err::<(), _>(Error::new(3, "execution\nreverted").with_data(&data))
        })
        .method("long", |()| async { Err::<(), _>(Error::from("x".repeat(100_000))) });
    let _server = IpcServer::bind(&path, Modules::new([fail]), Limits::default()).unwrap();
    let asked = |method: &'static str| {
        let place = path.display().to_string();
        tokio::task::spawn_blocking(move || devp2p(&["rpc", &place, method]))
    };
    let told = asked("foo_fail").await.unwrap().stderr;
    let data = r#"{"at":[1],"why":"\u009b2J"}"#;
    let line = format!("devp2p: the node answers: execution reverted (3) with {data}\n");
    assert!(told.starts_with(&line), "{told}");
    let told = asked("foo_long").await.unwrap().stderr;
    assert!(told.contains("xxx…") && told.len() < 3000, "{} bytes", told.len());
}

#[test]
fn the_tool_shows_what_the_book_shows() {
    let node = Node::start(&[]);
    let asked = devp2p(&["rpc", &node.ipc, "rpc_modules", "--trace"]);
    assert_golden("decoded/tool-rpc.txt", &(asked.stderr + &asked.stdout));
}

#[test]
fn a_node_shows_what_it_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let ipc = folder.path().join("node.ipc").display().to_string();
    let node = Devp2p::node(&["--no-discovery", "--trace", "--ipc", &ipc]);
    node.line_with(" rpc ");
    assert_eq!(devp2p(&["rpc", &ipc, "net_listening"]).stdout, "true\n");
    let call = "<- {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"net_listening\",\"params\":[]}";
    assert_eq!(node.error_line(), call);
    assert_eq!(node.error_line(), "-> {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":true}");
}

#[test]
fn http_and_websocket_show_what_was_asked_for() {
    let any = "127.0.0.1:0";
    for (api, shown) in [
        (&[][..], json!({"net": "1.0", "rpc": "1.0", "web3": "1.0"})),
        (&["--api", "admin,web3"][..], json!({"admin": "1.0", "rpc": "1.0", "web3": "1.0"})),
    ] {
        let node = Node::start(&[&["--http", any, "--ws", any], api].concat());
        for place in node.info["rpc"].as_array().unwrap().iter().skip(1) {
            let asked = devp2p(&["rpc", place.as_str().unwrap(), "rpc_modules"]);
            assert_eq!(serde_json::from_str::<Value>(&asked.stdout).unwrap(), shown, "{place}");
        }
        assert_eq!(node.ask(&["rpc_modules"]).as_object().unwrap().len(), 4);
    }
}

#[test]
fn whoever_cannot_be_asked_or_says_no_is_told() {
    let node = Node::start(&["--http", "127.0.0.1:0"]);
    let http = node.info["rpc"][1].as_str().unwrap();
    for (words, told, topic) in [
        (&["/nowhere/node.ipc", "a_b"][..], "cannot connect to /nowhere/node.ipc: ", "no-rpc"),
        (&["https://127.0.0.1", "a_b"], "there is no TLS here", "no-rpc"),
        (&[http, "admin_peers"], "(-32601). A name has its module,", "rpc-refused"),
        (&[&node.ipc, "admin_addPeer", "bob"], "A node is written enode://…", "rpc-refused"),
        (&[&node.ipc, "web3_sha3", "bob"], "Bytes are written 0x…", "rpc-refused"),
        (&["127.0.0.1:1", "a_b"], "was taken for a path: an address is http://", "no-rpc"),
        (&[&node.ipc, "--subscribe", "admin"], "Write module and name apart", "rpc-refused"),
        (
            &[http, "--subscribe", "admin", "peerEvents"],
            "notifications not supported (-32601). HTTP tells no events",
            "rpc-refused",
        ),
        (&[&node.ipc, "web3_sha3", "[1]"], "invalid argument 0", "rpc-refused"),
    ] {
        let asked = devp2p(&[&["rpc"], words].concat());
        assert_eq!((asked.code, asked.stdout.as_str()), (Some(1), ""), "{asked:?}");
        assert!(asked.stderr.contains(told), "{asked:?}");
        assert!(asked.stderr.ends_with(&more(topic)), "{asked:?}");
    }
    let traced = devp2p(&["rpc", &node.ipc, "net_listening", "--trace"]);
    let call = "-> {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"net_listening\",\"params\":[]}\n";
    let answer = "<- {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":true}\n";
    assert_eq!((traced.stdout.as_str(), traced.stderr), ("true\n", format!("{call}{answer}")));
    // A place that another one has.
    for (option, place) in
        [("--ipc", node.ipc.as_str()), ("--http", http.trim_start_matches("http://"))]
    {
        let second = devp2p(&["node", "--listen", "127.0.0.1:0", option, place]);
        assert_eq!(second.code, Some(1), "{second:?}");
        assert!(second.stderr.contains(option) && second.stderr.contains("More: "), "{second:?}");
    }
    // The first one has lost nothing.
    assert_eq!(node.ask(&["net_listening"]), true);
}
