//! A4: messages. A word goes out, and must come back in capital letters.

use devp2p_core::p2p::{Capability, DisconnectReason, Offer};
use rand::Rng;

use crate::room::{Checked, Room};
use crate::teacher::Teacher;

pub(crate) async fn check(room: &mut Room<'_>) -> Checked {
    let teacher = Teacher::start(room).await?;
    let offer = Offer::new(Capability::new("shout", 1), 2);
    let mut talk = teacher.greet(room, "learner/v1", Some(offer)).await?;

    let number = room.chance.next_u32();
    // A short one, one with other than English letters, and one that is long for RLP.
    let words = [
        ("word", "foobar".to_owned()),
        ("letters", format!("grüße {number}")),
        ("long", format!("{number} {}", "is a number ".repeat(5).trim_end())),
    ];
    for (checkpoint, word) in words {
        room.begin(checkpoint);
        talk.say(0, &word).await?;
        let shouted = word.to_uppercase();
        let what = format!("{shouted:?}");
        talk.hear_exactly(room, &what, 1, &shouted).await?;
        room.pass(&format!("{word:?} came back as it should")).await?;
    }
    talk.leave(DisconnectReason::Quitting).await;
    room.ends_well().await?;
    Ok(())
}
