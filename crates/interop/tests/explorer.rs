//! The explorer, the page that `devp2p trace --html` writes, in a browser.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Stdio;

use common::tools::built;
use common::within;
use devp2p_core::trace::file::Header;
use devp2p_core::trace::{Dissector, Lesson, Secrets, exchange, flips};
use interop::{Peer, browser_test, our_devp2p};
use tokio::process::Command;
use tokio::task::spawn_blocking;
use tokio::time::Duration;

/// A browser on a slow machine.
const LONG: Duration = Duration::from_secs(300);

#[tokio::test]
#[ignore = "needs Node and Chromium: just interop"]
async fn the_explorer_does_what_it_promises() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("explorer");
    fs::create_dir_all(&folder).unwrap();
    let devp2p = built(our_devp2p).await;
    for (lesson, form, file) in [
        ("a2", "--html", "a2.html"),
        ("a4", "--html", "a4.html"),
        ("a4", "--html", "explorer-42.html"),
        ("a5", "--html", "a5.html"),
        ("a4", "--json", "a4.jsonl"),
        ("a4", "", "a4.txt"),
    ] {
        let path = folder.join(file);
        let mut trace = Command::new(&devp2p);
        trace.args(["trace", "--seed", "42", lesson]).stdin(Stdio::null());
        match form {
            "--html" => drop(trace.arg(form).arg(&path)),
            "" => {}
            form => drop(trace.arg(form)),
        }
        let output = within(LONG, trace.output()).await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        if form != "--html" {
            let text = String::from_utf8(output.stdout).unwrap();
            // The page has the steps, and not who the two nodes are.
            let begin = if form.is_empty() { text.find("1-auth").unwrap() } else { 0 };
            fs::write(&path, &text[begin..]).unwrap();
        }
    }
    let whole = exchange(Lesson::A4, 42);
    fs::write(folder.join("a4.flips.json"), serde_json::to_vec(&flips(&whole)).unwrap()).unwrap();
    fs::write(folder.join("a4.blind.jsonl"), by_an_eavesdropper(&whole.packets)).unwrap();
    let size = fs::metadata(folder.join("a4.html")).unwrap().len();
    assert!(size <= 300 * 1024, "the page has {size} bytes");

    let test = spawn_blocking(|| browser_test("explorer.mjs")).await.unwrap().unwrap();
    let (pages, shots) = (folder.to_str().unwrap(), folder.join("shots"));
    let arguments = [pages, shots.to_str().unwrap()];
    let output = within(LONG, Peer::run(&test, &arguments)).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{wrong}");
    assert!(said.lines().filter(|line| line.starts_with("ok ")).count() > 100, "{said}{wrong}");
}

/// A trace file of who has no secrets.
fn by_an_eavesdropper(packets: &[(devp2p_core::trace::Side, Vec<u8>)]) -> String {
    let mut dissector = Dissector::new(Secrets::default());
    packets.iter().for_each(|(from, packet)| dissector.push(*from, packet));
    let header = Header::new("devp2p decode capture.pcap", false);
    let header = serde_json::to_string(&header).unwrap() + "\n";
    dissector
        .steps()
        .fold(header, |text, step| text + &serde_json::to_string(&step).unwrap() + "\n")
}
