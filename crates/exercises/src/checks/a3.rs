//! A3: events. The teacher goes when it likes, and for a reason that nobody can know before.

use devp2p_core::p2p::DisconnectReason;
use rand::seq::IndexedRandom;

use crate::room::{Checked, Room};
use crate::teacher::Teacher;

/// Reasons to go, of which one is chosen.
const REASONS: [DisconnectReason; 4] = [
    DisconnectReason::UselessPeer,
    DisconnectReason::TooManyPeers,
    DisconnectReason::Requested,
    DisconnectReason::Quitting,
];

pub(crate) async fn check(room: &mut Room<'_>) -> Checked {
    let reason = *REASONS.choose(&mut room.chance).unwrap_or(&DisconnectReason::Quitting);
    let teacher = Teacher::start(room).await?;
    let talk = teacher.greet(room, "learner/v1", None).await?;

    room.begin("add");
    let answer = room.answer("\"add\"").await?;
    if answer != "add" {
        return Err(format!("I waited for \"add\". You answered {answer:?}."));
    }
    room.pass("you have noticed that I am there").await?;
    talk.leave(reason).await;

    room.begin("drop");
    let answer = room.answer("why I have gone").await?;
    if answer != reason.to_string() {
        return Err(format!("I said \"{reason}\" when I went. You answered {answer:?}."));
    }
    room.pass("you have noticed that I went, and why").await?;
    room.ends_well().await?;
    Ok(())
}
