//! What the hub knows of its room, and what each page shows of it. No sockets, no clock: whoever calls
//! says what time it is.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use devp2p_core::keys::PublicKey;
use devp2p_core::p2p::printable;
use exercises::class::{Checkpoint, Join};
use exercises::exercise::{self, EXERCISES, Exercise};
use exercises::seat::NAME;
use serde_json::{Value, json};

/// No more learners than this.
pub const LEARNERS: usize = 300;
/// Letters of what was seen at a checkpoint.
const SEEN: usize = 600;
/// Checkpoints of one try. An exercise has twenty at most.
const CHECKPOINTS: usize = 40;
/// Other nodes that are remembered.
const VISITORS: usize = 12;

/// All that is known.
#[derive(Debug, Default)]
pub struct Board {
    learners: BTreeMap<[u8; 64], Learner>,
    visitors: VecDeque<Visitor>,
}

#[derive(Debug)]
struct Learner {
    name: String,
    /// The secret of the learner's own page.
    secret: String,
    /// How many connections there are.
    connections: usize,
    exercise: Option<&'static Exercise>,
    /// Whether a check is going on.
    trying: bool,
    tries: u32,
    passed: Vec<String>,
    missed: Option<Missed>,
    /// What the try before has passed, and where it ended: that counts again if this one is broken off.
    before: Option<(Vec<String>, Missed)>,
    /// How many checkpoints of this exercise were ever passed in one try.
    best: usize,
    /// When there was more than ever before.
    progress_at: Duration,
    needs_help: Option<Duration>,
    done: BTreeSet<&'static str>,
}

#[derive(Debug, Clone)]
struct Missed {
    checkpoint: String,
    seen: String,
}

/// A node that came, and is no learner's: what it did, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// Its connection.
    pub connection: u64,
    /// What it calls itself; nothing if it has not said Hello.
    pub name: String,
    /// What it has done last; nothing if it has gone.
    pub did: String,
    /// What was wrong with that.
    pub fault: String,
}

/// Whose page it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View<'a> {
    /// Everything.
    Teacher,
    /// Numbers, and no names.
    Projector,
    /// One learner, who has this secret.
    Learner(&'a str),
}

impl Board {
    /// A learner comes, to have an exercise checked if one is named. `secret` opens the learner's page,
    /// and follows from `key`.
    ///
    /// # Errors
    /// Why the learner cannot, and what to do.
    pub fn join(
        &mut self,
        key: PublicKey,
        join: &Join,
        secret: String,
        now: Duration,
    ) -> Result<(), String> {
        let exercise = match join.exercise.as_str() {
            "" => None,
            word => Some(exercise::called(word).ok_or("This hub does not know that exercise.")?),
        };
        let name = short(join.name.trim().lines().next().unwrap_or_default(), NAME);
        let key = key.to_bytes();
        if !name.chars().any(char::is_alphanumeric) {
            return Err("You need a name: cargo exercise --join HUB --name NAME".to_owned());
        }
        let sounds = |name: &str| -> String {
            name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
        };
        let same = |(other, learner): (&[u8; 64], &Learner)| {
            *other != key && sounds(&learner.name) == sounds(&name)
        };
        if self.learners.iter().any(same) {
            return Err(format!(
                "Somebody in this room is called {name:?} already: take another name."
            ));
        }
        if !self.learners.contains_key(&key) && self.learners.len() >= LEARNERS {
            // Whoever has come, tried nothing, and gone.
            self.learners.retain(|_, learner| learner.connections > 0 || learner.tries > 0);
        }
        if !self.learners.contains_key(&key) && self.learners.len() >= LEARNERS {
            return Err(format!("There are {LEARNERS} learners in this room: it is full."));
        }
        let learner = self.learners.entry(key).or_insert_with(|| Learner::new(secret, now));
        learner.name = name;
        learner.connections = learner.connections.saturating_add(1);
        if let Some(exercise) = exercise {
            learner.begin(exercise, now);
        }
        Ok(())
    }

    /// A checkpoint was passed or missed.
    pub fn checkpoint(&mut self, key: PublicKey, checkpoint: &Checkpoint, now: Duration) {
        let Some(learner) = self.learners.get_mut(&key.to_bytes()) else { return };
        let Checkpoint { name, seen, passed } = checkpoint;
        let name = short(name, NAME);
        if !passed {
            learner.missed = Some(Missed { checkpoint: name, seen: short(seen, SEEN) });
            return;
        }
        if learner.passed.len() < CHECKPOINTS {
            learner.passed.push(name);
        }
        if learner.passed.len() > learner.best {
            learner.best = learner.passed.len();
            learner.progress_at = now;
        }
    }

    /// A check is over.
    pub fn finished(&mut self, key: PublicKey, passed: bool, now: Duration) {
        let Some(learner) = self.learners.get_mut(&key.to_bytes()) else { return };
        learner.trying = false;
        if let (true, Some(exercise)) = (passed, learner.exercise) {
            learner.done.insert(exercise.short);
            learner.needs_help = None;
            learner.progress_at = now;
        }
    }

    /// A connection of the learner has ended.
    pub fn left(&mut self, key: PublicKey) {
        if let Some(learner) = self.learners.get_mut(&key.to_bytes()) {
            learner.connections = learner.connections.saturating_sub(1);
            if learner.trying && learner.connections == 0 {
                learner.break_off();
            }
        }
    }

    /// A learner calls for help, or needs none any more; whether there is one with this secret.
    pub fn help(&mut self, secret: &str, wanted: bool, now: Duration) -> bool {
        let Some(learner) = self.with_secret(secret) else { return false };
        learner.needs_help = wanted.then_some(learner.needs_help.unwrap_or(now));
        true
    }

    /// Whether a learner has this secret.
    #[must_use]
    pub fn knows(&self, secret: &str) -> bool {
        self.learners.values().any(|learner| learner.secret == secret)
    }

    fn with_secret(&mut self, secret: &str) -> Option<&mut Learner> {
        self.learners.values_mut().find(|learner| learner.secret == secret)
    }

    /// Another node was seen, or has done more.
    pub fn visitor(&mut self, seen: Visitor) {
        match self.visitors.iter_mut().find(|known| known.connection == seen.connection) {
            // What it did last says more than that it has gone.
            Some(_) if seen.did.is_empty() => {}
            Some(known) => *known = seen,
            None => {
                if self.visitors.len() == VISITORS {
                    self.visitors.pop_front();
                }
                self.visitors.push_back(seen);
            }
        }
    }

    /// This connection is no visitor's.
    pub fn forget_visitor(&mut self, connection: u64) {
        self.visitors.retain(|visitor| visitor.connection != connection);
    }

    /// What a page shows.
    #[must_use]
    pub fn show(&self, view: View<'_>, now: Duration) -> Value {
        match view {
            View::Teacher => json!({
                "learners": self.by_need().map(|it| it.show(now)).collect::<Vec<_>>(),
                "groups": self.groups(true),
                "shares": self.shares(),
                "count": self.count(),
                "visitors": self.visitors.iter().rev().map(Visitor::show).collect::<Vec<_>>(),
            }),
            View::Projector => json!({
                "groups": self.groups(false),
                "shares": self.shares(),
                "count": self.count(),
            }),
            View::Learner(secret) => {
                let me = self.learners.values().find(|learner| learner.secret == secret);
                json!({ "me": me.map(|learner| learner.show(now)) })
            }
        }
    }

    /// First who calls for help, longest first; then who is stuck, longest first; then the others, by
    /// name.
    fn by_need(&self) -> impl Iterator<Item = &Learner> {
        let mut learners: Vec<&Learner> = self.learners.values().collect();
        learners.sort_by_key(|learner| {
            let stuck = learner.is_stuck();
            (
                learner.needs_help.is_none(),
                learner.needs_help,
                !stuck,
                stuck.then_some(learner.progress_at),
                learner.name.as_str(),
            )
        });
        learners.into_iter()
    }

    /// Who is stuck at the same checkpoint; the largest group first.
    fn groups(&self, names: bool) -> Vec<Value> {
        let mut groups = BTreeMap::<(&str, &str), Vec<&str>>::new();
        for learner in self.by_need().filter(|learner| learner.is_stuck()) {
            if let (Some(exercise), Some(missed)) = (learner.exercise, &learner.missed) {
                let at = (exercise.short, missed.checkpoint.as_str());
                groups.entry(at).or_default().push(&learner.name);
            }
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|(_, learners)| std::cmp::Reverse(learners.len()));
        let show = |((exercise, checkpoint), learners): ((&str, &str), Vec<&str>)| {
            json!({
                "exercise": exercise, "checkpoint": checkpoint, "count": learners.len(),
                "names": if names { json!(learners) } else { Value::Null },
            })
        };
        groups.into_iter().map(show).collect()
    }

    /// How many have passed each exercise, of how many that are there.
    fn shares(&self) -> Vec<Value> {
        let share = |exercise: &Exercise| {
            let passed =
                self.learners.values().filter(|it| it.done.contains(exercise.short)).count();
            let is_at_it = |it: &&Learner| {
                it.exercise.is_some_and(|its| its.short == exercise.short)
                    && (it.trying || it.is_stuck() || !it.done.contains(exercise.short))
            };
            let at_it = self.learners.values().filter(is_at_it).count();
            json!({
                "exercise": exercise.short, "title": exercise.title,
                "passed": passed, "here": at_it, "of": self.learners.len(),
            })
        };
        EXERCISES.iter().map(share).collect()
    }

    fn count(&self) -> Value {
        let count = |is: fn(&Learner) -> bool| self.learners.values().filter(|it| is(it)).count();
        json!({
            "learners": self.learners.len(),
            "stuck": count(Learner::is_stuck),
            "help": count(|learner| learner.needs_help.is_some()),
            "trying": count(|learner| learner.trying),
        })
    }
}

impl Learner {
    fn new(secret: String, now: Duration) -> Self {
        Self {
            name: String::new(),
            secret,
            connections: 0,
            exercise: None,
            trying: false,
            tries: 0,
            passed: Vec::new(),
            missed: None,
            before: None,
            best: 0,
            progress_at: now,
            needs_help: None,
            done: BTreeSet::new(),
        }
    }

    fn begin(&mut self, exercise: &'static Exercise, now: Duration) {
        if self.exercise.is_none_or(|before| before.short != exercise.short) {
            self.exercise = Some(exercise);
            (self.tries, self.best, self.progress_at) = (0, 0, now);
            self.missed = None;
        }
        self.tries = self.tries.saturating_add(1);
        self.trying = true;
        let passed = std::mem::take(&mut self.passed);
        self.before = self.missed.take().map(|missed| (passed, missed));
    }

    /// The try has no end. Who was stuck before it still is, unless it came further.
    fn break_off(&mut self) {
        self.trying = false;
        let Some((passed, missed)) = self.before.take() else { return };
        if self.missed.is_none() && self.passed.len() <= passed.len() {
            (self.passed, self.missed) = (passed, Some(missed));
        }
    }

    /// The last try has ended at a checkpoint.
    fn is_stuck(&self) -> bool {
        self.missed.is_some()
    }

    fn show(&self, now: Duration) -> Value {
        let seconds = |since: Duration| now.saturating_sub(since).as_secs();
        json!({
            "name": self.name,
            "here": self.connections > 0,
            "exercise": self.exercise.map(|exercise| exercise.short),
            "title": self.exercise.map(|exercise| exercise.title),
            "trying": self.trying,
            "tries": self.tries,
            "passed": self.passed,
            "missed": self.missed.as_ref().map(|missed| missed.checkpoint.as_str()),
            "seen": self.missed.as_ref().map(|missed| missed.seen.as_str()),
            "since": self.is_stuck().then(|| seconds(self.progress_at)),
            "help": self.needs_help.map(seconds),
            "done": self.done,
        })
    }
}

impl Visitor {
    fn show(&self) -> Value {
        json!({
            "connection": self.connection,
            "name": short(&self.name, SEEN),
            "did": if self.did.is_empty() { "came and went".to_owned() } else { short(&self.did, SEEN) },
            "fault": short(&self.fault, SEEN),
        })
    }
}

/// What came from outside, so that it can be shown: nothing in it moves or hides, and it is not long.
fn short(text: &str, letters: usize) -> String {
    let text: String = text.chars().take(letters).collect();
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
