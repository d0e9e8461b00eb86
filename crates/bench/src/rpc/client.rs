//! The client: it sends requests that are ready, and counts what comes.

use std::pin::Pin;
use std::time::{Duration, Instant};

use memchr::memmem;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinSet;

use super::case::{Case, Load, Transport};
use super::wire;
use crate::Result;

/// Any stream of bytes.
trait Bytes: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Bytes for T {}

/// A connection to a server.
pub(super) struct Client {
    stream: Pin<Box<dyn Bytes>>,
    transport: Transport,
    buffer: Vec<u8>,
    /// Bytes in the buffer that are no whole answer yet.
    rest: usize,
}

impl Client {
    /// `ready` is what the server said of itself.
    pub(super) async fn connect(transport: Transport, ready: &Value) -> Result<Self> {
        let address = |name: &str| ready.get(name).and_then(Value::as_str);
        let stream: Pin<Box<dyn Bytes>> = match transport {
            Transport::Ipc => {
                Box::pin(UnixStream::connect(address("ipc").ok_or("it has no IPC")?).await?)
            }
            Transport::Http => Box::pin(tcp(address("http")).await?),
            Transport::Ws => Box::pin(tcp(address("ws").or(address("http"))).await?),
        };
        let mut client = Self { stream, transport, buffer: vec![0; 64 * 1024], rest: 0 };
        if transport == Transport::Ws {
            client.upgrade().await?;
        }
        Ok(client)
    }

    async fn upgrade(&mut self) -> Result<()> {
        self.stream.write_all(wire::UPGRADE.as_bytes()).await?;
        let mut head = Vec::new();
        while memmem::find(&head, wire::END_OF_HEAD).is_none() {
            head.push(self.stream.read_u8().await?);
        }
        match head.starts_with(b"HTTP/1.1 101") {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&head).into()),
        }
    }

    /// Answers or events that have come, at least one.
    async fn receive(&mut self) -> Result<usize> {
        loop {
            let free = self.buffer.get_mut(self.rest..).filter(|free| !free.is_empty());
            let read = self.stream.read(free.ok_or("an answer is longer than it may be")?).await?;
            if read == 0 {
                return Err("the server has hung up".into());
            }
            let end = self.rest.saturating_add(read);
            let bytes = self.buffer.get(..end).unwrap_or_default();
            let (count, used) = wire::whole(self.transport, bytes);
            self.buffer.copy_within(used..end, 0);
            self.rest = end.saturating_sub(used);
            if count > 0 {
                return Ok(count);
            }
        }
    }

    /// Gives back the buffer: nothing is expected any more.
    pub(super) fn rest(&mut self) {
        self.buffer = Vec::new();
    }

    /// Does what one connection does in a sample.
    pub(super) async fn work(&mut self, case: Case) -> Result<()> {
        let count = usize::try_from(case.count())?;
        match case.load {
            Load::Calls { under_way, .. } => self.call(count, usize::try_from(under_way)?).await,
            Load::Events { .. } => {
                self.stream.write_all(&wire::subscribe(self.transport, case.count())).await?;
                // The answer is the first.
                let mut left = count.saturating_add(1);
                while left > 0 {
                    left = left.saturating_sub(self.receive().await?);
                }
                Ok(())
            }
        }
    }

    /// Calls so often; as soon as one is answered, the next one goes out.
    pub(super) async fn call(&mut self, count: usize, under_way: usize) -> Result<()> {
        let request = wire::call(self.transport);
        let requests = request.repeat(under_way);
        let (mut sent, mut answered) = (0_usize, 0_usize);
        while answered < count {
            let free = under_way.saturating_sub(sent.saturating_sub(answered));
            let next = free.min(count.saturating_sub(sent));
            let bytes = requests.get(..next.saturating_mul(request.len())).unwrap_or_default();
            self.stream.write_all(bytes).await?;
            sent = sent.saturating_add(next);
            answered = answered.saturating_add(self.receive().await?);
        }
        Ok(())
    }
}

async fn tcp(address: Option<&str>) -> Result<TcpStream> {
    let stream = TcpStream::connect(address.ok_or("it has no such port")?).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Takes samples of a case: how long each of them took as a whole.
pub(super) async fn samples(case: Case, samples: u32, ready: &Value) -> Result<Vec<Duration>> {
    let mut clients = Vec::new();
    for _ in 0..case.connections() {
        clients.push(Client::connect(case.transport, ready).await?);
    }
    let mut took = Vec::new();
    for _ in 0..samples {
        let begin = Instant::now();
        let mut working = JoinSet::new();
        for mut client in clients.drain(..) {
            working.spawn(async move { client.work(case).await.map(|()| client) });
        }
        while let Some(client) = working.join_next().await {
            clients.push(client??);
        }
        took.push(begin.elapsed());
    }
    Ok(took)
}
