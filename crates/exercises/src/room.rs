//! The room in which a program is checked: it waits for what must come next, never for long, and tells
//! each checkpoint that is passed, or what was seen instead.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::time::{Instant, timeout, timeout_at};

use crate::checks;
use crate::exercise::Exercise;
use crate::program::{Launch, Program};

/// How long a program may take, from its start to its end.
const LIMIT: Duration = Duration::from_secs(5);
/// How many characters of what was seen are on a line.
const WIDTH: usize = 88;
/// When a program has ended: how long what it sent may still be on its way.
const LAST_BYTES: Duration = Duration::from_millis(500);

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
pub async fn check(
    exercise: &Exercise,
    launch: &Launch,
    seed: u64,
    tell: &mut dyn FnMut(&str),
) -> Verdict {
    let mut room = Room {
        launch,
        program: None,
        deadline: Instant::now(),
        checkpoint: "start",
        passed: 0,
        chance: StdRng::seed_from_u64(seed),
        tell,
    };
    let checked = checks::check(exercise.short, &mut room).await;
    match checked {
        Ok(()) => Verdict::Passed,
        Err(seen) => room.missed(&seen),
    }
}

/// Where a program is checked.
pub(crate) struct Room<'a> {
    launch: &'a Launch,
    program: Option<Program>,
    deadline: Instant,
    checkpoint: &'static str,
    passed: usize,
    /// For words and numbers that no program can know before.
    pub(crate) chance: StdRng,
    tell: &'a mut dyn FnMut(&str),
}

impl Room<'_> {
    /// Starts the program, and its time.
    pub(crate) fn start(&mut self, told: &[(&str, String)]) -> Checked {
        self.program = Some(Program::start(self.launch, told)?);
        self.deadline = Instant::now() + LIMIT;
        Ok(())
    }

    /// What comes now is about this checkpoint.
    pub(crate) fn begin(&mut self, checkpoint: &'static str) {
        self.checkpoint = checkpoint;
    }

    /// The checkpoint is passed.
    pub(crate) fn pass(&mut self, how: &str) {
        self.passed = self.passed.saturating_add(1);
        (self.tell)(&format!("  ok      {:<12} {how}", self.checkpoint));
    }

    /// Begins a checkpoint that needs no waiting.
    pub(crate) fn expect(
        &mut self,
        checkpoint: &'static str,
        is_so: Result<&str, String>,
    ) -> Checked {
        self.begin(checkpoint);
        let how = is_so?;
        self.pass(how);
        Ok(())
    }

    /// Waits for something that the program does: `what` completes "I waited for …".
    pub(crate) async fn wait<T>(
        &mut self,
        what: &str,
        doing: impl Future<Output = T>,
    ) -> Checked<T> {
        let mut doing = std::pin::pin!(doing);
        let Some(program) = &mut self.program else { return Err("nothing was started".to_owned()) };
        let end = tokio::select! {
            biased;
            done = &mut doing => return Ok(done),
            end = program.ended() => end,
            () = tokio::time::sleep_until(self.deadline) => {
                return Err(format!(
                    "I waited for {what}, and nothing came. I wait {} seconds for a program to do \
                     everything.",
                    LIMIT.as_secs()
                ));
            }
        };
        // It may have said something on its way out.
        let late = timeout(LAST_BYTES, doing).await;
        late.map_err(|_| format!("I waited for {what}, but {end}."))
    }

    /// Waits for the program's next answer.
    pub(crate) async fn answer(&mut self, what: &str) -> Checked<String> {
        let Some(program) = &mut self.program else { return Err("nothing was started".to_owned()) };
        let answer = timeout_at(self.deadline, program.answer()).await;
        let answer = answer.map_err(|_| {
            format!("I waited for {what}, as `workbench::answer` gives it, and no answer came.")
        })?;
        match answer {
            Some(answer) => Ok(answer),
            None => {
                let end = self.end().await?;
                Err(format!("I waited for {what}, as `workbench::answer` gives it, but {end}."))
            }
        }
    }

    /// Tells the program that it may stop.
    pub(crate) fn tell_to_stop(&mut self) {
        if let Some(program) = &mut self.program {
            program.tell_to_stop();
        }
    }

    /// Waits until the program has ended without an error.
    pub(crate) async fn ends_well(&mut self) -> Checked {
        self.begin("end");
        let end = self.end().await?;
        match end.ends_with("without an error") {
            true => self.pass("your program has ended by itself"),
            false => return Err(format!("Everything was there, but {end}.")),
        }
        Ok(())
    }

    async fn end(&mut self) -> Checked<String> {
        let Some(program) = &mut self.program else { return Err("nothing was started".to_owned()) };
        let ended = timeout_at(self.deadline, program.ended()).await;
        ended.map_err(|_| "Your program does not end.".to_owned())
    }

    fn missed(&mut self, seen: &str) -> Verdict {
        (self.tell)(&format!("  MISSED  {}", self.checkpoint));
        for line in seen.lines().flat_map(|line| textwrap::wrap(line, WIDTH)) {
            (self.tell)(format!("          {line}").trim_end());
        }
        let printed = self.program.as_ref().map(Program::last_lines).unwrap_or_default();
        if !printed.is_empty() {
            (self.tell)("");
            (self.tell)("          Your program has printed:");
            for line in printed {
                (self.tell)(&format!("            {line}"));
            }
        }
        Verdict::Missed(self.passed.saturating_add(1))
    }
}
