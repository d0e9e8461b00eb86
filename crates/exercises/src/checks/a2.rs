//! A2: dial a node. It must be the right one, and its name is known only to who was there.

use crate::room::{Checked, Room};
use crate::teacher::Teacher;

pub(crate) async fn check(room: &mut Room<'_>) -> Checked {
    let teacher = Teacher::open(room).await?;
    room.start(&[("EXERCISE_PEER", teacher.enode().to_string())])?;
    let mut talk = teacher.greet(room, "learner/v1", None).await?;

    room.begin("name");
    let answer = room.answer("my name").await?;
    if answer != teacher.name {
        return Err(format!("You answered {answer:?}. My name is {:?}.", teacher.name));
    }
    room.pass("you know my name");
    talk.says_goodbye(room).await?;
    room.ends_well().await
}
