//! A WebSocket that was granted: messages come in, and answers and events go out.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::frames::{self, Closing, Event, Frames, Kind, Role};
use crate::calls::{Begun, Calls};
use crate::connection::{Answer, Connection, Limits};
use crate::message::{parse, unreadable};
use crate::module::Modules;
use crate::stall::Impatient;
use crate::stream::{ENOUGH, WAITING, clear};

/// After so long a silence we ask whether somebody is there, and wait as long for the answer.
const SILENCE: Duration = Duration::from_secs(30);
/// How long the other side may take to hear why we close.
const GOODBYE: Duration = Duration::from_secs(2);

pub(super) async fn serve(upgrade: OnUpgrade, modules: Arc<Modules>, limits: Arc<Limits>) {
    // A client that breaks off is none of our business.
    let Ok(upgraded) = upgrade.await else { return };
    // It is what HTTP was served on.
    let Ok(parts) = upgraded.downcast::<TokioIo<Impatient<TcpStream>>>() else { return };
    let (events, told) = mpsc::channel(WAITING);
    let connection = Connection::new(modules, limits.clone(), Some(events));
    let mut serving = Serving {
        incoming: Frames::new(Role::Server, limits.message),
        calls: Calls::new(connection, limits.at_once),
        told,
        outgoing: Vec::new(),
        has_ended: false,
    };
    serving.incoming.push(&parts.read_buf);
    drop(parts.read_buf);
    let (reader, writer) = parts.io.into_inner().into_inner().into_split();
    // The same.
    let _ = serving.run(reader, writer).await;
}

/// One task reads and writes. As long as the other side does not take what is written, nothing more is
/// read.
struct Serving {
    incoming: Frames,
    calls: Calls,
    /// What its subscriptions tell.
    told: mpsc::Receiver<String>,
    outgoing: Vec<u8>,
    /// The other side has no more to ask.
    has_ended: bool,
}

impl Serving {
    /// Until the other side has gone; what has to be said last is said before this ends.
    async fn run(
        mut self,
        mut reader: impl AsyncRead + Unpin,
        mut writer: impl AsyncWrite + Unpin,
    ) -> io::Result<()> {
        let mut silence = Silence::begin();
        loop {
            let begun = self.begin_calls().await;
            self.gather();
            let begun = match begun {
                Ok(begun) => begun,
                Err(closing) => {
                    self.put(Kind::Close, &closing.payload());
                    return self.close(reader, writer).await;
                }
            };
            if !self.outgoing.is_empty() {
                self.write(&mut writer).await?;
            }
            if begun == Begun::Some {
                continue;
            }
            if self.has_ended && self.calls.is_empty() {
                self.put(Kind::Close, &normal().payload());
                return self.close(reader, writer).await;
            }
            let may_read = !self.has_ended && !self.calls.is_full();
            tokio::select! {
                biased;
                read = reader.read_buf(self.incoming.room()), if may_read => {
                    (silence.since, silence.was_asked) = (Instant::now(), false);
                    self.has_ended = read? == 0;
                }
                Some(answer) = self.calls.next() => self.answer(answer),
                Some(event) = self.told.recv() => self.put(Kind::Text, event.as_bytes()),
                () = &mut silence.alarm, if may_read => self.ask(&mut silence)?,
            }
        }
    }

    /// Asks whether the other side is there, if it has said nothing for so long.
    ///
    /// # Errors
    /// It was asked already.
    fn ask(&mut self, silence: &mut Silence) -> io::Result<()> {
        let now = Instant::now();
        if silence.since + SILENCE > now {
            silence.alarm.as_mut().reset(silence.since + SILENCE);
            return Ok(());
        }
        if silence.was_asked {
            return Err(io::ErrorKind::TimedOut.into());
        }
        silence.was_asked = true;
        silence.alarm.as_mut().reset(now + SILENCE);
        self.put(Kind::Ping, &[]);
        Ok(())
    }

    /// Begins what has come, as far as it may begin.
    ///
    /// # Errors
    /// The connection is to be closed.
    async fn begin_calls(&mut self) -> Result<Begun, Closing> {
        while !self.calls.is_full() {
            if self.outgoing.len() >= ENOUGH {
                return Ok(Begun::Some);
            }
            let Some(event) = self.incoming.next()? else { break };
            match event {
                Event::Message(value) => match parse(value) {
                    Ok(value) => {
                        if let Some(answer) = self.calls.begin(value).await {
                            self.answer(answer);
                        }
                    }
                    Err(error) => {
                        self.put(Kind::Text, unreadable(&error).as_bytes());
                        return Err(normal());
                    }
                },
                Event::Ping(payload) => self.put(Kind::Pong, &payload),
                Event::Pong => {}
                Event::Close(code) => return Err(Closing { code, reason: String::new() }),
            }
        }
        Ok(Begun::All)
    }

    /// What waits goes out with the rest, in one write. An event does so however many calls there are:
    /// else a subscription would take their caller for one who does not read.
    fn gather(&mut self) {
        if let Ok(event) = self.told.try_recv() {
            self.put(Kind::Text, event.as_bytes());
        }
        while self.outgoing.len() < ENOUGH {
            if let Some(answer) = self.calls.try_next() {
                self.answer(answer);
            } else if let Ok(event) = self.told.try_recv() {
                self.put(Kind::Text, event.as_bytes());
            } else {
                return;
            }
        }
    }

    fn answer(&mut self, mut answer: Answer) {
        if let Some(json) = answer.json.take() {
            self.put(Kind::Text, json.as_bytes());
        }
        // Whatever a subscription tells comes behind it.
        answer.sent();
    }

    fn put(&mut self, kind: Kind, payload: &[u8]) {
        frames::put(&mut self.outgoing, Role::Server, kind, payload);
    }

    /// Writes, or gives up when nobody takes it.
    async fn write(&mut self, writer: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let writing = async {
            writer.write_all(&self.outgoing).await?;
            writer.flush().await
        };
        timeout(SILENCE, writing).await??;
        clear(&mut self.outgoing);
        Ok(())
    }

    /// Says the last, and reads what the other side has sent meanwhile: a connection that is closed with
    /// unread input is reset, and a reset destroys what was said.
    async fn close(
        mut self,
        mut reader: impl AsyncRead + Unpin,
        mut writer: impl AsyncWrite + Unpin,
    ) -> io::Result<()> {
        self.write(&mut writer).await?;
        writer.shutdown().await?;
        let mut rest = [0; 1024];
        let reading = async { while let Ok(1..) = reader.read(&mut rest).await {} };
        // Whoever goes on for ever is cut off.
        let _ = timeout(GOODBYE, reading).await;
        Ok(())
    }
}

/// How long nothing has come. The alarm is set again when it goes off, and not each time something comes.
struct Silence {
    alarm: Pin<Box<Sleep>>,
    since: Instant,
    was_asked: bool,
}

impl Silence {
    fn begin() -> Self {
        Self { alarm: Box::pin(sleep(SILENCE)), since: Instant::now(), was_asked: false }
    }
}

/// There is no more to say.
fn normal() -> Closing {
    Closing { code: Some(1000), reason: String::new() }
}
