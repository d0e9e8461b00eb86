//! What goes over the wire, byte for byte, and where one answer ends: the client does nothing but frame.

use memchr::memmem;

use super::case::Transport;

/// What an event says: 20 bytes.
pub(super) const EVENT: &str = "twenty bytes of text";
/// A client's frames have any mask.
const MASK: [u8; 4] = [0x5a, 0xa5, 0x3c, 0xc3];
/// What begins a connection of WebSocket.
pub(super) const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// What ends the head of a request or an answer in HTTP.
pub(super) const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A call.
pub(super) fn call(transport: Transport) -> Vec<u8> {
    let json = r#"{"jsonrpc":"2.0","id":1,"method":"bench_echo","params":["hello",42]}"#;
    request(transport, json)
}

/// A subscription to so many events.
pub(super) fn subscribe(transport: Transport, events: u32) -> Vec<u8> {
    let json = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"bench_subscribe","params":["stream",{events}]}}"#
    );
    request(transport, &json)
}

fn request(transport: Transport, json: &str) -> Vec<u8> {
    match transport {
        Transport::Ipc => format!("{json}\n").into(),
        Transport::Http => format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{json}",
            json.len()
        )
        .into(),
        Transport::Ws => {
            let masked = json.bytes().zip(MASK.into_iter().cycle()).map(|(byte, mask)| byte ^ mask);
            [header(json.len(), 0x80), MASK.to_vec(), masked.collect()].concat()
        }
    }
}

/// An answer as our servers give it, to a call or to a subscription.
pub(super) fn answer(transport: Transport, is_call: bool) -> Vec<u8> {
    let result = match is_call {
        true => r#"{"text":"hello","number":42}"#,
        false => r#""0x0123456789abcdef0123456789abcdef""#,
    };
    response(transport, &format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#))
}

/// An event, the same.
pub(super) fn event(transport: Transport) -> Vec<u8> {
    let json = format!(
        "{{\"jsonrpc\":\"2.0\",\"method\":\"bench_subscription\",\"params\":{{\"subscription\":\
         \"0x0123456789abcdef0123456789abcdef\",\"result\":\"{EVENT}\"}}}}"
    );
    response(transport, &json)
}

fn response(transport: Transport, json: &str) -> Vec<u8> {
    match transport {
        Transport::Ipc => format!("{json}\n").into(),
        Transport::Http => format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n{json}",
            json.len()
        )
        .into(),
        Transport::Ws => [header(json.len(), 0), json.into()].concat(),
    }
}

/// The header of a frame with a text of less than 64 KiB.
fn header(length: usize, mask: u8) -> Vec<u8> {
    match u8::try_from(length) {
        Ok(length @ ..126) => vec![0x81, mask | length],
        _ => {
            let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
            vec![0x81, mask | 126, high, low]
        }
    }
}

/// The answers or events at the begin of `bytes`, as far as they are whole: how many, and how long they
/// are together.
pub(super) fn whole(transport: Transport, bytes: &[u8]) -> (usize, usize) {
    if transport == Transport::Ipc {
        let lines = memchr::memchr_iter(b'\n', bytes).count();
        return (lines, memchr::memrchr(b'\n', bytes).map_or(0, |at| at.saturating_add(1)));
    }
    let (mut count, mut end) = (0_usize, 0_usize);
    loop {
        let rest = bytes.get(end..).unwrap_or_default();
        let length = match transport {
            Transport::Http => http_length(rest),
            _ => frame_length(rest),
        };
        match length.filter(|length| *length <= rest.len()) {
            Some(length) => (count, end) = (count.saturating_add(1), end.saturating_add(length)),
            None => return (count, end),
        }
    }
}

fn frame_length(bytes: &[u8]) -> Option<usize> {
    match *bytes {
        [_, 126, high, low, ..] => {
            Some(usize::from(u16::from_be_bytes([high, low])).saturating_add(4))
        }
        [_, length @ ..126, ..] => Some(usize::from(length).saturating_add(2)),
        _ => None,
    }
}

fn http_length(bytes: &[u8]) -> Option<usize> {
    let end = memmem::find(bytes, END_OF_HEAD)?.saturating_add(END_OF_HEAD.len());
    let head = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let body = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    Some(end.saturating_add(body?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_when_they_are_whole() {
        for transport in [Transport::Ipc, Transport::Http, Transport::Ws] {
            let (one, two) = (answer(transport, true), event(transport));
            let both = [one.clone(), two].concat();
            assert_eq!(whole(transport, &both), (2, both.len()));
            assert_eq!(whole(transport, &both[..both.len() - 1]), (1, one.len()));
            assert_eq!(whole(transport, &one[..one.len() - 1]), (0, 0));
            assert_eq!(whole(transport, &[]), (0, 0));
        }
    }
}
