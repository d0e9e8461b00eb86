//! What go-ethereum has answered, case by case, and what is answered here.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

#[path = "recorded/canonical.rs"]
mod canonical;
#[path = "recorded/cases.rs"]
mod cases;
#[path = "../examples/conformance/t.rs"]
mod t;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use canonical::Reply;
use cases::{cases, expand, is_quirk};
use devp2p_rpc::ipc::IpcServer;
use devp2p_rpc::splitter::{Found, Splitter};
use devp2p_rpc::{Limits, Modules};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Duration, timeout};

/// The longest wait for a reply.
const LONG: Duration = Duration::from_secs(20);
/// Silence that shows that nothing more comes.
const QUIET: Duration = Duration::from_millis(150);

/// Accidents of Go that are not copied; the book says why.
const NOT_COPIED: [&str; 8] = [
    "batch/1001-ipc",
    "envelope/string-without-newline",
    "envelope/upper-case-keys",
    "params/echo-null-first",
    "params/echo-null-second",
    "sub/name-is-cut-at-first-underscore",
    "syntax/invalid-utf8-string",
    "unsub/null",
];

#[tokio::test]
async fn ipc_answers_as_go_ethereum_does_but_for_its_accidents() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.ipc");
    let server = IpcServer::bind(&path, Modules::new([t::module()]), Limits::default()).unwrap();
    let cases = cases("ipc");
    assert_eq!(cases.len(), 195);
    let (places, mut running) = (Arc::new(Semaphore::new(16)), JoinSet::new());
    for case in cases {
        let (places, path) = (places.clone(), path.clone());
        // These count what is alive on all connections.
        let alone = case["steps"].to_string().contains("t_active");
        running.spawn(async move {
            let places = places.acquire_many(if alone { 16 } else { 1 }).await.unwrap();
            let name = case["name"].as_str().unwrap().to_owned();
            let quirk = is_quirk(&case);
            let ran = Run::new(&path, &case, quirk).all().await;
            drop(places);
            (name, quirk, ran)
        });
    }
    let (mut wrong, mut quirks) = (Vec::new(), BTreeSet::new());
    while let Some(ran) = running.join_next().await {
        match ran.unwrap() {
            (_, _, Ok(())) => {}
            (name, true, Err(_)) => drop(quirks.insert(name)),
            (name, false, Err(why)) => wrong.push(format!("{name}: {why}")),
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(quirks, NOT_COPIED.map(str::to_owned).into());
    drop(server);
    assert!(!path.exists());
}

/// One case.
struct Run<'a> {
    path: PathBuf,
    case: &'a Value,
    /// For replies; short where it is likely that none comes.
    patience: Duration,
    key: String,
    connections: HashMap<String, Connection>,
    subscriptions: Vec<String>,
}

struct Connection {
    stream: UnixStream,
    bytes: Vec<u8>,
    /// How many of them the splitter has seen.
    looked_at: usize,
    splitter: Splitter,
    ended: bool,
}

impl<'a> Run<'a> {
    fn new(path: &Path, case: &'a Value, quirk: bool) -> Self {
        Self {
            path: path.to_owned(),
            case,
            patience: if quirk { QUIET * 10 } else { LONG },
            key: case["name"].as_str().unwrap().to_owned(),
            connections: HashMap::new(),
            subscriptions: Vec::new(),
        }
    }

    async fn all(mut self) -> Result<(), String> {
        let case = self.case;
        for step in case["steps"].as_array().unwrap() {
            let on = step["on"].as_str().unwrap_or("a").to_owned();
            if !self.connections.contains_key(&on) {
                self.connections.insert(on.clone(), Connection::open(&self.path).await);
            }
            self.step(step, &on).await?;
        }
        Ok(())
    }

    async fn step(&mut self, step: &Value, on: &str) -> Result<(), String> {
        if step.get("send").is_some() {
            let bytes = self.filled(expand(&step["send"]));
            let chunk = step["chunk"]
                .as_u64()
                .map_or(bytes.len().max(1), |it| usize::try_from(it).unwrap());
            let stream = &mut self.connections.get_mut(on).unwrap().stream;
            for piece in bytes.chunks(chunk) {
                // The other side may have had enough of it.
                let _ = stream.write_all(piece).await;
            }
        } else if step.get("half_close").is_some() {
            let _ = self.connections.get_mut(on).unwrap().stream.shutdown().await;
        } else if step.get("hang_up").is_some() {
            self.connections.remove(on);
        } else if let Some(wait) = step["wait_ms"].as_u64() {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        } else if step.get("until").is_some() {
            return self.until(step).await;
        } else if step.get("recv").is_some() {
            return self.receive(step, on).await;
        } else {
            return Err(format!("an unknown step: {step}"));
        }
        Ok(())
    }

    /// Asks again and again on fresh connections.
    async fn until(&self, step: &Value) -> Result<(), String> {
        let asked = self.filled(expand(&step["until"]));
        let wanted = Reply::of(step["is"].as_str().unwrap(), false, false);
        let mut last = String::new();
        let asking = async {
            loop {
                let mut connection = Connection::open(&self.path).await;
                connection.stream.write_all(&asked).await.unwrap();
                last = connection.next(LONG).await.unwrap_or_default();
                if Reply::of(&last, false, false) == wanted {
                    return;
                }
            }
        };
        timeout(LONG, asking).await.map_err(|_| format!("it never was so: {last}"))
    }

    async fn receive(&mut self, step: &Value, on: &str) -> Result<(), String> {
        let expected = step["recv"].as_array().unwrap();
        let mut got = Vec::new();
        let connection = self.connections.get_mut(on).unwrap();
        for _ in expected {
            match connection.next(self.patience).await {
                Some(value) => got.push(value),
                None => break,
            }
        }
        if step.get("take").is_none() {
            let rest = connection.next(if step["then"] == "closed" { LONG } else { QUIET }).await;
            got.extend(rest);
        }
        let ended = connection.ended;
        for value in &got {
            self.learn(value);
        }
        let strict = self.case["strict"] == true;
        let loose = self.case.get("loose").is_some();
        let free_after =
            self.case["free_after"].as_u64().map_or(usize::MAX, |it| usize::try_from(it).unwrap());
        let reply = |value: &Value| match value.as_str() {
            Some(text) => Reply::of(&self.named(text), strict, loose),
            None => Reply::Hash(value["sha256_of_canonical"].as_str().unwrap().to_owned()),
        };
        let mut expected: Vec<Reply> = expected.iter().map(reply).collect();
        let mut shown: Vec<Reply> =
            got.iter().map(|text| Reply::of(&self.named(text), strict, loose)).collect();
        for list in [&mut expected, &mut shown] {
            let free = free_after.min(list.len());
            list[free..].sort();
        }
        if expected != shown {
            return Err(format!("\n  go-ethereum: {expected:?}\n  here:        {shown:?}"));
        }
        if step["then"] == "closed" && !ended {
            return Err("it is still open".to_owned());
        }
        if step["then"] == "open" && ended {
            return Err("it is closed".to_owned());
        }
        Ok(())
    }

    /// Puts in what stands for itself.
    fn filled(&self, bytes: Vec<u8>) -> Vec<u8> {
        let Ok(mut text) = String::from_utf8(bytes.clone()) else { return bytes };
        text = text.replace("$KEY", &self.key);
        for (number, id) in self.subscriptions.iter().enumerate().rev() {
            text = text.replace(&format!("$SUB{}", number + 1), id);
        }
        text.into_bytes()
    }

    /// Remembers ids of subscriptions, in the order in which they appear.
    fn learn(&mut self, text: &str) {
        for word in text.split('"').filter(|word| word.len() > 12 && word.starts_with("0x")) {
            let is_id =
                word.len() <= 34 && word[2..].bytes().all(|digit| digit.is_ascii_hexdigit());
            if is_id && !word.starts_with("0x0") && !self.subscriptions.iter().any(|id| id == word)
            {
                self.subscriptions.push(word.to_owned());
            }
        }
    }

    fn named(&self, text: &str) -> String {
        let mut text = text.replace(&self.key, "$KEY");
        for (number, id) in self.subscriptions.iter().enumerate() {
            text = text.replace(id, &format!("$SUB{}", number + 1));
        }
        text
    }
}

impl Connection {
    async fn open(path: &Path) -> Self {
        let stream = UnixStream::connect(path).await.unwrap();
        let (bytes, looked_at, splitter) = (Vec::new(), 0, Splitter::default());
        Self { stream, bytes, looked_at, splitter, ended: false }
    }

    /// The next value, with the line end behind it; none if the stream ends or nothing comes in time.
    async fn next(&mut self, patience: Duration) -> Option<String> {
        loop {
            if let Some(value) = self.whole() {
                return String::from_utf8(value).ok();
            }
            let mut buffer = vec![0; 1 << 16];
            match timeout(patience, self.stream.read(&mut buffer)).await.ok()? {
                Ok(read @ 1..) => self.bytes.extend_from_slice(&buffer[..read]),
                Ok(0) | Err(_) => {
                    self.ended = true;
                    return None;
                }
            }
        }
    }

    /// A value, and the line end behind it if there is one, as soon as that can be known.
    fn whole(&mut self) -> Option<Vec<u8>> {
        while let Some([byte, behind]) = self.bytes.get(self.looked_at..self.looked_at + 2) {
            let line_end = usize::from(*behind == b'\n');
            if self.splitter.next(*byte).ok()? == Found::End {
                let value = self.bytes.drain(..=self.looked_at + line_end).collect();
                self.looked_at = 0;
                return Some(value);
            }
            self.looked_at += 1;
        }
        None
    }
}
