//! A connection, by IPC or by WebSocket.

use std::net::SocketAddr;
use std::path::PathBuf;

use devp2p_rpc::ipc;
use devp2p_rpc::splitter::Splitter;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

/// The key that each client has here, and what follows from it: the example of RFC 6455, section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Where a connection leads.
#[derive(Debug, Clone)]
pub(crate) enum Door {
    Ipc(PathBuf),
    Ws(SocketAddr),
}

/// A socket, or a named pipe.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

/// A connection.
pub(crate) enum Wire {
    Ipc { stream: Box<dyn Stream>, bytes: Bytes, splitter: Splitter, looked_at: usize },
    Ws { stream: TcpStream, bytes: Bytes, message: Vec<u8> },
}

/// What has come.
#[derive(Default)]
pub(crate) struct Bytes {
    bytes: Vec<u8>,
    ended: bool,
}

impl Bytes {
    /// Waits for more; none at the end, or when nothing comes in time.
    async fn more(
        &mut self,
        from: &mut (impl AsyncRead + Unpin),
        patience: Duration,
    ) -> Option<()> {
        let mut buffer = vec![0; 1 << 16];
        match timeout(patience, from.read(&mut buffer)).await.ok()? {
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
}

impl Wire {
    /// Opens one; a WebSocket with the headers of this handshake, if it has some. `Err` if the answer
    /// to that is not as it says.
    pub(crate) async fn open(door: &Door, handshake: &Value) -> Result<Self, String> {
        match door {
            Door::Ipc(path) => {
                let stream = Box::new(ipc::connect(path).await.unwrap());
                let (bytes, splitter) = (Bytes::default(), Splitter::default());
                Ok(Self::Ipc { stream, bytes, splitter, looked_at: 0 })
            }
            Door::Ws(address) => open_ws(*address, handshake).await,
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        match self {
            Self::Ipc { bytes, .. } | Self::Ws { bytes, .. } => bytes.ended,
        }
    }

    /// Sends a value, or the frame that `step` describes.
    pub(crate) async fn send(&mut self, data: &[u8], step: &Value) {
        // The other side may have had enough of it.
        let _ = match self {
            Self::Ipc { stream, .. } => {
                let chunk = step["chunk"].as_u64().and_then(|it| usize::try_from(it).ok());
                for piece in data.chunks(chunk.unwrap_or(data.len()).max(1)) {
                    let _ = stream.write_all(piece).await;
                }
                Ok(())
            }
            Self::Ws { stream, .. } => stream.write_all(&frame(data, &step["frame"])).await,
        };
    }

    pub(crate) async fn half_close(&mut self) {
        let _ = match self {
            Self::Ipc { stream, .. } => stream.shutdown().await,
            Self::Ws { stream, .. } => stream.shutdown().await,
        };
    }

    /// The next value: by IPC with the line end behind it; by WebSocket also a control frame, as JSON.
    pub(crate) async fn next(&mut self, patience: Duration) -> Option<String> {
        loop {
            if let Some(value) = self.whole() {
                return Some(value);
            }
            match self {
                Self::Ipc { stream, bytes, .. } => bytes.more(stream, patience).await?,
                Self::Ws { stream, bytes, .. } => bytes.more(stream, patience).await?,
            }
        }
    }

    /// It, if it is there as a whole.
    fn whole(&mut self) -> Option<String> {
        match self {
            Self::Ipc { bytes, splitter, looked_at, .. } => {
                // Behind the value there may be a line end: the last byte has to wait.
                let last = bytes.bytes.len().checked_sub(1)?;
                let found = splitter.next(bytes.bytes.get(*looked_at..last)?).ok()?;
                let Some(length) = found else {
                    *looked_at = last;
                    return None;
                };
                let end = *looked_at + length;
                let line_end = usize::from(bytes.bytes.get(end) == Some(&b'\n'));
                *looked_at = 0;
                String::from_utf8(bytes.bytes.drain(..end + line_end).collect()).ok()
            }
            Self::Ws { bytes, message, .. } => loop {
                let (first, payload) = take_frame(&mut bytes.bytes)?;
                match first & 0x0f {
                    8 => {
                        let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                        let reason = payload.get(2..).unwrap_or_default();
                        let reason = String::from_utf8_lossy(reason);
                        return Some(json!({ "close": code, "reason": reason }).to_string());
                    }
                    9 => return Some(json!({ "ping": hex(&payload) }).to_string()),
                    10 => return Some(json!({ "pong": hex(&payload) }).to_string()),
                    _ => message.extend_from_slice(&payload),
                }
                if first & 0x80 != 0 {
                    return String::from_utf8(std::mem::take(message)).ok();
                }
            },
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn open_ws(address: SocketAddr, handshake: &Value) -> Result<Wire, String> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut headers: Vec<(String, Option<String>)> = [
        ("Host", address.to_string().as_str()),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", KEY),
        ("Sec-WebSocket-Version", "13"),
    ]
    .map(|(name, value)| (name.to_owned(), Some(value.to_owned())))
    .into();
    for (name, value) in handshake["headers"].as_object().into_iter().flatten() {
        headers.retain(|(other, _)| other != name);
        headers.push((name.clone(), value.as_str().map(str::to_owned)));
    }
    let method = handshake["method"].as_str().unwrap_or("GET");
    let path = handshake["path"].as_str().unwrap_or("/");
    let mut request = format!("{method} {path} HTTP/1.1\r\n");
    for (name, value) in headers {
        if let Some(value) = value {
            request += &format!("{name}: {value}\r\n");
        }
    }
    stream.write_all(format!("{request}\r\n").as_bytes()).await.unwrap();
    let mut bytes = Bytes::default();
    let begin = loop {
        if let Some(at) = bytes.bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break at + 4;
        }
        let more = bytes.more(&mut stream, Duration::from_secs(20)).await;
        more.ok_or("no answer to the handshake")?;
    };
    let head: Vec<u8> = bytes.bytes.drain(..begin).collect();
    let head = String::from_utf8(head).unwrap();
    let status: u64 = head.split(' ').nth(1).unwrap().parse().unwrap();
    let expected = handshake["got"]["status"].as_u64().unwrap_or(101);
    if status != expected {
        return Err(format!("the handshake is answered with {status}, not {expected}"));
    }
    if status == 101 && !head.contains(ACCEPT) {
        return Err(format!("the key is not accepted as it should be: {head}"));
    }
    if let (true, Some(body)) = (status >= 400, handshake["got"]["body"].as_str()) {
        while bytes.bytes.len() < body.len() {
            bytes.more(&mut stream, Duration::from_secs(20)).await.ok_or("a short body")?;
        }
        if bytes.bytes != body.as_bytes() {
            return Err(format!("{:?}, not {body:?}", String::from_utf8_lossy(&bytes.bytes)));
        }
    }
    Ok(Wire::Ws { stream, bytes, message: Vec::new() })
}

/// A frame of a client. Its mask is zero, which a server cannot tell from luck.
fn frame(data: &[u8], how: &Value) -> Vec<u8> {
    let is = |name: &str| how[name].as_bool().unwrap_or(true);
    let number = |name: &str, or: u64| how[name].as_u64().unwrap_or(or);
    let bit = |is_set: bool| if is_set { 0x80_u8 } else { 0 };
    let reserved = u8::try_from(number("rsv", 0)).unwrap() << 4;
    let first = bit(is("fin")) | reserved | u8::try_from(number("op", 1)).unwrap();
    let length = number("announce", u64::try_from(data.len()).unwrap());
    let mask = bit(is("mask"));
    let mut frame = match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..126), _) => vec![first, mask | short],
        (_, Ok(middle)) => [&[first, mask | 126], &middle.to_be_bytes()[..]].concat(),
        _ => [&[first, mask | 127], &length.to_be_bytes()[..]].concat(),
    };
    if mask != 0 {
        frame.extend([0; 4]);
    }
    frame.extend_from_slice(data);
    frame
}

/// The first frame of a server, if it is whole: its first byte, and the payload.
fn take_frame(bytes: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    let (first, short) = (*bytes.first()?, *bytes.get(1)?);
    let (begin, length) = match short {
        126 => (4, u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)),
        short => (2, u64::from(short)),
    };
    let end = begin + usize::try_from(length).unwrap();
    let payload = bytes.get(begin..end)?.to_vec();
    bytes.drain(..end);
    Some((first, payload))
}
