//! The learner's side: starts the program, carries its connections and answers to whoever checks it, and
//! tells what that one finds.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use bytes::Bytes;
use devp2p_core::enode::{Address, Enode, Host};
use devp2p_core::keys::PublicKey;
use devp2p_core::net::connect;
use devp2p_core::p2p::printable;
use devp2p_core::protocol::{MsgPipe, MsgReader, MsgWriter, ProtocolError};
use devp2p_rpc::ipc;
use tempfile::TempDir;
use textwrap::{Options, WordSplitter};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::class::{
    Answer, Any, CHUNK, Checkpoint, Ended, Message, NotOpened, Opened, Piece, Start,
};
use crate::program::{End, Launch, Program};

/// How many characters of what was seen are on a line.
const WIDTH: usize = 88;
/// Pieces that may wait for a program that does not read.
const PIECES: usize = 64;

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is checked; whether the program passed.
    Finished(bool),
    /// We are let in, and nothing was to be checked.
    Joined,
    /// The other side does not check it.
    Refused(String),
}

/// Serves the checker at the other end of `pipe`, and tells in lines what that one says. Without a
/// program, only until we are let in.
///
/// # Errors
/// When the pipe ends before the checks do.
pub async fn serve(
    pipe: MsgPipe,
    launch: Option<&Launch>,
    tell: &mut (dyn FnMut(&str) + Send),
) -> Result<Outcome, ProtocolError> {
    let (mut reader, writer) = pipe.split();
    let mut agent = Agent::new(writer, launch);
    loop {
        let event = agent.event(&mut reader).await?;
        if let Some(outcome) = agent.react(event, tell).await {
            return Ok(outcome);
        }
    }
}

struct Agent<'a> {
    launch: Option<&'a Launch>,
    writer: MsgWriter,
    running: Option<Running>,
    listener: Option<TcpListener>,
    /// For the key of the program's node, and its socket: the same in every run.
    folder: Option<TempDir>,
    /// Whether the next answer may be where the program is: the first one of a program that was told
    /// of nobody. Whoever talks to a program can put any other into its mouth.
    may_say_where: bool,
    /// Where the program has answered that it is.
    enode: Option<Enode>,
    /// Where pieces for each connection go.
    connections: HashMap<u64, mpsc::Sender<Bytes>>,
    tasks: JoinSet<()>,
}

/// A program, and whether its end was told.
struct Running {
    program: Program,
    has_ended: bool,
}

enum Event {
    Said(Any),
    Answered(String),
    Ended(End),
    Connected(TcpStream),
}

impl<'a> Agent<'a> {
    fn new(writer: MsgWriter, launch: Option<&'a Launch>) -> Self {
        Self {
            launch,
            writer,
            running: None,
            listener: None,
            folder: None,
            may_say_where: false,
            enode: None,
            connections: HashMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Waits for the next thing that happens.
    async fn event(&mut self, reader: &mut MsgReader) -> Result<Event, ProtocolError> {
        tokio::select! {
            msg = reader.read() => Ok(Event::Said(Any::read(&msg?)?)),
            stream = accept(self.listener.as_ref()) => Ok(Event::Connected(stream)),
            event = happens(self.running.as_mut()) => Ok(event),
        }
    }

    async fn react(
        &mut self,
        event: Event,
        tell: &mut (dyn FnMut(&str) + Send),
    ) -> Option<Outcome> {
        match event {
            Event::Answered(text) => {
                if std::mem::take(&mut self.may_say_where) {
                    self.enode = text.parse().ok();
                }
                self.say(&Answer { text }).await;
            }
            Event::Ended(end) => self.ended(end).await,
            Event::Connected(stream) => {
                let (reader, writer) = stream.into_split();
                self.open(reader, writer, false).await;
            }
            Event::Said(Any::Start(start)) => self.start(&start).await,
            Event::Said(Any::Dial(_)) => self.dial().await,
            Event::Said(Any::Ask(_)) => self.ask().await,
            Event::Said(Any::Stop(_)) => {
                if let Some(running) = &mut self.running {
                    running.program.tell_to_stop();
                }
            }
            Event::Said(Any::Piece(piece)) => self.pass_on(piece),
            Event::Said(Any::Checkpoint(checkpoint)) => self.tell(&checkpoint, tell),
            Event::Said(Any::Finished(finished)) => {
                return Some(Outcome::Finished(finished.passed));
            }
            Event::Said(Any::Refused(refused)) => {
                return Some(Outcome::Refused(printable(&refused.why)));
            }
            Event::Said(Any::Welcome(welcome)) => {
                let page = printable(&welcome.page);
                tell(&format!("Your page, with a button to call for help: {page}\n"));
                return self.launch.is_none().then_some(Outcome::Joined);
            }
            // Nobody says this to a learner; it changes nothing.
            Event::Said(_) => {}
        }
        None
    }

    /// That the pipe has ended is what the next read says, after all that came before.
    async fn say(&mut self, message: &impl Message) {
        let _ = say(&mut self.writer, message).await;
    }

    async fn start(&mut self, start: &Start) {
        // The one before is killed first: it may have the port or the file that this one needs.
        self.running = None;
        self.enode = None;
        self.may_say_where = start.peer.is_empty();
        match self.try_start(start).await {
            Ok(program) => self.running = Some(Running { program, has_ended: false }),
            Err(how) => self.ended(End { how, well: false }).await,
        }
    }

    async fn try_start(&mut self, start: &Start) -> Result<Program, String> {
        let mut told = vec![
            ("EXERCISE_KEY_FILE", self.key_file()?.display().to_string()),
            ("EXERCISE_IPC", self.socket()?.display().to_string()),
        ];
        if let Ok(key) = <[u8; 64]>::try_from(&start.peer[..]) {
            let key = PublicKey::from_bytes(key).map_err(|error| error.to_string())?;
            let address = self.listen().await?;
            let (host, tcp) = (Host::Ip(address.ip()), address.port());
            let address = Some(Address { host, tcp, udp: 0 });
            told.push(("EXERCISE_PEER", Enode { public_key: key, address }.to_string()));
        }
        Program::start(self.launch.ok_or("there is no program")?, &told)
    }

    fn key_file(&mut self) -> Result<PathBuf, String> {
        Ok(self.folder()?.join("nodekey"))
    }

    /// Where the program answers over IPC.
    fn socket(&mut self) -> Result<PathBuf, String> {
        Ok(self.folder()?.join("node.ipc"))
    }

    fn folder(&mut self) -> Result<PathBuf, String> {
        if self.folder.is_none() {
            let folder = tempfile::tempdir();
            self.folder =
                Some(folder.map_err(|error| format!("there is no folder for it: {error}"))?);
        }
        Ok(self.folder.as_ref().map(|folder| folder.path().to_owned()).unwrap_or_default())
    }

    /// Listens on a free port, in the teacher's place.
    async fn listen(&mut self) -> Result<SocketAddr, String> {
        let cannot = |error| format!("nobody could listen on 127.0.0.1 for it: {error}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        self.listener = Some(listener);
        Ok(address)
    }

    async fn ended(&mut self, End { how, well }: End) {
        let key_file = self.key_file().is_ok_and(|file| file.is_file());
        self.say(&Ended { how, well, key_file }).await;
    }

    /// Only where the learner's own program has said that it is.
    async fn dial(&mut self) {
        let Some(enode) = &self.enode else {
            return self.say(&NotOpened { is_socket: false }).await;
        };
        match connect(enode).await {
            Ok(stream) => self.open(stream.reader, stream.writer, false).await,
            Err(_) => self.say(&NotOpened { is_socket: false }).await,
        }
    }

    /// Only where we have told the program to be.
    async fn ask(&mut self) {
        let connected = match self.socket() {
            Ok(path) => ipc::connect(&path).await.ok(),
            Err(_) => None,
        };
        match connected.map(split) {
            Some((reader, writer)) => self.open(reader, writer, true).await,
            None => self.say(&NotOpened { is_socket: true }).await,
        }
    }

    /// Carries what crosses a connection of the program.
    async fn open(
        &mut self,
        reader: impl AsyncRead + Unpin + Send + 'static,
        mut writer: impl AsyncWrite + Unpin + Send + 'static,
        is_socket: bool,
    ) {
        let connection = self.connections.len().try_into().unwrap_or(u64::MAX);
        let (sender, mut pieces) = mpsc::channel::<Bytes>(PIECES);
        self.connections.insert(connection, sender);
        self.say(&Opened { connection, is_socket }).await;
        let mut to_checker = self.writer.clone();
        self.tasks.spawn(async move {
            let there = async {
                while let Some(piece) = pieces.recv().await {
                    if piece.is_empty() || writer.write_all(&piece).await.is_err() {
                        break;
                    }
                }
                // It is gone already, or hears now that there is no more.
                let _ = writer.shutdown().await;
            };
            tokio::join!(there, carry(reader, &mut to_checker, connection));
        });
    }

    fn pass_on(&mut self, piece: Piece) {
        if let Some(sender) = self.connections.get(&piece.connection) {
            if sender.try_send(piece.bytes).is_err() {
                // The program reads nothing, or is gone.
                let closed = mpsc::channel(1).0;
                self.connections.insert(piece.connection, closed);
            }
        }
    }

    fn tell(&self, checkpoint: &Checkpoint, tell: &mut (dyn FnMut(&str) + Send)) {
        let Checkpoint { name, seen, passed } = checkpoint;
        let name = printable(name);
        if *passed {
            tell(&format!("  ok      {name:<12} {}", printable(seen)));
            return;
        }
        tell(&format!("  MISSED  {name}"));
        let words_are_whole = Options::new(WIDTH).word_splitter(WordSplitter::NoHyphenation);
        for line in seen.lines() {
            for line in textwrap::wrap(&printable(line), &words_are_whole) {
                tell(format!("          {line}").trim_end());
            }
        }
        let printed = self.running.as_ref().map(|it| it.program.last_lines()).unwrap_or_default();
        if !printed.is_empty() {
            tell("");
            tell("          Your program has printed:");
            for line in printed {
                tell(&format!("            {line}"));
            }
        }
    }
}

/// Sends a message.
///
/// # Errors
/// When the pipe has ended.
pub async fn say<M: Message>(writer: &mut MsgWriter, message: &M) -> Result<(), ProtocolError> {
    writer.send(M::CODE, message).await
}

/// Sends what comes out of `stream`, piece by piece, and that there is no more.
pub(crate) async fn carry(
    mut stream: impl tokio::io::AsyncRead + Unpin,
    writer: &mut MsgWriter,
    connection: u64,
) {
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = stream.read(&mut buffer).await.unwrap_or_default();
        let bytes = Bytes::copy_from_slice(buffer.get(..read).unwrap_or_default());
        if say(writer, &Piece { connection, bytes }).await.is_err() || read == 0 {
            return;
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> TcpStream {
    if let Some(listener) = listener {
        if let Ok((stream, _)) = listener.accept().await {
            return stream;
        }
    }
    std::future::pending().await
}

/// Waits for the program's next answer, or, after the last, for its end.
async fn happens(running: Option<&mut Running>) -> Event {
    let Some(running) = running else { return std::future::pending().await };
    if let Some(answer) = running.program.answer().await {
        return Event::Answered(answer);
    }
    if running.has_ended {
        return std::future::pending().await;
    }
    let end = running.program.ended().await;
    running.has_ended = true;
    Event::Ended(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::{self, Dial};
    use devp2p_core::keys::NodeKey;

    #[tokio::test]
    async fn only_a_program_that_knows_nobody_says_whom_we_dial_and_only_at_first() {
        let key = NodeKey::generate(&mut rand::rng()).public_key();
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = other.local_addr().unwrap();
        let address = Address { host: Host::Ip(address.ip()), tcp: address.port(), udp: 0 };
        let enode = Enode { public_key: key, address: Some(address) }.to_string();
        let nobody = Bytes::new();
        // What a program answers when it was told of a peer, that peer may have told it.
        let peer = Bytes::copy_from_slice(&key.to_bytes());
        for (peer, answers, is_dialed) in [
            (&nobody, vec![enode.as_str()], true),
            (&nobody, vec!["foo", &enode], false),
            (&peer, vec![&enode], false),
        ] {
            let (ours, mut checkers) = MsgPipe::pair(&class::protocol(|_, _| async { Ok(()) }));
            let mut agent = Agent::new(ours.split().1, None);
            let mut events = vec![Event::Said(Any::Start(Start { peer: peer.clone() }))];
            events.extend(answers.iter().map(|answer| Event::Answered((*answer).to_owned())));
            events.push(Event::Said(Any::Dial(Dial {})));
            for event in events {
                assert_eq!(agent.react(event, &mut |_| {}).await, None);
            }
            let dialed = loop {
                match Any::read(&checkers.read().await.unwrap()).unwrap() {
                    Any::Opened(_) => break true,
                    Any::NotOpened(_) => break false,
                    _ => {}
                }
            };
            assert_eq!(dialed, is_dialed, "{answers:?}");
        }
    }
}
