//! The pages of a workshop's hub, in a browser, with a room full of learners.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use common::tools::built;
use common::within;
use devp2p_core::enode::Enode;
use devp2p_core::keys::NodeKey;
use exercises::exercise::{EXERCISES, Exercise, called};
use exercises::seat::{Seat, SeatFiles};
use exercises::{Launch, Outcome};
use hub::{Hub, Where};
use interop::{Peer, browser_test, learners_programs};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio::time::Duration;

/// A browser on a slow machine.
const LONG: Duration = Duration::from_secs(300);

/// Learners who are stuck: name, exercise, program.
const STUCK: [(&str, &str, &str); 5] = [
    ("Ada", "a1", "wrong/new-key"),
    ("<img src=x onerror=alert(1)>", "a2", "wrong/wrong-key"),
    ("Grace", "a2", "wrong/own-name"),
    ("Edsger", "a3", "wrong/guessed"),
    ("Barbara", "a4", "wrong/english-only"),
];

#[tokio::test]
#[ignore = "needs Node and Chromium: just interop"]
async fn thirty_learners_are_on_the_page_and_one_calls_for_help() {
    let programs = built(learners_programs).await;
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let at = Where { node: any, pages: any, ip: any.ip() };
    let hub = Hub::start(NodeKey::generate(&mut rand::rng()), &at).await.unwrap();
    for (n, exercise) in (0..25).zip(EXERCISES.iter().cycle()) {
        let (outcome, told) =
            learner(&hub, &programs, &format!("learner {n}"), exercise, "solution").await;
        assert_eq!(outcome, Ok(Outcome::Finished(true)), "{told}");
    }
    let mut page = String::new();
    for (name, exercise, program) in STUCK {
        let exercise = called(exercise).unwrap();
        let (outcome, told) = learner(&hub, &programs, name, exercise, program).await;
        assert_eq!(outcome, Ok(Outcome::Finished(false)), "{told}");
        page = told.split_whitespace().find(|word| word.starts_with("http:")).unwrap().to_owned();
    }
    let mut garbage = TcpStream::connect(where_it_listens(&hub)).await.unwrap();
    garbage.write_all(&[0xff; 600]).await.unwrap();
    drop(garbage);

    let test = spawn_blocking(|| browser_test("hub.mjs")).await.unwrap().unwrap();
    let shots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hub");
    let arguments = [&hub.teacher_page, &hub.room_page, &page, shots.to_str().unwrap()];
    let output = within(LONG, Peer::run(&test, &arguments)).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{wrong}");
    assert!(said.lines().filter(|line| line.starts_with("ok ")).count() >= 26, "{said}{wrong}");
    hub.stop().await;
}

fn enode(hub: &Hub) -> Enode {
    hub.invitation.split('"').nth(1).unwrap().parse().unwrap()
}

fn where_it_listens(hub: &Hub) -> (Ipv4Addr, u16) {
    (Ipv4Addr::LOCALHOST, enode(hub).address.unwrap().tcp)
}

/// Lets the hub check a program: the outcome, and what was told.
async fn learner(
    hub: &Hub,
    programs: &Path,
    name: &str,
    exercise: &Exercise,
    program: &str,
) -> (Result<Outcome, String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    let files = SeatFiles { seat: path("seat"), key: path("key") };
    let seat = Seat { hub: enode(hub), name: name.to_owned() };
    let launch = Launch {
        path: PathBuf::from(programs),
        environment: vec![("EXERCISE_PROGRAM".to_owned(), format!("{}/{program}", exercise.short))],
    };
    let mut told = String::new();
    let mut tell = |line: &str| told += &format!("{line}\n");
    let outcome = within(LONG, seat.check(&files, Some((exercise, &launch)), &mut tell)).await;
    (outcome, told)
}
