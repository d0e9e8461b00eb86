//! Where learners come in: each one's connection, and the check that goes on over it.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use devp2p_core::keys::{NodeKey, PublicKey};
use devp2p_core::net::PeerInfo;
use devp2p_core::p2p::DisconnectReason;
use devp2p_core::protocol::{MsgPipe, ProtocolError};
use exercises::class::{Any, Join, Message, Refused, Welcome};
use exercises::exercise;
use exercises::{Verdict, check_over};
use rand::Rng;
use sha3::{Digest, Keccak256};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::board::Board;
use crate::guests::Guests;

/// How long a learner's side may take to say who it is.
const JOIN: Duration = Duration::from_secs(10);
/// How long it may stay when there is nothing left to say.
const LEAVE: Duration = Duration::from_secs(2);
/// Learners' connections at the same time from one address that is not ours: a room behind one router.
const FROM_ONE: usize = 100;

/// The room, as all parts of the hub share it.
#[derive(Debug)]
pub(crate) struct Hall {
    key: Arc<NodeKey>,
    board: Mutex<Board>,
    begin: Instant,
    changes: watch::Sender<u64>,
    guests: Guests,
    door: OnceLock<Door>,
}

/// What is known when the hub listens.
#[derive(Debug)]
struct Door {
    /// Where the pages are: `http://192.168.1.5:8030`.
    pages: String,
    /// What a learner types.
    invitation: String,
}

impl Hall {
    pub(crate) fn new(key: Arc<NodeKey>) -> Self {
        Self {
            key,
            board: Mutex::default(),
            begin: Instant::now(),
            changes: watch::Sender::new(0),
            guests: Guests::default(),
            door: OnceLock::new(),
        }
    }

    /// The hub listens.
    pub(crate) fn open(&self, pages: &str, invitation: &str) {
        let door = Door { pages: pages.to_owned(), invitation: invitation.to_owned() };
        // It is open already: then it is the same door.
        let _ = self.door.set(door);
    }

    /// Where the pages are, and what a learner types.
    pub(crate) fn door(&self) -> (&str, &str) {
        self.door.get().map(|door| (&*door.pages, &*door.invitation)).unwrap_or_default()
    }

    /// The secret of the page of whoever has this key. It is the same whenever the hub is started, and
    /// follows from the hub's own key.
    pub(crate) fn secret_of(&self, key: &PublicKey) -> String {
        let mut hash = Keccak256::new();
        hash.update(b"the page of");
        hash.update(self.key.agree(key).as_bytes());
        let hash = hash.finalize();
        hex::encode(hash.get(..8).unwrap_or_default())
    }

    /// Reads or changes the board. Whoever watches it is told.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Board, Duration) -> T) -> T {
        let changed = self.look(change);
        self.changes.send_modify(|number| *number = number.wrapping_add(1));
        changed
    }

    /// Reads the board, and tells nobody.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&mut Board, Duration) -> T) -> T {
        let mut board = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        look(&mut board, self.begin.elapsed())
    }

    /// Is told that there is something new, not what.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Serves one connection of a learner's side.
    pub(crate) async fn serve(
        &self,
        peer: &PeerInfo,
        mut pipe: MsgPipe,
    ) -> Result<(), ProtocolError> {
        // Who is connected has an address.
        let ip = peer.remote.map_or(Ipv4Addr::UNSPECIFIED.into(), |address| address.ip());
        let Some(_guest) = self.guests.come(ip, FROM_ONE) else {
            let why = format!("From your address there are {FROM_ONE} connections already.");
            pipe.send(Refused::CODE, &Refused { why }).await?;
            return Ok(());
        };
        let read = timeout(JOIN, pipe.read()).await;
        let msg = read.map_err(|_| ProtocolError::Disconnect(DisconnectReason::ReadTimeout))??;
        let Any::Join(join) = Any::read(&msg)? else {
            return Err(ProtocolError::other("the first message must be Join"));
        };
        let secret = self.secret_of(&peer.id);
        let page = format!("{}/me/{secret}", self.door().0);
        match self.change(|board, now| board.join(peer.id, &join, secret, now)) {
            Ok(()) => {
                let _seat = Seat { hall: self, key: peer.id };
                pipe.send(Welcome::CODE, &Welcome { page }).await?;
                self.check(peer.id, &join, pipe).await
            }
            Err(why) => {
                pipe.send(Refused::CODE, &Refused { why }).await?;
                wait_until_gone(pipe).await;
                Ok(())
            }
        }
    }

    async fn check(&self, key: PublicKey, join: &Join, pipe: MsgPipe) -> Result<(), ProtocolError> {
        let Some(exercise) = exercise::called(&join.exercise) else {
            wait_until_gone(pipe).await;
            return Ok(());
        };
        let mut see = |checkpoint: &_| {
            self.change(|board, now| board.checkpoint(key, checkpoint, now));
        };
        let seed = rand::rng().next_u64();
        let verdict = check_over(pipe, exercise, seed, &mut see).await?;
        let passed = verdict == Verdict::Passed;
        self.change(|board, now| board.finished(key, passed, now));
        Ok(())
    }
}

/// The learner hears what was said last before the connection ends.
async fn wait_until_gone(mut pipe: MsgPipe) {
    let gone = async { while pipe.read().await.is_ok() {} };
    // It stays longer than it needs to: then it is sent away.
    let _ = timeout(LEAVE, gone).await;
}

/// A learner is here as long as this lives.
struct Seat<'a> {
    hall: &'a Hall,
    key: PublicKey,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.hall.change(|board, _| board.left(self.key));
    }
}
