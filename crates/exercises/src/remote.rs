//! The checker's view of a learner's program: its answers, its end, its connections, as the agent on the
//! other side tells them.

use std::collections::VecDeque;

use bytes::Bytes;
use devp2p_core::keys::PublicKey;
use devp2p_core::net::{Link, Stream};
use devp2p_core::protocol::{MsgPipe, MsgReader, MsgWriter, ProtocolError};
use tokio::io::{AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::agent::{carry, say};
use crate::class::{Any, Ask, Checkpoint, Dial, Ended, Finished, Message, Opened, Start, Stop};

/// Bytes of a connection that may wait to be read by the teacher.
const WAITING: usize = 64 * 1024;
/// Things that may wait until somebody asks for them.
const EVENTS: usize = 64;
/// Of what a learner's side says, in characters, no more is kept. Its own limit is a shorter line.
const SAID: usize = 4000;

/// A connection to the program, as if it were next door.
pub(crate) type FarLink = Link<ReadHalf<DuplexStream>, WriteHalf<DuplexStream>>;
/// The same, before anything was said.
pub(crate) type FarStream = Stream<ReadHalf<DuplexStream>, WriteHalf<DuplexStream>>;

/// A program on the learner's computer.
pub(crate) struct Remote {
    writer: MsgWriter,
    events: mpsc::Receiver<Event>,
    /// What was answered, and not asked for yet.
    answers: VecDeque<String>,
    end: Option<Ended>,
    has_started: bool,
}

enum Event {
    Answered(String),
    Ended(Ended),
}

/// Connections of the program, in the order in which they come; `None`: nobody listened.
pub(crate) struct Connections {
    /// To and from other nodes.
    pub(crate) nodes: mpsc::Receiver<Option<FarStream>>,
    /// To its socket.
    pub(crate) sockets: mpsc::Receiver<Option<FarStream>>,
}

/// The program's side of a connection, and what carries its bytes.
struct Carried {
    connection: u64,
    to_teacher: WriteHalf<DuplexStream>,
    _carrier: JoinSet<()>,
}

/// Brings what the agent says to where it is waited for, as long as it is polled.
pub(crate) struct Wire {
    reader: MsgReader,
    writer: MsgWriter,
    events: mpsc::Sender<Event>,
    /// Connections to nodes, and to sockets.
    opened: [mpsc::Sender<Option<FarStream>>; 2],
    /// The newest connection to another node, and the newest one to its socket. The bytes of older ones
    /// are thrown away.
    carried: [Option<Carried>; 2],
}

/// Three views of the learner's side.
pub(crate) fn over(pipe: MsgPipe) -> (Remote, Connections, Wire) {
    let (reader, writer) = pipe.split();
    let (to_events, events) = mpsc::channel(EVENTS);
    let (node, nodes) = mpsc::channel(EVENTS);
    let (socket, sockets) = mpsc::channel(EVENTS);
    let remote = Remote {
        writer: writer.clone(),
        events,
        answers: VecDeque::new(),
        end: None,
        has_started: false,
    };
    let opened = [node, socket];
    let wire = Wire { reader, writer, events: to_events, opened, carried: [None, None] };
    (remote, Connections { nodes, sockets }, wire)
}

impl Wire {
    /// Never returns without an error.
    pub(crate) async fn run(mut self) -> ProtocolError {
        loop {
            if let Err(error) = self.step().await {
                return error;
            }
        }
    }

    async fn step(&mut self) -> Result<(), ProtocolError> {
        let msg = self.reader.read().await?;
        match Any::read(&msg)? {
            // Whoever answers without end is not heard any more.
            Any::Answer(answer) => {
                drop(self.events.try_send(Event::Answered(first_of(&answer.text))));
            }
            // Of ends there may be as many as starts.
            Any::Ended(ended) => {
                let ended = Ended { how: first_of(&ended.how), ..ended };
                drop(self.events.send(Event::Ended(ended)).await);
            }
            Any::NotOpened(not) => drop(self.opened(not.is_socket).try_send(None)),
            Any::Opened(opened) => self.open(&opened),
            Any::Piece(piece) => self.pass_on(piece.connection, &piece.bytes).await,
            // Nobody says this to a checker; it changes nothing.
            _ => {}
        }
        Ok(())
    }

    /// Where it is waited for.
    fn opened(&self, is_socket: bool) -> &mpsc::Sender<Option<FarStream>> {
        let [nodes, sockets] = &self.opened;
        if is_socket { sockets } else { nodes }
    }

    fn open(&mut self, opened: &Opened) {
        let (ours, theirs) = duplex(WAITING);
        let (reader, to_teacher) = split(ours);
        let mut to_learner = self.writer.clone();
        let connection = opened.connection;
        let mut carrier = JoinSet::new();
        carrier.spawn(async move { carry(reader, &mut to_learner, connection).await });
        let [to_node, to_socket] = &mut self.carried;
        // The one before is of no use any more.
        let newest = if opened.is_socket { to_socket } else { to_node };
        *newest = Some(Carried { connection, to_teacher, _carrier: carrier });
        let (reader, writer) = split(theirs);
        drop(self.opened(opened.is_socket).try_send(Some(Stream::new(reader, writer))));
    }

    async fn pass_on(&mut self, connection: u64, bytes: &Bytes) {
        let carried = self.carried.iter_mut().flatten().find(|it| it.connection == connection);
        let Some(Carried { to_teacher, .. }) = carried else { return };
        // The teacher may have gone; that is no fault.
        let _ = match bytes.is_empty() {
            true => to_teacher.shutdown().await,
            false => to_teacher.write_all(bytes).await,
        };
    }
}

/// As much of it as is kept.
fn first_of(text: &str) -> String {
    text.chars().take(SAID).collect()
}

impl Remote {
    /// Starts the program. If it is to dial somebody: with this key.
    pub(crate) async fn start(&mut self, peer: Option<PublicKey>) -> Result<(), ProtocolError> {
        self.answers.clear();
        self.end = None;
        self.has_started = true;
        let peer = peer.map(|key| Bytes::copy_from_slice(&key.to_bytes())).unwrap_or_default();
        self.say(&Start { peer }).await
    }

    /// Connects to where the program says that it is.
    pub(crate) async fn dial(&mut self) -> Result<(), ProtocolError> {
        self.say(&Dial {}).await
    }

    /// Connects to the socket on which the program is to answer.
    pub(crate) async fn ask(&mut self) -> Result<(), ProtocolError> {
        self.say(&Ask {}).await
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> Ended {
        loop {
            if let Some(end) = &self.end {
                return end.clone();
            }
            self.event().await;
        }
    }

    /// Waits for the next answer; `None` when there are no more.
    pub(crate) async fn answer(&mut self) -> Option<String> {
        loop {
            if let Some(answer) = self.answers.pop_front() {
                return Some(answer);
            }
            if self.end.is_some() {
                return None;
            }
            self.event().await;
        }
    }

    async fn event(&mut self) {
        match self.events.recv().await {
            Some(Event::Answered(answer)) if self.answers.len() < EVENTS => {
                self.answers.push_back(answer);
            }
            Some(Event::Answered(_)) => {}
            Some(Event::Ended(ended)) => self.end = Some(ended),
            // The wire is not polled any more, so nobody polls this.
            None => std::future::pending().await,
        }
    }

    /// Tells it that it may stop.
    pub(crate) async fn tell_to_stop(&mut self) -> Result<(), ProtocolError> {
        self.say(&Stop {}).await
    }

    /// Tells the learner about a checkpoint.
    pub(crate) async fn tell(&mut self, checkpoint: &Checkpoint) -> Result<(), ProtocolError> {
        self.say(checkpoint).await
    }

    /// Tells the learner that this is all.
    pub(crate) async fn finish(&mut self, passed: bool) -> Result<(), ProtocolError> {
        self.say(&Finished { passed }).await
    }

    async fn say(&mut self, message: &impl Message) -> Result<(), ProtocolError> {
        say(&mut self.writer, message).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::{self, Answer};

    #[tokio::test]
    async fn of_a_long_answer_only_the_beginning_is_kept() {
        let (mut learners, ours) = MsgPipe::pair(&class::protocol(|_, _| async { Ok(()) }));
        let (mut program, _connections, wire) = over(ours);
        let answer = Answer { text: "ä".repeat(10_000) };
        let ended = Ended { how: "ö".repeat(10_000), well: true, key_file: false };
        learners.send(Answer::CODE, &answer).await.unwrap();
        learners.send(Ended::CODE, &ended).await.unwrap();
        let kept = async { (program.answer().await, program.ended().await.how) };
        let kept = tokio::select! {
            kept = kept => kept,
            error = wire.run() => panic!("{error}"),
        };
        assert_eq!(kept, (Some("ä".repeat(SAID)), "ö".repeat(SAID)));
    }
}
