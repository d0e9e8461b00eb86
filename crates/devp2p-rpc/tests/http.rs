//! The HTTP server under those who mean no good.

#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::net::{Ipv4Addr, SocketAddr};

use devp2p_rpc::http::{HttpServer, Rules};
use devp2p_rpc::{Limits, Module, Modules};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

/// Nothing takes longer.
const LONG: Duration = Duration::from_secs(30);

async fn server(rules: Rules) -> HttpServer {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let module = Module::new("foo").method("getFoobar", |()| async { Ok("foobar") });
    HttpServer::bind(any, Modules::new([module]), Limits::default(), rules).await.unwrap()
}

/// Everything that comes back until the other side closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset is an end, too.
    let _ = timeout(LONG, stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn ask(server: &HttpServer, request: &str) -> String {
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    rest(&mut stream).await
}

/// The call, from wherever `headers` say.
fn call(headers: &str) -> String {
    let body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"foo_getFoobar\"}";
    let length = body.len();
    format!(
        "POST / HTTP/1.1\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

const JSON: &str = "Content-Type: application/json\r\n";

#[tokio::test]
async fn a_page_in_a_browser_gets_nothing_out_of_it() {
    let server = server(Rules::default()).await;
    let host = format!("Host: {}\r\n", server.local_addr());
    assert!(ask(&server, &call(&format!("{host}{JSON}"))).await.contains("foobar"));
    // A form, which needs no permission.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let answer = ask(&server, &call(&format!("{host}Content-Type: {kind}\r\n"))).await;
        assert!(answer.starts_with("HTTP/1.1 415") && !answer.contains("foobar"), "{answer}");
    }
    // A script that asks first.
    let asks = format!(
        "OPTIONS / HTTP/1.1\r\n{host}Origin: http://evil.example\r\n\
         Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n"
    );
    let answer = ask(&server, &asks).await;
    assert!(!answer.to_lowercase().contains("access-control-allow"), "{answer}");
    // A name that leads here since a moment ago.
    let answer = ask(&server, &call(&format!("Host: evil.example\r\n{JSON}"))).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    let elsewhere = call(&format!("{host}{JSON}")).replace("POST / ", "POST http://evil.example/ ");
    let answer = ask(&server, &elsewhere).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    // No name, or two of them.
    for hosts in [String::new(), host.repeat(2)] {
        let answer = ask(&server, &call(&format!("{hosts}{JSON}"))).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
}

#[tokio::test]
async fn who_is_slow_or_speaks_something_else_holds_up_nobody_and_is_sent_away() {
    let server = server(Rules::default()).await;
    let mut slow = Vec::new();
    for said in ["", "POST / HTTP/1.1\r\nHost: x", "\u{16}\u{3}\u{1}", "POST / HTTP/1.1\r\n"] {
        for _ in 0..25 {
            let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            slow.push(stream);
        }
    }
    let answer = ask(&server, &call(&format!("Host: localhost\r\n{JSON}"))).await;
    assert!(answer.contains("foobar"), "{answer}");
    // Each is closed from here in the end.
    for stream in &mut slow {
        rest(stream).await;
    }
}

#[tokio::test]
async fn a_body_without_an_end_is_cut_at_the_limit() {
    let server = server(Rules { body: 1000, ..Rules::default() }).await;
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    let head =
        format!("POST / HTTP/1.1\r\nHost: localhost\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let chunk = format!("100\r\n{}\r\n", "x".repeat(0x100));
    for _ in 0..100 {
        if stream.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    let mut buffer = [0; 1024];
    let read = timeout(LONG, stream.read(&mut buffer)).await.unwrap().unwrap_or_default();
    answer.extend_from_slice(&buffer[..read]);
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 413") || answer.is_empty(), "{answer}");
}

#[tokio::test]
async fn many_connections_are_served_at_once_and_all_end_with_the_server() {
    let server = server(Rules::default()).await;
    let mut clients = Vec::new();
    for _ in 0..300 {
        clients.push(TcpStream::connect(server.local_addr()).await.unwrap());
    }
    let request = call(&format!("Host: localhost\r\n{JSON}")).replace("Connection: close\r\n", "");
    for client in &mut clients {
        client.write_all(request.as_bytes()).await.unwrap();
    }
    for client in &mut clients {
        let mut buffer = [0; 1024];
        let read = timeout(LONG, client.read(&mut buffer)).await.unwrap().unwrap();
        assert!(String::from_utf8_lossy(&buffer[..read]).starts_with("HTTP/1.1 200"));
    }
    let address = server.local_addr();
    drop(server);
    for client in &mut clients {
        rest(client).await;
    }
    assert!(TcpStream::connect(address).await.is_err());
}

/// A browser says whose page it is; other programs do not.
#[cfg(feature = "ws")]
#[tokio::test]
async fn a_websocket_is_for_listed_pages_and_ends_with_the_server() {
    let ws = Some(devp2p_rpc::ws::WsRules::default());
    let server = server(Rules { ws, ..Rules::default() }).await;
    let upgrade = |origin: &str| {
        format!(
            "GET / HTTP/1.1\r\nHost: x\r\n{origin}Connection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
    };
    let mut open = Vec::new();
    for (origin, status) in [
        ("", "101"),
        ("Origin: http://localhost:3000\r\n", "101"),
        ("Origin: https://localhost\r\n", "403"),
        ("Origin: http://evil.example\r\n", "403"),
        ("Origin: http://localhost.evil.example\r\n", "403"),
        ("Origin: null\r\n", "403"),
    ] {
        let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
        stream.write_all(upgrade(origin).as_bytes()).await.unwrap();
        let mut buffer = [0; 1024];
        let read = timeout(LONG, stream.read(&mut buffer)).await.unwrap().unwrap();
        let answer = String::from_utf8_lossy(&buffer[..read]);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{origin}: {answer}");
        if status == "101" {
            open.push(stream);
        }
    }
    drop(server);
    for stream in &mut open {
        rest(stream).await;
    }
}
