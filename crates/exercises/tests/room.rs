//! A room: a hub, learners with real programs, and the pages as a browser gets them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use devp2p_core::enode::Enode;
use devp2p_core::keys::NodeKey;
use exercises::exercise::{EXERCISES, called};
use exercises::seat::{Seat, SeatFiles};
use exercises::{Launch, Outcome};
use hub::{Hub, Where};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Duration, timeout};

/// Nothing takes longer, also on a machine that has other things to do.
const LONG: Duration = Duration::from_secs(60);
/// Programs that run at the same time.
const AT_ONCE: usize = 6;

fn anywhere() -> Where {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Where { node: any, pages: any, ip: any.ip() }
}

async fn hub() -> Hub {
    Hub::start(NodeKey::generate(&mut rand::rng()), &anywhere()).await.unwrap()
}

/// A learner's folder and seat.
struct Learner {
    folder: TempDir,
    seat: Seat,
}

impl Learner {
    fn new(hub: &Hub, name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let enode: Enode = hub.invitation.split('"').nth(1).unwrap().parse().unwrap();
        Self { folder, seat: Seat { hub: enode, name: name.to_owned() } }
    }

    fn files(&self) -> SeatFiles {
        let path = |name| self.folder.path().join(name);
        SeatFiles { seat: path("seat"), key: path("key") }
    }

    /// Joins, or has the program `exercise/name` checked: the outcome, and all that was told.
    async fn try_out(&self, program: Option<(&str, &str)>) -> (Result<Outcome, String>, String) {
        let launch = program.map(|(exercise, name)| Launch {
            path: PathBuf::from(env!("CARGO_BIN_EXE_exercise-programs")),
            environment: vec![("EXERCISE_PROGRAM".to_owned(), format!("{exercise}/{name}"))],
        });
        let exercise = program.and_then(|(exercise, _)| called(exercise));
        let program = exercise.zip(launch.as_ref());
        let mut told = String::new();
        let mut tell = |line: &str| told += &format!("{line}\n");
        let outcome = timeout(LONG, self.seat.check(&self.files(), program, &mut tell)).await;
        (outcome.unwrap(), told)
    }
}

/// Sends a request, and reads until the answer has what is wanted: the whole answer up to there.
async fn ask(hub: &Hub, request: &str, is_enough: impl Fn(&str) -> bool) -> String {
    let address = hub.room_page.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{request} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    let reading = async {
        loop {
            let read = stream.read(&mut buffer).await.unwrap_or_default();
            answer.extend_from_slice(&buffer[..read]);
            if read == 0 || is_enough(&String::from_utf8_lossy(&answer)) {
                break;
            }
        }
    };
    let in_time = timeout(LONG, reading).await.is_ok();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(in_time, "{request} has not come to its end: {answer}");
    answer
}

/// The whole answer.
async fn get(hub: &Hub, path: &str) -> String {
    ask(hub, &format!("GET {path}"), |_| false).await
}

/// What a page shows as soon as it shows what is wanted.
async fn shown(hub: &Hub, path: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
    let newest = |answer: &str| {
        let events = answer.split("data: ").skip(1);
        let read = |event: &str| serde_json::from_str::<Value>(event.split("\n\n").next()?).ok();
        events.filter_map(read).last().map(|event| event["shown"].clone())
    };
    let is_enough = |answer: &str| newest(answer).is_some_and(|it| is_wanted(&it));
    newest(&ask(hub, &format!("GET {path}/events"), is_enough).await).unwrap()
}

/// The path of a page.
fn path(page: &str) -> &str {
    page.find("/me/").or_else(|| page.find("/teacher/")).map_or("", |begin| &page[begin..])
}

/// Who is stuck, where, and in what order the teacher should go to them.
const STUCK: [(&str, &str, &str, &str); 5] = [
    ("Ada", "a1", "wrong/new-key", "same node"),
    ("<img src=x onerror=alert(1)>", "a2", "wrong/wrong-key", "auth"),
    ("Grace", "a2", "wrong/own-name", "name"),
    ("Edsger", "a3", "wrong/guessed", "drop"),
    ("Barbara", "a4", "wrong/english-only", "letters"),
];

#[tokio::test]
async fn of_thirty_learners_five_are_stuck_and_the_teacher_sees_where() {
    let hub = Arc::new(hub().await);
    let (places, mut running) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for n in 0..25 {
        let (hub, places) = (Arc::clone(&hub), Arc::clone(&places));
        running.spawn(async move {
            let _place = places.acquire().await.unwrap();
            let learner = Learner::new(&hub, &format!("learner {n}"));
            let (outcome, told) = learner.try_out(Some((EXERCISES[n % 5].short, "solution"))).await;
            assert_eq!(outcome, Ok(Outcome::Finished(true)), "{told}");
            assert!(told.contains("Your page, with a button"), "{told}");
        });
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
    for (name, exercise, program, _) in STUCK {
        let learner = Learner::new(&hub, name);
        let (outcome, told) = learner.try_out(Some((exercise, program))).await;
        assert_eq!(outcome, Ok(Outcome::Finished(false)), "{name}: {told}");
    }

    let is_all = |it: &Value| it["count"]["stuck"] == 5 && it["count"]["trying"] == 0;
    let teacher = shown(&hub, path(&hub.teacher_page), is_all).await;
    assert_eq!(teacher["count"]["learners"], 30);
    let learners = teacher["learners"].as_array().unwrap();
    for (learner, (name, exercise, _, checkpoint)) in learners.iter().zip(STUCK) {
        let name: String = name.chars().take(24).collect();
        assert_eq!(learner["name"], name, "{learner}");
        assert_eq!(
            (&learner["exercise"], &learner["missed"]),
            (&exercise.into(), &checkpoint.into())
        );
        assert!(learner["seen"].as_str().unwrap().len() > 20, "{learner}");
    }
    for learner in &learners[5..] {
        assert_eq!(learner["missed"], Value::Null, "{learner}");
        assert_eq!(learner["done"].as_array().unwrap().len(), 1, "{learner}");
    }
    assert_eq!(teacher["groups"].as_array().unwrap().len(), 5);
    let passed: Vec<_> =
        teacher["shares"].as_array().unwrap().iter().map(|it| &it["passed"]).collect();
    assert_eq!(passed, [5, 5, 5, 5, 5, 0, 0, 0]);

    // The wall shows numbers, and nobody's name.
    let room = shown(&hub, "", is_all).await;
    assert_eq!((&room["shares"], &room["count"]), (&teacher["shares"], &teacher["count"]));
    let room = room.to_string();
    for (name, ..) in STUCK {
        assert!(!room.contains(name), "{room}");
    }
    assert!(!room.contains("learner 1"), "{room}");
    Arc::into_inner(hub).unwrap().stop().await;
}

#[tokio::test]
async fn what_the_hub_tells_a_learner_is_what_is_told_without_one() {
    let hub = hub().await;
    let learner = Learner::new(&hub, "Ann");
    for (exercise, program) in
        [("a2", "wrong/wrong-key"), ("a4", "wrong/raw-bytes"), ("a5", "solution")]
    {
        let (_, there) = learner.try_out(Some((exercise, program))).await;
        let launch = Launch {
            path: PathBuf::from(env!("CARGO_BIN_EXE_exercise-programs")),
            environment: vec![("EXERCISE_PROGRAM".to_owned(), format!("{exercise}/{program}"))],
        };
        let mut here = String::new();
        let mut tell = |line: &str| here += &format!("{line}\n");
        exercises::check(called(exercise).unwrap(), &launch, 1, &mut tell).await.unwrap();
        // Keys, ports and numbers are drawn anew each time.
        let words = |told: &str| -> Vec<String> {
            let told =
                told.lines().filter(|line| !line.starts_with("Your page") && !line.is_empty());
            told.map(|line| line.chars().take(20).collect()).collect()
        };
        assert_eq!(words(&there), words(&here), "{there}\n{here}");
    }
    hub.stop().await;
}

#[tokio::test]
async fn a_learner_joins_calls_for_help_and_is_known_again() {
    let hub = hub().await;
    let learner = Learner::new(&hub, "Ann");
    let (outcome, told) = learner.try_out(None).await;
    assert_eq!(outcome, Ok(Outcome::Joined), "{told}");
    let page = told.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
    let me = path(page);
    assert!(get(&hub, me).await.starts_with("HTTP/1.1 200"), "{me}");
    assert_eq!(shown(&hub, me, |_| true).await["me"]["name"], "Ann");

    let called = ask(&hub, &format!("POST {me}/help"), |_| false).await;
    assert!(called.starts_with("HTTP/1.1 200"), "{called}");
    let teacher = path(&hub.teacher_page);
    let calls = |it: &Value| it["count"]["help"] == 1;
    assert!(shown(&hub, teacher, calls).await["learners"][0]["help"].is_u64());
    ask(&hub, &format!("POST {me}/fine"), |_| false).await;
    shown(&hub, teacher, |it| it["count"]["help"] == 0).await;

    // The same learner, later: no second one, and the same page.
    ask(&hub, &format!("POST {me}/help"), |_| false).await;
    let (outcome, told) = learner.try_out(Some(("a2", "solution"))).await;
    assert_eq!(outcome, Ok(Outcome::Finished(true)), "{told}");
    assert!(told.contains(page), "{told}");
    // Who has passed needs no help any more.
    let shown = shown(&hub, teacher, |it| it["count"]["help"] == 0).await;
    assert_eq!(shown["count"]["learners"], 1);

    let (outcome, told) = Learner::new(&hub, "Ann").try_out(None).await;
    let Ok(Outcome::Refused(why)) = outcome else { panic!("{outcome:?}: {told}") };
    assert!(why.contains("take another name"), "{why}");
    hub.stop().await;
}

#[tokio::test]
async fn a_hub_that_is_gone_is_told_as_such() {
    let hub = hub().await;
    let learner = Learner::new(&hub, "Ann");
    hub.stop().await;
    let (outcome, _) = learner.try_out(Some(("a2", "solution"))).await;
    let why = outcome.unwrap_err();
    assert!(why.contains("refused"), "{why}");
    // A node that is no hub says so at once.
    let key = NodeKey::generate(&mut rand::rng());
    let config =
        devp2p_core::net::Config { max_peers: 9, ..devp2p_core::net::Config::new(key, "foo") };
    let server = devp2p_core::net::Server::start(config).await.unwrap();
    let seat = Seat { hub: server.enode(), ..learner.seat.clone() };
    let learner = Learner { seat, ..learner };
    let (outcome, _) = learner.try_out(None).await;
    assert!(outcome.is_err(), "{outcome:?}");
    server.stop().await;
}

#[tokio::test]
async fn who_sends_garbage_is_shown_and_changes_nothing() {
    let hub = hub().await;
    let learner = Learner::new(&hub, "Ann");
    let address = learner.seat.hub.to_string();
    let address = address.split('@').nth(1).unwrap().split('?').next().unwrap();
    let mut open = Vec::new();
    for n in 0..50_u8 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&vec![n.wrapping_mul(37) | 1; 600]).await.unwrap();
        open.push(stream);
    }
    let (outcome, told) = learner.try_out(Some(("a2", "solution"))).await;
    assert_eq!(outcome, Ok(Outcome::Finished(true)), "{told}");
    drop(open);
    let has_seen = |it: &Value| it["visitors"].as_array().unwrap().len() == 12;
    let teacher = shown(&hub, path(&hub.teacher_page), has_seen).await;
    let fault = teacher["visitors"][0]["fault"].as_str().unwrap();
    assert!(fault.contains("handshake packet"), "{teacher}");
    hub.stop().await;
}

#[tokio::test]
async fn pages_are_for_whom_they_are_and_load_nothing_from_elsewhere() {
    let hub = hub().await;
    let teacher = path(&hub.teacher_page);
    for nowhere in
        ["/teacher", "/teacher/", "/teacher/0123456789abcdef", "/me/1/events", "/x", "//", "/../x"]
    {
        let answer = get(&hub, nowhere).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{nowhere}: {answer}");
    }
    let answer = ask(&hub, &format!("POST {teacher}"), |_| false).await;
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    for file in ["", "hub.js", "hub.css"] {
        let answer = get(&hub, &format!("/{file}")).await;
        let (head, content) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("content-security-policy: default-src 'none'"), "{head}");
        for elsewhere in ["http:", "https:", "//cdn", "innerHTML", "insertAdjacentHTML", "eval("] {
            assert!(!content.contains(elsewhere), "{file} has {elsewhere}");
        }
    }
    hub.stop().await;
}

#[tokio::test]
async fn browsers_that_do_not_read_and_strangers_that_do_not_ask_hold_nobody_up() {
    let hub = hub().await;
    let address = hub.room_page.strip_prefix("http://").unwrap();
    let mut open = Vec::new();
    for n in 0..200 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let said: &[u8] = match n % 3 {
            0 => b"",
            1 => b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n",
            _ => b"\x16\x03\x01\x02\x00garbage\r\n\r\n",
        };
        stream.write_all(said).await.unwrap();
        open.push(stream);
    }
    let learner = Learner::new(&hub, "Ann");
    for _ in 0..3 {
        let (outcome, told) = learner.try_out(Some(("a2", "solution"))).await;
        assert_eq!(outcome, Ok(Outcome::Finished(true)), "{told}");
    }
    shown(&hub, path(&hub.teacher_page), |it| it["shares"][1]["passed"] == 1).await;
    drop(open);
    hub.stop().await;
}

#[tokio::test]
async fn a_taken_port_is_told_with_the_option_to_change() {
    let hub = hub().await;
    let page: SocketAddr = hub.room_page.strip_prefix("http://").unwrap().parse().unwrap();
    let key = || NodeKey::generate(&mut rand::rng());
    let error = Hub::start(key(), &Where { pages: page, ..anywhere() }).await.unwrap_err();
    let expected = format!(
        "--http: TCP port {} on 127.0.0.1 is in use: stop the other program, or choose another port \
         (0 lets the system choose)",
        page.port()
    );
    assert_eq!(error.to_string(), expected);
    let error = Hub::start(key(), &Where { node: page, ..anywhere() }).await.unwrap_err();
    assert_eq!(error.to_string(), expected.replace("--http", "--listen"));
    hub.stop().await;
}
