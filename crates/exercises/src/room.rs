//! The room in which a program is checked: it waits for what must come next, never for long, and tells
//! each checkpoint that is passed, or what was seen instead.

use std::io::ErrorKind;
use std::time::Duration;

use devp2p_core::keys::PublicKey;
use devp2p_core::net::EndReason;
use devp2p_core::protocol::{MsgPipe, ProtocolError};
use devp2p_rpc::client::Client;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::time::{Instant, timeout, timeout_at};

use crate::agent::{self, Outcome};
use crate::checks;
use crate::class::{self, Checkpoint, Ended};
use crate::exercise::Exercise;
use crate::program::Launch;
use crate::remote::{self, Connections, FarStream, Remote};
use crate::talk::in_words;

/// How long a program may take, from its start to its end.
const LIMIT: Duration = Duration::from_secs(5);
/// When a program has ended: how long what it sent may still be on its way.
const LAST_BYTES: Duration = Duration::from_millis(500);
/// No more is said of what was seen, in characters.
const SEEN: usize = 4000;

/// What a check finds: `Err` is what was seen in place of what should have come.
pub(crate) type Checked<T = ()> = Result<T, String>;

/// Whether a program passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It does what it should.
    Passed,
    /// It stopped at the checkpoint of this number, counted from 1.
    Missed(usize),
}

/// Runs a program, and tells in lines what is seen of it. All chance comes from `seed`.
///
/// # Errors
/// Never for what a program does; it is a fault of ours then.
pub async fn check(
    exercise: &Exercise,
    launch: &Launch,
    seed: u64,
    tell: &mut (dyn FnMut(&str) + Send),
) -> Result<Outcome, ProtocolError> {
    let protocol = class::protocol(|_, _| async { Ok(()) });
    let (learners, ours) = MsgPipe::pair(&protocol);
    let mut nobody = |_: &Checkpoint| {};
    let (outcome, _) = tokio::join!(
        agent::serve(learners, Some(launch), tell),
        check_over(ours, exercise, seed, &mut nobody)
    );
    outcome
}

/// Checks the program at the other end of `pipe`, and shows each checkpoint to `see`, too.
///
/// # Errors
/// When the pipe ends before the check does.
pub async fn check_over(
    pipe: MsgPipe,
    exercise: &Exercise,
    seed: u64,
    see: &mut (dyn FnMut(&Checkpoint) + Send),
) -> Result<Verdict, ProtocolError> {
    let (program, connections, wire) = remote::over(pipe);
    let mut room = Room {
        program,
        connections,
        deadline: Instant::now(),
        checkpoint: "start",
        passed: 0,
        chance: StdRng::seed_from_u64(seed),
        see,
    };
    let checks = async {
        let verdict = match checks::check(exercise.short, &mut room).await {
            Ok(()) => Verdict::Passed,
            Err(seen) => room.missed(&seen).await?,
        };
        room.program.finish(verdict == Verdict::Passed).await?;
        Ok(verdict)
    };
    tokio::select! {
        biased;
        verdict = checks => verdict,
        error = wire.run() => Err(error),
    }
}

/// Where a program is checked.
pub(crate) struct Room<'a> {
    program: Remote,
    connections: Connections,
    deadline: Instant,
    checkpoint: &'static str,
    passed: usize,
    /// For words and numbers that no program can know before.
    pub(crate) chance: StdRng,
    see: &'a mut (dyn FnMut(&Checkpoint) + Send),
}

impl Room<'_> {
    /// Starts the program, and its time. If it is to dial somebody: with this key.
    pub(crate) async fn start(&mut self, peer: Option<PublicKey>) -> Checked {
        self.program.start(peer).await.map_err(|error| gone(&error))?;
        self.deadline = Instant::now() + LIMIT;
        Ok(())
    }

    /// What comes now is about this checkpoint.
    pub(crate) fn begin(&mut self, checkpoint: &'static str) {
        self.checkpoint = checkpoint;
    }

    /// The checkpoint is passed.
    pub(crate) async fn pass(&mut self, how: &str) -> Checked {
        self.passed = self.passed.saturating_add(1);
        self.tell(how, true).await.map_err(|error| gone(&error))
    }

    /// Begins a checkpoint that needs no waiting.
    pub(crate) async fn expect(
        &mut self,
        checkpoint: &'static str,
        is_so: Result<&str, String>,
    ) -> Checked {
        self.begin(checkpoint);
        self.pass(is_so?).await
    }

    /// Waits for something that the program does: `what` completes "I waited for …".
    pub(crate) async fn wait<T>(
        &mut self,
        what: &str,
        doing: impl Future<Output = T>,
    ) -> Checked<T> {
        wait(&mut self.program, self.deadline, what, doing).await
    }

    /// Waits for the program to connect.
    pub(crate) async fn connection(&mut self, what: &str) -> Checked<FarStream> {
        let next = self.connections.nodes.recv();
        let stream = wait(&mut self.program, self.deadline, what, next).await?;
        stream.flatten().ok_or_else(|| in_words(EndReason::Connect(ErrorKind::ConnectionRefused)))
    }

    /// Connects to where the program has answered that it is.
    pub(crate) async fn dial(&mut self, what: &str) -> Checked<FarStream> {
        self.program.dial().await.map_err(|error| gone(&error))?;
        self.connection(what).await
    }

    /// Waits until the program has answered that it listens on its socket, and connects to it.
    pub(crate) async fn client(&mut self) -> Checked<Client> {
        self.begin("socket");
        self.answer("your program to say that it listens, with the path of its socket").await?;
        self.program.ask().await.map_err(|error| gone(&error))?;
        let next = self.connections.sockets.recv();
        let what = "your program to take my connection to its socket";
        let stream = wait(&mut self.program, self.deadline, what, next).await?;
        let Some(stream) = stream.flatten() else {
            return Err("Nobody listens on the socket that `workbench::ipc_path()` names. Is the server \
                        bound to that path, before you answer, and does the variable that holds it live \
                        until the end?"
                .to_owned());
        };
        self.pass("somebody answers on your socket").await?;
        Ok(Client::over(stream.reader, stream.writer))
    }

    /// Waits for the program's next answer.
    pub(crate) async fn answer(&mut self, what: &str) -> Checked<String> {
        let answer = timeout_at(self.deadline, self.program.answer()).await;
        let answer = answer.map_err(|_| {
            format!("I waited for {what}, as `workbench::answer` gives it, and no answer came.")
        })?;
        match answer {
            Some(answer) => Ok(answer),
            None => {
                let Ended { how, .. } = self.end().await?;
                Err(format!("I waited for {what}, as `workbench::answer` gives it, but {how}."))
            }
        }
    }

    /// Tells the program that it may stop.
    pub(crate) async fn tell_to_stop(&mut self) -> Checked {
        self.program.tell_to_stop().await.map_err(|error| gone(&error))
    }

    /// Waits until the program has ended without an error; whether there is a key file then.
    pub(crate) async fn ends_well(&mut self) -> Checked<bool> {
        self.begin("end");
        let Ended { how, well, key_file } = self.end().await?;
        if !well {
            return Err(format!("Everything was there, but {how}."));
        }
        self.pass("your program has ended by itself").await?;
        Ok(key_file)
    }

    async fn end(&mut self) -> Checked<Ended> {
        let ended = timeout_at(self.deadline, self.program.ended()).await;
        ended.map_err(|_| "Your program does not end.".to_owned())
    }

    async fn missed(&mut self, seen: &str) -> Result<Verdict, ProtocolError> {
        let seen: String = seen.chars().take(SEEN).collect();
        self.tell(&seen, false).await?;
        Ok(Verdict::Missed(self.passed.saturating_add(1)))
    }

    async fn tell(&mut self, seen: &str, passed: bool) -> Result<(), ProtocolError> {
        let (name, seen) = (self.checkpoint.to_owned(), seen.to_owned());
        let checkpoint = Checkpoint { name, seen, passed };
        (self.see)(&checkpoint);
        self.program.tell(&checkpoint).await
    }
}

async fn wait<T>(
    program: &mut Remote,
    deadline: Instant,
    what: &str,
    doing: impl Future<Output = T>,
) -> Checked<T> {
    let mut doing = std::pin::pin!(doing);
    let Ended { how, .. } = tokio::select! {
        biased;
        done = &mut doing => return Ok(done),
        end = program.ended() => end,
        () = tokio::time::sleep_until(deadline) => {
            return Err(format!(
                "I waited for {what}, and nothing came. I wait {} seconds for a program to do \
                 everything.",
                LIMIT.as_secs()
            ));
        }
    };
    // It may have said something on its way out.
    let late = timeout(LAST_BYTES, doing).await;
    late.map_err(|_| format!("I waited for {what}, but {how}."))
}

/// The learner has gone: nobody reads this.
fn gone(error: &ProtocolError) -> String {
    error.to_string()
}
