//! A learner's place in a room: whose hub it is, and what the learner is called there.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use devp2p_core::enode::Enode;
use devp2p_core::events::{Events, PeerEvent};
use devp2p_core::keys::NodeKey;
use devp2p_core::net::{Config, Server, client_name};
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
const CHECK: Duration = Duration::from_secs(60);

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
    /// The seat that is kept; none if there is none, or if nobody can read it.
    #[must_use]
    pub fn load(&self) -> Option<Seat> {
        let text = fs::read_to_string(&self.seat).ok()?;
        let (hub, name) = text.trim_end().split_once('\n')?;
        Some(Seat { hub: hub.parse().ok()?, name: name.to_owned() })
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

    /// Forgets the seat, and the key; whether there was one.
    ///
    /// # Errors
    /// The operating system's.
    pub fn forget(&self) -> io::Result<bool> {
        let mut was = false;
        for file in [&self.seat, &self.key] {
            match fs::remove_file(file) {
                Ok(()) => was = true,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(was)
    }

    /// The key; a fresh one is put there if there is none.
    fn key(&self) -> Result<NodeKey, String> {
        if Path::exists(&self.key) {
            return NodeKey::load(&self.key).map_err(|error| error.to_string());
        }
        let key = NodeKey::generate(&mut rand::rng());
        key.save(&self.key).map_err(|error| error.to_string())?;
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
                        return Err(error.to_string());
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
