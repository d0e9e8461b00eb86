//! B2: what a node knows, over RPC. The teacher comes and goes, and the list must follow.

use devp2p_core::p2p::DisconnectReason;

use tokio::time::{Duration, sleep, timeout};

use crate::asking::ask;
use crate::room::{Checked, Room};
use crate::teacher::Teacher;

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(20);
/// A node needs less to notice that its peer has gone.
const LONG: Duration = Duration::from_secs(2);

pub(crate) async fn check(room: &mut Room<'_>) -> Checked {
    let teacher = Teacher::start(room).await?;
    let (name, id) = (teacher.name.clone(), teacher.node_id());
    let talk = teacher.greet(room, "learner/v1", None).await?;
    let client = room.client().await?;

    room.begin("peers");
    let expected = [(name.clone(), id.to_string())];
    loop {
        let peers: Vec<(String, String)> = ask(room, &client, "foo_peers", ()).await?;
        // Your node may be about to notice me.
        if peers.is_empty() {
            sleep(PAUSE).await;
            continue;
        }
        if peers != expected {
            return Err(format!(
                "I am called {name}, and my node id is {id}. foo_peers says {peers:?}."
            ));
        }
        break;
    }
    room.pass("it tells my name, and my node id").await?;
    talk.leave(DisconnectReason::Quitting).await;

    room.begin("nobody");
    let until_empty = async {
        while !ask::<Vec<(String, String)>>(room, &client, "foo_peers", ()).await?.is_empty() {
            sleep(PAUSE).await;
        }
        Ok(())
    };
    let noticed = timeout(LONG, until_empty).await;
    noticed.unwrap_or_else(|_| {
        Err("I have gone, and foo_peers goes on naming me. Is the list made when I ask for it?"
            .to_owned())
    })?;
    room.pass("it notices that I have gone").await?;
    room.tell_to_stop().await?;
    room.ends_well().await.map(drop)
}
