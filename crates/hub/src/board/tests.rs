//! What each page shows, minute by minute.

use super::*;
use devp2p_core::keys::NodeKey;

/// A board, and the minute in which things happen.
#[derive(Default)]
struct Room {
    board: Board,
    minute: u32,
}

fn key(n: u8) -> PublicKey {
    NodeKey::from_bytes([n; 32]).unwrap().public_key()
}

impl Room {
    fn now(&self) -> Duration {
        Duration::from_secs(60).saturating_mul(self.minute)
    }

    fn join(&mut self, n: u8, name: &str, exercise: &str) -> Result<(), String> {
        let join = Join { name: name.to_owned(), exercise: exercise.to_owned() };
        self.board.join(key(n), &join, format!("secret-{n}"), self.now())
    }

    /// A try that passes these checkpoints; the last one is missed if it begins with `!`.
    fn try_out(&mut self, n: u8, exercise: &str, checkpoints: &str) {
        self.join(n, &format!("learner {n}"), exercise).unwrap();
        for name in checkpoints.split_whitespace() {
            self.see(n, name, "seen");
        }
        let (passed, now) = (!checkpoints.contains('!'), self.now());
        self.board.finished(key(n), passed, now);
        self.board.left(key(n));
    }

    fn see(&mut self, n: u8, name: &str, seen: &str) {
        let (name, seen) = (name.to_owned(), seen.to_owned());
        let checkpoint = match name.strip_prefix('!') {
            Some(name) => Checkpoint { name: name.to_owned(), seen, passed: false },
            None => Checkpoint { name, seen, passed: true },
        };
        let now = self.now();
        self.board.checkpoint(key(n), &checkpoint, now);
    }

    fn help(&mut self, token: &str, wanted: bool) -> bool {
        let now = self.now();
        self.board.help(token, wanted, now)
    }

    fn show(&self, view: View<'_>) -> Value {
        self.board.show(view, self.now())
    }

    /// In the order in which the teacher sees them.
    fn names(&self) -> Vec<String> {
        let shown = self.show(View::Teacher);
        let learners = shown["learners"].as_array().unwrap();
        learners.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    }
}

const ALL_OF_A2: &str = "TCP auth Hello name goodbye end";

#[test]
fn who_calls_comes_first_then_who_is_stuck_longest() {
    let mut room = Room::default();
    for (minute, n, checkpoints) in
        [(1, 1, ALL_OF_A2), (1, 3, "!TCP"), (2, 2, "TCP !auth"), (3, 4, "TCP auth !Hello")]
    {
        room.minute = minute;
        room.try_out(n, "a2", checkpoints);
    }
    let order = ["learner 3", "learner 2", "learner 4", "learner 1"];
    assert_eq!(room.names(), order);
    assert!(room.help("secret-1", true));
    room.minute = 5;
    assert!(room.help("secret-4", true));
    // Calling twice does not send one to the end of the queue.
    room.minute = 6;
    assert!(room.help("secret-1", true));
    assert_eq!(room.names(), ["learner 1", "learner 4", "learner 3", "learner 2"]);
    assert!(room.help("secret-1", false));
    assert!(room.help("secret-4", false));
    assert_eq!(room.names(), order);
    assert!(!room.help("secret-9", true));
}

#[test]
fn only_progress_ends_being_stuck() {
    let mut room = Room::default();
    let stories = [
        (1, "a2", "TCP !auth", Some(60), 1),
        // As far as before, and less far: it goes on.
        (3, "a2", "TCP !auth", Some(180), 2),
        (4, "a2", "!TCP", Some(240), 3),
        (5, "a2", "TCP auth !Hello", Some(60), 4),
        (6, "a2", ALL_OF_A2, None, 5),
        // Another exercise begins at its beginning.
        (9, "a3", "!TCP", Some(60), 1),
    ];
    for (minute, exercise, checkpoints, since, tries) in stories {
        room.minute = minute;
        room.try_out(1, exercise, checkpoints);
        room.minute += 1;
        let me = &room.show(View::Learner("secret-1"))["me"];
        assert_eq!((me["since"].as_u64(), me["tries"].as_u64()), (since, Some(tries)), "{minute}");
    }
}

#[test]
fn who_fails_at_the_same_place_is_in_one_group_and_the_room_learns_no_names() {
    let mut room = Room::default();
    for n in 1..=3 {
        room.minute += 1;
        room.try_out(n, "a2", "TCP !auth");
    }
    room.try_out(4, "a4", "TCP !auth");
    room.try_out(5, "a2", ALL_OF_A2);
    let expected = json!([
        {"exercise": "a2", "checkpoint": "auth", "count": 3,
         "names": ["learner 1", "learner 2", "learner 3"]},
        {"exercise": "a4", "checkpoint": "auth", "count": 1, "names": ["learner 4"]},
    ]);
    assert_eq!(room.show(View::Teacher)["groups"], expected);
    let wall = room.show(View::Projector);
    assert_eq!(wall["count"], json!({"learners": 5, "stuck": 4, "help": 0, "trying": 0}));
    let a2 = &wall["shares"][1];
    assert_eq!((&a2["passed"], &a2["here"], &a2["of"]), (&json!(1), &json!(3), &json!(5)));
    assert!(!wall.to_string().contains("learner 1"), "{wall}");
    // Nobody sees another one's page either.
    assert_eq!(room.show(View::Learner("no secret")), json!({"me": null}));
}

#[test]
fn a_name_is_the_learners_own_and_nothing_in_it_moves_or_hides() {
    let mut room = Room::default();
    room.join(1, "  Ann ", "a2").unwrap();
    for name in ["Ann", "ann", " ANN"] {
        let taken = room.join(2, name, "a2").unwrap_err();
        assert!(taken.contains("take another name"), "{taken}");
    }
    for name in [" \t ", "", "\u{2800}", "--"] {
        assert!(room.join(2, name, "a2").unwrap_err().contains("--name"), "{name}");
    }
    assert!(room.join(2, "Bea", "a99").unwrap_err().contains("exercise"));
    // The same learner comes again, and may take another name.
    let anna = Join { name: "Anna".to_owned(), exercise: String::new() };
    room.board.join(key(1), &anna, "secret-1".to_owned(), Duration::ZERO).unwrap();
    assert_eq!(room.show(View::Learner("secret-1"))["me"]["name"], "Anna");
    room.join(2, "Ann", "a2").unwrap();
    room.join(3, "<img src=x onerror=alert(1)>", "a2").unwrap();
    room.join(4, "\u{1b}[2J\u{202e}x\nline two", "").unwrap();
    let mut names = room.names();
    names.sort();
    let mut expected = ["<img src=x onerror=alert", "Ann", "Anna", "\\u{1b}[2J\\u{202e}x"];
    expected.sort_unstable();
    assert_eq!(names, expected);
}

#[test]
fn a_room_has_an_end() {
    let mut room = Room::default();
    for n in 0..LEARNERS {
        let mut bytes = [1; 32];
        bytes[..8].copy_from_slice(&n.to_be_bytes());
        let key = NodeKey::from_bytes(bytes).unwrap().public_key();
        let join = Join { name: format!("number {n}"), exercise: String::new() };
        room.board.join(key, &join, format!("{n}"), Duration::ZERO).unwrap();
        if n == 0 {
            room.board.left(key);
        }
    }
    // One has come and gone, and gives up the place.
    room.join(7, "one more", "a2").unwrap();
    assert!(room.join(8, "two more", "a2").unwrap_err().contains("full"));
    for connection in 0..100 {
        let (name, did, fault) = Default::default();
        room.board.visitor(Visitor { connection, name, did, fault });
    }
    let shown = room.show(View::Teacher);
    assert_eq!(shown["visitors"].as_array().unwrap().len(), VISITORS);
    assert_eq!(shown["visitors"][0]["connection"], json!(99));
    // Nobody can fill a page with what a checkpoint has seen, or with checkpoints.
    let mut room = Room::default();
    room.join(1, "Ann", "a2").unwrap();
    for _ in 0..1000 {
        room.see(1, &"x".repeat(1000), &"y".repeat(10_000));
    }
    room.see(1, &format!("!{}", "x".repeat(1000)), &"\u{202e}".repeat(10_000));
    assert!(room.show(View::Teacher).to_string().len() < 20_000);
}

#[test]
fn who_goes_in_the_middle_of_a_try_tries_no_more() {
    let mut room = Room::default();
    room.join(1, "Ann", "a2").unwrap();
    let me = |room: &Room| {
        let me = room.show(View::Learner("secret-1"))["me"].clone();
        (me["here"] == true, me["trying"] == true)
    };
    assert_eq!(me(&room), (true, true));
    room.board.left(key(1));
    assert_eq!(me(&room), (false, false));
    // Who has not joined changes nothing.
    room.board.left(key(2));
    room.board.finished(key(2), true, Duration::ZERO);
    room.see(2, "TCP", "");
    assert_eq!(room.show(View::Projector)["count"]["learners"], json!(1));
}

#[test]
fn who_is_stuck_and_breaks_a_try_off_is_still_stuck() {
    let mut room = Room::default();
    room.try_out(1, "a2", "TCP auth !Hello");
    let stuck = |room: &Room| {
        let me = room.show(View::Learner("secret-1"))["me"].clone();
        (room.show(View::Teacher)["count"]["stuck"] == 1, me["passed"].clone(), me["since"].clone())
    };
    let before = (true, json!(["TCP", "auth"]), json!(600));
    room.minute = 10;
    for checkpoints in [&[][..], &["TCP"], &["TCP", "auth"]] {
        room.join(1, "learner 1", "a2").unwrap();
        assert!(!stuck(&room).0, "not while it is tried");
        checkpoints.iter().for_each(|name| room.see(1, name, ""));
        room.board.left(key(1));
        assert_eq!(stuck(&room), before, "{checkpoints:?}");
    }
    // This one came further; and then there is another exercise.
    room.join(1, "learner 1", "a2").unwrap();
    ["TCP", "auth", "Hello"].iter().for_each(|name| room.see(1, name, ""));
    room.board.left(key(1));
    assert!(!stuck(&room).0);
    room.try_out(1, "a2", "!TCP");
    room.join(1, "learner 1", "a3").unwrap();
    room.board.left(key(1));
    assert!(!stuck(&room).0);
}
