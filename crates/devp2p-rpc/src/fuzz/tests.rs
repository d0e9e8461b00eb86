use std::fs;
use std::path::Path;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

/// How many changed inputs each target is run on.
const ROUNDS: usize = 3000;

/// What clients sent to go-ethereum, as it was recorded.
fn recorded() -> Vec<Vec<u8>> {
    let file: Value =
        serde_json::from_str(include_str!("../../tests/vectors/rpc_geth.json")).unwrap();
    let mut texts = Vec::new();
    collect(&file["cases"], &mut texts);
    assert!(texts.len() > 300, "only {} inputs", texts.len());
    texts
}

/// All texts in it that may have crossed a connection.
fn collect(value: &Value, texts: &mut Vec<Vec<u8>>) {
    match value {
        Value::String(text) if text.len() < 4000 => texts.push(text.clone().into_bytes()),
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(values) => values.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}

/// On what some target failed once.
fn regressions() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    let files = fs::read_dir(folder).unwrap();
    files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

/// Changes some bytes: flips, cuts, doubles, or joins with another input.
fn changed(seeds: &[Vec<u8>], rng: &mut StdRng) -> Vec<u8> {
    let mut bytes = seeds.choose(rng).unwrap().clone();
    for _ in 0..rng.random_range(0..4) {
        let at = rng.random_range(0..=bytes.len());
        match rng.random_range(0..4) {
            0 => bytes.truncate(at),
            1 => bytes.extend_from_slice(seeds.choose(rng).unwrap()),
            2 => bytes.insert(at, *b"{}[]\",:\\\x00\xff9".choose(rng).unwrap()),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << rng.random_range(0..8);
                }
            }
        }
        bytes.truncate(20_000);
    }
    bytes
}

fn run(name: &str, seeds: &[Vec<u8>], target: fn(&[u8])) {
    for input in regressions().iter().chain(seeds) {
        target(input);
    }
    let mut rng = StdRng::seed_from_u64(1);
    for _ in 0..ROUNDS {
        let input = changed(seeds, &mut rng);
        let shown = String::from_utf8_lossy(&input).into_owned();
        let done = std::panic::catch_unwind(|| target(&input));
        assert!(done.is_ok(), "{name} fails on {shown:?}: keep it in tests/regressions");
    }
}

#[test]
fn a_stream_of_anything_is_split_in_one_way() {
    run("stream", &recorded(), super::stream);
}

#[test]
fn anything_that_is_asked_is_answered_with_json() {
    run("call", &recorded(), super::call);
}

#[test]
fn a_client_survives_whatever_it_is_told() {
    let mut seeds = recorded();
    for told in [
        r#"{"jsonrpc":"2.0","id":1,"result":1}"#,
        r#"{"jsonrpc":"2.0","id":4,"result":"0x1"}"#,
        r#"[{"jsonrpc":"2.0","id":2,"result":1},{"jsonrpc":"2.0","id":3,"error":{"code":1,"message":""}}]"#,
        r#"{"jsonrpc":"2.0","method":"t_subscription","params":{"subscription":"0x1","result":1}}"#,
    ] {
        seeds.push(told.as_bytes().to_vec());
    }
    run("answers", &seeds, super::answers);
}

#[cfg(feature = "ws")]
#[test]
fn frames_of_anything_are_read_in_one_way() {
    let frame = |first: u8, payload: &[u8]| {
        let length = u8::try_from(payload.len()).unwrap();
        let masked =
            payload.iter().zip([1, 2, 3, 4].iter().cycle()).map(|(byte, mask)| byte ^ mask);
        [&[first, 0x80 | length, 1, 2, 3, 4][..], &masked.collect::<Vec<u8>>()].concat()
    };
    let mut seeds = vec![vec![0x81, 0], vec![0x81, 0xfe, 1, 0, 1, 2, 3, 4], vec![0x81, 0x7f, 0, 0]];
    for first in [0x81, 0x82, 0x01, 0x00, 0x80, 0x88, 0x89, 0x8a, 0xc1, 0x83] {
        for payload in [&b""[..], b"{}", b"\x03\xe8bye", &[b'x'; 100]] {
            let cut = first;
            seeds.push([&[cut], &frame(first, payload)[..], &frame(0x80, b"end")].concat());
        }
    }
    run("frames", &seeds, super::frames);
}

#[cfg(feature = "http")]
#[test]
fn whatever_comes_over_http_is_answered_with_http_or_not_at_all() {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"t_nothing"}"#;
    let mut seeds = Vec::new();
    for (line, headers) in [
        (
            "POST / HTTP/1.1",
            "Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 45",
        ),
        ("POST / HTTP/1.0", "Content-Type: application/json\r\nContent-Length: 45"),
        (
            "POST / HTTP/1.1",
            "Host: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked",
        ),
        (
            "GET / HTTP/1.1",
            "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ),
        (
            "OPTIONS / HTTP/1.1",
            "Host: evil.example\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: POST",
        ),
        ("PUT /x?y HTTP/1.1", "Host: [::1]:1\r\nAccept-Encoding: gzip\r\nExpect: 100-continue"),
    ] {
        seeds.push(format!("{line}\r\n{headers}\r\n\r\n{body}").into_bytes());
    }
    run("http", &seeds, super::http);
}
