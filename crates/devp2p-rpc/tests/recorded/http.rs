//! A case over HTTP, step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::SocketAddr;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

use crate::canonical::Reply;
use crate::cases::{expand, is_quirk};

/// The longest wait for an answer.
const LONG: Duration = Duration::from_secs(30);
/// For answers that are not expected.
const SHORT: Duration = Duration::from_secs(2);

/// Headers that count.
const KEPT: [&str; 8] = [
    "content-type",
    "content-encoding",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
    "access-control-allow-credentials",
    "sec-websocket-protocol",
];

/// Runs all cases, one after the other. Of the accidents, just these are not copied.
pub(crate) async fn all(
    cases: &[Value],
    not_copied: &[&str],
    address: impl Fn(&Value) -> SocketAddr,
) {
    let (mut wrong, mut quirks) = (Vec::new(), BTreeSet::new());
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let patience = if not_copied.contains(&name) { SHORT } else { LONG };
        match run(address(case), case, patience).await {
            Ok(()) => {}
            Err(_) if is_quirk(case) && not_copied.contains(&name) => drop(quirks.insert(name)),
            Err(why) => wrong.push(format!("{name}: {why}")),
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(quirks, not_copied.iter().copied().collect());
}

struct Client {
    stream: TcpStream,
    bytes: Vec<u8>,
    ended: bool,
    /// How long an answer may take.
    patience: Duration,
    /// Whether the answer to what was asked last has no body whatever its head says.
    is_head: bool,
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u64,
    headers: BTreeMap<String, String>,
    body: Reply,
}

async fn run(address: SocketAddr, case: &Value, patience: Duration) -> Result<(), String> {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut client = Client { stream, bytes: Vec::new(), ended: false, patience, is_head: false };
    for step in case["steps"].as_array().unwrap() {
        if let Some(request) = step.get("http") {
            client.is_head = request["method"] == "HEAD";
            let bytes = request_bytes(request, case, address);
            // The other side may have had enough of it.
            let _ = client.stream.write_all(&bytes).await;
        } else if let Some(raw) = step.get("raw") {
            let _ = client.stream.write_all(&filled(&expand(raw), case, address)).await;
        } else if step.get("half_close").is_some() {
            client.stream.shutdown().await.unwrap();
        } else if let Some(wait) = step["wait_ms"].as_u64() {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        } else {
            for expected in step["recv"].as_array().unwrap() {
                let Some(got) = client.answer(case).await else {
                    return Err(format!("no answer, where there should be {expected}"));
                };
                check(expected, &got, case)?;
            }
            if step["then"] == "closed" && case["closing"] == true {
                if let Some(more) = client.answer(case).await {
                    return Err(format!("one answer more: {more:?}"));
                }
                if !client.ended {
                    return Err("it is still open".to_owned());
                }
            }
        }
    }
    Ok(())
}

fn check(expected: &Value, got: &Answer, case: &Value) -> Result<(), String> {
    let body = match &expected["body"] {
        Value::String(text) => reply(text, case),
        Value::Object(hash) => {
            Reply::Hash(hash["sha256_of_canonical"].as_str().unwrap().to_owned())
        }
        _ => Reply::Text(String::new()),
    };
    let mut headers = BTreeMap::new();
    for (name, value) in expected["headers"].as_object().into_iter().flatten() {
        headers.insert(name.clone(), value.as_str().unwrap().to_owned());
    }
    let status = expected["status"].as_u64().unwrap();
    let ignored = |what: &str| {
        let ignored = case["ignore"].as_array();
        ignored.is_some_and(|ignored| ignored.iter().any(|it| it == what))
    };
    let mut shown = got.headers.clone();
    headers.remove("vary");
    // Of errors and of nothing, the type does not count.
    if status >= 400 || body == Reply::Text(String::new()) {
        headers.remove("content-type");
        shown.remove("content-type");
    }
    let is_same = got.status == status
        && (ignored("headers") || shown == headers)
        && (ignored("body") || got.body == body);
    match is_same {
        true => Ok(()),
        false => {
            Err(format!("\n  go-ethereum: {status} {headers:?} {body:?}\n  here:        {got:?}"))
        }
    }
}

fn reply(text: &str, case: &Value) -> Reply {
    let is_json = text.starts_with(['{', '[']);
    match is_json {
        true => Reply::of(text, case["strict"] == true, case.get("loose").is_some()),
        false => Reply::Text(text.trim_end().to_owned()),
    }
}

fn filled(bytes: &[u8], case: &Value, address: SocketAddr) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(bytes) else { return bytes.to_vec() };
    let text = text.replace("$ADDR", &address.to_string());
    let text = text.replace("$PORT", &address.port().to_string());
    text.replace("$KEY", case["name"].as_str().unwrap()).into_bytes()
}

fn request_bytes(request: &Value, case: &Value, address: SocketAddr) -> Vec<u8> {
    let method = request["method"].as_str().unwrap_or("POST");
    let path = request["path"].as_str().unwrap_or("/");
    let version = request["version"].as_str().unwrap_or("1.1");
    let mut body = match request.get("body") {
        Some(body) => filled(&expand(body), case, address),
        None => Vec::new(),
    };
    let mut head = format!("{method} {path} HTTP/{version}\r\n");
    let no_headers = serde_json::Map::new();
    let headers = request["headers"].as_object().unwrap_or(&no_headers);
    if !headers.contains_key("Host") {
        head += &format!("Host: {address}\r\n");
    }
    if !headers.contains_key("Content-Type") && method == "POST" {
        head += "Content-Type: application/json\r\n";
    }
    for (name, value) in headers {
        if let Some(value) = value.as_str() {
            head += &format!("{name}: {value}\r\n");
        }
    }
    if request["gzip_body"] == true {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&body).unwrap();
        body = packed.finish().unwrap();
    }
    if request["chunked"] == true {
        head += "Transfer-Encoding: chunked\r\n";
        let chunks = body.chunks(1 << 16).flat_map(|piece| {
            let size = format!("{:x}\r\n", piece.len());
            [size.as_bytes(), piece, b"\r\n"].concat()
        });
        body = chunks.chain(*b"0\r\n\r\n").collect();
    } else if !body.is_empty() || ["POST", "PUT", "PATCH"].contains(&method) {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    [filled(head.as_bytes(), case, address), b"\r\n".to_vec(), body].concat()
}

impl Client {
    async fn more(&mut self) -> Option<()> {
        let mut buffer = vec![0; 1 << 16];
        match timeout(self.patience, self.stream.read(&mut buffer)).await.ok()? {
            Ok(read @ 1..) => {
                self.bytes.extend_from_slice(&buffer[..read]);
                Some(())
            }
            Ok(0) | Err(_) => {
                self.ended = true;
                None
            }
        }
    }

    /// The bytes up to and with this end.
    async fn until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.bytes.windows(end.len()).position(|it| it == end) {
                return Some(self.bytes.drain(..at + end.len()).collect());
            }
            self.more().await?;
        }
    }

    async fn exactly(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.bytes.len() < count {
            self.more().await?;
        }
        Some(self.bytes.drain(..count).collect())
    }

    /// The next answer.
    async fn answer(&mut self, case: &Value) -> Option<Answer> {
        let head = String::from_utf8(self.until(b"\r\n\r\n").await?).unwrap();
        let status = head.split(' ').nth(1)?.split('\r').next()?.parse().ok()?;
        let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let headers: BTreeMap<String, String> =
            lines.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
        let mut body = Vec::new();
        let has_none = self.is_head || status == 100;
        if headers.get("transfer-encoding").is_some_and(|it| it == "chunked") && !has_none {
            loop {
                let size = String::from_utf8(self.until(b"\r\n").await?).unwrap();
                let size = usize::from_str_radix(size.trim(), 16).unwrap();
                let piece = self.exactly(size + 2).await?;
                body.extend_from_slice(&piece[..size]);
                if size == 0 {
                    break;
                }
            }
        } else if let Some(length) = headers.get("content-length").filter(|_| !has_none) {
            body = self.exactly(length.parse().unwrap()).await?;
        }
        if headers.get("content-encoding").is_some_and(|it| it == "gzip") {
            let mut text = Vec::new();
            GzDecoder::new(&body[..]).read_to_end(&mut text).unwrap();
            body = text;
        }
        let text = String::from_utf8(body).unwrap().replace(case["name"].as_str().unwrap(), "$KEY");
        let kept = headers.into_iter().filter(|(name, _)| KEPT.contains(&name.as_str()));
        Some(Answer { status, headers: kept.collect(), body: reply(&text, case) })
    }
}
