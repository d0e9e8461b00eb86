//! A learner's place in a room: whose hub it is, and what the learner is called there.

use std::fmt::{self, Write};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use devp2p_core::enode::Enode;
use devp2p_core::events::{Events, PeerEvent};
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, EndReason, Server, client_name};
use devp2p_core::p2p::DisconnectReason;
use devp2p_core::protocol::MsgPipe;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::agent::{Outcome, serve};
use crate::class::{self, Join, Message};
use crate::exercise::Exercise;
use crate::program::Launch;

/// How long a hub may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How long a check may take there, with the way there and back.
const CHECK: Duration = Duration::from_secs(30);

/// The longest name, in letters.
pub const NAME: usize = 24;

/// A learner's place in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The hub.
    pub hub: Enode,
    /// What the learner wants to be called.
    pub name: String,
}

/// Where a seat is kept, and the key by which the hub knows the learner again.
#[derive(Debug)]
pub struct SeatFiles {
    /// The hub's enode, and on the next line the learner's name.
    pub seat: PathBuf,
    /// The key.
    pub key: PathBuf,
}

impl SeatFiles {
    /// The seat that is kept; none if there is none.
    ///
    /// # Errors
    /// That it cannot be read, and what to do.
    pub fn load(&self) -> Result<Option<Seat>, String> {
        let text = match fs::read_to_string(&self.seat) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.damaged(error)),
        };
        let mut lines = text.lines();
        let (hub, name) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        let hub = hub.parse().map_err(|error| self.damaged(error))?;
        Ok(Some(Seat { hub, name: name.to_owned() }))
    }

    fn damaged(&self, why: impl fmt::Display) -> String {
        let file = self.seat.display();
        format!(
            "{file} should say whose hub you have joined, and cannot be read: {why}. Remove it, and join again"
        )
    }

    /// Keeps a seat.
    ///
    /// # Errors
    /// The operating system's.
    pub fn save(&self, seat: &Seat) -> io::Result<()> {
        let mut text = String::new();
        // Into a text, this cannot fail.
        let _ = writeln!(text, "{}\n{}", seat.hub, seat.name.lines().next().unwrap_or_default());
        fs::write(&self.seat, text)
    }

    /// Forgets the seat; whether there was one. The key stays: who comes again is the same learner.
    ///
    /// # Errors
    /// The operating system's, with the file.
    pub fn forget(&self) -> Result<bool, String> {
        match fs::remove_file(&self.seat) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(format!("cannot remove {}: {error}", self.seat.display())),
        }
    }

    /// The key; a fresh one is put there if there is none.
    fn key(&self) -> Result<NodeKey, String> {
        let file = self.key.display();
        if Path::exists(&self.key) {
            let key = NodeKey::load(&self.key);
            return key
                .map_err(|error| format!("{file}: {error}. Without that file, you get a new key"));
        }
        let key = NodeKey::generate(&mut rand::rng());
        key.save(&self.key).map_err(|error| format!("{file}: {error}"))?;
        Ok(key)
    }
}

impl Seat {
    /// Lets the hub check a program; without one, just says who is there.
    ///
    /// # Errors
    /// Why the hub could not check it: it is not there, it has gone, it is no hub.
    pub async fn check(
        &self,
        files: &SeatFiles,
        program: Option<(&Exercise, &Launch)>,
        tell: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Outcome, String> {
        let (sender, mut pipes) = mpsc::channel(1);
        let protocol = class::protocol(move |_, pipe| {
            let sender = sender.clone();
            async move {
                // The pipe is open until nobody wants one any more.
                let _ = sender.send(pipe).await;
                sender.closed().await;
                Ok(())
            }
        });
        let config = Config {
            max_peers: 1,
            listen: None,
            discovery: false,
            protocols: vec![protocol],
            ..Config::new(files.key()?, client_name("learner", "1"))
        };
        let server = Server::start(config).await.map_err(|error| error.to_string())?;
        let mut events = server.subscribe();
        let added = server.add_peer(self.hub.clone()).await;
        let outcome = match added {
            Ok(()) => match first_pipe(&mut pipes, &mut events).await {
                Ok(pipe) => self.check_over(pipe, program, tell).await,
                Err(why) => Err(why),
            },
            Err(error) => Err(error.to_string()),
        };
        drop(pipes);
        server.stop().await;
        outcome
    }

    async fn check_over(
        &self,
        mut pipe: MsgPipe,
        program: Option<(&Exercise, &Launch)>,
        tell: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Outcome, String> {
        let exercise = program.map(|(exercise, _)| exercise.short).unwrap_or_default();
        let join = Join { name: self.name.clone(), exercise: exercise.to_owned() };
        let checked = async {
            pipe.send(Join::CODE, &join).await?;
            serve(pipe, program.map(|(_, launch)| launch), tell).await
        };
        match timeout(CHECK, checked).await {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(error)) => Err(format!("the hub has gone in the middle of it: {error}")),
            Err(_) => Err("the hub does not go on".to_owned()),
        }
    }
}

/// Waits for a connection with a hub.
async fn first_pipe(
    pipes: &mut mpsc::Receiver<MsgPipe>,
    events: &mut Events,
) -> Result<MsgPipe, String> {
    let waited = timeout(ANSWER, async {
        loop {
            tokio::select! {
                biased;
                Some(pipe) = pipes.recv() => return Ok(pipe),
                event = events.next() => match event {
                    Some(PeerEvent::DialFailed { error, .. } | PeerEvent::Drop { error, .. }) => {
                        return Err(match error {
                            EndReason::Remote(DisconnectReason::AlreadyConnected) => {
                                "it checks another program of yours just now".to_owned()
                            }
                            error => error.to_string(),
                        });
                    }
                    Some(_) => {}
                    None => return Err("our own node has ended".to_owned()),
                },
            }
        }
    });
    match waited.await {
        Ok(pipe) => pipe,
        Err(_) => Err(format!("it has not answered in {} seconds", ANSWER.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_kept_and_forgotten_and_a_damaged_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        let files = SeatFiles { seat: path("seat"), key: path("key") };
        assert_eq!(files.load(), Ok(None));
        assert_eq!(files.forget(), Ok(false));
        let hub = Enode { public_key: files.key().unwrap().public_key(), address: None };
        let seat = Seat { hub, name: "Ann".to_owned() };
        files.save(&seat).unwrap();
        assert_eq!(files.load(), Ok(Some(seat.clone())));
        // As an editor on Windows writes it.
        let text = fs::read_to_string(&files.seat).unwrap().replace('\n', "\r\n");
        fs::write(&files.seat, text).unwrap();
        assert_eq!(files.load(), Ok(Some(seat)));
        for damage in [&b""[..], b"nonsense", b"\xff\xfe", b"enode://12\nAnn\n"] {
            fs::write(&files.seat, damage).unwrap();
            let why = files.load().unwrap_err();
            assert!(why.contains("seat") && why.contains("join again"), "{why}");
        }
        let key = files.key().unwrap().public_key();
        assert_eq!(files.forget(), Ok(true));
        assert_eq!(files.key().unwrap().public_key(), key, "who comes again is the same learner");
        fs::write(&files.key, "nonsense").unwrap();
        let why = files.key().unwrap_err();
        assert!(why.contains(&files.key.display().to_string()), "{why}");
    }
}
